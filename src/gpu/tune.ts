/**
 * The autotune: times the tiles that a device can run, side by side, on a narrow and a
 * wide product, and remembers the fastest. Rounds are interleaved and medians compared,
 * because other programs use the GPU too; a tile that computes wrongly is not chosen.
 */
import { digestOf } from '../experiment/digest';
import { LabError, throwIfAborted } from '../experiment/errors';
import { message, type Message } from '../experiment/message';
import { Random } from '../math/random';
import { median } from '../math/stats';
import { compileKernels } from './kernel';
import { ab, abKernels } from './kernels/ab/ab';
import { atb, atbKernels, reduceKernel } from './kernels/atb/atb';
import { fits, type Tile, tileNamed, TILES } from './kernels/shared/tile';
import { oneTile, type Product, setTuning, type TileChoice, type Tuning, tuningOf } from './kernels/shared/tuning';
import { Recorder } from './recorder';
import { GpuScope } from './scope';
import type { TuneStore } from './tune-store';

/** AᵀB: rows × m and rows × n. AB: rows × m and m × n. */
export interface TuneShape {
  rows: number;
  m: number;
  n: number;
}

export interface TuneOptions {
  store?: TuneStore | null;
  signal?: AbortSignal;
  /** Time for all checks and measurements together, without compilation. Every candidate is timed once whatever it says. */
  budgetMilliseconds?: number;
  shapes?: Record<'narrow' | 'wide', TuneShape>;
  /** Candidates; default all that the device can run. */
  tiles?: readonly Tile[];
}

/** Median time of one product with one candidate. */
export interface TuneTiming {
  product: Product;
  width: 'narrow' | 'wide';
  /** Name of the tile, or of the number of workgroups. */
  candidate: string;
  milliseconds: number;
  gflops: number;
  rounds: number;
}

export interface TuneReport {
  tuning: Tuning;
  source: 'measured' | 'stored';
  /** Empty when stored. */
  timings: TuneTiming[];
  /** Tiles that do not compile or compute wrongly here, with the reason. */
  rejected: { tile: string; product: Product; reason: string }[];
  /** Why the store could not be read or written; the tuning holds for this visit all the same. */
  storeProblem: Message | null;
  compileMilliseconds: number;
  measureMilliseconds: number;
}

/** Typical of small and of large models. */
const SHAPES = { narrow: { rows: 1024, m: 256, n: 512 }, wide: { rows: 512, m: 1024, n: 1024 } };
const BUDGET = 300;
const MAX_ROUNDS = 7;
/** A candidate this many times slower than the fastest is not timed again. */
const PRUNE_RATIO = 2;
/** Shortest measurement: below it, the wait for the GPU is most of what is measured. */
const SHORTEST = 2;
const MAX_REPEATS = 32;
/** Numbers of workgroups to split rows for; 1 never splits. */
const WORKGROUPS = [1, 32, 64, 256];
/** Largest error of a result against float64, relative to the largest of the results. */
const TOLERANCE = 1e-5;
const SAMPLES = 64;
/** Rows of the result that are checked: those of the largest tile. */
const SEEN_ROWS = 128;

interface Candidate {
  name: string;
  tuning: Tuning;
}

interface Data {
  scope: GpuScope;
  A: GPUBuffer;
  B: GPUBuffer;
  C: GPUBuffer;
  hostA: Float32Array;
  hostB: Float32Array;
}

/** Names the adapter and everything that a stored tuning depends on. */
export function tuneKey(device: GPUDevice, tiles: readonly Tile[]): string {
  const { vendor = '', architecture = '', device: model = '', description = '' } = device.adapterInfo ?? {};
  const code = [reduceKernel, ...tiles.flatMap((tile) => [atbKernels.of(tile), abKernels.of(tile)])].map(
    (kernel) => kernel.code,
  );
  return `${[vendor, architecture, model, description].join('/')} ${digestOf({ code, shapes: SHAPES, workgroups: WORKGROUPS }).slice(0, 16)}`;
}

/**
 * Finds the tiles for a device, from the store or by measuring, compiles them and makes all later products use them.
 * @throws LabError cancelled, webgpu-device-lost, shader-compile or self-test if no tile works at all
 */
export async function tune(device: GPUDevice, options: TuneOptions = {}): Promise<TuneReport> {
  const { store = null, signal, budgetMilliseconds = BUDGET, shapes = SHAPES } = options;
  const tiles = (options.tiles ?? TILES).filter((tile) => fits(tile, device.limits));
  const key = tuneKey(device, tiles);
  const report: TuneReport = {
    tuning: tuningOf(device),
    source: 'stored',
    timings: [],
    rejected: [],
    storeProblem: null,
    compileMilliseconds: 0,
    measureMilliseconds: 0,
  };
  throwIfAborted(signal);
  const start = performance.now();
  const stored = await attempt(report, 'run.tuning.not-read', () => store?.get(key));
  if (isTuning(stored, tiles) && (await compiles(device, stored))) {
    report.tuning = stored;
    report.compileMilliseconds = performance.now() - start;
    setTuning(device, stored);
    return report;
  }
  report.source = 'measured';
  const working = {
    atb: await compiling(device, 'atb', tiles, report),
    ab: await compiling(device, 'ab', tiles, report),
  };
  await compileKernels(device, [reduceKernel]);
  report.compileMilliseconds = performance.now() - start;
  const preset = report.tuning;
  try {
    report.tuning = await measure(device, shapes, working, report, budgetMilliseconds, signal);
    setTuning(device, report.tuning);
  } catch (error) {
    setTuning(device, preset);
    throw error;
  }
  report.measureMilliseconds = performance.now() - start - report.compileMilliseconds;
  await attempt(report, 'run.tuning.not-kept', () => store?.set(key, report.tuning));
  return report;
}

/** Compiles the kernels of a stored tuning; false where a driver that is newer than the tuning refuses one. */
async function compiles(device: GPUDevice, { atb: a, ab: b }: Tuning): Promise<boolean> {
  try {
    await compileKernels(device, [
      reduceKernel,
      atbKernels.of(tileNamed(a.narrow)),
      atbKernels.of(tileNamed(a.wide)),
      abKernels.of(tileNamed(b.narrow)),
      abKernels.of(tileNamed(b.wide)),
    ]);
    return true;
  } catch (error) {
    if (error instanceof LabError && error.code === 'shader-compile') return false;
    throw error;
  }
}

/** A store that fails costs the memory of the tuning, nothing else: the report says so. */
async function attempt<T>(
  report: TuneReport,
  problem: 'run.tuning.not-read' | 'run.tuning.not-kept',
  work: () => Promise<T> | undefined,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    report.storeProblem ??= message(problem, { message: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

function isTuning(value: unknown, tiles: readonly Tile[]): value is Tuning {
  const known = (name: unknown): boolean => tiles.some((tile) => tile.name === name);
  const choice = (c: Partial<TileChoice> | undefined): boolean => known(c?.narrow) && known(c?.wide);
  const tuning = value as Partial<Tuning> | null | undefined;
  return (
    typeof tuning === 'object' &&
    tuning !== null &&
    choice(tuning.atb) &&
    choice(tuning.ab) &&
    Number.isInteger(tuning.workgroups) &&
    Number(tuning.workgroups) >= 1
  );
}

/** The tiles that compile. */
async function compiling(
  device: GPUDevice,
  product: Product,
  tiles: readonly Tile[],
  report: TuneReport,
): Promise<Tile[]> {
  const kernels = product === 'atb' ? atbKernels : abKernels;
  const outcomes = await Promise.allSettled(tiles.map((tile) => compileKernels(device, [kernels.of(tile)])));
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [LabError.from(outcome.reason)] : []));
  const lost = errors.find((error) => error.code === 'webgpu-device-lost');
  if (lost || errors.length === tiles.length) throw lost ?? errors[0];
  outcomes.forEach((outcome, i) => {
    if (outcome.status === 'rejected')
      report.rejected.push({ tile: tiles[i].name, product, reason: LabError.from(outcome.reason).message });
  });
  return tiles.filter((_, i) => outcomes[i].status === 'fulfilled');
}

async function measure(
  device: GPUDevice,
  shapes: Record<'narrow' | 'wide', TuneShape>,
  tiles: Record<Product, Tile[]>,
  report: TuneReport,
  budget: number,
  signal?: AbortSignal,
): Promise<Tuning> {
  const preset = tuningOf(device);
  const rec = await Recorder.create(device, []);
  // Four measurements of tiles and one of slices.
  const share = budget / 5;
  const of = (list: Tile[]): Candidate[] =>
    list.map((tile) => ({ name: tile.name, tuning: oneTile(tile, preset.workgroups) }));
  try {
    const narrow = upload(device, shapes.narrow);
    let tuning: Tuning;
    try {
      const atbNarrow = await fastest(
        rec,
        'atb',
        'narrow',
        shapes.narrow,
        narrow,
        of(tiles.atb),
        report,
        share,
        signal,
      );
      const split = WORKGROUPS.map((workgroups): Candidate => ({
        name: `${workgroups} workgroups`,
        tuning: { ...atbNarrow, workgroups },
      }));
      const { workgroups } = await fastest(rec, 'atb', 'narrow', shapes.narrow, narrow, split, report, share, signal);
      const abNarrow = await fastest(rec, 'ab', 'narrow', shapes.narrow, narrow, of(tiles.ab), report, share, signal);
      tuning = { atb: atbNarrow.atb, ab: abNarrow.ab, workgroups };
    } finally {
      narrow.scope.dispose();
    }
    const wide = upload(device, shapes.wide);
    try {
      const atbWide = await fastest(rec, 'atb', 'wide', shapes.wide, wide, of(tiles.atb), report, share, signal);
      const abWide = await fastest(rec, 'ab', 'wide', shapes.wide, wide, of(tiles.ab), report, share, signal);
      return {
        atb: { narrow: tuning.atb.narrow, wide: atbWide.atb.wide },
        ab: { narrow: tuning.ab.narrow, wide: abWide.ab.wide },
        workgroups: tuning.workgroups,
      };
    } finally {
      wide.scope.dispose();
    }
  } finally {
    rec.dispose();
  }
}

/** Room for both products: A is rows×m; B holds rows×n and m×n, C m×n and rows×n. */
function upload(device: GPUDevice, { rows, m, n }: TuneShape): Data {
  const scope = new GpuScope(device);
  const random = new Random(7);
  const inner = Math.max(rows, m);
  const hostA = Float32Array.from({ length: rows * m }, () => random.uniform() - 0.5);
  const hostB = Float32Array.from({ length: inner * n }, () => random.uniform() - 0.5);
  return {
    scope,
    A: scope.upload(hostA, 'A'),
    B: scope.upload(hostB, 'B'),
    C: scope.buffer(inner * n * 4, 'C'),
    hostA,
    hostB,
  };
}

function record(rec: Recorder, product: Product, { rows, m, n }: TuneShape, { A, B, C }: Data): void {
  if (product === 'atb') atb(rec, { A, B, C, rows, m, n, strideA: m, strideB: n, strideC: n });
  else ab(rec, { A, B, C, m: rows, k: m, n });
}

/**
 * The tuning of the fastest right candidate.
 * @throws LabError self-test if none is right
 */
async function fastest(
  rec: Recorder,
  product: Product,
  width: 'narrow' | 'wide',
  shape: TuneShape,
  data: Data,
  candidates: Candidate[],
  report: TuneReport,
  budget: number,
  signal?: AbortSignal,
): Promise<Tuning> {
  const { device } = rec;
  const end = performance.now() + budget;
  const run = async (candidate: Candidate, repeats: number): Promise<number> => {
    throwIfAborted(signal);
    setTuning(device, candidate.tuning);
    const start = performance.now();
    for (let i = 0; i < repeats; i++) record(rec, product, shape, data);
    rec.submit();
    await device.queue.onSubmittedWorkDone();
    return (performance.now() - start) / repeats;
  };
  const right: { candidate: Candidate; repeats: number; times: number[] }[] = [];
  for (const candidate of candidates) {
    setTuning(device, candidate.tuning);
    const error = await errorOf(rec, product, shape, data);
    if (error <= TOLERANCE) {
      const time = await run(candidate, 1);
      right.push({
        candidate,
        repeats: Math.min(MAX_REPEATS, Math.max(1, Math.ceil(SHORTEST / Math.max(time, 1e-3)))),
        times: [],
      });
    } else if (!report.rejected.some((item) => item.tile === candidate.name && item.product === product)) {
      report.rejected.push({ tile: candidate.name, product, reason: `Its error is ${error.toExponential(1)}.` });
    }
  }
  if (right.length === 0) {
    throw new LabError('self-test.products', { product });
  }
  for (let round = 0; round < MAX_ROUNDS && (round === 0 || performance.now() < end); round++) {
    const hopeless = round === 0 ? Infinity : PRUNE_RATIO * Math.min(...right.map((item) => median(item.times)));
    for (const item of right)
      if (round === 0 || median(item.times) <= hopeless) item.times.push(await run(item.candidate, item.repeats));
  }
  const products = shape.rows * shape.m * shape.n;
  const timed = right.map(({ candidate, times }) => ({ candidate, milliseconds: median(times), rounds: times.length }));
  for (const { candidate, milliseconds, rounds } of timed) {
    report.timings.push({
      product,
      width,
      candidate: candidate.name,
      milliseconds,
      gflops: (2 * products) / milliseconds / 1e6,
      rounds,
    });
  }
  return timed.reduce((best, item) => (item.milliseconds < best.milliseconds ? item : best)).candidate.tuning;
}

/** Largest error of some results of the first tiles against float64, relative to the largest of them; Infinity where one is not finite. */
async function errorOf(rec: Recorder, product: Product, shape: TuneShape, data: Data): Promise<number> {
  const { rows, m, n } = shape;
  const [height, inner] = product === 'atb' ? [m, rows] : [rows, m];
  rec.clear(data.C);
  record(rec, product, shape, data);
  const seen = Math.min(height, SEEN_ROWS);
  const got = await rec.readFloats(data.C, seen * n);
  const random = new Random(11);
  let difference = 0;
  let size = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const i = Math.floor(random.uniform() * seen);
    const j = Math.floor(random.uniform() * n);
    let sum = 0;
    for (let k = 0; k < inner; k++)
      sum += (product === 'atb' ? data.hostA[k * m + i] : data.hostA[i * m + k]) * data.hostB[k * n + j];
    if (!Number.isFinite(got[i * n + j])) return Infinity;
    difference = Math.max(difference, Math.abs(got[i * n + j] - sum));
    size = Math.max(size, Math.abs(sum));
  }
  return size === 0 ? Infinity : difference / size;
}
