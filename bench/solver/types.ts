/** What the solver bench measures; `--json` writes a BenchReport. NaN is written as null, with `failure` saying why. */

export interface DatasetSpec {
  sourceWidth: number;
  targetWidth: number;
  /** Training rows. */
  rows: number;
  heldOut: number;
  /** Condition number of the standardised covariance that is asked for. */
  kappa: number;
  /** False: the first rows do not represent the rest. */
  stationary: boolean;
}

export type Method = 'WGSL' | 'WASM' | 'jax-js lstsq';

/** What the issue asks of a row; null where it asks nothing. */
export interface AccuracyGoal {
  /** Greatest relative Frobenius error of W. */
  errorW: number | null;
  /** Greatest |ΔR²| on held-out rows. */
  deltaR2: number | null;
  /** Least error of W relative to that of WGSL: for peers. */
  timesOurs: number | null;
}

export interface AccuracyRow extends DatasetSpec {
  method: Method;
  /** Condition number of the standardised covariance of the float32 training rows, by float64 eigenvalues. */
  condition: number;
  lambda: number;
  truth: 'QR' | 'float64 moments';
  /** ‖W − W₆₄‖_F / ‖W₆₄‖_F */
  errorW: number | null;
  /** Absolute difference of the held-out R² from that of W₆₄. */
  deltaR2: number | null;
  badPivots: number | null;
  /** How often the rows were streamed; null for peers. */
  passes: number | null;
  /** errorW / errorW of WGSL on the same row; null for WGSL itself. */
  timesOurs: number | null;
  failure: string | null;
  goal: AccuracyGoal | null;
  met: boolean | null;
}

/** The λ path of one dataset: what a user chooses the map by. */
export interface PathRow extends DatasetSpec {
  method: Method;
  lambdas: number[];
  /** Greatest |ΔR²| over the path's λ that both could factorise. */
  deltaR2: number | null;
  sameChoice: boolean;
  badPivots: number;
  failure: string | null;
  met: boolean | null;
}

/** One figure on each driver. */
export interface DriverRow {
  name: string;
  /** What the test suites allow. */
  tolerance: number;
  /** In the order of `DriverTable.drivers`; null where the driver was not run or the figure is not finite. */
  errors: (number | null)[];
  /** All figures within the tolerance. */
  met: boolean;
  /** All figures equal to two digits, which is what is printed, or all no more than float64's rounding. */
  agree: boolean;
}

export interface DriverTable {
  drivers: { name: string; adapter: string }[];
  notRun: { name: string; why: string }[];
  rows: DriverRow[];
}

export interface SpeedRow {
  name: string;
  /** Seconds. */
  median: number;
  least: number;
  greatest: number;
  rounds: number;
  /** median / median of `against`. */
  ratio: number;
  against: string;
  /** Least ratio. */
  goal: number | null;
  met: boolean | null;
  /** Relative error of the result: proof that the work was done. */
  error: number;
}

export interface SpeedTable {
  title: string;
  what: string;
  rows: SpeedRow[];
}

export interface PeakResult {
  sourceWidth: number;
  targetWidth: number;
  rows: number;
  seconds: number;
  /** Multiplications and additions of the fit, counted. */
  flop: number;
  /** Of a kernel that does nothing but multiply-add in registers, measured. */
  peakFlops: number;
  /** flop / seconds / peakFlops */
  fraction: number;
  goal: number;
  met: boolean;
}

export interface BenchReport {
  bench: 'solver';
  version: 1;
  /** ISO 8601. */
  date: string;
  quick: boolean;
  machine: { cores: number; cpu: string; node: string };
  browser: string;
  adapter: { name: string; software: boolean };
  /** Version by package. */
  peers: Record<string, string>;
  /** null: not asked for. */
  accuracy: { rows: AccuracyRow[]; paths: PathRow[] } | null;
  drivers: DriverTable | null;
  speed: SpeedTable[] | null;
  peak: PeakResult | { notRun: string } | null;
}
