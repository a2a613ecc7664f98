/**
 * Are two models homologous, so that a map between their residual streams can be
 * fitted token by token? What is compared here is known before any activation is
 * collected; how alike the activations are, the fit itself tells.
 */
import type { HomologyReport, HomologySample } from '../experiment/run';
import type { LanguageModelInfo, ModelConfig, ModelTokenizer } from './types';

/** The parts of a loaded model that the check reads. */
export interface HomologyParty {
  readonly info: LanguageModelInfo;
  readonly config: ModelConfig;
  readonly tokenizer: ModelTokenizer;
}

/** A probe in several scripts, with digits, accents, code and an emoji: text on which tokenizers differ if they differ at all. */
export const HOMOLOGY_PROBE =
  'The old fox gave 2 red apples to the small cat, in 1987 or 12,345.67 days. Le vieux renard était très content, n’est-ce pas ? 古い狐は Москва में 🦊\n\n\tif (x != null) { return f(x[0]); }\n';

type Check = HomologyReport['checks'][number];

/**
 * The verdict is
 * - `homologous` if the tokenizers are one (vocabulary, merges, special tokens, pre-tokenization), give the same ids on the
 *   probe, and the models are of one architecture;
 * - `related` if the same text still gives the same ids, but something else differs (added special tokens, as between
 *   generations of a family, or the architecture): rows can be paired one to one, the hypothesis is less at home;
 * - `not-homologous` if the ids differ: rows can be paired by characters only.
 *
 * A chat template or a padded vocabulary size that differs is reported and changes no verdict.
 * @param probeText a text that both tokenizers must cut the same way
 */
export function checkHomology(a: HomologyParty, b: HomologyParty, probeText: string = HOMOLOGY_PROBE): HomologyReport {
  const [left, right] = [a.tokenizer.parts, b.tokenizer.parts];
  const part = (name: string, key: keyof typeof left, same: string, other: string): Check => ({
    name,
    passed: left[key] === right[key],
    detail: left[key] === right[key] ? same : other,
  });
  const ids = compareIds(a.tokenizer.encode(probeText), b.tokenizer.encode(probeText), probeText);
  const tokenizer = [
    part(
      'Vocabulary',
      'vocabulary',
      `Both have one vocabulary, ${left.vocabulary.slice(0, 12)}.`,
      `The vocabularies of the tokenizers differ: ${a.tokenizer.vocabSize} and ${b.tokenizer.vocabSize} entries, ${left.vocabulary.slice(0, 12)} and ${right.vocabulary.slice(0, 12)}.`,
    ),
    part('Merges', 'merges', 'Both join pieces by the same rules.', 'The rules that join pieces differ.'),
    part(
      'Special tokens',
      'specialTokens',
      `Both have the same ${a.tokenizer.specialIds.size} special tokens.`,
      `The added tokens differ: ${a.tokenizer.specialIds.size} and ${b.tokenizer.specialIds.size} special ones.`,
    ),
    part(
      'Text handling',
      'pipeline',
      'Both normalize and split texts alike.',
      'They normalize or split texts differently.',
    ),
  ];
  const [typeA, typeB] = [textType(a.config.modelType), textType(b.config.modelType)];
  const architecture: Check = {
    name: 'Architecture',
    passed: typeA === typeB,
    detail: typeA === typeB ? `${a.info.id} and ${b.info.id} are both of type ${typeA}.` : `${typeA} and ${typeB}.`,
  };
  const sameSize = a.info.vocabSize === b.info.vocabSize;
  const size: Check = {
    name: 'Vocabulary size',
    passed: sameSize,
    detail: sameSize
      ? `Both have ${a.info.vocabSize} rows.`
      : `${a.info.vocabSize} and ${b.info.vocabSize} rows; rows past the vocabulary are padding.`,
  };
  const verdict = !ids.passed
    ? 'not-homologous'
    : tokenizer.every((check) => check.passed) && architecture.passed
      ? 'homologous'
      : 'related';
  return {
    verdict,
    sameIds: ids.passed,
    checks: [...tokenizer, ids, architecture, size, compareTemplates(a, b)],
    sample: null,
    unsampled: null,
  };
}

/** Multimodal repositories call their language model by a type of its own. */
function textType(modelType: string): string {
  return modelType.replace(/_text$/, '');
}

function compareIds(a: readonly number[], b: readonly number[], probe: string): Check {
  const differs = a.findIndex((id, i) => id !== b[i]);
  if (differs === -1 && a.length === b.length)
    return {
      name: 'Token ids',
      passed: true,
      detail: `A text of ${probe.length} characters gives the same ${a.length} ids in both.`,
    };
  return {
    name: 'Token ids',
    passed: false,
    detail: `A text of ${probe.length} characters gives ${a.length} and ${b.length} ids, different from position ${differs === -1 ? a.length : differs} on.`,
  };
}

function compareTemplates(a: HomologyParty, b: HomologyParty): Check {
  const name = 'Chat template';
  const [left, right] = [a.tokenizer.chatTemplate, b.tokenizer.chatTemplate];
  if (left === right) return { name, passed: true, detail: left === null ? 'Neither has one.' : 'Both have the same.' };
  if (left !== null && right !== null)
    return { name, passed: false, detail: 'Their chat templates differ: one conversation is written out in two ways.' };
  return { name, passed: false, detail: `Only ${left === null ? b.info.id : a.info.id} has one.` };
}

/**
 * How alike the states of two models must be: the mean over the later blocks of the target of the debiased CKA with their
 * closest later blocks of the source, and the held-out R² of the quick map. An opinion, from the bundled models:
 * docs/decisions/0008-homology-sample.md.
 */
export const SAMPLE_THRESHOLDS = { alike: 0.45, partly: 0.3, r2: 0.1 } as const;

/**
 * The report with what a sample of states adds to it. States that are not alike take a verdict down, one step where they
 * are partly alike or the quick map explains next to nothing; states that are alike lift a pair whose ids differ to `related`.
 */
export function withSample(report: HomologyReport, sample: HomologySample): HomologyReport {
  const { alike, partly, r2 } = SAMPLE_THRESHOLDS;
  const { rows, texts, late, meanCka, map } = sample;
  const values = late.map(({ cka }) => cka);
  const range = `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
  const meaning = {
    alike: `alike, at ${alike} and more`,
    partly: `partly alike, between ${partly} and ${alike}`,
    unalike: `not alike, under ${partly}`,
  }[sample.verdict];
  const mapped = map.heldOutR2 >= r2;
  const checks: Check[] = [
    {
      name: 'States, sampled',
      passed: sample.verdict === 'alike',
      detail: `On ${rows.train + rows.heldOut} positions of ${texts} texts the later blocks of the large model have a debiased CKA of ${meanCka.toFixed(2)} in the mean (${range}) with the later blocks of the small one that are most like them: ${meaning}. Where these lines are drawn is an opinion.`,
    },
    {
      name: 'Quick map',
      passed: mapped,
      detail: `Block ${map.source} to block ${map.target}, fitted to ${rows.train} positions: held-out R² ${map.heldOutR2.toFixed(2)}${mapped ? '' : `, under ${r2}`}. More text gives more. R² alone makes no family: part of a state is the token it stands at, and strangers share that too.`,
    },
  ];
  const good = sample.verdict === 'alike' && mapped;
  return {
    ...report,
    verdict: verdictWith(report, sample.verdict, good),
    checks: [...report.checks, ...checks],
    sample,
  };
}

function verdictWith(
  { sameIds, verdict }: HomologyReport,
  states: HomologySample['verdict'],
  good: boolean,
): HomologyReport['verdict'] {
  if (!sameIds) return good ? 'related' : 'not-homologous';
  if (states === 'unalike') return 'not-homologous';
  return good ? verdict : 'related';
}
