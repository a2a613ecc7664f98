/**
 * Linear discriminant analysis: v = Σ⁻¹(mean h(x⁺) − mean h(x⁻)), the direction that separates the two sides best where
 * both are Gaussian with the covariance Σ (Fisher 1936). There are fewer states than dimensions, so Σ is shrunk: with
 * the states of both sides about their own means, each dimension divided by its deviation, S = XᵀX/n and d dimensions,
 *   Σ = (1 − ρ) S + ρ·μ·1,   μ = tr S / d,   ρ = min(β, δ)/δ,
 *   δ = (‖S‖²_F − d·μ²)/d,   β = (Σₖ‖xₖ‖⁴/n − ‖S‖²_F)/(n·d)
 * (Ledoit & Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices", as scikit-learn's
 * `ledoit_wolf` computes it), and the deviations are put back in. The two sides of a pair share their content, so the
 * states are fewer independent ones than ρ takes them for: it shrinks a little less than would be best.
 */
import { cholesky, choleskySolve } from '../../math/cholesky';
import { matmul, matmulTN, transpose, zeros, type Matrix } from '../../math/matrix';
import { columnMeans, meanDifference, type ExtractionMethod } from './method';
import type { PairStates } from './pair-states';

/** Least ρ: states that lie on few directions exactly would leave Σ singular. */
const LEAST_SHRINKAGE = 1e-6;
/** As for the probe: of a dimension that hardly varies but between the sides. */
const LEAST_WITHIN = 1e-6;

/**
 * Its length is by how much the log odds of the positive side grow, were both sides Gaussian, for a step of length one
 * along it.
 */
export const lda: ExtractionMethod = {
  id: 'lda',
  fit: (states) => discriminant(states).weights,
};

/** The discriminant weights in the states' own coordinates, and the shrinkage ρ. Zeros where nothing varies. */
export function discriminant(states: PairStates): { weights: Float32Array; shrinkage: number } {
  const { width: d, positive, negative } = states;
  const apart = meanDifference(states);
  const n = (positive.length + negative.length) / d;
  const X = zeros(n, d);
  [positive, negative].forEach((rows, side) => {
    const mean = columnMeans(rows, d);
    rows.forEach((x, i) => (X.data[side * positive.length + i] = x - mean[i % d]));
  });
  const squares = new Float64Array(d);
  X.data.forEach((x, i) => (squares[i % d] += (x * x) / n));
  // Half the difference: the variance of two means about their middle.
  const inverse = squares.map((within, j) => {
    const variance = Math.max(within, LEAST_WITHIN * (within + (apart[j] / 2) ** 2));
    return variance > 0 ? 1 / Math.sqrt(variance) : 0;
  });
  const varying = inverse.filter((x) => x > 0).length;
  if (varying === 0) return { weights: new Float32Array(d), shrinkage: 1 };
  X.data.forEach((x, i) => (X.data[i] = x * inverse[i % d]));
  const { ridge, keep, shrinkage } = ledoitWolf(X, varying);
  const scaled: Matrix = { rows: d, cols: 1, data: apart.map((x, j) => x * inverse[j]) };
  const solution = solve(X, keep / n, ridge, scaled);
  return { weights: Float32Array.from(solution, (x, j) => x * inverse[j]), shrinkage };
}

/** Σ = keep·XᵀX/n + ridge·1. @param d dimensions that vary; the others are zero in X */
function ledoitWolf(X: Matrix, d: number): { keep: number; ridge: number; shrinkage: number } {
  const n = X.rows;
  let trace = 0;
  let fourth = 0;
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let j = 0; j < X.cols; j++) square += X.data[i * X.cols + j] ** 2;
    trace += square / n;
    fourth += square ** 2 / n;
  }
  // ‖S‖_F from the smaller of the two Gram matrices: both have the same.
  const G = smallerGram(X);
  let norm = 0;
  for (const x of G.data) norm += (x / n) ** 2;
  const mu = trace / d;
  const delta = norm / d - mu ** 2;
  const beta = (fourth - norm) / (n * d);
  const shrinkage = delta > 0 ? Math.min(1, Math.max(LEAST_SHRINKAGE, beta / delta)) : 1;
  return { keep: 1 - shrinkage, ridge: shrinkage * mu, shrinkage };
}

/** (c·XᵀX + a·1)⁻¹ b: in the rows instead of the columns where they are fewer (Woodbury). */
function solve(X: Matrix, c: number, a: number, b: Matrix): Float64Array {
  const G = smallerGram(X);
  const system: Matrix = { ...G, data: G.data.map((x) => x * c) };
  for (let i = 0; i < G.rows; i++) system.data[i * G.rows + i] += a;
  const factor = cholesky(system);
  if (X.cols <= X.rows) return choleskySolve(factor, b).data;
  const inner = choleskySolve(factor, matmul(X, b));
  const back = matmulTN(X, inner).data;
  return b.data.map((x, j) => (x - c * back[j]) / a);
}

/** XᵀX or XXᵀ, whichever is smaller. */
function smallerGram(X: Matrix): Matrix {
  if (X.cols <= X.rows) return matmulTN(X, X);
  const Xt = transpose(X);
  return matmulTN(Xt, Xt);
}
