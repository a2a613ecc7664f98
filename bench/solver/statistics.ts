/** Timing statistics of interleaved rounds. */
import { median } from '../../src/math/stats';
import type { SpeedRow } from './types';

export interface Contestant {
  name: string;
  /** One whole run; resolves with its result when everything is done and read back. */
  run(): Promise<ArrayLike<number>>;
  /** Relative error of a result; more than `tolerance` is a failure of the bench. */
  check(result: ArrayLike<number>): number;
  tolerance: number;
  /** Whom its time is divided by; itself where absent. */
  against?: string;
  /** What the ratio must at least be. */
  goal?: number;
}

/**
 * Runs every contestant once unmeasured, then `rounds` times in turn.
 * @param now milliseconds @throws RangeError if a result is wrong or `against` names nobody
 */
export async function race(
  contestants: readonly Contestant[],
  rounds: number,
  now: () => number = () => performance.now(),
): Promise<SpeedRow[]> {
  const errors = new Map<string, number>();
  for (const { name, run, check, tolerance } of contestants) {
    const start = now();
    const error = check(await run());
    console.info(`${name}: first run ${((now() - start) / 1000).toFixed(1)} s, compilation included`);
    if (!(error <= tolerance))
      throw new RangeError(
        `${name}: the result is wrong by ${error.toExponential(1)}, more than ${tolerance.toExponential(0)}.`,
      );
    errors.set(name, error);
  }
  const times = new Map(contestants.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of contestants) {
      const start = now();
      await run();
      times.get(name)?.push((now() - start) / 1000);
    }
  }
  return contestants.map(({ name, against = name, goal }) => {
    const seconds = times.get(name) ?? [];
    const other = times.get(against);
    if (!other) throw new RangeError(`${name} is compared with ${against}, who does not run.`);
    return speedRow(name, seconds, against, other, goal ?? null, errors.get(name) ?? NaN);
  });
}

/** Median, extremes and the ratio of medians. `goal` is the least ratio. @throws RangeError on no times */
export function speedRow(
  name: string,
  seconds: readonly number[],
  against: string,
  other: readonly number[],
  goal: number | null,
  error: number,
): SpeedRow {
  const ratio = median(seconds) / median(other);
  return {
    name,
    median: median(seconds),
    least: Math.min(...seconds),
    greatest: Math.max(...seconds),
    rounds: seconds.length,
    ratio,
    against,
    goal,
    met: goal === null ? null : ratio >= goal,
    error,
  };
}
