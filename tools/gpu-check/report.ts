/** What the check of a GPU writes: one JSON file, complete after every step, so that a kill leaves what was finished. */

/** In the order in which they run: what needs the card first, what needs the CPU's float64 truths last. */
export const STAGES = ['adapter', 'kernels', 'products', 'fit', 'drivers', 'accuracy'] as const;
export type StageName = (typeof STAGES)[number];

/** An error by its name: the code of a LabError, else the class of what was thrown. */
export interface NamedError {
  name: string;
  message: string;
}

/** The card by the vendor's own tool; null where there is none. */
export interface Card {
  name: string;
  driver: string;
  memoryMiB: number | null;
  /** Multiply-adds on its ordinary cores, by its data sheet; null for a card that the table does not have. */
  peakFlops: number | null;
}

/** One way in which a Vulkan driver was looked for. */
export interface Attempt {
  what: string;
  adapter: string | null;
  software: boolean;
  error: string | null;
}

export interface AdapterData {
  name: string;
  software: boolean;
  info: Record<string, string>;
  features: string[];
  limits: Record<string, number>;
  /** What the lab's device asked for and got. */
  deviceFeatures: string[];
  deviceLimits: Record<string, number>;
}

/** One figure against float64. */
export interface Figure {
  name: string;
  tolerance: number;
  /** null: not finite, or not computed (`failure`). */
  error: number | null;
  passed: boolean;
  failure?: string;
}

export interface KernelData {
  /** On a device with WebGPU's default limits and no optional feature, as the test suite has it. */
  cases: Figure[];
  /** Worst case of AᵀB and AB with every tile of the autotune. */
  tiles: Figure[];
  /** Validation errors of the driver that no case caught. */
  uncaptured: string[];
}

export interface ProductRow {
  product: 'AᵀB' | 'AB';
  rows: number;
  m: number;
  n: number;
  /** Both operands whole on the GPU, or in turn from chunks of rows. */
  how: 'whole' | 'chunks';
  /** `preset`, `tuned`, or the name of a tile. */
  tuning: string;
  tile: string;
  /** Median, least and greatest seconds of one product. */
  seconds: number | null;
  least: number | null;
  greatest: number | null;
  rounds: number;
  flops: number | null;
  /** Of the card's data sheet. */
  fractionOfPeak: number | null;
  /** Of a kernel that only multiplies and adds in registers, on this card at this time. */
  fractionOfRegisters: number | null;
  /** Greatest error of sampled results against float64, relative to the greatest of them. */
  error: number | null;
  failure: string | null;
}

export interface TuneData {
  atb: { narrow: string; wide: string };
  ab: { narrow: string; wide: string };
  workgroups: number;
  timings: { product: string; width: string; candidate: string; milliseconds: number; gflops: number }[];
  rejected: { tile: string; product: string; reason: string }[];
  compileMilliseconds: number;
}

export interface ProductData {
  /** Float32 operations a second of multiply-adds in registers. */
  registerFlops: number | null;
  tune: TuneData | NamedError | null;
  rows: ProductRow[];
}

export interface FitRow {
  sourceWidth: number;
  targetWidth: number;
  rows: number;
  heldOut: number;
  tuning: 'preset' | 'tuned';
  /** Moments of all rows, rows on the GPU already. */
  momentsSeconds: number | null;
  /** Cholesky, triangular solves and score at one λ, the map read back. */
  solveSeconds: number | null;
  /** The same for the lab's path of λ. */
  pathSeconds: number | null;
  lambdas: number;
  /** Moments and one λ. */
  wholeSeconds: number | null;
  flops: number | null;
  fractionOfPeak: number | null;
  fractionOfRegisters: number | null;
  /** Relative Frobenius error of W against the map that the rows were made with. */
  errorW: number | null;
  heldOutR2: number | null;
  badPivots: number | null;
  failure: string | null;
}

/** One row of the accuracy table: relative error of W and of held-out R² against float64. */
export interface AccuracyFigure {
  name: string;
  /** null: the lab's whole path of λ, greatest |ΔR²|. */
  lambda: number | null;
  truth: string | null;
  errorW: number | null;
  deltaR2: number | null;
  badPivots: number | null;
  passes: number | null;
  met: boolean | null;
  failure: string | null;
}

export interface StageData {
  adapter: AdapterData;
  kernels: KernelData;
  products: ProductData;
  fit: FitRow[];
  drivers: Figure[];
  accuracy: AccuracyFigure[];
}

export interface Stage<N extends StageName = StageName> {
  /** `stopped`: killed at its limit, or its process ended; what it had found by then stays. */
  state: 'done' | 'failed' | 'stopped' | 'not reached';
  seconds: number;
  error: NamedError | null;
  data: StageData[N] | null;
}

export interface GpuReport {
  format: 'lrt-gpu-check';
  version: 1;
  /** ISO 8601. */
  date: string;
  /** Of the checkout that was packed. */
  commit: string;
  small: boolean;
  machine: { cpu: string; cores: number; memoryGiB: number; kernel: string; node: string };
  card: Card | null;
  attempts: Attempt[];
  /** Why nothing could run. */
  error: NamedError | null;
  seconds: number;
  stages: { [N in StageName]?: Stage<N> };
}

/** Names what was thrown, without its stack. */
export function namedError(thrown: unknown): NamedError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) };
  const { code } = thrown as { code?: unknown };
  const name = thrown.name === 'LabError' && typeof code === 'string' ? code : thrown.name;
  return { name, message: thrown.message };
}

/** An error as one cell of a table. */
export const errorText = (thrown: unknown): string => {
  const { name, message } = namedError(thrown);
  return `${name}: ${message}`;
};

/** What of a stage failed: figures out of their tolerance, errors by name; empty where all is well. */
export function failuresOf(report: GpuReport): string[] {
  const found: string[] = report.error ? [`${report.error.name}: ${report.error.message}`] : [];
  for (const name of STAGES) {
    const stage = report.stages[name];
    if (!stage) continue;
    if (stage.state !== 'done')
      found.push(`${name}: ${stage.state}${stage.error ? `, ${stage.error.name}: ${stage.error.message}` : ''}`);
  }
  const { kernels, products, fit, drivers, accuracy } = report.stages;
  const figures = [...(kernels?.data?.cases ?? []), ...(kernels?.data?.tiles ?? []), ...(drivers?.data ?? [])];
  for (const figure of figures)
    if (!figure.passed) found.push(`${figure.name}: ${figure.failure ?? `error ${figure.error}`}`);
  for (const text of kernels?.data?.uncaptured ?? []) found.push(`uncaptured: ${text}`);
  for (const row of products?.data?.rows ?? [])
    if (row.failure)
      found.push(`${row.product} ${row.m}×${row.n}, ${row.rows} rows, ${row.how}, ${row.tuning}: ${row.failure}`);
  for (const row of fit?.data ?? [])
    if (row.failure) found.push(`fit ${row.sourceWidth} → ${row.targetWidth}, ${row.tuning}: ${row.failure}`);
  for (const row of accuracy?.data ?? [])
    if (row.met === false)
      found.push(`accuracy ${row.name}, λ ${row.lambda ?? 'path'}: ${row.failure ?? 'goal missed'}`);
  return found;
}
