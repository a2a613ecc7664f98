/** The dose axis: units, stops and look-ups between them. Pure functions; nothing here calls the engine. */
import { armSpec, ORIGIN, TESTED, type Arm } from '../../experiment/arms';
import type { DoseCell, EvidenceResult, SteerResult } from '../../experiment/run';

export type DoseUnit = 'r' | 'alpha' | 'isoKl';

export const UNITS: readonly DoseUnit[] = ['r', 'alpha', 'isoKl'];

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

const SAME = 1e-9;

/** The stops of the axis, ascending, with the doses between them at which a run measured an arm. */
export function measuredStops(axis: readonly number[], cells: readonly DoseCell[]): number[] {
  const [low, high] = [axis[0], axis[axis.length - 1]];
  const between = cells
    .map(({ r }) => r)
    .filter((r) => r > low && r < high && !axis.some((stop) => Math.abs(stop - r) < SAME));
  return [...axis, ...new Set(between)].sort((a, b) => a - b);
}

/** A stretch of the axis, in r. */
export interface Zone {
  name: 'none' | 'steers' | 'breaks';
  from: number;
  to: number;
}

/**
 * What this run's doses do, ascending. `breaks`: from the first dose whose text was no longer fluent. `steers`: within the
 * usable window, from where the 95 % interval of the wanted side's rate leaves the unsteered rate behind, drawn linearly
 * between the doses that were tried. `none`: no such change. What lies between the last fluent dose and the first broken
 * one is in no zone. A run that did not measure its texts has no zones.
 * @param extent largest r of the axis
 */
export function zonesOf(
  {
    baselines,
    doseResponse,
    verdict: { usableWindow },
  }: Pick<EvidenceResult, 'baselines' | 'doseResponse' | 'verdict'>,
  extent: number,
): Zone[] {
  const base = baselines?.find(({ arm, half }) => arm === armSpec(TESTED).base && half === 'choose');
  const { firstBroken, largestR } = usableWindow;
  if (!base || firstBroken === undefined) return [];
  const fluent = Math.min(largestR ?? 0, extent);
  const begins = (sign: 1 | -1): number => {
    const side = sign === 1 ? 'positive' : 'negative';
    const points = doseResponse
      .filter(({ arm, half, r }) => arm === TESTED && half === 'choose' && r * sign > 0 && r * sign <= fluent + SAME)
      .map((cell) => ({ r: cell.r * sign, lead: cell[side].interval[0] - base[side].rate }))
      .sort((a, b) => a.r - b.r);
    // From where on it leads at every dose: a lead that is lost again was chance.
    const first = points.findLastIndex(({ lead }) => lead <= 0) + 1;
    if (first === points.length) return fluent;
    const before = points[first - 1] ?? { r: 0, lead: base[side].interval[0] - base[side].rate };
    const { r, lead } = points[first];
    return lead === before.lead ? r : before.r + ((r - before.r) * -before.lead) / (lead - before.lead);
  };
  const [low, high] = [begins(-1), begins(1)];
  const broken = firstBroken !== null && firstBroken < extent ? firstBroken : extent;
  return (
    [
      { name: 'breaks', from: -extent, to: -broken },
      { name: 'steers', from: -fluent, to: -low },
      { name: 'none', from: -low, to: high },
      { name: 'steers', from: high, to: fluent },
      { name: 'breaks', from: broken, to: extent },
    ] satisfies Zone[]
  ).filter(({ from, to }) => to - from > SAME);
}

/** What was measured of an arm at one dose. */
export interface MeasuredDose {
  r: number;
  positive: number;
  negative: number;
  n: number;
  metrics: DoseCell['metrics'];
}

/** The measured dose of an arm that is nearest to a place on the axis; unsteered at 0. The half that reports goes first. */
export function nearestMeasured(
  { arms, doseResponse }: Pick<EvidenceResult, 'arms' | 'doseResponse'>,
  arm: Arm,
  dose: number,
): MeasuredDose | null {
  const plain = arms.find(({ name }) => name === armSpec(arm).base);
  const all: MeasuredDose[] = [
    ...(plain
      ? [
          {
            r: 0,
            positive: plain.positiveRate,
            negative: plain.negativeRate,
            n: plain.conceptRate.n,
            metrics: plain.metrics,
          },
        ]
      : []),
    ...doseResponse
      .filter((cell) => cell.arm === arm)
      .sort((a, b) => Number(b.half === 'report') - Number(a.half === 'report'))
      .map(({ r, positive, negative, n, metrics }) => ({
        r,
        positive: positive.rate,
        negative: negative.rate,
        n,
        metrics,
      })),
  ];
  if (all.length === 0) return null;
  return all.reduce((best, each) => (Math.abs(each.r - dose) < Math.abs(best.r - dose) - SAME ? each : best));
}
