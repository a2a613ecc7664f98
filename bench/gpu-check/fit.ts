/** The whole fit at the widths of real pairs, its rows made on the GPU by a known map. */
import { LAMBDA_PATH, PEAK_FRACTION } from '../solver/goals';
import { fitFlop } from '../solver/peak-flop';
import type { FitChunk } from '../../src/fit/types';
import type { LabDevice } from '../../src/gpu/device';
import { GpuFit } from '../../src/gpu/fit/gpu-fit';
import { kernelsFor } from '../../src/gpu/kernels/all';
import { ab } from '../../src/gpu/kernels/ab/ab';
import { setTuning, type Tuning, tuningOf } from '../../src/gpu/kernels/shared/tuning';
import { Recorder } from '../../src/gpu/recorder';
import { GpuScope } from '../../src/gpu/scope';
import type { GpuMatrix } from '../../src/gpu/types';
import { median } from '../../src/math/stats';
import { relativeError } from '../../src/math/matrix';
import { errorText, type FitRow } from '../../tools/gpu-check/report';
import { fill, filled, fillKernel } from './fill';
import { rateOf, type Peaks } from './timing';

export { PEAK_FRACTION };

export interface FitSize {
  sourceWidth: number;
  targetWidth: number;
  /** Training rows. */
  rows: number;
}

/** Rows of a chunk; distinct chunks for training, which are added in turn, and one more that is held out. */
const CHUNK = 2048;
const [SEED_X, SEED_M] = [71, 72];
/** Of W against the map of the rows, which float32 rounding of Y blurs. */
const TOLERANCE = 1e-4;

/** Measures one size with the tuning given; failures become part of the row. */
export async function measureFit(
  { device }: LabDevice,
  { sourceWidth: d, targetWidth: m, rows }: FitSize,
  { name, tuning }: { name: FitRow['tuning']; tuning: Tuning },
  peaks: Peaks,
  rounds: number,
): Promise<FitRow> {
  const height = Math.min(CHUNK, rows);
  // More distinct rows than columns, or the covariance would be singular.
  const distinct = Math.min(Math.ceil(rows / height), Math.max(4, Math.ceil((2 * d) / height)));
  const chunks = Math.ceil(rows / height);
  const row: FitRow = {
    sourceWidth: d,
    targetWidth: m,
    rows: chunks * height,
    heldOut: height,
    tuning: name,
    momentsSeconds: null,
    solveSeconds: null,
    pathSeconds: null,
    lambdas: LAMBDA_PATH.length,
    wholeSeconds: null,
    flops: null,
    fractionOfPeak: null,
    fractionOfRegisters: null,
    errorW: null,
    heldOutR2: null,
    badPivots: null,
    failure: null,
  };
  const preset = tuningOf(device);
  const scope = new GpuScope(device);
  let rec: Recorder | null = null;
  try {
    setTuning(device, tuning);
    rec = await Recorder.create(device, [fillKernel, ...kernelsFor(Math.max(d, m, height))]);
    const data = makeRows(rec, scope, { d, m, height, chunks: distinct + 1 });
    await scope.settled();
    const times: { moments: number; solve: number }[] = [];
    // One round more than is measured: the first compiles and allocates.
    for (let round = 0; round <= rounds; round++) {
      const fit = await GpuFit.create(
        device,
        { sourceLayers: 1, targetLayers: 1, sourceWidth: d, targetWidth: m },
        { cka: false },
      );
      try {
        await device.queue.onSubmittedWorkDone();
        const start = performance.now();
        for (let i = 0; i < chunks; i++) fit.add({ ...data[i % distinct], split: 'train' });
        fit.add({ ...data[distinct], split: 'heldOut' });
        await device.queue.onSubmittedWorkDone();
        const added = performance.now();
        await fit.solve(0, 0, 1e-4);
        const solved = performance.now();
        times.push({ moments: (added - start) / 1000, solve: (solved - added) / 1000 });
        // The path takes as long as its λ together: once to compile, once to be timed.
        if (round > 1) continue;
        const found = await fit.solve(0, 0, [...LAMBDA_PATH]);
        if (round === 1) row.pathSeconds = (performance.now() - solved) / 1000;
        if (round === 1) continue;
        times.length = 0;
        row.heldOutR2 = found.heldOutR2;
        row.badPivots = found.badPivots;
        row.errorW = relativeError((await fit.solve(0, 0, 0)).best.W, mapOf(d, m));
        if (!(row.errorW <= TOLERANCE)) throw new RangeError(`the map is wrong by ${row.errorW.toExponential(1)}`);
      } finally {
        fit.dispose();
      }
    }
    row.momentsSeconds = median(times.map((time) => time.moments));
    row.solveSeconds = median(times.map((time) => time.solve));
    row.wholeSeconds = median(times.map((time) => time.moments + time.solve));
    Object.assign(row, rateOf(fitFlop(d, m, row.rows + row.heldOut) / row.wholeSeconds, peaks));
  } catch (error) {
    row.failure = errorText(error);
  } finally {
    scope.dispose();
    rec?.dispose();
    setTuning(device, preset);
  }
  return row;
}

/** Scale of the map's weights that keeps Y as large as X, in a power of two: then both sides make it exactly. */
const scaleOf = (d: number): number => 2 ** Math.round(Math.log2(Math.sqrt(12 / d)));

/** The map that the rows were made with, d×m. */
function mapOf(d: number, m: number): Float64Array {
  return Float64Array.from({ length: d * m }, (_, i) => filled(i, SEED_M, scaleOf(d)));
}

/** X uniform and Y = X·M, by the kernel AB. */
function makeRows(
  rec: Recorder,
  scope: GpuScope,
  { d, m, height, chunks }: { d: number; m: number; height: number; chunks: number },
): Omit<FitChunk<GpuMatrix>, 'split'>[] {
  const M = scope.buffer(4 * d * m, 'M');
  fill(rec, M, d * m, SEED_M, scaleOf(d));
  const made = Array.from({ length: chunks }, (_, i) => {
    const [X, Y] = [scope.matrix(height, d, 'X'), scope.matrix(height, m, 'Y')];
    fill(rec, X.buffer, height * d, SEED_X + 100 * i);
    ab(rec, { A: X.buffer, B: M, C: Y.buffer, m: height, k: d, n: m });
    return { source: [X], target: [Y], rows: height };
  });
  rec.submit();
  return made;
}
