/** Distributions over tokens and repetition in token sequences. Logarithms are natural: results are in nats. */

/** log softmax, stable for any logits. @throws RangeError if there are none */
export function logSoftmax(logits: ArrayLike<number>): Float64Array {
  if (logits.length === 0) throw new RangeError('logSoftmax needs at least one logit.');
  let top = -Infinity;
  for (let i = 0; i < logits.length; i++) if (logits[i] > top) top = logits[i];
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - top);
  const shift = top + Math.log(sum);
  const out = new Float64Array(logits.length);
  for (let i = 0; i < logits.length; i++) out[i] = logits[i] - shift;
  return out;
}

/**
 * KL(p‖q) in nats from the logits of p and q.
 * @throws RangeError if the lengths differ
 */
export function klFromLogits(p: ArrayLike<number>, q: ArrayLike<number>): number {
  if (p.length !== q.length)
    throw new RangeError(`KL needs distributions of one length, not ${p.length} and ${q.length}.`);
  const lp = logSoftmax(p);
  const lq = logSoftmax(q);
  let sum = 0;
  for (let i = 0; i < lp.length; i++) {
    const weight = Math.exp(lp[i]);
    if (weight > 0) sum += weight * (lp[i] - lq[i]);
  }
  return Math.max(0, sum); // rounding can leave −1e-17 for equal distributions
}

/** Entropy of softmax(logits), in nats. */
export function entropyFromLogits(logits: ArrayLike<number>): number {
  const lp = logSoftmax(logits);
  let sum = 0;
  for (const l of lp) {
    const weight = Math.exp(l);
    if (weight > 0) sum -= weight * l;
  }
  return sum;
}

/**
 * distinct-n: distinct n-grams / n-grams (Li et al. 2016). A sequence shorter than n
 * repeats nothing and scores 1.
 * @throws RangeError unless n ≥ 1
 */
export function distinctN(tokens: ArrayLike<number>, n: number): number {
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`n-grams need n ≥ 1, not ${n}.`);
  const total = tokens.length - n + 1;
  if (total <= 0) return 1;
  const seen = new Set<string>();
  for (let i = 0; i < total; i++) {
    let key = String(tokens[i]);
    for (let k = 1; k < n; k++) key += ` ${tokens[i + k]}`;
    seen.add(key);
  }
  return seen.size / total;
}

/** rep-n = 1 − distinct-n (Welleck et al. 2020): the share of n-grams that repeat an earlier one. */
export function repN(tokens: ArrayLike<number>, n: number): number {
  return 1 - distinctN(tokens, n);
}

/**
 * ln p of one token from the logits at its position, as `logSoftmax(logits)[id]` without the other values.
 * @param logits [V] @throws RangeError if the token is not among them
 */
export function tokenLogProb(logits: ArrayLike<number>, id: number): number {
  if (!(id >= 0 && id < logits.length)) throw new RangeError(`There is no logit of token ${id}.`);
  let top = -Infinity;
  for (let i = 0; i < logits.length; i++) if (logits[i] > top) top = logits[i];
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i] - top);
  return logits[id] - top - Math.log(sum);
}
