/** Continuations: many for the figures, and the streams of all arms, read side by side. */
import { armSpec, unsteeredArm, type Arm, type PerArm } from '../experiment/arms';
import type { StopStreams, StreamToken } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import type { SteerSite } from '../onnx';
import type { LanguageModel, SteeredRow } from '../runtime/types';
import { yieldToEventLoop, type LabContext } from './context';
import { byModelAndLayer } from './dose';
import { residentFirst } from './model-pair';
import { promptIds, type Prompting } from './prompting';
import { steeredRow, type Steer } from './operations';
import { projectRow } from './project';
import { sitesOf, steerAt, type SteeringArm } from './vectors';

/** Rows decoded in one pass. */
export const BATCH_ROWS = 96;

/** One continuation asked for. */
export interface Ask {
  prompt: string;
  /** What is done to the text; absent or empty for nothing. */
  steer?: Steer;
  /** Stream of random numbers: the same number in every arm and dose, so that they differ by their steering alone. */
  stream: number;
}

/** A continuation as it was written. */
export interface Continuation {
  text: string;
  /** Its tokens, without the prompt's and without the end token. */
  ids: number[];
  /** The tokens that it continues. */
  promptIds: readonly number[];
  /** False where the limit on new tokens cut it off. */
  ended: boolean;
  /** Σ ln p of its tokens as it was written, nats; where likelihoods were asked for. */
  logProb?: number;
}

/** Decodes all asks of one model in batches. @param sites the blocks at which asks may be steered, and how */
export async function continueAll(
  context: LabContext,
  model: LanguageModel,
  sites: readonly SteerSite[],
  asks: readonly Ask[],
  generation: Pick<Experiment['generation'], 'maxNewTokens' | 'temperature' | 'topP' | 'seed'>,
  prompting: Prompting,
  onDone?: (count: number) => void,
  likelihoods = false,
): Promise<Continuation[]> {
  const written: Continuation[] = [];
  const prompts = new Map(
    [...new Set(asks.map(({ prompt }) => prompt))].map((prompt) => [
      prompt,
      promptIds(prompt, model.tokenizer, prompting),
    ]),
  );
  for (let start = 0; start < asks.length; start += BATCH_ROWS) {
    const batch = asks.slice(start, start + BATCH_ROWS);
    const decoded = await model.decode(
      {
        rows: batch.map(({ prompt, steer, stream }) => {
          const ids = prompts.get(prompt)!;
          return { ...steeredRow(ids, ids.length, steer ?? null), stream };
        }),
        sites,
      },
      {
        maxNewTokens: generation.maxNewTokens,
        sampling: { temperature: generation.temperature, topP: generation.topP, seed: generation.seed },
        likelihoods,
        signal: context.signal,
      },
    );
    decoded.forEach((row, i) =>
      written.push({ ...row, text: model.tokenizer.decode(row.ids), promptIds: prompts.get(batch[i].prompt)! }),
    );
    onDone?.(batch.length);
    await yieldToEventLoop(context.signal);
  }
  return written;
}

/** Where the projection colours get their unit: the direction, and the mean and deviation of the corpus along it. */
export interface ProjectionScale {
  direction: Float32Array;
  mean: number;
  deviation: number;
}

/**
 * The streams of all arms at each of the given stops (signed r). Each model decodes all stops and arms in one batch, then one
 * tapped pass over the finished texts gives the projections.
 */
export async function computeStreams(
  context: LabContext,
  arms: readonly SteeringArm[],
  scales: ReadonlyMap<LanguageModel, ProjectionScale>,
  prompt: string,
  stops: readonly number[],
  generation: Pick<Experiment['generation'], 'maxNewTokens' | 'temperature' | 'topP' | 'seed'>,
  prompting: Prompting,
): Promise<StopStreams[]> {
  const streams: StopStreams[] = stops.map((stop) => ({ prompt, stop, arms: {} as PerArm<Arm, StreamToken[]> }));
  for (const group of residentFirst(byModelAndLayer(arms), ([{ model }]) => model)) {
    const { model, layer } = group[0];
    const sites = sitesOf(group[0]);
    const ids = promptIds(prompt, model.tokenizer, prompting);
    const jobs: { name: Arm; stop: number | null; steer: Steer | null }[] = [
      { name: unsteeredArm(armSpec(group[0].arm).model), stop: null, steer: null },
    ];
    for (const arm of group) stops.forEach((r, s) => jobs.push({ name: arm.arm, stop: s, steer: steerAt(arm, r) }));
    const rows: SteeredRow[] = jobs.map(({ steer }) => ({ ...steeredRow(ids, ids.length, steer), stream: 0 }));
    const decoded = await model.decode(
      { rows, sites },
      {
        maxNewTokens: generation.maxNewTokens,
        sampling: { temperature: generation.temperature, topP: generation.topP, seed: generation.seed },
        signal: context.signal,
      },
    );
    await yieldToEventLoop(context.signal);
    const full = rows.map((row, i) => ({ ...row, ids: [...ids, ...decoded[i].ids] }));
    const states = await model.statesAt(layer, { rows: full, sites });
    const scale = scales.get(model)!;
    jobs.forEach((job, i) => {
      const pieces = model.tokenizer.pieces(decoded[i].ids);
      const tokens = decoded[i].ids.map((id, t): StreamToken => ({
        id,
        text: pieces[t],
        projection: project(states[i], ids.length + t, scale),
      }));
      if (job.stop === null) for (const item of streams) item.arms[job.name] = tokens;
      else streams[job.stop].arms[job.name] = tokens;
    });
    await yieldToEventLoop(context.signal);
  }
  return streams;
}

/** In standard deviations of the corpus along the direction, to two digits. */
function project(states: Float32Array, position: number, { direction, mean, deviation }: ProjectionScale): number {
  return Math.round(((projectRow(states, position, direction) - mean) / deviation) * 100) / 100;
}
