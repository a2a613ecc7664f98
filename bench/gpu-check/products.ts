/** AᵀB and AB at the sizes of real pairs: seconds, operations a second, and the error of sampled results against float64. */
import { measurePeak } from '../solver/peak';
import type { LabDevice } from '../../src/gpu/device';
import { ab, abKernels } from '../../src/gpu/kernels/ab/ab';
import { atb, atbKernels, reduceKernel } from '../../src/gpu/kernels/atb/atb';
import { fits, tileNamed, TILES } from '../../src/gpu/kernels/shared/tile';
import { oneTile, setTuning, type Tuning, tuningOf, widthOf } from '../../src/gpu/kernels/shared/tuning';
import { Recorder } from '../../src/gpu/recorder';
import { GpuScope } from '../../src/gpu/scope';
import { tune } from '../../src/gpu/tune';
import { Random } from '../../src/math/random';
import { errorText, namedError, type ProductData, type ProductRow } from '../../tools/gpu-check/report';
import { fill, filled, fillKernel } from './fill';
import { rateOf, timed, type Peaks, type TimingOptions } from './timing';

export interface ProductSize {
  product: 'AᵀB' | 'AB';
  /** Of A. For AᵀB the inner dimension, for AB the rows of the result. */
  rows: number;
  /** Columns of A. */
  m: number;
  /** Columns of B. */
  n: number;
}

/** Rows of a chunk, as collection hands them over, and chunks that differ. */
const CHUNK = 2048;
const DISTINCT = 4;
const [SEED_A, SEED_B] = [11, 12];
const SAMPLES = 48;
/** Rows of C that are read back for the samples. */
const SEEN = 128;
/** Float32 sums of 100,000 products, in whatever order: what the bench of the solver allows too. */
const TOLERANCE = 1e-4;

interface Naming {
  tuning: string;
  tile: string;
  how: ProductRow['how'];
}

/** Seconds and error of one product with the tuning that is set. Failures become part of the row. */
async function measure(
  device: GPUDevice,
  size: ProductSize,
  { tuning, tile, how }: Naming,
  peaks: Peaks,
  options: TimingOptions,
): Promise<ProductRow> {
  const { product, rows, m, n } = size;
  const row: ProductRow = {
    ...size,
    how,
    tuning,
    tile,
    seconds: null,
    least: null,
    greatest: null,
    rounds: 0,
    flops: null,
    fractionOfPeak: null,
    fractionOfRegisters: null,
    error: null,
    failure: null,
  };
  const scope = new GpuScope(device);
  let rec: Recorder | null = null;
  try {
    const kernels = product === 'AᵀB' ? atbKernels : abKernels;
    rec = await Recorder.create(device, [fillKernel, reduceKernel, kernels.of(tileNamed(tile))]);
    const work = product === 'AᵀB' ? atbWork(rec, scope, size, how) : abWork(rec, scope, size);
    await scope.settled();
    rec.clear(work.C);
    work.record();
    const seen = Math.min(SEEN, product === 'AᵀB' ? m : rows);
    row.error = work.errorOf(await rec.readFloats(work.C, seen * n), seen);
    if (!(row.error <= TOLERANCE)) throw new RangeError(`the result is wrong by ${row.error.toExponential(1)}`);
    const recorder = rec;
    const timing = await timed(
      (repeats) => {
        for (let i = 0; i < repeats; i++) work.record();
        recorder.submit();
      },
      () => device.queue.onSubmittedWorkDone(),
      options,
    );
    await scope.settled();
    row.seconds = timing.median;
    row.least = timing.least;
    row.greatest = timing.greatest;
    row.rounds = timing.rounds;
    Object.assign(row, rateOf((2 * rows * m * n) / timing.median, peaks));
  } catch (error) {
    row.failure = errorText(error);
  } finally {
    scope.dispose();
    rec?.dispose();
  }
  return row;
}

interface Work {
  C: GPUBuffer;
  record(): void;
  /** Of the first `seen` rows of C, from sampled elements. */
  errorOf(got: Float32Array, seen: number): number;
}

function atbWork(rec: Recorder, scope: GpuScope, { rows, m, n }: ProductSize, how: ProductRow['how']): Work {
  const height = how === 'whole' ? rows : Math.min(CHUNK, rows);
  const distinct = how === 'whole' ? 1 : Math.min(DISTINCT, Math.ceil(rows / height));
  const C = scope.buffer(4 * m * n, 'C');
  const pairs = Array.from({ length: distinct }, (_, i) => {
    const A = scope.buffer(4 * height * m, 'A');
    const B = scope.buffer(4 * height * n, 'B');
    fill(rec, A, height * m, SEED_A + 100 * i);
    fill(rec, B, height * n, SEED_B + 100 * i);
    return { A, B };
  });
  const shape = { C, m, n, strideA: m, strideB: n, strideC: n };
  return {
    C,
    record() {
      for (let first = 0, i = 0; first < rows; first += height, i++)
        atb(rec, { ...pairs[i % distinct], ...shape, rows: Math.min(height, rows - first) });
    },
    errorOf: (got, seen) =>
      sampledError(got, seen, n, (i, j) => {
        let sum = 0;
        for (let k = 0; k < rows; k++) {
          const [chunk, within] = [100 * (Math.floor(k / height) % distinct), k % height];
          sum += filled(within * m + i, SEED_A + chunk) * filled(within * n + j, SEED_B + chunk);
        }
        return sum;
      }),
  };
}

function abWork(rec: Recorder, scope: GpuScope, { rows, m, n }: ProductSize): Work {
  const [A, B, C] = [scope.buffer(4 * rows * m, 'A'), scope.buffer(4 * m * n, 'B'), scope.buffer(4 * rows * n, 'C')];
  fill(rec, A, rows * m, SEED_A);
  fill(rec, B, m * n, SEED_B);
  return {
    C,
    record: () => ab(rec, { A, B, C, m: rows, k: m, n }),
    errorOf: (got, seen) =>
      sampledError(got, seen, n, (i, j) => {
        let sum = 0;
        for (let k = 0; k < m; k++) sum += filled(i * m + k, SEED_A) * filled(k * n + j, SEED_B);
        return sum;
      }),
  };
}

/** Greatest error of sampled elements, relative to the greatest of them; Infinity where one is not finite. */
function sampledError(got: Float32Array, seen: number, n: number, exact: (i: number, j: number) => number): number {
  const random = new Random(17);
  let difference = 0;
  let most = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const [i, j] = [Math.floor(random.uniform() * seen), Math.floor(random.uniform() * n)];
    const value = got[i * n + j];
    if (!Number.isFinite(value)) return Infinity;
    const truth = exact(i, j);
    difference = Math.max(difference, Math.abs(value - truth));
    most = Math.max(most, Math.abs(truth));
  }
  return difference / most;
}

export interface ProductPlan {
  sizes: readonly ProductSize[];
  /** The size that every tile is timed at; null times no tile. */
  everyTile: ProductSize | null;
  /** Whether the autotune runs: on a software adapter it compiles for a minute. */
  tune: boolean;
  /** Groups of the kernel in registers; null leaves it out. */
  registerGroups: number | null;
  timing: TimingOptions;
}

/** Measures the plan; `told` gets all that is known after every row. */
export async function measureProducts(
  lab: LabDevice,
  plan: ProductPlan,
  sheet: number | null,
  told: (data: ProductData) => void,
): Promise<ProductData> {
  const { device } = lab;
  const data: ProductData = { registerFlops: null, tune: null, rows: [] };
  if (plan.registerGroups !== null) {
    data.registerFlops = await measurePeak(device, plan.registerGroups);
    told(data);
  }
  const peaks = { sheet, registers: data.registerFlops };
  const preset = tuningOf(device);
  const push = async (size: ProductSize, name: string, tuning: Tuning, how: ProductRow['how']): Promise<void> => {
    setTuning(device, tuning);
    const width = size.product === 'AᵀB' ? widthOf(size.m, size.n) : widthOf(size.rows, size.n);
    const tile = tuning[size.product === 'AᵀB' ? 'atb' : 'ab'][width];
    data.rows.push(await measure(device, size, { tuning: name, tile, how }, peaks, plan.timing));
    told(data);
  };
  try {
    const all = async (name: string, tuning: Tuning): Promise<void> => {
      for (const size of plan.sizes) {
        await push(size, name, tuning, 'whole');
        if (size.product === 'AᵀB' && size.rows > CHUNK) await push(size, name, tuning, 'chunks');
      }
    };
    await all('preset', preset);
    if (plan.tune) {
      let tuned: Tuning | null = null;
      try {
        const { tuning, timings, rejected, compileMilliseconds } = await tune(device, { budgetMilliseconds: 2000 });
        tuned = tuning;
        data.tune = { ...tuning, timings, rejected, compileMilliseconds };
      } catch (error) {
        data.tune = namedError(error);
      }
      told(data);
      if (tuned) await all('tuned', tuned);
    }
    if (plan.everyTile) {
      for (const tile of TILES.filter((candidate) => fits(candidate, device.limits)))
        await push(plan.everyTile, `tile ${tile.name}`, oneTile(tile), 'chunks');
    }
  } finally {
    setTuning(device, preset);
  }
  return data;
}
