/** Quantiles and tails of the normal and Student's distributions, as far as intervals need them. */
import { Z_95 } from './stats';

/** P(Z ≤ x) of the standard normal, to 1.5e-7 (Abramowitz & Stegun 7.1.26). */
export function normalCdf(x: number): number {
  const u = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * u);
  const poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const tail = 0.5 * poly * Math.exp(-u * u);
  return x < 0 ? tail : 1 - tail;
}

/** x with P(Z ≤ x) = p, by bisection on `normalCdf`. @throws RangeError unless 0 < p < 1 */
export function normalQuantile(p: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`A quantile needs 0 < p < 1, not ${p}.`);
  if (p === 0.975) return Z_95;
  let [low, high] = [-8, 8];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Quantile of Student's t with ν degrees of freedom: exact for 1 and 2, else the expansion about the normal quantile
 * (Abramowitz & Stegun 26.7.5), within 1 % of the 97.5th percentile at ν = 3 and better above.
 * @throws RangeError unless ν ≥ 1 and 0 < p < 1
 */
export function studentQuantile(p: number, freedom: number): number {
  if (!(freedom >= 1)) throw new RangeError(`Student’s t needs at least one degree of freedom, not ${freedom}.`);
  if (freedom === 1) return Math.tan(Math.PI * (p - 0.5));
  if (freedom === 2) return (2 * p - 1) * Math.sqrt(2 / (4 * p * (1 - p)));
  const z = normalQuantile(p);
  const v = freedom;
  return (
    z +
    (z ** 3 + z) / (4 * v) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * v ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * v ** 3) +
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / (92160 * v ** 4)
  );
}
