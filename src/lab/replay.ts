/**
 * Replay: tokens that were written elsewhere are forced through the models, and their log-probabilities compared. Sampled
 * text differs between devices at the first token that rounding tips over; log-probabilities of given tokens do not.
 */
import type { Arm, DosedArm, ReplayEvidence, ReplayRow, StopStreams } from '../experiment/run';
import { logSoftmax } from '../math/information';
import { fromHalf, toHalf } from '../runtime/tensors';
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

/** Half precision as base64 of little-endian float16. */
export function packHalf(direction: Float32Array): string {
  const bits = toHalf(direction);
  const bytes = new Uint8Array(bits.length * 2);
  bits.forEach((value, i) => new DataView(bytes.buffer).setUint16(2 * i, value, true));
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The inverse of {@link packHalf}. @throws RangeError unless it holds `width` finite values */
export function unpackHalf(text: string, width: number): Float32Array {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  if (bytes.length !== 2 * width)
    throw new RangeError(`the vector has ${bytes.length / 2} values, the model’s width is ${width}`);
  const view = new DataView(bytes.buffer);
  const values = fromHalf(Uint16Array.from({ length: width }, (_, i) => view.getUint16(2 * i, true)));
  if (!values.every(Number.isFinite)) throw new RangeError('the vector has values that are not finite');
  return values;
}

/** Arms that run in each model; the first of each is the model without steering. */
export const ROLE_ARMS = {
  source: ['small', 'small-steered'],
  target: ['large', 'mapped', 'native', 'random'],
} as const satisfies Record<Role, readonly Arm[]>;

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

/** The replay of a model with a run's own arms. The random arm is replayed with its first direction. */
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
    const ids = streams.arms[arm].map((token) => token.id);
    if (ids.length > 0)
      rows.push({ arm, direction, alpha: Number(alpha.toPrecision(ALPHA_DIGITS)), text: tokenizer.decode(ids), ids });
  };
  add(ROLE_ARMS[role][0], 'none', 0, up);
  for (const { arm, medianNorm } of arms) {
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

/** Directions as a link carries them. */
export function vectorsOf(arms: readonly SteeringArm[]): ReplayEvidence['vectors'] {
  const values = (name: DosedArm): string => packHalf(arms.find(({ arm }) => arm === name)!.directions[0]);
  return { source: values('small-steered'), mapped: values('mapped'), native: values('native') };
}
