/** From logits to the next token: greedy, or temperature with nucleus (top-p) sampling. */
import { Random } from '../math/random';
import type { Sampling } from './types';

/** Index of the largest logit; the lowest index among equals. */
export function argmax(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

/**
 * Draws from softmax(logits / temperature) cut to its nucleus: the fewest tokens whose probabilities reach `topP`
 * (Holtzman et al. 2020), most probable first, lower id first among equals.
 * @param uniform a number in [0, 1)
 */
export function sampleTopP(logits: Float32Array, temperature: number, topP: number, uniform: number): number {
  const n = logits.length;
  let top = -Infinity;
  for (let i = 0; i < n; i++) if (logits[i] > top) top = logits[i];
  const weights = new Float64Array(n);
  let total = 0;
  for (let i = 0; i < n; i++) total += weights[i] = Math.exp((logits[i] - top) / temperature);
  // Tokens below this weight add up to less than 1 − topP, so none of them is needed to reach topP: sorting the few
  // that are left costs nothing beside sorting the vocabulary at every token.
  const floor = (total * (1 - topP)) / n;
  const kept: number[] = [];
  for (let i = 0; i < n; i++) if (weights[i] >= floor) kept.push(i);
  kept.sort((a, b) => weights[b] - weights[a] || a - b);
  let nucleus = 0;
  let size = 0;
  while (size < kept.length && nucleus < topP * total) nucleus += weights[kept[size++]];
  let left = uniform * nucleus;
  for (let i = 0; i < size; i++) {
    left -= weights[kept[i]];
    if (left < 0) return kept[i];
  }
  return kept[size - 1];
}

/** One stream of draws a row: a row's text does not depend on what else is in the batch. */
export class Sampler {
  #sampling: Sampling;
  #streams: Random[];

  constructor(sampling: Sampling, rows: number) {
    this.#sampling = sampling;
    this.#streams = Array.from({ length: rows }, (_, row) => new Random(streamSeed(sampling.seed, row)));
  }

  /** The next token of a row from its logits [vocabSize]. */
  next(row: number, logits: Float32Array): number {
    const { temperature, topP } = this.#sampling;
    return temperature === 0 ? argmax(logits) : sampleTopP(logits, temperature, topP, this.#streams[row].uniform());
  }
}

/** Scatters (seed, row) over 32 bits (the finaliser of MurmurHash3), so that seed 1 row 0 is not seed 0 row 1. */
function streamSeed(seed: number, row: number): number {
  let h = (seed ^ Math.imul(row + 1, 0x9e3779b9)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
