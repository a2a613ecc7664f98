/** How claims are written. */
import { claimUnit, type Claim, type ClaimId } from '../../experiment/share/claims';
import type { ChainOutcome, Outcome } from '../../experiment/run';

import { compact, fixed, percent } from '../ui/format';
import type { Words } from '../../i18n/text';

/** The value of a claim, with the digits that it is claimed with. */
export function claimValue(words: Words, id: ClaimId, value: Claim['value'] | null): string {
  if (value === null) return '–';
  if (typeof value === 'string')
    return id === 'verdict'
      ? words.text(`evidence.chain.outcome.${value as ChainOutcome}`)
      : words.text(`evidence.outcome.${value as Outcome}`);
  if (claimUnit(id) === 'share') return percent(value, 1);
  if (claimUnit(id) === 'block') return String(value);
  return id === 'map.lambda' || id === 'dose.r' ? compact(value) : fixed(value, 4);
}

/** A difference, signed, in the unit of the claim. */
export function claimDifference(words: Words, id: ClaimId, difference: number | null): string {
  if (difference === null) return '–';
  const sign = difference > 0 ? '+' : difference < 0 ? '−' : '';
  if (claimUnit(id) === 'share')
    return words.text('review.points', { points: `${sign}${fixed(100 * Math.abs(difference), 1)}` });
  return `${sign}${claimUnit(id) === 'block' ? Math.abs(difference) : fixed(Math.abs(difference), 4)}`;
}

export function claimTolerance(words: Words, id: ClaimId, tolerance: number): string {
  if (tolerance === 0) return words.text('review.exact');
  return claimUnit(id) === 'share'
    ? words.text('review.points-within', { points: fixed(100 * tolerance, 0) })
    : `±${compact(tolerance)}`;
}
