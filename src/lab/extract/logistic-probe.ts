/**
 * A linear probe: logistic regression that tells the positive side from the negative one, with an L2 penalty.
 *
 * The states are standardised, (x − mean)/deviation per dimension, with the deviation within the sides: that over all
 * states would shrink the dimensions in which the sides differ, and turn the direction away from them. Over weights w
 * and an offset b, which is not penalised, the probe minimises
 *   (1/n) Σᵢ log(1 + exp(−yᵢ (xᵢ·w + b))) + (λ/2)·d·‖w‖²,   yᵢ = ±1,
 * with n states and d the number of dimensions that vary, about the mean of ‖xᵢ‖²: λ means the same at every width.
 * This is scikit-learn's `LogisticRegression(C=1/(n·λ·d))` on the standardised states.
 *
 * Newton's method (iteratively reweighted least squares; Hastie, Tibshirani & Friedman 2009, section 4.4) with halved
 * steps, in float64. Where a model is wider than there are states, in as many coordinates as there are states: the
 * penalised weights are a combination of the states (representer theorem), and only their inner products count.
 */
import { cholesky, choleskySolve } from '../../math/cholesky';
import { matmulTN, transpose, zeros, type Matrix } from '../../math/matrix';
import { Random } from '../../math/random';
import { columnMeans, pairCount, type ExtractionMethod } from './method';
import type { PairStates } from './pair-states';

/** Strengths λ that are tried, the strongest first: where several do equally well, the strongest is taken. */
export const STRENGTHS = [10, 1, 0.1, 0.01, 1e-3, 1e-4, 1e-5] as const;
/** Parts of the pairs, each held out once. Both sides of a pair are in one part. */
const FOLDS = 5;
const MAX_STEPS = 100;
/**
 * Least variance within the sides, as a share of the variance over all states: of a dimension that hardly varies but
 * between the sides.
 */
const LEAST_WITHIN = 1e-6;
/** Largest element of the gradient, of an objective near 1, at which the weights have converged. */
const CONVERGED = 1e-10;
/**
 * Added to the squared size of each state where only inner products are used: the factor exists, and no weight moves by
 * more.
 */
const JITTER = 1e-10;

/**
 * Its length is that of the weights in the states' own coordinates: by how much the log odds of the positive side grow
 * for a step of length one along it. The strength is the one of STRENGTHS with the least mean log loss on held-out
 * pairs.
 */
export const logisticProbe: ExtractionMethod = {
  id: 'logistic-probe',
  fit: (states, seed) => probeWeights(states, chooseStrength(states, seed)),
};

/** States of both sides, ready for the probe: the positive side's first. */
interface ProbeData {
  /**
   * n×r, with r the smaller of the states' number and their width: coordinates in which inner products are those of the
   * standardised states.
   */
  Z: Matrix;
  /** n×d, standardised. */
  X: Matrix;
  /** 1 / deviation; 0 where a dimension does not vary. */
  inverse: Float64Array;
  /** Dimensions that vary. */
  varying: number;
}

/**
 * The probe's weights at one strength λ, in the states' own coordinates; length `width`. Zeros where no dimension
 * varies.
 */
export function probeWeights(states: PairStates, strength: number): Float32Array {
  const data = standardise(states);
  if (data.varying === 0) return new Float32Array(states.width);
  const { X, Z, inverse, varying } = data;
  const labels = labelsOf(pairCount(states));
  const penalty = strength * varying;
  const { residuals } = minimise(Z, labels, penalty);
  // Where the gradient is zero: penalty·w = Σ (tᵢ − pᵢ) xᵢ / n.
  const w = matmulTN(X, { rows: X.rows, cols: 1, data: residuals });
  return Float32Array.from(w.data, (sum, j) => (sum * inverse[j]) / (X.rows * penalty));
}

/** The λ with the least log loss on pairs that were held out. Does not depend on the order of the pairs. */
export function chooseStrength(states: PairStates, seed: number): number {
  return heldOutLosses(states, seed).reduce((best, point) => (point.loss < best.loss ? point : best)).strength;
}

/** Mean log loss of held-out states at each of the strengths, in nats. */
export function heldOutLosses(states: PairStates, seed: number): { strength: number; loss: number }[] {
  const pairs = pairCount(states);
  const { Z, varying } = standardise(states);
  if (varying === 0) return STRENGTHS.map((strength) => ({ strength, loss: Math.LN2 }));
  const folds = Math.min(FOLDS, pairs);
  const order = canonicalOrder(states);
  const foldOf = new Uint8Array(pairs);
  new Random(seed).permutation(pairs).forEach((place, i) => (foldOf[order[place]] = i % folds));
  const labels = labelsOf(pairs);
  const losses = new Float64Array(STRENGTHS.length);
  for (let fold = 0; fold < folds; fold++) {
    const rows = (held: boolean): number[] =>
      Array.from(labels.keys()).filter((row) => (foldOf[row % pairs] === fold) === held);
    const [train, heldOut] = [rows(false), rows(true)];
    const [Ztrain, Zheld] = [train, heldOut].map((members) => takeRows(Z, members));
    const known = Float64Array.from(train, (row) => labels[row]);
    let start: Float64Array | undefined;
    STRENGTHS.forEach((strength, s) => {
      const fitted = minimise(Ztrain, known, strength * varying, start);
      start = fitted.weights;
      const margins = marginsOf(Zheld, fitted.weights);
      heldOut.forEach((row, i) => (losses[s] += logLoss(margins[i], labels[row]) / (2 * pairs)));
    });
  }
  return STRENGTHS.map((strength, s) => ({ strength, loss: losses[s] }));
}

/** 1 for the states of the positive side, which come first; 0 for the others. */
function labelsOf(pairs: number): Float64Array {
  return new Float64Array(2 * pairs).fill(1, 0, pairs);
}

function standardise({ width: d, positive, negative }: PairStates): ProbeData {
  const n = (positive.length + negative.length) / d;
  const sides = [positive, negative].map((rows) => ({ rows, mean: columnMeans(rows, d) }));
  const inverse = new Float64Array(d);
  const mean = sides[0].mean.map((x, j) => (x + sides[1].mean[j]) / 2);
  let varying = 0;
  for (let j = 0; j < d; j++) {
    let within = 0;
    for (const side of sides)
      for (let i = j; i < side.rows.length; i += d) within += (side.rows[i] - side.mean[j]) ** 2;
    const between = ((sides[0].mean[j] - sides[1].mean[j]) / 2) ** 2;
    const variance = Math.max(within / n, LEAST_WITHIN * (within / n + between));
    if (variance === 0) continue;
    inverse[j] = 1 / Math.sqrt(variance);
    varying++;
  }
  const X: Matrix = zeros(n, d);
  sides.forEach(({ rows }, s) =>
    rows.forEach((x, i) => (X.data[s * positive.length + i] = (x - mean[i % d]) * inverse[i % d])),
  );
  if (d <= n) return { X, Z: X, inverse, varying };
  const Xt = transpose(X);
  const K = matmulTN(Xt, Xt);
  for (let i = 0; i < n; i++) K.data[i * n + i] += JITTER * d;
  return { X, Z: transpose(cholesky(K).U), inverse, varying };
}

/** Weights of the columns, the offset last, and tᵢ − pᵢ of each row, at the minimum. */
function minimise(
  Z: Matrix,
  labels: Float64Array,
  penalty: number,
  start: Float64Array = new Float64Array(Z.cols + 1),
): { weights: Float64Array; residuals: Float64Array } {
  const { rows: n, cols: r } = Z;
  const objective = (weights: Float64Array, margins: Float64Array): number => {
    let value = 0;
    for (let j = 0; j < r; j++) value += (penalty / 2) * weights[j] ** 2;
    for (let i = 0; i < n; i++) value += logLoss(margins[i], labels[i]) / n;
    return value;
  };
  let weights = start;
  let margins = marginsOf(Z, weights);
  let value = objective(weights, margins);
  for (let step = 0; ; step++) {
    const probabilities = margins.map((margin) => 1 / (1 + Math.exp(-margin)));
    const residuals = labels.map((label, i) => label - probabilities[i]);
    const gradient = new Float64Array(r + 1);
    for (let j = 0; j < r; j++) gradient[j] = penalty * weights[j];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < r; j++) gradient[j] -= (residuals[i] * Z.data[i * r + j]) / n;
      gradient[r] -= residuals[i] / n;
    }
    if (step === MAX_STEPS || gradient.every((x) => Math.abs(x) <= CONVERGED)) return { weights, residuals };
    const change = newtonStep(Z, probabilities, penalty, gradient);
    let moved = false;
    for (let size = 1; size > 1e-10; size /= 2) {
      const next = weights.map((x, j) => x - size * change[j]);
      const nextMargins = marginsOf(Z, next);
      const nextValue = objective(next, nextMargins);
      // Not above: at the bottom, steps are smaller than what the objective can show.
      if (!(nextValue <= value)) continue;
      [weights, margins, value, moved] = [next, nextMargins, nextValue, true];
      break;
    }
    if (!moved) return { weights, residuals };
  }
}

/** H⁻¹·gradient for the Hessian of the objective. */
function newtonStep(Z: Matrix, probabilities: Float64Array, penalty: number, gradient: Float64Array): Float64Array {
  const { rows: n, cols: r } = Z;
  // Columns and a one, each row by the root of its weight: the Hessian is their Gram matrix and the penalty.
  const weighted = zeros(n, r + 1);
  for (let i = 0; i < n; i++) {
    const root = Math.sqrt((probabilities[i] * (1 - probabilities[i])) / n);
    for (let j = 0; j < r; j++) weighted.data[i * (r + 1) + j] = root * Z.data[i * r + j];
    weighted.data[i * (r + 1) + r] = root;
  }
  const H = matmulTN(weighted, weighted);
  for (let j = 0; j < r; j++) H.data[j * (r + 1) + j] += penalty;
  return choleskySolve(cholesky(H), { rows: r + 1, cols: 1, data: gradient }).data;
}

function marginsOf(Z: Matrix, weights: Float64Array): Float64Array {
  const { rows, cols } = Z;
  const margins = new Float64Array(rows).fill(weights[cols]);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) margins[i] += Z.data[i * cols + j] * weights[j];
  return margins;
}

/** −log of the probability of the label, from the log odds; stable for any. */
function logLoss(margin: number, label: number): number {
  const signed = label === 1 ? margin : -margin;
  return Math.max(0, -signed) + Math.log1p(Math.exp(-Math.abs(signed)));
}

function takeRows({ cols, data }: Matrix, rows: readonly number[]): Matrix {
  const out = zeros(rows.length, cols);
  rows.forEach((row, i) => out.data.set(data.subarray(row * cols, (row + 1) * cols), i * cols));
  return out;
}

/** Pairs sorted by their states: the folds are then the same in whatever order the pairs came. */
function canonicalOrder({ width, positive, negative }: PairStates): number[] {
  const compare = (rows: Float32Array, a: number, b: number): number => {
    for (let j = 0; j < width; j++) {
      const difference = rows[a * width + j] - rows[b * width + j];
      if (difference !== 0) return difference;
    }
    return 0;
  };
  const pairs = Array.from({ length: positive.length / width }, (_, i) => i);
  return pairs.sort((a, b) => compare(positive, a, b) || compare(negative, a, b));
}
