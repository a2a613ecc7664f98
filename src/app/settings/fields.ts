/** The form of the settings as data: every field of an Experiment with its words, unit and bounds. */
import type { MessageKey } from '../../i18n/keys';
import { STAGES, type Stage } from '../../experiment/run';
import {
  ALIGNMENTS,
  EXTRACTIONS,
  MAP_KINDS,
  OPERATIONS,
  READ_POSITIONS,
  SCOPES,
  TEMPLATES,
  type Experiment,
} from '../../experiment/schema';

/** Path of a setting that the catalogue has words for: `settings.<path>.label` and `.help`. */
export type FieldPath = MessageKey extends infer Key
  ? Key extends `settings.${infer Path}.help`
    ? Path
    : never
  : never;

interface Base {
  /** Path in the experiment, with dots: the same that error messages name. */
  path: FieldPath;
}

export type Field =
  | (Base & { kind: 'number'; min: number; max: number; step: number; unitKey?: MessageKey })
  /** A number, or nothing: what settings of older versions say that did not know it. */
  | (Base & { kind: 'optional-number'; min: number; max: number; step: number })
  /** A number, or left to the lab. */
  | (Base & { kind: 'auto-number'; min: number; max: number; step: number; start: number })
  | (Base & { kind: 'choice'; options: Option[] })
  | (Base & { kind: 'switch' })
  | (Base & { kind: 'model'; side: 'source' | 'target' })
  /** A precision in which the chosen model is offered. */
  | (Base & { kind: 'dtype'; side: 'source' | 'target' })
  | (Base & { kind: 'corpus' })
  | (Base & { kind: 'text' })
  | (Base & { kind: 'numbers' });

interface Option {
  value: string;
  labelKey: MessageKey;
}

const options = <V extends string>(values: readonly V[], key: (value: V) => MessageKey): Option[] =>
  values.map((value) => ({ value, labelKey: key(value) }));

export interface Group {
  stage: Stage;
  fields: Field[];
}

const FIELDS: Record<Stage, Field[]> = {
  models: [
    {
      kind: 'text',
      path: 'title',
    },
    {
      kind: 'model',
      side: 'source',
      path: 'models.source.id',
    },
    {
      kind: 'dtype',
      side: 'source',
      path: 'models.source.dtype',
    },
    {
      kind: 'model',
      side: 'target',
      path: 'models.target.id',
    },
    {
      kind: 'dtype',
      side: 'target',
      path: 'models.target.dtype',
    },
    {
      kind: 'choice',
      path: 'models.alignment',
      options: options(ALIGNMENTS, (value) => `settings.models.alignment.option.${value}`),
    },
  ],
  activations: [
    { kind: 'corpus', path: 'corpus.id' },
    {
      kind: 'number',
      path: 'corpus.maxTokens',
      min: 500,
      max: 1_000_000,
      step: 1000,
    },
    {
      kind: 'number',
      path: 'corpus.heldOutFraction',
      min: 0.05,
      max: 0.5,
      step: 0.05,
    },
    {
      kind: 'choice',
      path: 'corpus.positions',
      options: options(['content', 'all'], (value) => `settings.corpus.positions.option.${value}`),
    },
    {
      kind: 'number',
      path: 'corpus.seed',
      min: 0,
      max: 0xffffffff,
      step: 1,
    },
  ],
  map: [
    {
      kind: 'auto-number',
      path: 'map.sourceLayer',
      min: 0,
      max: 511,
      step: 1,
      start: 1,
    },
    {
      kind: 'auto-number',
      path: 'map.targetLayer',
      min: 0,
      max: 511,
      step: 1,
      start: 2,
    },
    {
      kind: 'auto-number',
      path: 'map.lambda',
      min: 0,
      max: 100,
      step: 0.001,
      start: 0.01,
    },
    {
      kind: 'choice',
      path: 'map.lambdaRule',
      options: options(['held-out', 'cross-validation'], (value) => `settings.map.lambdaRule.option.${value}`),
    },
    {
      kind: 'number',
      path: 'map.folds',
      min: 2,
      max: 10,
      step: 1,
    },
    {
      kind: 'choice',
      path: 'map.kind',
      options: options(MAP_KINDS, (value) => `settings.map.kind.option.${value}`),
    },
    {
      kind: 'number',
      path: 'map.rank',
      min: 1,
      max: 4096,
      step: 1,
    },
  ],
  steer: [
    {
      kind: 'choice',
      path: 'prompting.template',
      options: options(TEMPLATES, (value) => `settings.prompting.template.option.${value}`),
    },
    {
      kind: 'text',
      path: 'prompting.system',
    },
    {
      kind: 'choice',
      path: 'vector.method',
      options: options(EXTRACTIONS, (value) => `settings.vector.method.option.${value}`),
    },
    {
      kind: 'choice',
      path: 'vector.readPosition',
      options: options(READ_POSITIONS, (value) => `settings.vector.readPosition.option.${value}`),
    },
    {
      kind: 'number',
      path: 'vector.maxPairs',
      min: 2,
      max: 2000,
      step: 8,
    },
    {
      kind: 'switch',
      path: 'transfer.addBias',
    },
    {
      kind: 'choice',
      path: 'transfer.operation',
      options: options(OPERATIONS, (value) => `operations.label.${value}`),
    },
    {
      kind: 'number',
      path: 'transfer.capPercentile',
      min: 0,
      max: 100,
      step: 5,
    },
    {
      kind: 'choice',
      path: 'transfer.scope',
      options: options(SCOPES, (value) => `operations.option.${value}`),
    },
    {
      kind: 'number',
      path: 'transfer.scopeTokens',
      min: 1,
      max: 512,
      step: 1,
    },
    {
      kind: 'numbers',
      path: 'dose.stops',
    },
  ],
  evidence: [
    {
      kind: 'auto-number',
      path: 'dose.chosen',
      min: 0.01,
      max: 20,
      step: 0.05,
      start: 0.5,
    },
    {
      kind: 'optional-number',
      path: 'dose.wantedRate',
      min: 0.5,
      max: 1,
      step: 0.05,
    },
    {
      kind: 'optional-number',
      path: 'dose.maxPerplexityRatio',
      min: 1,
      max: 1000,
      step: 0.1,
    },
    {
      kind: 'optional-number',
      path: 'dose.maxUnknownWords',
      min: 0,
      max: 1,
      step: 0.01,
    },
    {
      kind: 'number',
      path: 'dose.maxRep3',
      min: 0.01,
      max: 1,
      step: 0.05,
    },
    {
      kind: 'optional-number',
      path: 'dose.edgeDoses',
      min: 0,
      max: 6,
      step: 1,
    },
    {
      kind: 'number',
      path: 'dose.maxP95Kl',
      min: 0.05,
      max: 100,
      step: 0.1,
      unitKey: 'settings.unit.nat',
    },
    {
      kind: 'number',
      path: 'generation.continuations',
      min: 8,
      max: 1024,
      step: 8,
    },
    {
      kind: 'number',
      path: 'generation.chooseContinuations',
      min: 4,
      max: 512,
      step: 4,
    },
    {
      kind: 'number',
      path: 'generation.maxNewTokens',
      min: 4,
      max: 512,
      step: 4,
    },
    {
      kind: 'number',
      path: 'generation.temperature',
      min: 0,
      max: 5,
      step: 0.1,
    },
    {
      kind: 'number',
      path: 'generation.topP',
      min: 0.01,
      max: 1,
      step: 0.05,
    },
    {
      kind: 'number',
      path: 'generation.randomVectors',
      min: 1,
      max: 16,
      step: 1,
    },
    {
      kind: 'number',
      path: 'generation.controlDraws',
      min: 1,
      max: 16,
      step: 1,
    },
    {
      kind: 'number',
      path: 'generation.neutralTexts',
      min: 2,
      max: 256,
      step: 2,
    },
    {
      kind: 'number',
      path: 'generation.seed',
      min: 0,
      max: 0xffffffff,
      step: 1,
    },
    { kind: 'number', path: 'verdict.maxPairsP', min: 0.0005, max: 1, step: 0.005 },
    { kind: 'number', path: 'verdict.minHeadroom', min: 0, max: 1, step: 0.05 },
    { kind: 'number', path: 'verdict.minLift', min: 0.01, max: 1, step: 0.05 },
    { kind: 'number', path: 'verdict.maxPerplexityRatio', min: 1, max: 1000, step: 0.25 },
    { kind: 'number', path: 'verdict.maxRatioG', min: 0.05, max: 1, step: 0.05 },
    { kind: 'number', path: 'verdict.saturation', min: 0.5, max: 1, step: 0.05 },
    { kind: 'number', path: 'verdict.nullDirections', min: 0, max: 200, step: 1 },
  ],
};

export const GROUPS: Group[] = STAGES.map((stage) => ({ stage, fields: FIELDS[stage] }));

/** Key of what a setting is called. */
export const labelKeyOf = ({ path }: Field): MessageKey => `settings.${path}.label`;

/** Key of the sentence that says what a setting does. */
export const helpKeyOf = ({ path }: Field): MessageKey => `settings.${path}.help`;

type Tree = { [key: string]: unknown };

export function valueAt(experiment: Experiment, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Tree | undefined)?.[key], experiment);
}

/** A copy with one field replaced, or left out where the value is undefined. What comes out may be invalid: check it before it is used. */
export function withValue(experiment: Experiment, path: string, value: unknown): Experiment {
  const put = (node: Tree, keys: string[]): Tree => {
    const [key, ...rest] = keys;
    if (rest.length === 0 && value === undefined)
      return Object.fromEntries(Object.entries(node).filter(([k]) => k !== key));
    return { ...node, [key]: rest.length === 0 ? value : put(node[key] as Tree, rest) };
  };
  return put(experiment as unknown as Tree, path.split('.')) as unknown as Experiment;
}
