/** The Cholesky factor of a floored or ridged matrix and its inverse: what whitening and CholeskyQR are made of. */
import { factorise, solveUpper } from './kernels/cholesky/cholesky';
import { augment, type AugmentArgs, copyBlock } from './kernels/system/system';
import type { Recorder } from './recorder';
import type { GpuScope } from './scope';

export interface InverseFactorArgs {
  /** d×d, full; d is a multiple of 32. */
  M: GPUBuffer;
  d: number;
  /** What is added to the diagonal, so that no pivot can be bad. */
  floor?: AugmentArgs['floor'];
  /** What is added besides. */
  ridge?: AugmentArgs['ridge'];
  /** d×d: UᵀU = M + floor + ridge. */
  U: GPUBuffer;
  /** d×d: U⁻¹. */
  inverse: GPUBuffer;
}

/** @param scope owner of the scratch space; to be disposed only after the recorder has submitted */
export function inverseFactor(
  rec: Recorder,
  scope: GpuScope,
  { M, d, floor, ridge, U, inverse }: InverseFactorArgs,
): void {
  const diagonal = scope.buffer(d * 4, 'diagonal');
  const badPivots = scope.buffer(16, 'bad pivots');
  const factored = scope.buffer(d * d * 4, 'floored matrix');
  const augmented = scope.buffer(2 * d * d * 4, '[U | I]');
  augment(rec, { M, d, right: 'none', n: 0, floor, ridge, matrix: factored, diagonal });
  factorise(rec, { matrix: factored, diagonal, d, n: 0 }, badPivots);
  copyBlock(rec, { source: factored, out: U, m: d, n: d, strideSource: d, column: 0, upper: true });
  augment(rec, { M: U, d, right: 'identity', n: d, matrix: augmented, diagonal });
  solveUpper(rec, { matrix: augmented, d, n: d });
  copyBlock(rec, { source: augmented, out: inverse, m: d, n: d, strideSource: 2 * d, column: d, upper: true });
}
