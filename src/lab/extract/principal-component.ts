/**
 * The first principal component of the pair differences dᵢ = h(xᵢ⁺) − h(xᵢ⁻), as in representation engineering (Zou et
 * al. 2023, arXiv 2310.01405): there the sides of each pair are swapped at random, so that the differences have mean
 * zero and the component is that of their size. Here about zero, which is the mean of all swaps: v maximises Σ (dᵢ·v)²
 * / n over unit vectors. About their own mean, the differences would have lost the very direction that they share.
 */
import { symmetricEigen } from '../../math/eigen';
import { matmul, matmulTN, transpose, type Matrix } from '../../math/matrix';
import { dot } from '../../math/stats';
import { meanDifference, pairCount, type ExtractionMethod } from './method';

/**
 * The sign is that of the mean difference. The length is √(Σ (dᵢ·v̂)² / n), the root mean square of the differences
 * along it. Zeros where the differences cancel in the mean: then neither sign is the positive side's.
 */
export const principalComponent: ExtractionMethod = {
  id: 'principal-component',
  fit(states) {
    const { width, positive, negative } = states;
    const pairs = pairCount(states);
    const D: Matrix = { rows: pairs, cols: width, data: Float64Array.from(positive, (x, i) => x - negative[i]) };
    const { direction, square } = firstComponent(D);
    const side = dot(direction, meanDifference(states));
    const length = Math.sign(side) * Math.sqrt(Math.max(0, square) / pairs);
    return Float32Array.from(direction, (x) => x * length);
  },
};

/** The unit v that maximises ‖Dv‖², and that maximum; by the smaller of the two Gram matrices. */
function firstComponent(D: Matrix): { direction: Float64Array; square: number } {
  const tall = D.rows >= D.cols;
  const Dt = transpose(D);
  const { values, vectors } = symmetricEigen(tall ? matmulTN(D, D) : matmulTN(Dt, Dt));
  const first: Matrix = { rows: vectors.cols, cols: 1, data: vectors.data.slice(0, vectors.cols) };
  if (tall || !(values[0] > 0)) return { direction: tall ? first.data : new Float64Array(D.cols), square: values[0] };
  const { data } = matmul(Dt, first);
  return { direction: data.map((x) => x / Math.sqrt(values[0])), square: values[0] };
}
