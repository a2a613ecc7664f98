/**
 * What the mapped vector is compared with at the reported dose: arms that know nothing of the source, or nothing of what it
 * has learnt, each steered by the same length at the same block. Their directions are made when they are asked for, after
 * everything that is shown sooner.
 */
import { COMPARED_ARMS, type ComparedArm } from '../experiment/arms';
import { LabError } from '../experiment/errors';
import { message, type Message } from '../experiment/message';
import type { ContrastPair, Experiment } from '../experiment/schema';
import type { LanguageModel } from '../runtime/types';
import { COMPARED, drawsOf } from './arms';
import type { ArmInput, ComparedInput, OtherSource, ReadTokens, TokenTable } from './arms/arm';
import { carriedRandom } from './arms/random-direction';
import { yieldToEventLoop, type LabContext } from './context';
import { collectPairStates, type PairStates } from './extract';
import { rowsOf } from './fit';
import { fitHalf, isHeldOut } from './held-out-pairs';
import { prepareTexts } from './prepare';
import { readText } from './prompting';
import type { PreparedText } from './rows';
import type { LoadedPair } from './stage-models';
import { readTokenTable } from './token-table';
import { equipArms, type SteeringArm } from './vectors';

/** Texts of one batch of a source whose weights were shuffled. */
const BATCH_TEXTS = 16;
/** What separates the seeds of the null directions from those of the control of the same kind. */
const NULL_SEED = 65_537;

/** One draw of a control: how the target is steered; null where it has no direction, and so no effect. */
export interface ControlDraw {
  arm: ComparedArm;
  /** From 1. */
  draw: number;
  steering: SteeringArm | null;
}

/** Controls of a run, and those that could not be made, with the reason. */
export interface ControlDraws {
  draws: ControlDraw[];
  missing: { arm: ComparedArm; reason: Message }[];
}

export interface Controls {
  /** The arm under test. */
  tested: SteeringArm;
  /** @throws LabError of running the models, `cancelled` */
  draws(context: LabContext): Promise<ControlDraws>;
  /** Random directions of the source through the map, other ones than the control's. */
  nulls(count: number): SteeringArm[];
}

export interface ControlsInput {
  experiment: Experiment;
  models: LoadedPair;
  input: Omit<ArmInput, 'width' | 'draws' | 'seed' | 'signal'>;
  pairs: readonly ContrastPair[];
  extract: (states: PairStates, model: 'small' | 'large') => Float32Array;
  /** The arm under test, as it steers. */
  tested: SteeringArm;
}

/** The controls of a steered pair. Nothing is run before they are asked for. */
export function controlsOf({ experiment, models, input, pairs, extract, tested }: ControlsInput): Controls {
  const { generation } = experiment;
  /** The arm under test along another direction. */
  const along = (direction: Float32Array): SteeringArm => {
    const { operation: _, scope: _s, further, projections: _p, ...directed } = tested;
    const [arm] = equipArms(
      [{ ...directed, directions: [direction] }],
      experiment,
      (_model, block) => input.sample.target.blocks[block],
      () => further,
    );
    return arm;
  };
  return {
    tested,
    nulls: (count) => carriedRandom({ ...input, seed: (generation.seed + NULL_SEED) % 2 ** 32 }, count).map(along),
    async draws(context) {
      const missing: ControlDraws['missing'] = [];
      const draws: ControlDraw[] = [];
      // At further blocks the mapped directions would stay what they are: no control of it.
      if (tested.further.length > 0) {
        for (const arm of COMPARED_ARMS) missing.push({ arm, reason: message('run.chain.missing.further') });
        return { draws, missing };
      }
      const texts = await preparedTexts(context, experiment, models);
      const other =
        models.pair.residence === 'together' ? otherSource(context, experiment, models, input, pairs, texts) : null;
      for (const [step, arm] of COMPARED_ARMS.entries()) {
        context.progress({
          stage: 'evidence',
          done: step,
          total: COMPARED_ARMS.length,
          unit: 'steps',
          note: message('progress.control', { arm: message(`arms.${arm}.name`) }),
        });
        await yieldToEventLoop(context.signal);
        const asked: ComparedInput = {
          ...input,
          draws: drawsOf(arm, generation),
          seed: generation.seed,
          signal: context.signal,
          extract: (states) => extract(states, 'small'),
          read: () => readTokens(experiment, models.target, pairs),
          tokenTable: tokenTableOf(context, models.target, input.layers.target, texts),
          otherSource: other,
        };
        const found = await made(arm, asked);
        if ('reason' in found) missing.push({ arm, reason: found.reason });
        else if (found.directions.length === 0) draws.push({ arm, draw: 1, steering: null });
        else found.directions.forEach((direction, k) => draws.push({ arm, draw: k + 1, steering: along(direction) }));
      }
      return { draws, missing };
    },
  };
}

/** Directions of an arm, or why there are none to be had. */
async function made(
  arm: ComparedArm,
  input: ComparedInput,
): Promise<{ directions: Float32Array[] } | { reason: Message }> {
  try {
    const directions = await COMPARED[arm].directions(input);
    return directions ? { directions } : { reason: message('run.chain.missing.memory') };
  } catch (error) {
    // A graph without matrices that the lab knows: said, and no reason to end the run.
    if (error instanceof LabError && error.key === 'graph-unsupported.weights')
      return { reason: message('run.chain.missing.weights') };
    throw error;
  }
}

/** The corpus as it was collected: the same texts in the same order. */
async function preparedTexts(
  context: LabContext,
  experiment: Experiment,
  { source, target }: LoadedPair,
): Promise<PreparedText[]> {
  const { texts } = await context.resources.corpus(experiment.corpus.id);
  const tokenizers = { source: source.tokenizer, target: target.tokenizer };
  return prepareTexts(texts, tokenizers, experiment.models.alignment, experiment.corpus).texts;
}

function tokenTableOf(
  context: LabContext,
  model: LanguageModel,
  block: number,
  texts: readonly PreparedText[],
): () => Promise<TokenTable> {
  return () => readTokenTable(context, model, block, texts);
}

/** Ids of the tokens whose states the target's side of each pair is read from; of the pairs that make the vector. */
function readTokens(
  { prompting, vector }: Pick<Experiment, 'prompting' | 'vector'>,
  { tokenizer }: LanguageModel,
  pairs: readonly ContrastPair[],
): ReadTokens {
  const of = (text: string, twin: string): number[] => {
    const { ids, read } = readText(text, twin, tokenizer, prompting, vector.readPosition);
    return read.map((position) => ids[position]);
  };
  const own = pairs.filter((_, i) => !isHeldOut(i, pairs.length));
  return {
    positive: own.map(({ positive, negative }) => of(positive, negative)),
    negative: own.map(({ positive, negative }) => of(negative, positive)),
  };
}

/** States of the source with shuffled weights: at the sample's training rows, and of the pairs. */
function otherSource(
  context: LabContext,
  { prompting, vector }: Pick<Experiment, 'prompting' | 'vector'>,
  { pair }: LoadedPair,
  { sample, layers }: Pick<ArmInput, 'sample' | 'layers'>,
  pairs: readonly ContrastPair[],
  prepared: readonly PreparedText[],
): (seed: number) => Promise<OtherSource> {
  const train = rowsOf(sample, false);
  const byText = new Map(prepared.map((item) => [item.text, item.source.ids]));
  return (seed) =>
    pair.withShuffled('source', seed, async (model) => {
      const { hiddenSize: width } = model.info;
      const rows = new Float32Array(train.length * width);
      const texts = [...new Set(train.map((row) => sample.labels[row].text))];
      for (let start = 0; start < texts.length; start += BATCH_TEXTS) {
        const batch = texts.slice(start, start + BATCH_TEXTS);
        const states = await model.statesAt(layers.source, {
          rows: batch.map((text) => ({ ids: byText.get(text)! })),
          sites: [],
        });
        train.forEach((row, i) => {
          const { text, position } = sample.labels[row];
          const at = batch.indexOf(text);
          if (at !== -1) rows.set(states[at].subarray(position * width, (position + 1) * width), i * width);
        });
        await yieldToEventLoop(context.signal);
      }
      const note = message('progress.control', { arm: message('arms.random-source.name') });
      const states = await collectPairStates(
        { ...context, progress: (progress) => context.progress({ ...progress, stage: 'evidence' }) },
        model,
        layers.source,
        pairs,
        vector.readPosition,
        prompting,
        note,
      );
      return { rows, pairs: fitHalf(states) };
    });
}
