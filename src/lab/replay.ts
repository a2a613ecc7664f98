/**
 * Replay: tokens that were written elsewhere are forced through the models, and their log-probabilities compared. Sampled
 * text differs between devices at the first token that rounding tips over; log-probabilities of given tokens do not.
 */
import type { Arm, DosedArm, ReplayEvidence, ReplayRow, StopStreams } from '../experiment/run';
import { DOSED_ARMS } from '../experiment/run';
import { logSoftmax } from '../math/information';
import { fromHalf, toHalf } from '../runtime/tensors';
import type { LanguageModel, SteeredRow } from '../runtime/types';
import { breathe, type LabContext } from './context';
import type { SteeringArm } from './vectors';

/** Digits of α that a link carries. */
const ALPHA_DIGITS = 6;

/** The part of a row that a model is asked about. */
export interface ForcedRow {
  ids: readonly number[];
  vector?: Float32Array;
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
 * @param layer block (0-based) at whose output the vectors are added @returns one entry a row, in order
 */
export async function forceTokens(model: LanguageModel, layer: number | null, promptIds: readonly number[], rows: readonly ForcedRow[], signal?: AbortSignal): Promise<Forced[]> {
  const batch: SteeredRow[] = rows.map(({ ids, vector }) => ({ ids: [...promptIds, ...ids], ...(vector ? { vector } : {}) }));
  const logits = await model.logits({ rows: batch, layer });
  await breathe(signal);
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
  if (bytes.length !== 2 * width) throw new RangeError(`the vector has ${bytes.length / 2} values, the model’s width is ${width}`);
  const view = new DataView(bytes.buffer);
  const values = fromHalf(Uint16Array.from({ length: width }, (_, i) => view.getUint16(2 * i, true)));
  if (!values.every(Number.isFinite)) throw new RangeError('the vector has values that are not finite');
  return values;
}

/** One row to replay, with its place among the arms. */
export interface ReplayAsk {
  arm: Arm;
  alpha: number;
  ids: readonly number[];
}

/** Where the rows of each arm run: model, block and the unit direction, rounded as in a link; none for undosed arms. */
export type ReplayPlaces = Record<Arm, { model: LanguageModel; layer: number; direction: Float32Array | null }>;

/** The places of a run's own arms. The random arm is replayed with its first direction. */
export function placesOf(arms: readonly SteeringArm[]): ReplayPlaces {
  const of = (name: DosedArm): ReplayPlaces[Arm] => {
    const { model, layer, directions } = arms.find((arm) => arm.arm === name)!;
    return { model, layer, direction: halved(directions[0]) };
  };
  const dosed = Object.fromEntries(DOSED_ARMS.map((name) => [name, of(name)])) as Record<DosedArm, ReplayPlaces[Arm]>;
  return { ...dosed, small: { ...dosed['small-steered'], direction: null }, large: { ...dosed.mapped, direction: null } };
}

/** Forces rows of several arms through their models, all rows of one model and block together. @returns in the order of the rows */
export async function replayRows(context: Pick<LabContext, 'signal'>, places: ReplayPlaces, promptIds: readonly number[], asks: readonly ReplayAsk[]): Promise<Forced[]> {
  const results: Forced[] = [];
  // The two undosed arms stand for the two models and their blocks.
  for (const base of ['small', 'large'] as const) {
    const { model, layer } = places[base];
    const members = [...asks.keys()].filter((i) => (asks[i].arm.startsWith('small') ? 'small' : 'large') === base);
    const rows = members.map((i): ForcedRow => {
      const { direction } = places[asks[i].arm];
      const { alpha, ids } = asks[i];
      return { ids, ...(direction && alpha !== 0 ? { vector: direction.map((x) => x * alpha) } : {}) };
    });
    const forced = await forceTokens(model, layer, promptIds, rows, context.signal);
    members.forEach((i, k) => (results[i] = forced[k]));
  }
  return results;
}

/** What a link shows and another device replays: the continuations at ±r, with the log-probabilities of their tokens. */
export async function replayEvidence(context: Pick<LabContext, 'signal'>, arms: readonly SteeringArm[], up: StopStreams, down: StopStreams, r: number): Promise<ReplayEvidence> {
  const places = placesOf(arms);
  const { prompt } = up;
  const promptIds = places.small.model.tokenizer.encode(prompt);
  const rows: Omit<ReplayRow, 'millinats' | 'argmax'>[] = [];
  const add = (arm: Arm, direction: ReplayRow['direction'], alpha: number, streams: StopStreams): void => {
    const ids = streams.arms[arm].map((token) => token.id);
    if (ids.length > 0) rows.push({ arm, direction, alpha: Number(alpha.toPrecision(ALPHA_DIGITS)), text: places[arm].model.tokenizer.decode(ids), ids });
  };
  add('small', 'none', 0, up);
  add('large', 'none', 0, up);
  for (const { arm, medianNorm } of arms) {
    add(arm, 'positive', r * medianNorm, up);
    add(arm, 'negative', -r * medianNorm, down);
  }
  const forced = await replayRows(context, places, promptIds, rows);
  const values = (arm: DosedArm): string => packHalf(arms.find((each) => each.arm === arm)!.directions[0]);
  return {
    prompt,
    promptIds,
    rows: rows.map((row, i) => ({ ...row, millinats: forced[i].logProbs.map((p) => Math.round(-1000 * p) + 0), argmax: forced[i].argmax })),
    vectors: { source: values('small-steered'), mapped: values('mapped'), native: values('native') },
  };
}

/** Directions that a link carries, as places to replay at. @throws RangeError where a vector does not fit its model */
export function placesOfVectors(vectors: ReplayEvidence['vectors'], layers: { source: number; target: number }, models: { source: LanguageModel; target: LanguageModel }, random: Float32Array): ReplayPlaces {
  const source = { model: models.source, layer: layers.source };
  const target = { model: models.target, layer: layers.target };
  return {
    small: { ...source, direction: null },
    'small-steered': { ...source, direction: unpackHalf(vectors.source, models.source.info.hiddenSize) },
    large: { ...target, direction: null },
    mapped: { ...target, direction: unpackHalf(vectors.mapped, models.target.info.hiddenSize) },
    native: { ...target, direction: unpackHalf(vectors.native, models.target.info.hiddenSize) },
    random: { ...target, direction: halved(random) },
  };
}
