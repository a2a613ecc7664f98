/** The difference of two proportions from few trials. */
import { wilson, Z_95, type Interval } from './stats';

/**
 * Interval of p₁ − p₂ from the Wilson intervals of both (Newcombe 1998, method 10). Successes need not be whole: shares of
 * clustered trials are taken as shares of so many effective ones.
 * @throws RangeError unless 0 ≤ successes ≤ trials and trials ≥ 1 on both sides
 */
export function newcombe(successes1: number, trials1: number, successes2: number, trials2: number, z = Z_95): Interval {
  const a = wilson(successes1, trials1, z);
  const b = wilson(successes2, trials2, z);
  const estimate = a.estimate - b.estimate;
  return {
    estimate,
    low: estimate - Math.hypot(a.estimate - a.low, b.high - b.estimate),
    high: estimate + Math.hypot(a.high - a.estimate, b.estimate - b.low),
  };
}
