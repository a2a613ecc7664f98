/**
 * Seeded random numbers. xoshiro128** (Blackman & Vigna 2018), its 128-bit state
 * filled from a 32-bit seed by SplitMix32, as its authors advise. The stream of a
 * seed is part of the lab's results: it must never change.
 */

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;
  #spare: number | null = null;

  /**
   * @param seed a whole number; only its low 32 bits count
   * @throws RangeError if it is not a safe integer
   */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) throw new RangeError(`A seed must be a whole number, not ${seed}.`);
    let state = seed >>> 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) >>> 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    this.#d = next();
  }

  /** The next 32 random bits. */
  uint32(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  /** Uniform on [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /**
   * A whole number uniform on [0, n), without modulo bias.
   * @throws RangeError unless 0 < n ≤ 2³²
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 4294967296)
      throw new RangeError(`integer(n) needs 1 ≤ n ≤ 2³², not ${n}.`);
    const limit = 4294967296 - (4294967296 % n);
    for (;;) {
      const x = this.uint32();
      if (x < limit) return x % n;
    }
  }

  /** Standard normal, by Marsaglia's polar method. */
  normal(): number {
    if (this.#spare !== null) {
      const value = this.#spare;
      this.#spare = null;
      return value;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spare = v * factor;
      return u * factor;
    }
  }

  /** `count` standard normals. */
  normals(count: number): Float64Array {
    const out = new Float64Array(count);
    for (let i = 0; i < count; i++) out[i] = this.normal();
    return out;
  }

  /** A uniformly random order of 0 … n−1 (Fisher–Yates). */
  permutation(n: number): Int32Array {
    const out = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const keep = out[i];
      out[i] = out[j];
      out[j] = keep;
    }
    return out;
  }

  /**
   * A direction uniform on the unit sphere in `dimension` dimensions.
   * @throws RangeError if the dimension is not at least 1
   */
  unitVector(dimension: number): Float64Array {
    if (!Number.isInteger(dimension) || dimension < 1)
      throw new RangeError(`A unit vector needs a dimension of at least 1, not ${dimension}.`);
    for (;;) {
      const v = this.normals(dimension);
      let norm = 0;
      for (const x of v) norm += x * x;
      if (norm === 0) continue;
      const scale = 1 / Math.sqrt(norm);
      return v.map((x) => x * scale);
    }
  }
}
