/** The form of the settings as data: every field of an Experiment with its words, unit and bounds. */
import { STAGES, type Stage } from '../../experiment/run';
import { ALIGNMENTS, MAP_KINDS, OPERATIONS, SCOPES, TEMPLATES, type Experiment } from '../../experiment/schema';
import { wordsOf } from '../../i18n/text';

const { text } = wordsOf('en');

interface Base {
  /** Path in the experiment, with dots: the same that error messages name. */
  path: string;
  label: string;
  help: string;
}

export type Field =
  | (Base & { kind: 'number'; min: number; max: number; step: number; unit?: string })
  /** A number, or left to the lab. */
  | (Base & { kind: 'auto-number'; min: number; max: number; step: number; start: number })
  | (Base & { kind: 'choice'; options: { value: string; label: string }[] })
  | (Base & { kind: 'switch' })
  | (Base & { kind: 'model'; side: 'source' | 'target' })
  /** A precision in which the chosen model is offered. */
  | (Base & { kind: 'dtype'; side: 'source' | 'target' })
  | (Base & { kind: 'corpus' })
  | (Base & { kind: 'text' })
  | (Base & { kind: 'numbers' });

export interface Group {
  stage: Stage;
  fields: Field[];
}

const FIELDS: Record<Stage, Field[]> = {
  models: [
    {
      kind: 'text',
      path: 'title',
      label: 'Title',
      help: 'Name of the experiment, for the top of the page and the report.',
    },
    {
      kind: 'model',
      side: 'source',
      path: 'models.source.id',
      label: 'Small model',
      help: 'The model in which the vector is found.',
    },
    {
      kind: 'dtype',
      side: 'source',
      path: 'models.source.dtype',
      label: 'its precision',
      help: 'Number format of the weights that are loaded.',
    },
    {
      kind: 'model',
      side: 'target',
      path: 'models.target.id',
      label: 'Large model',
      help: 'The model to which the vector is carried.',
    },
    {
      kind: 'dtype',
      side: 'target',
      path: 'models.target.dtype',
      label: 'its precision',
      help: 'Number format of the weights that are loaded.',
    },
    {
      kind: 'choice',
      path: 'models.alignment',
      label: 'Positions paired',
      help: 'By tokens, one to one, needs two models that cut a text alike. By characters pairs the positions up to which both have read the same text, whatever their tokenizers.',
      options: ALIGNMENTS.map((value) => ({ value, label: `by ${value}` })),
    },
  ],
  activations: [
    { kind: 'corpus', path: 'corpus.id', label: 'Corpus', help: 'The texts that both models read to fit the map.' },
    {
      kind: 'number',
      path: 'corpus.maxTokens',
      label: 'Tokens at most',
      help: 'Upper bound on the token positions collected, fitted and held-out together.',
      min: 500,
      max: 1_000_000,
      step: 1000,
    },
    {
      kind: 'number',
      path: 'corpus.heldOutFraction',
      label: 'Held-out share',
      help: 'Share of the texts that is kept from the fit and judges it.',
      min: 0.05,
      max: 0.5,
      step: 0.05,
    },
    {
      kind: 'choice',
      path: 'corpus.positions',
      label: 'Positions',
      help: 'Content leaves out the first token of each text and special tokens, whose states are far larger than the rest.',
      options: [
        { value: 'content', label: 'content' },
        { value: 'all', label: 'all' },
      ],
    },
    {
      kind: 'number',
      path: 'corpus.seed',
      label: 'Seed',
      help: 'Decides which texts are held out.',
      min: 0,
      max: 0xffffffff,
      step: 1,
    },
  ],
  map: [
    {
      kind: 'auto-number',
      path: 'map.sourceLayer',
      label: 'Small block',
      help: 'Block of the small model, from 0; automatic takes the best by held-out R².',
      min: 0,
      max: 511,
      step: 1,
      start: 1,
    },
    {
      kind: 'auto-number',
      path: 'map.targetLayer',
      label: 'Large block',
      help: 'Block of the large model, from 0; automatic takes the best by held-out R².',
      min: 0,
      max: 511,
      step: 1,
      start: 2,
    },
    {
      kind: 'auto-number',
      path: 'map.lambda',
      label: 'Ridge weight λ',
      help: 'Share of the mean variance added to the diagonal; automatic takes the best by the rule below.',
      min: 0,
      max: 100,
      step: 0.001,
      start: 0.01,
    },
    {
      kind: 'choice',
      path: 'map.lambdaRule',
      label: 'λ chosen by',
      help: 'Held-out texts also judge the map; cross-validation leaves them untouched and takes folds of the fitted texts instead.',
      options: [
        { value: 'held-out', label: 'held-out texts' },
        { value: 'cross-validation', label: 'cross-validation' },
      ],
    },
    {
      kind: 'number',
      path: 'map.folds',
      label: 'Folds',
      help: 'Parts of the fitted texts, each held out once. Used by cross-validation only.',
      min: 2,
      max: 10,
      step: 1,
    },
    {
      kind: 'choice',
      path: 'map.kind',
      label: 'Kind of map',
      help: 'The map that carries the vector. The other kinds are fitted and reported beside it.',
      options: MAP_KINDS.map((value) => ({ value, label: value.replace('-', ' ') })),
    },
    {
      kind: 'number',
      path: 'map.rank',
      label: 'Rank',
      help: 'Rank of a reduced-rank map. Used by that kind only.',
      min: 1,
      max: 4096,
      step: 1,
    },
  ],
  steer: [
    {
      kind: 'choice',
      path: 'prompting.template',
      label: 'Prompts',
      help: 'Plain text, or each model’s own chat template around every prompt and every text of a pair.',
      options: TEMPLATES.map((value) => ({ value, label: value === 'plain' ? 'plain text' : 'chat template' })),
    },
    {
      kind: 'text',
      path: 'prompting.system',
      label: 'System message',
      help: 'Put in front of every prompt and every text of a pair. Used by the chat template only; empty for none.',
    },
    {
      kind: 'choice',
      path: 'vector.readPosition',
      label: 'Read at',
      help: 'Which tokens of an example give its state: the last one, or the mean of all.',
      options: [
        { value: 'mean', label: 'mean of the tokens' },
        { value: 'last', label: 'last token' },
      ],
    },
    {
      kind: 'number',
      path: 'vector.maxPairs',
      label: 'Pairs at most',
      help: 'Upper bound on the contrast pairs the vector is made from.',
      min: 2,
      max: 2000,
      step: 8,
    },
    {
      kind: 'switch',
      path: 'transfer.addBias',
      label: 'Add the bias p',
      help: 'Maps the vector as W·v + p, as the paper prints it; without it as W·v, which is what the algebra asks for.',
    },
    {
      kind: 'choice',
      path: 'transfer.operation',
      label: text('operations.field.operation'),
      help: text('operations.help.operation'),
      options: OPERATIONS.map((value) => ({ value, label: text(`operations.label.${value}`) })),
    },
    {
      kind: 'number',
      path: 'transfer.capPercentile',
      label: text('operations.field.percentile'),
      help: text('operations.help.percentile'),
      min: 0,
      max: 100,
      step: 5,
    },
    {
      kind: 'choice',
      path: 'transfer.scope',
      label: text('operations.field.scope'),
      help: text('operations.help.scope'),
      options: SCOPES.map((value) => ({ value, label: text(`operations.option.${value}`) })),
    },
    {
      kind: 'number',
      path: 'transfer.scopeTokens',
      label: text('operations.field.tokens'),
      help: text('operations.help.tokens'),
      min: 1,
      max: 512,
      step: 1,
    },
    {
      kind: 'numbers',
      path: 'dose.stops',
      label: 'Dose stops, r',
      help: 'Strengths at which everything is measured, ascending; each is used in both directions.',
    },
  ],
  evidence: [
    {
      kind: 'auto-number',
      path: 'dose.chosen',
      label: 'Dose to report',
      help: 'Strength at which the arms are compared; automatic takes the best stop inside the usable window.',
      min: 0.01,
      max: 20,
      step: 0.05,
      start: 0.5,
    },
    {
      kind: 'number',
      path: 'dose.maxP95Kl',
      label: 'Largest p95 KL',
      help: 'Side effect on neutral text at which the usable window ends.',
      min: 0.05,
      max: 100,
      step: 0.1,
      unit: 'nat',
    },
    {
      kind: 'number',
      path: 'dose.maxRep3',
      label: 'Largest rep-3',
      help: 'Share of repeated three-word sequences at which the usable window ends.',
      min: 0.01,
      max: 1,
      step: 0.05,
    },
    {
      kind: 'number',
      path: 'generation.continuations',
      label: 'Continuations, reported',
      help: 'Texts written per arm, direction and dose on the prompts that report.',
      min: 8,
      max: 1024,
      step: 8,
    },
    {
      kind: 'number',
      path: 'generation.chooseContinuations',
      label: 'Continuations, choosing',
      help: 'Texts written per arm, direction and dose on the prompts that choose the dose.',
      min: 4,
      max: 512,
      step: 4,
    },
    {
      kind: 'number',
      path: 'generation.maxNewTokens',
      label: 'New tokens',
      help: 'Length of a continuation.',
      min: 4,
      max: 512,
      step: 4,
    },
    {
      kind: 'number',
      path: 'generation.temperature',
      label: 'Temperature',
      help: 'How freely tokens are drawn; 0 always takes the likeliest.',
      min: 0,
      max: 5,
      step: 0.1,
    },
    {
      kind: 'number',
      path: 'generation.topP',
      label: 'Top p',
      help: 'Tokens are drawn from the likeliest that together have this probability.',
      min: 0.01,
      max: 1,
      step: 0.05,
    },
    {
      kind: 'number',
      path: 'generation.randomVectors',
      label: 'Random vectors',
      help: 'Vectors drawn for the random band.',
      min: 1,
      max: 16,
      step: 1,
    },
    {
      kind: 'number',
      path: 'generation.neutralTexts',
      label: 'Neutral texts',
      help: 'Texts on which the KL divergence is measured.',
      min: 2,
      max: 256,
      step: 2,
    },
    {
      kind: 'number',
      path: 'generation.seed',
      label: 'Seed',
      help: 'Decides which tokens are drawn.',
      min: 0,
      max: 0xffffffff,
      step: 1,
    },
  ],
};

export const GROUPS: Group[] = STAGES.map((stage) => ({ stage, fields: FIELDS[stage] }));

type Tree = { [key: string]: unknown };

export function valueAt(experiment: Experiment, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Tree)[key], experiment);
}

/** A copy with one field replaced. What comes out may be invalid: check it before it is used. */
export function withValue(experiment: Experiment, path: string, value: unknown): Experiment {
  const put = (node: Tree, keys: string[]): Tree => {
    const [key, ...rest] = keys;
    return { ...node, [key]: rest.length === 0 ? value : put(node[key] as Tree, rest) };
  };
  return put(experiment as unknown as Tree, path.split('.')) as unknown as Experiment;
}
