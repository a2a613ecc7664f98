/** Orthonormal bases, in float64. */
import { type Matrix, transpose } from './matrix';

/**
 * An orthonormal basis of the columns of A, by Gram–Schmidt applied twice, in float64.
 * Columns that depend on earlier ones are left out.
 */
export function orthonormalBasis(A: Matrix, tolerance = 1e-13): Matrix {
  const n = A.rows;
  const columns = transpose(A).data; // one after another
  let kept = 0;
  for (let c = 0; c < A.cols; c++) {
    const v = columns.subarray(c * n, (c + 1) * n);
    const before = norm(v);
    for (let pass = 0; pass < 2; pass++) {
      for (let b = 0; b < kept; b++) {
        const u = columns.subarray(b * n, (b + 1) * n);
        let dot = 0;
        for (let i = 0; i < n; i++) dot += u[i] * v[i];
        for (let i = 0; i < n; i++) v[i] -= dot * u[i];
      }
    }
    const after = norm(v);
    if (!(after > tolerance * before)) continue;
    const to = columns.subarray(kept * n, (kept + 1) * n);
    for (let i = 0; i < n; i++) to[i] = v[i] / after;
    kept++;
  }
  return transpose({ rows: kept, cols: n, data: columns.slice(0, kept * n) });
}

function norm(v: Float64Array): number {
  let sum = 0;
  for (const x of v) sum += x * x;
  return Math.sqrt(sum);
}
