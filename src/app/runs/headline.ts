/** The numbers by which two runs are compared, and whether their intervals meet. */
import { ARMS, isDosed, TESTED, type Arm } from '../../experiment/arms';
import type { ArmResult, Run } from '../../experiment/run';
import { nativeShareOf } from '../../experiment/verdict';
import { wordsOf, type Words } from '../../i18n/text';
import { costliest, metricOf, SHOWN_METRICS, type AnyMetric } from '../../metrics';
import { ARM_STYLES } from '../figures/arms';

export interface Reading {
  value: number;
  /** 95 %. */
  interval: [number, number] | null;
  n: number | null;
}

export type Meeting = 'overlap' | 'apart';

export interface Headline {
  name: string;
  group: 'map' | 'effect' | 'cost';
  /** Whose colour and mark it has. */
  arm: Arm | null;
  unit: 'share' | 'number';
  /** What stands in place of a number that a run does not have. */
  missing: string;
  /** Null where a run does not have it. */
  a: Reading | null;
  b: Reading | null;
  /** Null where one of them has no interval. */
  meeting: Meeting | null;
}

/** Whether two intervals have a point in common. */
export function meetingOf(a: [number, number] | null, b: [number, number] | null): Meeting | null {
  if (!a || !b || ![...a, ...b].every(Number.isFinite)) return null;
  return a[0] <= b[1] && b[0] <= a[1] ? 'overlap' : 'apart';
}

const plain = (value: number): Reading | null => (Number.isFinite(value) ? { value, interval: null, n: null } : null);

const armOf = (run: Run, name: Arm, direction: ArmResult['direction']): ArmResult | undefined =>
  run.evidence.arms.find((arm) => arm.name === name && arm.direction === direction);

function rate(arm: ArmResult | undefined): Reading | null {
  return arm ? { value: arm.conceptRate.value, interval: arm.conceptRate.interval, n: arm.conceptRate.n } : null;
}

function ratio({ evidence }: Run): Reading | null {
  const found = nativeShareOf(evidence);
  return found && { value: found.value, interval: found.interval, n: null };
}

/** The costlier of the two directions. */
function worst(run: Run, name: Arm, metric: AnyMetric): Reading | null {
  const values = run.evidence.arms.filter((arm) => arm.name === name).map((arm) => metricOf(arm.metrics, metric.id));
  const value = costliest(metric, values);
  return value === null ? null : plain(value);
}

const DIRECTIONS = ['positive', 'negative'] as const;
/** Every arm, to both sides where it has a dose. */
const SIDES = ARMS.flatMap((name): { name: Arm; direction: ArmResult['direction'] }[] =>
  isDosed(name) ? DIRECTIONS.map((direction) => ({ name, direction })) : [{ name, direction: 'none' }],
);

/** The headline numbers of two runs, row by row. A number that neither run has is left out. */
export function headlines(a: Run, b: Run, words: Words = wordsOf('en')): Headline[] {
  const row = (
    name: string,
    group: Headline['group'],
    read: (run: Run) => Reading | null,
    arm: Arm | null = null,
    unit: Headline['unit'] = 'number',
    missing = '–',
  ): Headline => {
    const [first, second] = [read(a), read(b)];
    return {
      name,
      group,
      arm,
      unit,
      missing,
      a: first,
      b: second,
      meeting: meetingOf(first?.interval ?? null, second?.interval ?? null),
    };
  };
  return [
    row(words.text('runs.headline.r2'), 'map', (run) => plain(run.map.heldOutR2)),
    row(words.text('runs.headline.cosine'), 'map', (run) => plain(run.map.centredCosine)),
    row(words.text('runs.headline.cosine-native'), 'map', (run) => plain(run.steer.vector.cosineMappedNative)),
    row(words.text('runs.headline.ratio'), 'effect', ratio, null, 'number', words.text('runs.not-estimable')),
    ...SIDES.map(({ name, direction }) =>
      row(
        words.text(`runs.headline.side.${direction}`, { arm: ARM_STYLES[name].name }),
        'effect',
        (run) => rate(armOf(run, name, direction)),
        name,
        'share',
      ),
    ),
    ...SHOWN_METRICS.map((metric) => {
      const name = words.text(`metric.${metric.id}.name`);
      const label = words.text('metric.of-mapped', { name, unit: metric.unit });
      return row(label, 'cost', (run) => worst(run, TESTED, metric), TESTED);
    }),
  ].filter((each) => each.a !== null || each.b !== null);
}
