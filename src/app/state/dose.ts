/** The dose axis: units, stops and look-ups between them. Pure functions; nothing here calls the engine. */
import { ORIGIN, TESTED } from '../../experiment/arms';
import type { SteerResult } from '../../experiment/run';

export type DoseUnit = 'r' | 'alpha' | 'isoKl';

export const UNITS: readonly DoseUnit[] = ['r', 'alpha', 'isoKl'];

/** Where steering usually enters, leads and destroys, in r. */
export const ZONES = { enters: 0.3, leads: 1, destroys: 2 } as const;

/** How many of a unit one r is, for the mapped arm; null where the axis does not reach the calibration point. */
export function unitPerR(steer: SteerResult, unit: DoseUnit): number | null {
  if (unit === 'r') return 1;
  const alpha = steer.vector.medianNorm.target;
  if (unit === 'alpha') return alpha;
  const isoAlpha = steer.isoKlAlpha[TESTED];
  return isoAlpha === null || isoAlpha <= 0 ? null : alpha / isoAlpha;
}

/** The place of a dose among ascending stops: index of the stop below, and the share of the way to the next. */
export function locate(stops: readonly number[], r: number): { index: number; share: number } {
  const last = stops.length - 1;
  if (last <= 0 || r <= stops[0]) return { index: 0, share: 0 };
  if (r >= stops[last]) return { index: last - 1, share: 1 };
  let index = 0;
  while (stops[index + 1] < r) index += 1;
  return { index, share: (r - stops[index]) / (stops[index + 1] - stops[index]) };
}

/** Value at a dose, linear between the stops. */
export function between(values: readonly number[], at: { index: number; share: number }): number {
  const low = values[at.index];
  const high = values[Math.min(at.index + 1, values.length - 1)];
  return low + (high - low) * at.share;
}

/** The stop nearest to a dose. */
export function nearestStop(stops: readonly number[], r: number): number {
  return stops.reduce((best, stop) => (Math.abs(stop - r) < Math.abs(best - r) ? stop : best), stops[0] ?? 0);
}

/** A tick distance of 1, 2 or 5 times a power of ten that gives about `count` ticks over `span`. */
export function tickStep(span: number, count: number): number {
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const unit = raw / power;
  return power * (unit < 1.5 ? 1 : unit < 3.5 ? 2 : unit < 7.5 ? 5 : 10);
}

/** The axis arm that each model of the pair answers with. */
export const AXIS_ARM = { small: ORIGIN, large: TESTED } as const;
