/**
 * What each stage of a run reads of its experiment, in one place: the pipeline remembers results by it, the page marks
 * them stale by it, the settings say by it what they change, the comparison of runs sorts by it, and the memory plan is
 * made anew by it. A stage also depends on all the stages before it.
 */
import { ARM_SPECS } from './arms';
import { comparedBlocks, type PairShape } from './compared-blocks';
import { STAGES, type Stage } from './run';
import type { Experiment } from './schema';

/** One thing that a stage reads. */
interface Input {
  /**
   * What it is made from: paths in the experiment, with dots, of fields or of a part that is read as a whole; each with
   * the condition on the other settings under which a change of it can change what is read.
   */
  paths: Readonly<Record<string, Condition>>;
  /** What is read; undefined where the other settings leave it unused. */
  of: (experiment: Experiment, shape: PairShape | null) => unknown;
}

type Condition = (experiment: Experiment, shape: PairShape | null) => boolean;

const always: Condition = () => true;
const field = (path: string): Input => ({ paths: { [path]: always }, of: (e) => valueAt(e, path) });
const fields = (...paths: string[]): Input[] => paths.map(field);
/** A field that is read only under a condition on other inputs of the same stage, or of an earlier one. */
const fieldIf = (condition: Condition, path: string): Input => ({
  paths: { [path]: condition },
  of: (e, shape) => (condition(e, shape) ? valueAt(e, path) : undefined),
});

const lambdaIsChosen: Condition = (e) => e.map.lambda === 'auto';
const ruleIsFolds: Condition = (e) => e.map.lambdaRule === 'cross-validation';
const crossValidates: Condition = (e, shape) => lambdaIsChosen(e, shape) && ruleIsFolds(e, shape);

/** Folds in which the training moments are kept apart: one, unless λ is to be cross-validated. */
export function foldsOf({ map }: Pick<Experiment, 'map'>): number {
  return map.lambda === 'auto' && map.lambdaRule === 'cross-validation' ? map.folds : 1;
}

const FOLDS: Input = {
  paths: { 'map.lambda': ruleIsFolds, 'map.lambdaRule': lambdaIsChosen, 'map.folds': crossValidates },
  of: foldsOf,
};
/** Whether the pair is too large for every block to be compared. */
const comparesSome: Condition = (e, shape) => shape !== null && comparedBlocks(shape, e.map, e.transfer.also) !== null;
/** Which blocks go into the fit: of large models the blocks that are named, and some of the others. */
const COMPARED: Input = {
  paths: { 'map.sourceLayer': comparesSome, 'map.targetLayer': comparesSome, 'transfer.also': comparesSome },
  of: (e, shape) => shape && comparedBlocks(shape, e.map, e.transfer.also),
};

/** The two models that are loaded. */
export const PAIR_INPUTS: readonly Input[] = fields('models.source', 'models.target');
/** The small sample of states that a loaded pair is compared on. */
export const SAMPLE_INPUTS: readonly Input[] = fields('models.alignment', 'corpus.id');

/** The settings that say how many directions the arms draw. */
const DRAWS = [...new Set(ARM_SPECS.flatMap(({ draws }) => (draws === null ? [] : [`generation.${draws}`])))];

const INPUTS: Record<Stage, readonly Input[]> = {
  models: [...PAIR_INPUTS, ...SAMPLE_INPUTS],
  activations: [
    ...fields('corpus.id', 'corpus.maxTokens', 'corpus.heldOutFraction', 'corpus.positions', 'corpus.seed'),
    FOLDS,
    COMPARED,
  ],
  map: [
    ...fields('map.sourceLayer', 'map.targetLayer', 'map.lambda', 'map.kind'),
    fieldIf(lambdaIsChosen, 'map.lambdaRule'),
    fieldIf(crossValidates, 'map.folds'),
    fieldIf((e) => e.map.kind === 'reduced-rank', 'map.rank'),
  ],
  steer: [
    ...fields('concept', 'prompting.template', 'vector.method', 'vector.readPosition', 'vector.maxPairs'),
    fieldIf((e) => e.prompting.template === 'chat', 'prompting.system'),
    ...fields('transfer.addBias', 'transfer.operation', 'transfer.scope', 'transfer.also'),
    fieldIf((e) => e.transfer.operation === 'cap', 'transfer.capPercentile'),
    fieldIf((e) => e.transfer.scope === 'tail', 'transfer.scopeTokens'),
    // The seed chooses among the pairs and draws the directions of the controls.
    ...fields('dose.stops', 'generation.neutralTexts', 'generation.seed', ...DRAWS),
  ],
  evidence: [
    ...fields('dose.chosen', 'dose.maxP95Kl', 'dose.maxRep3', 'generation.continuations'),
    ...fields('dose.wantedRate', 'dose.maxPerplexityRatio', 'dose.maxUnknownWords', 'dose.edgeDoses'),
    ...fields('generation.chooseContinuations', 'generation.maxNewTokens', 'generation.temperature'),
    ...fields('generation.topP', 'verdict'),
  ],
};

/** What the memory plan of a pair is made from, beside the device. */
const MEMORY_INPUTS: readonly Input[] = [
  ...PAIR_INPUTS,
  ...fields('map.sourceLayer', 'map.targetLayer', 'corpus.maxTokens'),
  FOLDS,
  ...fields('generation.maxNewTokens', 'generation.neutralTexts'),
];

/** Fields that change no result, and why. */
export const CHANGES_NOTHING: Readonly<Record<string, string>> = {
  schema: 'The version of the document: an older one is brought up to it before anything reads it.',
  title: 'A name for the reader.',
  ...(DRAWS.includes('generation.controlDraws')
    ? {}
    : { 'generation.controlDraws': 'No arm of this version draws a control with it.' }),
};

export function valueAt(experiment: Experiment, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], experiment);
}

const read = (inputs: readonly Input[], experiment: Experiment, shape: PairShape | null): unknown[] =>
  inputs.map(({ of }) => of(experiment, shape));

/** What a list of inputs reads, as JSON: undefined is written as null. */
const key = (inputs: readonly Input[], experiment: Experiment, shape: PairShape | null): unknown[] =>
  read(inputs, experiment, shape).map((value) => value ?? null);

/** Key of the loaded pair, and of the sample that it is compared on. */
export const pairKey = (experiment: Experiment): unknown[] => key(PAIR_INPUTS, experiment, null);
export const sampleKey = (experiment: Experiment): unknown[] => key(SAMPLE_INPUTS, experiment, null);
/** Key of the memory plan of a pair: as long as it is the same, so is the plan, on the same device. */
export const memoryKey = (experiment: Experiment): unknown[] => key(MEMORY_INPUTS, experiment, null);

/**
 * Key of a stage's result: what it and all the stages before it read.
 * @param shape of the loaded pair; null before it is known
 */
export function stageKey(stage: Stage, experiment: Experiment, shape: PairShape | null): unknown[] {
  return STAGES.slice(0, STAGES.indexOf(stage) + 1).map((each) => key(INPUTS[each], experiment, shape));
}

/** Paths that a stage and those before it read, under whatever conditions. */
export function pathsReadUpTo(stage: Stage): string[] {
  return STAGES.slice(0, STAGES.indexOf(stage) + 1).flatMap((each) =>
    INPUTS[each].flatMap(({ paths }) => Object.keys(paths)),
  );
}

/**
 * The first stage that a change of a field, or of a part, computes anew; null where it changes no result under the other
 * settings.
 * @param shape of the pair, where it is known
 */
export function firstStageReading(path: string, experiment: Experiment, shape: PairShape | null = null): Stage | null {
  const within = (part: string): boolean => path === part || path.startsWith(`${part}.`) || part.startsWith(`${path}.`);
  const reads = ({ paths }: Input): boolean =>
    Object.entries(paths).some(([part, condition]) => within(part) && condition(experiment, shape));
  return STAGES.find((stage) => INPUTS[stage].some(reads)) ?? null;
}

const compared = new WeakMap<Experiment, WeakMap<Experiment, Map<string, Stage | null>>>();

/**
 * First stage whose result would differ between two experiments; null when none would. Remembered for the two objects:
 * the page asks again with every move of the dose.
 * @param shape of the pair that both experiments name; null where it is not known
 */
export function firstDifference(a: Experiment, b: Experiment, shape: PairShape | null = null): Stage | null {
  if (a === b) return null;
  const ofA = compared.get(a) ?? new WeakMap<Experiment, Map<string, Stage | null>>();
  compared.set(a, ofA);
  const known = ofA.get(b) ?? new Map<string, Stage | null>();
  ofA.set(b, known);
  const at = shape ? `${shape.sourceLayers} ${shape.targetLayers} ${shape.sourceWidth} ${shape.targetWidth}` : '';
  let found = known.get(at);
  if (found === undefined) {
    found = STAGES.find((stage) => !same(read(INPUTS[stage], a, shape), read(INPUTS[stage], b, shape))) ?? null;
    known.set(at, found);
  }
  return found;
}

/** Whether two JSON values are equal, the order of keys aside. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((k) => k in b && same((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k]))
  );
}
