/** Test helpers: pair states with a planted direction, and those that scikit-learn was given. */
import { readFileSync } from 'node:fs';
import { Random } from '../../math/random';
import type { PairStates } from './pair-states';

export interface OracleCase extends PairStates {
  name: string;
  expected: {
    'difference-of-means': number[];
    'principal-component': number[];
    'logistic-probe': { strength: number; weights: number[] }[];
    lda: { weights: number[]; shrinkage: number };
  };
}

/** The cases of fixtures/extraction/methods.json. */
export function oracleCases(): OracleCase[] {
  const json = JSON.parse(
    readFileSync(new URL('../../../fixtures/extraction/methods.json', import.meta.url), 'utf8'),
  ) as (OracleCase['expected'] & { name: string; width: number; positive: number[]; negative: number[] })[];
  return json.map(({ name, width, positive, negative, ...expected }) => ({
    name,
    width,
    positive: Float32Array.from(positive),
    negative: Float32Array.from(negative),
    expected,
  }));
}

export interface Planted extends PairStates {
  /** Unit length. */
  direction: Float64Array;
}

/**
 * Pairs x± = content ± separation/2 · u + noise, content and noise isotropic.
 * @param massive a dimension of u = 0 whose content is this many times larger, with an offset of ten times that
 */
export function plantedPairs(
  { pairs, width, separation, content, noise }: Record<'pairs' | 'width' | 'separation' | 'content' | 'noise', number>,
  seed: number,
  massive?: { dimension: number; size: number },
): Planted {
  const random = new Random(seed);
  const direction = random.normals(width);
  if (massive) direction[massive.dimension] = 0;
  const length = Math.hypot(...direction);
  for (let j = 0; j < width; j++) direction[j] /= length;
  const positive = new Float32Array(pairs * width);
  const negative = new Float32Array(pairs * width);
  for (let i = 0; i < pairs; i++) {
    for (let j = 0; j < width; j++) {
      const shared = content * random.normal();
      const own = [noise * random.normal(), noise * random.normal()];
      const scale = massive?.dimension === j ? massive.size : 1;
      const offset = massive?.dimension === j ? 10 * massive.size : 0;
      positive[i * width + j] = offset + scale * (shared + own[0]) + (separation / 2) * direction[j];
      negative[i * width + j] = offset + scale * (shared + own[1]) - (separation / 2) * direction[j];
    }
  }
  return { width, positive, negative, direction };
}

/** The same pairs in another order. */
export function reordered({ width, positive, negative }: PairStates, seed: number): PairStates {
  const order = new Random(seed).permutation(positive.length / width);
  const take = (rows: Float32Array): Float32Array => {
    const out = new Float32Array(rows.length);
    order.forEach((from, to) => out.set(rows.subarray(from * width, (from + 1) * width), to * width));
    return out;
  };
  return { width, positive: take(positive), negative: take(negative) };
}
