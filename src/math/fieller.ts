/** A ratio of two means, where it can be estimated at all. */

export interface RatioEstimate {
  value: number;
  /** Null where g ≥ 1: the denominator may be 0, and the set of ratios that fit has no ends. */
  interval: [number, number] | null;
  /**
   * (t·se/denominator)²: how near to nothing the denominator is. 0.5 and more, and the ratio is not worth printing: its
   * interval is far wider than the ratio, and lopsided.
   */
  g: number;
}

/**
 * Ratio a/b of two correlated means with Fieller's interval (Fieller 1954).
 * @param variances of a and of b, and their covariance
 * @param t quantile that the interval is made with, 1.96 for 95 % of many groups
 */
export function fiellerRatio(
  a: number,
  b: number,
  variances: { a: number; b: number; ab: number },
  t: number,
): RatioEstimate {
  const { a: vaa, b: vbb, ab: vab } = variances;
  const value = a / b;
  const g = (t * t * vbb) / (b * b);
  if (!(g < 1)) return { value, interval: null, g };
  // Roots of (a − ρb)² = t²(vaa − 2ρ·vab + ρ²·vbb).
  const A = b * b - t * t * vbb;
  const B = a * b - t * t * vab;
  const C = a * a - t * t * vaa;
  const root = Math.sqrt(Math.max(0, B * B - A * C));
  return { value, interval: [(B - root) / A, (B + root) / A], g };
}
