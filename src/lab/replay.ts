/**
 * Replay: tokens that were written elsewhere are forced through the models, and their log-probabilities compared. Sampled
 * text differs between devices at the first token that rounding tips over; log-probabilities of given tokens do not.
 */
import { fromHalf, toHalf } from '../experiment/half';
import { isReplayable, unsteeredArm, type Arm } from '../experiment/arms';
import type { ReplayRow, StopStreams } from '../experiment/run';
import { logSoftmax } from '../math/information';
import type { SteerSite } from '../onnx';
import type { LanguageModel } from '../runtime/types';
import { yieldToEventLoop } from './context';
import type { Role } from './model-pair';
import { promptIds, type Prompting } from './prompting';
import { steeredRow, type Steer } from './operations';
import { sitesOf, steerBy, type SteeringArm } from './vectors';

/** Digits of α that a link carries. */
const ALPHA_DIGITS = 6;

/** The part of a row that a model is asked about. */
export interface ForcedRow {
  ids: readonly number[];
  /** Null for nothing. */
  steer: Steer | null;
}

export interface Forced {
  /** ln p of every token of the row. */
  logProbs: number[];
  /** The likeliest token at every position, and by how many nats it leads the second. */
  argmax: number[];
  lead: number[];
}

/**
 * Log-probabilities of given tokens after a prompt, natural logarithms.
 * @param sites blocks at which rows are steered, and how @returns one entry a row, in order
 */
export async function forceTokens(
  model: LanguageModel,
  sites: readonly SteerSite[],
  promptIds: readonly number[],
  rows: readonly ForcedRow[],
  signal?: AbortSignal,
): Promise<Forced[]> {
  const batch = rows.map(({ ids, steer }) => steeredRow([...promptIds, ...ids], promptIds.length, steer));
  const logits = await model.logits({ rows: batch, sites });
  await yieldToEventLoop(signal);
  const V = model.info.vocabSize;
  return rows.map(({ ids }, k) => {
    const forced: Forced = { logProbs: [], argmax: [], lead: [] };
    ids.forEach((id, t) => {
      const at = promptIds.length + t - 1;
      const logProbs = logSoftmax(logits[k].subarray(at * V, (at + 1) * V));
      const [first, second] = topTwo(logProbs);
      forced.logProbs.push(logProbs[id]);
      forced.argmax.push(first);
      forced.lead.push(logProbs[first] - logProbs[second]);
    });
    return forced;
  });
}

function topTwo(values: ArrayLike<number>): [number, number] {
  let [first, second] = values[0] >= values[1] ? [0, 1] : [1, 0];
  for (let i = 2; i < values.length; i++) {
    if (values[i] > values[first]) [first, second] = [i, first];
    else if (values[i] > values[second]) second = i;
  }
  return [first, second];
}

/** A unit direction as it is in a link: rounded to half precision. */
export function halved(direction: Float32Array): Float32Array {
  return fromHalf(toHalf(direction));
}

/** One model of a replay, and the arms that steer it: of each only the first direction, rounded as in a link. */
export interface ReplayRole {
  model: LanguageModel;
  arms: SteeringArm[];
}

/** One row to replay. */
export interface ReplayAsk {
  arm: Arm;
  alpha: number;
  ids: readonly number[];
}

/** The replay of a model with a run's own arms. An arm of several directions is replayed with its first. */
export function roleOf(arms: readonly SteeringArm[]): ReplayRole {
  const [{ model }] = arms;
  return { model, arms: arms.map((arm) => ({ ...arm, directions: [halved(arm.directions[0])] })) };
}

/** Forces rows of one model's arms through it, together. @returns in the order of the rows */
export async function replayRows(
  { model, arms }: ReplayRole,
  promptIds: readonly number[],
  asks: readonly ReplayAsk[],
  signal?: AbortSignal,
): Promise<Forced[]> {
  const rows = asks.map(({ arm, alpha, ids }): ForcedRow => {
    if (alpha === 0) return { ids, steer: null };
    const steered = arms.find((one) => one.arm === arm);
    if (!steered) throw new RangeError(`there is no direction of the arm “${arm}”`);
    return { ids, steer: steerBy(steered, { r: alpha / steered.medianNorm, alpha }) };
  });
  return forceTokens(model, sitesOf(arms[0]), promptIds, rows, signal);
}

/**
 * One model's part of what a link shows: its continuations at ±r with the log-probabilities of their tokens.
 * @param arms the steered arms of one model @param up streams at r @param down streams at −r
 */
export async function replayOf(
  role: Role,
  arms: readonly SteeringArm[],
  up: StopStreams,
  down: StopStreams,
  r: number,
  prompting: Prompting,
  signal?: AbortSignal,
): Promise<{ promptIds: number[]; rows: ReplayRow[] }> {
  const replay = roleOf(arms);
  const { tokenizer } = replay.model;
  const prompt = promptIds(up.prompt, tokenizer, prompting);
  const rows: Omit<ReplayRow, 'millinats' | 'argmax'>[] = [];
  const add = (arm: Arm, direction: ReplayRow['direction'], alpha: number, streams: StopStreams): void => {
    const ids = (streams.arms[arm] ?? []).map((token) => token.id);
    if (ids.length > 0)
      rows.push({ arm, direction, alpha: Number(alpha.toPrecision(ALPHA_DIGITS)), text: tokenizer.decode(ids), ids });
  };
  add(unsteeredArm(role), 'none', 0, up);
  // The directions of the others take a fit: a link's reader could not replay them before it.
  for (const { arm, medianNorm } of arms.filter((each) => isReplayable(each.arm))) {
    add(arm, 'positive', r * medianNorm, up);
    add(arm, 'negative', -r * medianNorm, down);
  }
  const forced = await replayRows(replay, prompt, rows, signal);
  return {
    promptIds: prompt,
    rows: rows.map((row, i) => ({
      ...row,
      millinats: forced[i].logProbs.map((p) => Math.round(-1000 * p) + 0),
      argmax: forced[i].argmax,
    })),
  };
}
