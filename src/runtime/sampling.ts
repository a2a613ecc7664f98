/** From logits to the next token: greedy, or temperature with nucleus (top-p) sampling. */
import { Random } from '../math/random';
import type { Sampling } from './types';

/** Index of the largest logit; the lowest index among equals. */
export function argmax(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

/** Weights of one vocabulary and those of them that may be in the nucleus; reused, for this runs once a row and step. */
let weights = new Float64Array(0);
let candidates = new Float64Array(0);

/**
 * Draws from softmax(logits / temperature) cut to its nucleus: the fewest tokens whose probabilities reach `topP`
 * (Holtzman et al. 2020), lower id first among equals. The draw runs through the nucleus by id.
 * @param uniform a number in [0, 1)
 */
export function sampleTopP(logits: Float32Array, temperature: number, topP: number, uniform: number): number {
  const n = logits.length;
  if (weights.length < n) [weights, candidates] = [new Float64Array(n), new Float64Array(n)];
  let top = -Infinity;
  for (let i = 0; i < n; i++) if (logits[i] > top) top = logits[i];
  let total = 0;
  for (let i = 0; i < n; i++) total += weights[i] = Math.exp((logits[i] - top) / temperature);
  // Tokens below this weight add up to less than 1 − topP, so none of them is needed to reach topP: only the others are sorted.
  const floor = (total * (1 - topP)) / n;
  let count = 0;
  for (let i = 0; i < n; i++) if (weights[i] >= floor) candidates[count++] = weights[i];
  const sorted = candidates.subarray(0, count).sort();
  let nucleus = 0;
  let size = 0;
  while (size < count && nucleus < topP * total) nucleus += sorted[count - 1 - size++];
  // The nucleus: all tokens above the least weight in it, and as many of the tokens with that weight as were counted.
  const least = sorted[count - size];
  let ofLeast = 0;
  for (let i = count - size; i < count && sorted[i] === least; i++) ofLeast++;
  let left = uniform * nucleus;
  let last = 0;
  for (let i = 0; i < n; i++) {
    const weight = weights[i];
    if (weight < least || (weight === least && ofLeast-- <= 0)) continue;
    last = i;
    left -= weight;
    if (left < 0) break;
  }
  return last;
}

/** One stream of draws a row: a row's text does not depend on what else is in the batch. */
export class Sampler {
  #sampling: Sampling;
  #streams: Random[];

  /** @param streams the stream of each row */
  constructor(sampling: Sampling, streams: readonly number[]) {
    this.#sampling = sampling;
    this.#streams = streams.map((stream) => new Random(streamSeed(sampling.seed, stream)));
  }

  /** The next token of a row from its logits [vocabSize]. */
  next(row: number, logits: Float32Array): number {
    const { temperature, topP } = this.#sampling;
    return temperature === 0 ? argmax(logits) : sampleTopP(logits, temperature, topP, this.#streams[row].uniform());
  }
}

/** Scatters (seed, stream) over 32 bits (the finaliser of MurmurHash3), so that seed 1 stream 0 is not seed 0 stream 1. */
function streamSeed(seed: number, stream: number): number {
  let h = (seed ^ Math.imul(stream + 1, 0x9e3779b9)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
