/** How claims are written. */
import { claimText, type Claim, type ClaimId } from '../../experiment/share/claims';
import type { Outcome } from '../../experiment/run';
import { OUTCOME_NAMES } from '../evidence/VerdictLine';
import { compact, fixed, percent } from '../ui/format';

const unitOf = (id: ClaimId): ReturnType<typeof claimText>['unit'] =>
  claimText(id, { positive: '', negative: '' }, String).unit;

/** The value of a claim, with the digits that it is claimed with. */
export function claimValue(id: ClaimId, value: Claim['value'] | null): string {
  if (value === null) return '–';
  if (typeof value === 'string') return OUTCOME_NAMES[value as Outcome];
  if (unitOf(id) === 'share') return percent(value, 1);
  if (unitOf(id) === 'block') return String(value);
  return id === 'map.lambda' || id === 'dose.r' ? compact(value) : fixed(value, 4);
}

/** A difference, signed, in the unit of the claim. */
export function claimDifference(id: ClaimId, difference: number | null): string {
  if (difference === null) return '–';
  const sign = difference > 0 ? '+' : difference < 0 ? '−' : '';
  if (unitOf(id) === 'share') return `${sign}${(100 * Math.abs(difference)).toFixed(1)} pt`;
  return `${sign}${unitOf(id) === 'block' ? Math.abs(difference) : fixed(Math.abs(difference), 4)}`;
}

export function claimTolerance(id: ClaimId, tolerance: number): string {
  if (tolerance === 0) return 'exact';
  return unitOf(id) === 'share' ? `±${(100 * tolerance).toFixed(0)} pt` : `±${compact(tolerance)}`;
}
