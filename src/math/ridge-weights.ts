/**
 * How a ridge map carries one vector, without the map: as weights on the rows that it would be fitted to. The weights do not
 * depend on the targets, so one solve serves every pairing of the rows; a control that shuffles them fits nothing again.
 */
import { cholesky, choleskySolve } from './cholesky';
import { centreColumns, columnMeans, matmul, matmulTN, type MatrixLike } from './matrix';

/**
 * Weights a (one a row) with vᵀW = Σ aᵢ (yᵢ − ȳ) for the ridge map W of the rows (xᵢ, yᵢ), whatever the yᵢ are. With
 * Xs = (X − μ)/σ and the fit of fit/types.ts, W = diag(1/σ)(XsᵀXs/n + λ1)⁻¹ XsᵀYc/n, hence
 *   a = Xs (XsᵀXs/n + λ1)⁻¹ diag(1/σ) v / n.
 * A constant column of X has weight 0, as in the fit.
 * @param X rows of the source, n×d @param v vector of the source [d] @param lambda above 0
 * @throws RangeError where the sizes do not fit, or the system cannot be factorised
 */
export function ridgeWeights(X: MatrixLike, v: ArrayLike<number>, lambda: number): Float64Array {
  const { rows: n, cols: d } = X;
  if (v.length !== d) throw new RangeError(`The vector has ${v.length} values, and the rows have ${d}.`);
  const Xs = centreColumns(X, columnMeans(X));
  const squares = new Float64Array(d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) squares[j] += Xs.data[i * d + j] ** 2;
  const inverse = squares.map((sum) => (sum > 0 ? 1 / Math.sqrt(sum / n) : 0));
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) Xs.data[i * d + j] *= inverse[j];
  const system = matmulTN(Xs, Xs);
  for (let i = 0; i < d * d; i++) system.data[i] /= n;
  for (let j = 0; j < d; j++) system.data[j * d + j] += lambda;
  const factor = cholesky(system);
  if (factor.badPivots > 0) throw new RangeError(`The system cannot be factorised at λ = ${lambda}.`);
  const scaled = { rows: d, cols: 1, data: Float64Array.from(inverse, (x, j) => x * v[j]) };
  const { data } = matmul(Xs, choleskySolve(factor, scaled));
  return Float64Array.from(data, (x) => x / n);
}
