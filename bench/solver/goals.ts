/** The goals that the tables are held against, and the tables' sizes. */
import type { AccuracyGoal, AccuracyRow, DatasetSpec, Method } from './types';

export const KAPPAS = [2e4, 2e6, 2e8, 2e10];
export const LAMBDAS = [0, 1e-6, 1e-4, 1e-2];
/** The path that the lab chooses λ on (src/lab/fit.ts). */
export const LAMBDA_PATH = [0, 1e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1];

export const ERROR_W = 1e-4;
export const DELTA_R2 = 1e-6;
/** Peers must be this many times worse at condition 2e4 and 2e6, λ = 0. */
export const TIMES_OURS = 100;
/** Peer's time over ours. */
export const SPEED_GOALS = { ort: 2.5, tfjs: 2.5, jaxProduct: 1.3, jaxFit: 1, mlMatrix: 1.5 };
export const PEAK_FRACTION = 0.35;

/** Condition of what is within the goal for W at every λ. */
const EVERY_LAMBDA = 2e8;
/** From here on W has a goal at any condition. */
const SAFE_LAMBDA = 1e-4;

/** Datasets of the accuracy table. */
export function datasets(quick: boolean): DatasetSpec[] {
  const sizes = quick
    ? [[192, 256, 16_384]]
    : [
        [192, 256, 16_384],
        [576, 960, 20_000],
      ];
  const kappas = quick ? [2e4, 2e8] : KAPPAS;
  return sizes.flatMap(([sourceWidth, targetWidth, rows]) =>
    kappas.flatMap((kappa) =>
      [true, false].map((stationary) => ({ sourceWidth, targetWidth, rows, heldOut: 4096, kappa, stationary })),
    ),
  );
}

/** Datasets of the driver table: small, because one driver compiles and computes slowly. */
export function driverDatasets(quick: boolean): DatasetSpec[] {
  const rows = 6144;
  return (quick ? [2e4, 2e8] : KAPPAS).flatMap((kappa) =>
    [true, false].map((stationary) => ({ sourceWidth: 48, targetWidth: 64, rows, heldOut: 1024, kappa, stationary })),
  );
}

/** The product of the speed table. */
export function productSize(quick: boolean): { rows: number; m: number; n: number } {
  return { rows: quick ? 1024 : 4096, m: 512, n: 512 };
}

/** Training rows of the speed table's fits. */
export function fitRows(quick: boolean): number {
  return quick ? 4096 : 20_000;
}

/** What is asked of a method at this condition and λ; null where nothing is. */
export function accuracyGoal(method: Method, kappa: number, lambda: number): AccuracyGoal | null {
  if (method === 'jax-js lstsq')
    return kappa <= 2e6 && lambda === 0 ? { errorW: null, deltaR2: null, timesOurs: TIMES_OURS } : null;
  if (kappa <= EVERY_LAMBDA || lambda >= SAFE_LAMBDA) return { errorW: ERROR_W, deltaR2: DELTA_R2, timesOurs: null };
  return lambda === 0 ? { errorW: null, deltaR2: DELTA_R2, timesOurs: null } : null;
}

/** Whether a row meets its goal; null where there is none. NaN meets no goal of ours, and any goal that a peer be worse. */
export function meets(
  row: Pick<AccuracyRow, 'goal' | 'errorW' | 'deltaR2' | 'badPivots' | 'timesOurs'>,
): boolean | null {
  const { goal, errorW, deltaR2, badPivots, timesOurs } = row;
  if (!goal) return null;
  if (goal.timesOurs !== null) return errorW === null || (timesOurs !== null && timesOurs >= goal.timesOurs);
  const within = (value: number | null, most: number | null): boolean =>
    most === null || (value !== null && value <= most);
  return badPivots === 0 && within(errorW, goal.errorW) && within(deltaR2, goal.deltaR2);
}
