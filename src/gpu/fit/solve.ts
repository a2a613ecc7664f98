/** What is asked of a GPU fit's moments: the λ path of a pair, the R² grid, and whether a second pass is due. */
import { LabError, throwIfAborted } from '../../experiment/errors';
import type { AffineMap, LambdaPoint, PairFit } from '../../math/fit-types';
import { checkLambda, medianOfFinite, type MomentScore, scoreFromSums } from '../../math/moments';
import { ab } from '../kernels/ab/ab';
import { atb } from '../kernels/atb/atb';
import { type Augmented, factorise, solveUpper, WHITENED_NOISE } from '../kernels/cholesky/cholesky';
import { explained } from '../kernels/score/score';
import { augment, centre, scaleRows } from '../kernels/system/system';
import type { Recorder } from '../recorder';
import type { GpuScope } from '../scope';
import type { FitLayout } from './layout';
import type { SplitMoments } from './moments';
import { SECOND_PASS_FLOOR, WHITENING_LIMIT, type Whitening } from './whitening';

/** A fit as the solves see it: everything but `scope` is only read. */
export interface FitState {
  rec: Recorder;
  /** Scratch space of this one call. */
  scope: GpuScope;
  layout: FitLayout;
  whitening: Whitening[];
  targetShift: GPUBuffer[];
  train: SplitMoments;
  heldOut: SplitMoments;
  secondPass: boolean;
  /** Whitened by all training rows: a second pass could not improve it. */
  final: boolean;
}

/** The centred source moments of one layer, full source×source matrices, and the ridge's penalty. */
interface SourceSystem {
  train: GPUBuffer;
  heldOut: GPUBuffer;
  penalty: GPUBuffer;
}

/** What counts as rounding noise in these coordinates: the second whitening enlarges small directions by up to 1/floor. */
const noise = (state: FitState): number => (state.secondPass ? WHITENED_NOISE / SECOND_PASS_FLOOR : WHITENED_NOISE);

const floats = (scope: GpuScope, count: number, label: string): GPUBuffer => scope.buffer(count * 4, label);

/** QᵀQ of one split about the training means, divided by its rows. */
export function centredGram(state: FitState, split: SplitMoments, layer: number, out: GPUBuffer): void {
  const d = state.layout.source;
  centre(state.rec, {
    M: split.gram[layer], m: d, n: d, strideM: d,
    leftSums: split.whiteSums[layer], rightSums: split.whiteSums[layer],
    leftTrain: state.train.whiteSums[layer], rightTrain: state.train.whiteSums[layer],
    rows: split.rows, trainRows: state.train.rows, symmetric: true, out,
  });
}

/** QᵀY' of one split about the training means, divided by its rows: `width` columns of a band from `column` on. */
export function centredCross(state: FitState, split: SplitMoments, layer: number, band: number, column: number, width: number, out: GPUBuffer): void {
  centre(state.rec, {
    M: split.cross[layer][band], m: state.layout.source, n: width, strideM: state.layout.bands[band].width, columnM: column,
    leftSums: split.whiteSums[layer], rightSums: split.targetSums[band],
    leftTrain: state.train.whiteSums[layer], rightTrain: state.train.targetSums[band], columnSums: column,
    rows: split.rows, trainRows: state.train.rows, out,
  });
}

function sourceSystem(state: FitState, layer: number): SourceSystem {
  const { rec, scope, layout, train, heldOut } = state;
  const d = layout.source;
  const system: SourceSystem = { train: floats(scope, d * d, 'M'), heldOut: floats(scope, d * d, 'held-out M'), penalty: floats(scope, d * d, 'penalty') };
  centredGram(state, train, layer, system.train);
  if (heldOut.rows > 0) centredGram(state, heldOut, layer, system.heldOut);
  // λ‖Ws‖² in standardised coordinates is λ‖diag(σ) T V‖² here: P = BᵀB with B = diag(σ) T.
  const B = floats(scope, d * d, 'diag(σ)·T');
  scaleRows(rec, { T: state.whitening[layer].T, sums: train.sourceSums[layer], d, rows: train.rows, out: B });
  atb(rec, { A: B, B, C: system.penalty, rows: d, m: d, n: d, strideA: d, strideB: d, strideC: d });
  return system;
}

/** @throws RangeError if the layer is not one of 0 … count−1 */
export function checkLayer(layer: number, count: number, side: string): void {
  if (!Number.isInteger(layer) || layer < 0 || layer >= count) throw new RangeError(`There is no ${side} layer ${layer}: the fit has ${count}.`);
}

/** Where a target layer lies. */
export function bandOf(layout: FitLayout, targetLayer: number): { band: number; column: number } {
  const band = layout.bands.findIndex(({ firstLayer, layers }) => targetLayer < firstLayer + layers);
  return { band, column: (targetLayer - layout.bands[band].firstLayer) * layout.target };
}

/** Σ(y − b)² / rows per column, from [Σ | Σ²] of a split and of the training rows. */
export function totalSquares(sums: Float32Array, train: Float32Array, width: number, rows: number, trainRows: number, column: number, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, j) => {
    const b = train[column + j] / trainRows;
    const s = sums[column + j];
    return Math.max(0, (sums[width + column + j] - 2 * b * s) / rows + b * b);
  });
}

/** SSE_j = SST_j + explained_j; float32 noise must not make it negative. */
function score(taken: Float32Array, sst: Float64Array): MomentScore {
  return scoreFromSums(sst.map((total, j) => Math.max(0, total + taken[j])), sst);
}

function checkFinite(sums: Float32Array, side: string): void {
  if (sums.every(Number.isFinite)) return;
  throw new LabError('non-finite', `The ${side} activations are not all finite (or too large for float32 sums).`, 'The model produced NaN or infinity: try another precision of the model, or the CPU.', { side });
}

/** The λ path and the best map of one pair. @throws LabError ill-conditioned, non-finite, cancelled; RangeError on a bad layer or λ */
export async function solvePair(state: FitState, sourceLayer: number, targetLayer: number, lambdas: number[], signal?: AbortSignal): Promise<PairFit> {
  const { rec, scope, layout, train, heldOut } = state;
  const { source: d, target: n, shape } = layout;
  checkLayer(sourceLayer, shape.sourceLayers, 'source');
  checkLayer(targetLayer, shape.targetLayers, 'target');
  if (lambdas.length === 0) throw new RangeError('A fit needs at least one λ.');
  lambdas.forEach(checkLambda);
  const { band, column } = bandOf(layout, targetLayer);
  const width = layout.bands[band].width;

  const system = sourceSystem(state, sourceLayer);
  const C = floats(scope, d * n, 'C');
  const heldOutC = floats(scope, d * n, 'held-out C');
  centredCross(state, train, sourceLayer, band, column, n, C);
  centredCross(state, heldOut, sourceLayer, band, column, n, heldOutC);
  const solver: Augmented = { matrix: floats(scope, d * (d + n), '[M | C]'), diagonal: floats(scope, d, 'diagonal'), d, n };
  const T = floats(scope, d * n, 'M·V');
  const [taken, takenHeldOut] = [floats(scope, n, 'explained'), floats(scope, n, 'explained held-out')];
  const counters = scope.buffer(16, 'bad pivots');
  await scope.settled();

  const solveAt = (lambda: number): void => {
    rec.clear(counters);
    augment(rec, { M: system.train, d, right: C, n, ridge: { lambda, penalty: system.penalty }, matrix: solver.matrix, diagonal: solver.diagonal });
    factorise(rec, solver, counters, noise(state));
    solveUpper(rec, solver);
  };
  const explain = (M: GPUBuffer, cross: GPUBuffer, out: GPUBuffer): void => {
    ab(rec, { A: M, B: solver.matrix, C: T, m: d, k: d, n, strideB: d + n, columnB: d });
    explained(rec, { V: solver.matrix, strideV: d + n, columnV: d, T, C: cross, d, n, out });
  };

  const [sourceRaw, whiteRaw, targetRaw, heldOutRaw] = await rec.read(
    { buffer: train.sourceSums[sourceLayer], bytes: 8 * d },
    { buffer: train.whiteSums[sourceLayer], bytes: 8 * d },
    { buffer: train.targetSums[band], bytes: 8 * width },
    { buffer: heldOut.targetSums[band], bytes: 8 * width },
  );
  const sourceSums = new Float32Array(sourceRaw);
  const targetSums = new Float32Array(targetRaw);
  checkFinite(sourceSums, 'source');
  checkFinite(targetSums, 'target');
  checkFinite(new Float32Array(heldOutRaw), 'held-out target');
  const m = shape.targetWidth;
  const sst = totalSquares(targetSums, targetSums, width, train.rows, train.rows, column, m);
  const heldOutSst = totalSquares(new Float32Array(heldOutRaw), targetSums, width, heldOut.rows, train.rows, column, m);

  const lambdaPath: LambdaPoint[] = [];
  let best: { lambda: number; score: MomentScore } | null = null;
  let badPivots = 0;
  let curable = 0;
  for (const lambda of lambdas) {
    throwIfAborted(signal);
    solveAt(lambda);
    explain(system.train, C, taken);
    explain(system.heldOut, heldOutC, takenHeldOut);
    const [a, b, c] = await rec.read({ buffer: taken, bytes: 4 * m }, { buffer: takenHeldOut, bytes: 4 * m }, { buffer: counters, bytes: 8 });
    const [bad, empty] = new Uint32Array(c);
    badPivots += bad;
    curable += bad - empty;
    if (bad > 0) {
      lambdaPath.push({ lambda, heldOutR2: NaN, trainR2: NaN, badPivots: bad });
      continue;
    }
    const held = score(new Float32Array(b), heldOutSst);
    lambdaPath.push({ lambda, heldOutR2: held.r2, trainR2: score(new Float32Array(a), sst).r2, badPivots: 0 });
    if (!best || held.r2 > best.score.r2) best = { lambda, score: held };
  }
  const strayed = unrepresentative(new Float32Array(whiteRaw), d, train.rows);
  if (!best) {
    throw new LabError(
      'ill-conditioned',
      `No λ of ${lambdas.join(', ')} gives a system that can be solved: ${badPivots} pivots of the source layer’s covariance are not positive.`,
      state.final ? 'Use a larger λ or more tokens: some source dimensions depend on the others.' : 'Stream the rows a second time, or use a larger λ.',
      { badPivots, sourceLayer, targetLayer },
    );
  }
  solveAt(best.lambda);
  const map = await readMap(state, solver.matrix, T, sourceLayer, targetLayer, sourceSums, targetSums, best.lambda);
  return {
    lambdaPath,
    best: map,
    heldOutR2: best.score.r2,
    medianDimensionR2: medianOfFinite(best.score.perDimension),
    badPivots,
    constantColumns: constantColumns(sourceSums, d, shape.sourceWidth),
    secondPass: state.secondPass,
    needsSecondPass: !state.final && (curable > 0 || strayed),
  };
}

/** W = diag(scale)·T·V and its intercept; the intercept in float64, from the rounded W. */
async function readMap(state: FitState, solution: GPUBuffer, space: GPUBuffer, sourceLayer: number, targetLayer: number, sourceSums: Float32Array, targetSums: Float32Array, lambda: number): Promise<AffineMap> {
  const { rec, layout, whitening, targetShift, train } = state;
  const { source: d, target: n, shape } = layout;
  const { band, column } = bandOf(layout, targetLayer);
  const { T, shift, scale } = whitening[sourceLayer];
  ab(rec, { A: T, B: solution, C: space, m: d, k: d, n, strideB: d + n, columnB: d });
  const [w, sh, sc, ts] = (
    await rec.read({ buffer: space, bytes: 4 * d * n }, { buffer: shift, bytes: 4 * d }, { buffer: scale, bytes: 4 * d }, { buffer: targetShift[band], bytes: 4 * layout.bands[band].width })
  ).map((data) => new Float32Array(data));
  const { sourceWidth, targetWidth } = shape;
  const W = new Float32Array(sourceWidth * targetWidth);
  const p = Float64Array.from({ length: targetWidth }, (_, j) => ts[column + j] + targetSums[column + j] / train.rows);
  for (let i = 0; i < sourceWidth; i++) {
    const mean = sh[i] + sourceSums[i] / train.rows / sc[i];
    for (let j = 0; j < targetWidth; j++) {
      const value = w[i * n + j] * sc[i]; // a power of two: exact
      W[i * targetWidth + j] = value;
      p[j] -= mean * value;
    }
  }
  return { W, p: Float32Array.from(p), sourceWidth, targetWidth, lambda };
}

/** Held-out R² of all pairs at one λ: one factorisation a source layer and band. */
export async function solveGrid(state: FitState, lambda: number, signal?: AbortSignal): Promise<Float64Array> {
  checkLambda(lambda);
  const { rec, layout, train, heldOut } = state;
  const { source: d, target, shape, bands } = layout;
  const out = new Float64Array(shape.sourceLayers * shape.targetLayers).fill(NaN);
  const scratch = state.scope;
  const widest = Math.max(...bands.map((band) => band.width));
  const matrix = floats(scratch, d * (d + widest), '[M | C]');
  const diagonal = floats(scratch, d, 'diagonal');
  const C = floats(scratch, d * widest, 'C');
  const T = floats(scratch, d * widest, 'M·V');
  const taken = floats(scratch, widest, 'explained');
  const counters = scratch.buffer(16, 'bad pivots');
  const sums: { train: Float32Array; heldOut: Float32Array }[] = [];
  for (let b = 0; b < bands.length; b++) {
    const bytes = 8 * bands[b].width;
    const [a, c] = await rec.read({ buffer: train.targetSums[b], bytes }, { buffer: heldOut.targetSums[b], bytes });
    sums.push({ train: new Float32Array(a), heldOut: new Float32Array(c) });
    checkFinite(sums[b].train, 'target');
    checkFinite(sums[b].heldOut, 'held-out target');
  }
  for (let s = 0; s < shape.sourceLayers; s++) {
    const system = sourceSystem(state, s);
    await scratch.settled();
    checkFinite(await rec.readFloats(train.sourceSums[s], 2 * d), 'source');
    for (let b = 0; b < bands.length; b++) {
      throwIfAborted(signal);
      const n = bands[b].width;
      rec.clear(counters);
      centredCross(state, train, s, b, 0, n, C);
      augment(rec, { M: system.train, d, right: C, n, ridge: { lambda, penalty: system.penalty }, matrix, diagonal });
      factorise(rec, { matrix, diagonal, d, n }, counters, noise(state));
      solveUpper(rec, { matrix, d, n });
      ab(rec, { A: system.heldOut, B: matrix, C: T, m: d, k: d, n, strideB: d + n, columnB: d });
      centredCross(state, heldOut, s, b, 0, n, C);
      explained(rec, { V: matrix, strideV: d + n, columnV: d, T, C, d, n, out: taken });
      const [raw, counted] = await rec.read({ buffer: taken, bytes: 4 * n }, { buffer: counters, bytes: 4 });
      if (new Uint32Array(counted)[0] > 0) continue;
      const values = new Float32Array(raw);
      for (let i = 0; i < bands[b].layers; i++) {
        const sst = totalSquares(sums[b].heldOut, sums[b].train, n, heldOut.rows, train.rows, i * target, shape.targetWidth);
        out[s * shape.targetLayers + bands[b].firstLayer + i] = score(values.subarray(i * target, i * target + shape.targetWidth), sst).r2;
      }
    }
    for (const buffer of Object.values(system) as GPUBuffer[]) scratch.release(buffer);
  }
  return out;
}

/** Whether any source layer has curable bad pivots at this λ or whitened columns far from unit size. False when a second pass could not help. */
export async function solveNeedsSecondPass(state: FitState, lambda: number): Promise<boolean> {
  checkLambda(lambda);
  if (state.final) return false;
  const { rec, scope, layout, train } = state;
  const d = layout.source;
  const matrix = floats(scope, d * d, 'M');
  const diagonal = floats(scope, d, 'diagonal');
  const counters = scope.buffer(16, 'bad pivots');
  for (let s = 0; s < layout.shape.sourceLayers; s++) {
    const system = sourceSystem(state, s);
    await scope.settled();
    augment(rec, { M: system.train, d, right: 'none', n: 0, ridge: { lambda, penalty: system.penalty }, matrix, diagonal });
    factorise(rec, { matrix, diagonal, d, n: 0 }, counters, noise(state));
    const [sums, counted] = await rec.read({ buffer: train.whiteSums[s], bytes: 8 * d }, { buffer: counters, bytes: 8 });
    const [bad, empty] = new Uint32Array(counted);
    if (bad > empty || unrepresentative(new Float32Array(sums), d, train.rows)) return true;
    for (const buffer of Object.values(system) as GPUBuffer[]) scope.release(buffer);
  }
  return false;
}

/** Some whitened column has a mean square far from 1: the warm-up did not know its direction. */
function unrepresentative(whiteSums: Float32Array, d: number, rows: number): boolean {
  for (let i = 0; i < d; i++) if (!(whiteSums[d + i] / rows <= WHITENING_LIMIT)) return true;
  return false;
}

/** Columns that equalled the shift in every training row. */
function constantColumns(sourceSums: Float32Array, d: number, width: number): number {
  let count = 0;
  for (let i = 0; i < width; i++) if (sourceSums[d + i] === 0) count++;
  return count;
}
