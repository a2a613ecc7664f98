/**
 * Operations of a one-pass fit (2 a multiply-add): whitening by a triangle (d²), the upper half of QᵀQ (d²) and
 * QᵀY (2dm) a row; then the whitened Cholesky (d³/3), two triangular solves and U⁻¹V (d²m each).
 */
export function fitFlop(d: number, m: number, rows: number): number {
  return rows * (2 * d * d + 2 * d * m) + d ** 3 / 3 + 3 * d * d * m;
}
