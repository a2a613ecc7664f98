/**
 * Are two models homologous, so that a map between their residual streams can be
 * fitted token by token? What is compared here is known before any activation is
 * collected; how alike the activations are, the fit itself tells.
 */
import { message, type Message } from '../experiment/message';
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
  const part = (name: Message, key: keyof typeof left, same: Message, other: Message): Check => ({
    name,
    passed: left[key] === right[key],
    detail: left[key] === right[key] ? same : other,
  });
  const ids = compareIds(a.tokenizer.encode(probeText), b.tokenizer.encode(probeText), probeText);
  const tokenizer = [
    part(
      message('run.check.vocabulary'),
      'vocabulary',
      message('run.check.vocabulary.same', { digest: left.vocabulary.slice(0, 12) }),
      message('run.check.vocabulary.other', {
        source: a.tokenizer.vocabSize,
        target: b.tokenizer.vocabSize,
        sourceDigest: left.vocabulary.slice(0, 12),
        targetDigest: right.vocabulary.slice(0, 12),
      }),
    ),
    part(message('run.check.merges'), 'merges', message('run.check.merges.same'), message('run.check.merges.other')),
    part(
      message('run.check.special'),
      'specialTokens',
      message('run.check.special.same', { count: a.tokenizer.specialIds.size }),
      message('run.check.special.other', { source: a.tokenizer.specialIds.size, target: b.tokenizer.specialIds.size }),
    ),
    part(
      message('run.check.pipeline'),
      'pipeline',
      message('run.check.pipeline.same'),
      message('run.check.pipeline.other'),
    ),
  ];
  const [typeA, typeB] = [textType(a.config.modelType), textType(b.config.modelType)];
  const architecture: Check = {
    name: message('run.check.architecture'),
    passed: typeA === typeB,
    detail:
      typeA === typeB
        ? message('run.check.architecture.same', { source: a.info.id, target: b.info.id, type: typeA })
        : message('run.check.architecture.other', { source: typeA, target: typeB }),
  };
  const sameSize = a.info.vocabSize === b.info.vocabSize;
  const size: Check = {
    name: message('run.check.size'),
    passed: sameSize,
    detail: sameSize
      ? message('run.check.size.same', { rows: a.info.vocabSize })
      : message('run.check.size.other', { source: a.info.vocabSize, target: b.info.vocabSize }),
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
  const name = message('run.check.ids');
  const characters = probe.length;
  const differs = a.findIndex((id, i) => id !== b[i]);
  if (differs === -1 && a.length === b.length)
    return { name, passed: true, detail: message('run.check.ids.same', { characters, ids: a.length }) };
  const position = differs === -1 ? a.length : differs;
  return {
    name,
    passed: false,
    detail: message('run.check.ids.other', { characters, source: a.length, target: b.length, position }),
  };
}

function compareTemplates(a: HomologyParty, b: HomologyParty): Check {
  const name = message('run.check.template');
  const [left, right] = [a.tokenizer.chatTemplate, b.tokenizer.chatTemplate];
  if (left === right)
    return { name, passed: true, detail: message(`run.check.template.${left === null ? 'none' : 'same'}`) };
  if (left !== null && right !== null) return { name, passed: false, detail: message('run.check.template.other') };
  const model = left === null ? b.info.id : a.info.id;
  return { name, passed: false, detail: message('run.check.template.one', { model }) };
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
  const mapped = map.heldOutR2 >= r2;
  const checks: Check[] = [
    {
      name: message('run.check.states'),
      passed: sample.verdict === 'alike',
      detail: message('run.check.states.found', {
        positions: rows.train + rows.heldOut,
        texts,
        mean: meanCka,
        low: Math.min(...values),
        high: Math.max(...values),
        verdict: sample.verdict,
        alike,
        partly,
      }),
    },
    {
      name: message('run.check.map'),
      passed: mapped,
      detail: message('run.check.map.found', {
        source: map.source,
        target: map.target,
        rows: rows.train,
        r2: map.heldOutR2,
        passed: String(mapped),
        limit: r2,
      }),
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
