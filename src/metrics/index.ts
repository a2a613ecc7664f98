/**
 * The measures of continuations. Everything that shows, writes or compares measures is derived from this list: a new one
 * is a file, a line here, and its two texts in `i18n/en/metrics.json`.
 */
import type { Metrics } from '../experiment/run';
import { distinct2 } from './distinct2';
import { meanKl } from './mean-kl';
import type { LimitOf, Limits, MetricInput } from './metric';
import { p95Kl } from './p95-kl';
import { perplexityRatio } from './perplexity-ratio';
import { rep3 } from './rep3';
import { undecided } from './undecided';
import { unknownWords } from './unknown-words';

export type { Limits, LimitSetting, Metric, MetricInput } from './metric';
export { unknownShare } from './unknown-words';

export const METRICS = [undecided, meanKl, p95Kl, perplexityRatio, unknownWords, rep3, distinct2] as const;
export type AnyMetric = (typeof METRICS)[number];
export type MetricId = AnyMetric['id'];

/** Those of the tables that are read. */
export const SHOWN_METRICS = METRICS.filter(({ shown }) => shown);
/** Those that have a limit. */
const LIMITS = METRICS.flatMap(({ id, limit }) => (limit ? [{ id, ...limit }] : []));

/** Those that say whether the steered text is whole. */
export const FLUENCY_METRICS = METRICS.filter(({ limit }) => limit?.of === 'fluency');

/** Takes every measure. */
export function measure(input: MetricInput): Metrics {
  return Object.fromEntries(METRICS.map(({ id, of }) => [id, of(input)]));
}

/** The value of a measure in a run; null where the run's version did not take it, or it could not be computed. */
export function metricOf(metrics: Metrics, id: MetricId): number | null {
  const value = metrics[id];
  return value === undefined || Number.isNaN(value) ? null : value;
}

/**
 * Whether any measure breaks its limit. A measure that is not there breaks none, nor does one whose limit is not set.
 * @param of only the limits that guard this; all of them unless said
 */
export function breaksLimit(metrics: Metrics, limits: Limits, of?: LimitOf): boolean {
  return LIMITS.some(({ id, setting, breaks, of: guarded }) => {
    const limit = limits[setting];
    return limit !== undefined && (of === undefined || of === guarded) && breaks(metrics[id], limit);
  });
}

/** The costlier of two values of a measure; null where there is neither. */
export function costliest({ costly }: Pick<AnyMetric, 'costly'>, values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return null;
  return costly === 'higher' ? Math.max(...known) : Math.min(...known);
}
