/**
 * Are two models homologous, so that a map between their residual streams can be
 * fitted token by token? Same tokenizer is the condition; the rest is reported.
 */
import type { HomologyReport } from '../experiment/run';
import type { LanguageModel } from '../runtime/types';

/** The parts of a loaded model that the check reads. */
export type HomologyParty = Pick<LanguageModel, 'tokenizer' | 'info' | 'config'>;

/** A probe in two languages, with digits, accents and an emoji: text on which tokenizers differ if they differ at all. */
export const HOMOLOGY_PROBE = 'The old fox gave 2 red apples to the small cat. Le vieux renard était très content, n’est-ce pas ? 🦊\n';

/**
 * @param probeText a text that both tokenizers must cut the same way
 * @returns `homologous` exactly when the tokenizers have one digest and give the same ids on the probe
 */
export function checkHomology(a: HomologyParty, b: HomologyParty, probeText: string = HOMOLOGY_PROBE): HomologyReport {
  const names = `${a.info.id} and ${b.info.id}`;
  const digest = a.tokenizer.digest === b.tokenizer.digest;
  const idsA = a.tokenizer.encode(probeText);
  const idsB = b.tokenizer.encode(probeText);
  const differs = idsA.findIndex((id, i) => id !== idsB[i]);
  const sameIds = idsA.length === idsB.length && differs === -1;
  const sameVocabulary = a.info.vocabSize === b.info.vocabSize;
  const sameFamily = a.config.modelType === b.config.modelType;
  return {
    verdict: digest && sameIds ? 'homologous' : 'not-homologous',
    checks: [
      {
        name: 'Tokenizer',
        passed: digest,
        detail: digest ? `Both have the tokenizer ${a.tokenizer.digest.slice(0, 12)}.` : `The tokenizers differ: ${a.tokenizer.digest.slice(0, 12)} and ${b.tokenizer.digest.slice(0, 12)}.`,
      },
      {
        name: 'Token ids',
        passed: sameIds,
        detail: sameIds
          ? `A text of ${probeText.length} characters gives the same ${idsA.length} ids in both.`
          : `A text of ${probeText.length} characters gives ${idsA.length} and ${idsB.length} ids, different from position ${differs === -1 ? Math.min(idsA.length, idsB.length) : differs} on.`,
      },
      {
        name: 'Vocabulary size',
        passed: sameVocabulary,
        detail: sameVocabulary ? `Both have ${a.info.vocabSize} tokens.` : `${a.info.vocabSize} and ${b.info.vocabSize} tokens.`,
      },
      {
        name: 'Architecture',
        passed: sameFamily,
        detail: sameFamily ? `${names} are both of type ${a.config.modelType}.` : `${a.config.modelType} and ${b.config.modelType}.`,
      },
    ],
  };
}
