/**
 * The queries on a GPU fit's moments: the λ path of a pair, its cross-validation, the R² grid, and whether a second
 * pass is due.
 */
import { LabError, throwIfAborted } from '../../experiment/errors';
import {
  checkLayer,
  type CrossValidationPoint,
  type LambdaPoint,
  type OnLayer,
  type PairFit,
  type SecondPassReason,
} from '../../fit/types';
import { checkLambda, medianOfFinite, type MomentScore } from '../../math/moments';
import { ab } from '../kernels/ab/ab';
import { factorise, solveUpper } from '../kernels/cholesky/cholesky';
import { explained } from '../kernels/score/score';
import { augment } from '../kernels/system/system';
import { GpuScope } from '../scope';
import { LayerMoments } from './moments';
import {
  anchored,
  anchorOf,
  centredCross,
  checkFinite,
  type FitState,
  heldOutMoments,
  scoreOf,
  sourceSystem,
  totalSquares,
  trainingMoments,
  turnedCross,
} from './systems';
import { PairSystem } from './pair-system';
import { WHITENING_LIMIT } from './whitening';

/** Runs `work` with scratch space that is given back after it. */
async function scoped<T>(state: FitState, work: (local: FitState) => Promise<T>): Promise<T> {
  const scope = new GpuScope(state.rec.device, state.scope);
  try {
    return await work({ ...state, scope });
  } finally {
    scope.dispose();
  }
}

function checkPair(state: FitState, sourceLayer: number, targetLayer: number, lambdas: readonly number[]): void {
  const { shape } = state.layout;
  checkLayer(sourceLayer, shape.sourceLayers, 'source');
  checkLayer(targetLayer, shape.targetLayers, 'target');
  if (lambdas.length === 0) throw new RangeError('A fit needs at least one λ.');
  lambdas.forEach(checkLambda);
}

/**
 * The λ path and the best map of one pair.
 * @throws LabError ill-conditioned, non-finite, cancelled; RangeError on a bad layer or λ
 */
export async function solvePair(
  state: FitState,
  sourceLayer: number,
  targetLayer: number,
  lambdas: readonly number[],
  signal?: AbortSignal,
): Promise<PairFit> {
  checkPair(state, sourceLayer, targetLayer, lambdas);
  const { layout } = state;
  const train = trainingMoments(state, sourceLayer);
  const system = await PairSystem.create(state, sourceLayer, targetLayer, train, heldOutMoments(state, sourceLayer));
  const lambdaPath: LambdaPoint[] = [];
  let best: { lambda: number; score: MomentScore } | null = null;
  let badPivots = 0;
  let curable = 0;
  for (const lambda of lambdas) {
    throwIfAborted(signal);
    const solved = await system.solve(lambda, true);
    badPivots += solved.bad;
    curable += solved.bad - solved.empty;
    if (solved.bad > 0) {
      lambdaPath.push({ lambda, heldOutR2: NaN, trainR2: NaN, badPivots: solved.bad });
      continue;
    }
    lambdaPath.push({ lambda, heldOutR2: solved.test.r2, trainR2: solved.train?.r2 ?? NaN, badPivots: 0 });
    if (!best || solved.test.r2 > best.score.r2) best = { lambda, score: solved.test };
  }
  if (!best) {
    throw new LabError(state.final ? 'ill-conditioned.pivots' : 'ill-conditioned.first-pass', {
      lambdas: lambdas.join(', '),
      badPivots,
      sourceLayer,
      targetLayer,
    });
  }
  return {
    lambdaPath,
    best: await system.map(best.lambda),
    heldOutR2: best.score.r2,
    medianDimensionR2: medianOfFinite(best.score.perDimension),
    perDimension: best.score.perDimension,
    badPivots,
    constantColumns: constantColumns(system.sourceSums, layout.source, layout.shape.sourceWidth),
    secondPass: state.secondPass,
    needsSecondPass:
      !state.final && (curable > 0 || largestMeanSquare(system.whiteSums, layout.source, train.rows) > WHITENING_LIMIT),
  };
}

/** The λ path over the folds. @throws RangeError without folds or with an empty one; LabError non-finite, cancelled */
export async function solveCrossValidation(
  state: FitState,
  sourceLayer: number,
  targetLayer: number,
  lambdas: readonly number[],
  signal?: AbortSignal,
): Promise<CrossValidationPoint[]> {
  checkPair(state, sourceLayer, targetLayer, lambdas);
  const folds = state.train.length;
  if (folds < 2) throw new RangeError('This fit was made without folds.');
  const empty = state.train.findIndex(({ rows }) => rows < 1);
  if (empty >= 0)
    throw new RangeError(`Fold ${empty} has no rows: give each of the ${folds} folds some training rows.`);
  const points = lambdas.map((lambda): CrossValidationPoint => ({
    lambda,
    perFold: [],
    meanR2: NaN,
    standardError: NaN,
  }));
  for (let fold = 0; fold < folds; fold++) {
    throwIfAborted(signal);
    await scoped(state, async (local) => {
      const train = new LayerMoments(
        local.rec,
        local.scope,
        state.train.filter((_, i) => i !== fold),
        sourceLayer,
      );
      const test = new LayerMoments(local.rec, local.scope, [state.train[fold]], sourceLayer);
      if (train.rows < 2) throw new RangeError(`Without fold ${fold} there are only ${train.rows} training rows.`);
      const system = await PairSystem.create(local, sourceLayer, targetLayer, train, test);
      for (const point of points) {
        throwIfAborted(signal);
        const { bad, test: score } = await system.solve(point.lambda, false);
        point.perFold.push(bad > 0 ? NaN : score.r2);
      }
    });
  }
  for (const point of points) {
    const mean = point.perFold.reduce((sum, r2) => sum + r2, 0) / folds;
    const squares = point.perFold.reduce((sum, r2) => sum + (r2 - mean) ** 2, 0);
    point.meanR2 = mean;
    point.standardError = Math.sqrt(squares / (folds - 1) / folds);
  }
  return points;
}

/** Held-out R² of all pairs at one λ: one factorisation a source layer and band. */
export async function solveGrid(
  state: FitState,
  lambda: number,
  signal?: AbortSignal,
  onLayer?: OnLayer,
): Promise<Float64Array> {
  checkLambda(lambda);
  const { shape } = state.layout;
  const out = new Float64Array(shape.sourceLayers * shape.targetLayers).fill(NaN);
  for (let s = 0; s < shape.sourceLayers; s++) {
    onLayer?.(s);
    await scoped(state, (local) =>
      gridRow(local, s, lambda, out.subarray(s * shape.targetLayers, (s + 1) * shape.targetLayers), signal),
    );
  }
  return out;
}

async function gridRow(
  state: FitState,
  s: number,
  lambda: number,
  out: Float64Array,
  signal?: AbortSignal,
): Promise<void> {
  const { rec, scope, layout } = state;
  const { source: d, target, shape, bands } = layout;
  const train = trainingMoments(state, s);
  const heldOut = heldOutMoments(state, s);
  const own = sourceSystem(state, s, train, heldOut);
  const anchor = anchorOf(state, lambda);
  const system = anchor === 0 ? own : anchored(state, own, anchor);
  const inPlace = (cross: GPUBuffer, n: number): GPUBuffer =>
    system.G ? turnedCross(state, system.G, cross, n) : cross;
  const widest = Math.max(...bands.map((band) => band.width));
  const matrix = scope.buffer(4 * d * (d + widest), '[M | C]');
  const diagonal = scope.buffer(4 * d, 'diagonal');
  const [C, product] = ['C', 'M·V'].map((label) => scope.buffer(4 * d * widest, label));
  const taken = scope.buffer(4 * widest, 'explained');
  const counters = scope.buffer(16, 'bad pivots');
  await scope.settled();
  checkFinite(await rec.readFloats(train.sourceSums, 2 * d), 'source');
  for (let b = 0; b < bands.length; b++) {
    throwIfAborted(signal);
    const n = bands[b].width;
    rec.clear(counters);
    centredCross(state, train, train, b, 0, n, C);
    const right = inPlace(C, n);
    augment(rec, { M: system.train, d, right, n, ridge: { lambda, penalty: system.penalty }, matrix, diagonal });
    factorise(rec, { matrix, diagonal, d, n }, counters, system.noise);
    solveUpper(rec, { matrix, d, n });
    ab(rec, { A: system.test as GPUBuffer, B: matrix, C: product, m: d, k: d, n, strideB: d + n, columnB: d });
    centredCross(state, train, heldOut, b, 0, n, C);
    const test = inPlace(C, n);
    explained(rec, { V: matrix, strideV: d + n, columnV: d, T: product, C: test, d, n, out: taken });
    await scope.settled();
    const [raw, counted, trainRaw, heldOutRaw] = await rec.read(
      { buffer: taken, bytes: 4 * n },
      { buffer: counters, bytes: 4 },
      { buffer: train.targetSums(b), bytes: 8 * n },
      { buffer: heldOut.targetSums(b), bytes: 8 * n },
    );
    const [values, trainSums, heldOutSums] = [raw, trainRaw, heldOutRaw].map((data) => new Float32Array(data));
    if (system.G) for (const buffer of [right, test]) scope.release(buffer);
    checkFinite(trainSums, 'target');
    checkFinite(heldOutSums, 'held-out');
    if (new Uint32Array(counted)[0] > 0) continue;
    for (let i = 0; i < bands[b].layers; i++) {
      const sst = totalSquares(heldOutSums, trainSums, n, heldOut.rows, train.rows, i * target, shape.targetWidth);
      out[bands[b].firstLayer + i] = scoreOf(values.subarray(i * target, i * target + shape.targetWidth), sst).r2;
    }
  }
}

/**
 * The first source layer with curable bad pivots at this λ or whitened columns far from unit size. Null when none has,
 * or a second pass could not help.
 */
export async function solveSecondPass(state: FitState, lambda: number): Promise<SecondPassReason | null> {
  checkLambda(lambda);
  if (state.final) return null;
  for (let s = 0; s < state.layout.shape.sourceLayers; s++) {
    const reason = await scoped(state, async (local): Promise<SecondPassReason | null> => {
      const { rec, scope } = local;
      const d = local.layout.source;
      const train = trainingMoments(local, s);
      const system = sourceSystem(local, s, train, null);
      const matrix = scope.buffer(4 * d * d, 'M');
      const diagonal = scope.buffer(4 * d, 'diagonal');
      const counters = scope.buffer(16, 'bad pivots');
      await scope.settled();
      augment(rec, {
        M: system.train,
        d,
        right: 'none',
        n: 0,
        ridge: { lambda, penalty: system.penalty },
        matrix,
        diagonal,
      });
      factorise(rec, { matrix, diagonal, d, n: 0 }, counters, system.noise);
      const [raw, sums, counted] = await rec.read(
        { buffer: train.sourceSums, bytes: 8 * d },
        { buffer: train.whiteSums, bytes: 8 * d },
        { buffer: counters, bytes: 8 },
      );
      checkFinite(new Float32Array(raw), 'source'); // a second pass would overflow again
      const [bad, empty] = new Uint32Array(counted);
      const meanSquare = largestMeanSquare(new Float32Array(sums), d, train.rows);
      if (bad === empty && meanSquare <= WHITENING_LIMIT) return null;
      return { sourceLayer: s, badPivots: bad - empty, meanSquare, limit: WHITENING_LIMIT };
    });
    if (reason) return reason;
  }
  return null;
}

/**
 * Largest mean square of a whitened column: far from 1, and the warm-up did not know its direction. Infinity where one
 * is not a number.
 */
function largestMeanSquare(whiteSums: Float32Array, d: number, rows: number): number {
  let most = 0;
  for (let i = 0; i < d; i++)
    most = Math.max(most, Number.isNaN(whiteSums[d + i]) ? Infinity : whiteSums[d + i] / rows);
  return most;
}

/** Columns that equalled the shift in every training row. */
function constantColumns(sourceSums: Float32Array, d: number, width: number): number {
  let count = 0;
  for (let i = 0; i < width; i++) if (sourceSums[d + i] === 0) count++;
  return count;
}
