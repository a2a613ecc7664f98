/** The products in plain loops, rounded to float32 after every operation: one long chain of roundings, the worst order there is. */
import { checkOperand, type Products } from '../products';

const round = Math.fround;

export class PlainProducts implements Products {
  async atb(A: Float32Array, rows: number, m: number, B: Float32Array, n: number): Promise<Float32Array> {
    checkOperand('A', A, rows, m);
    checkOperand('B', B, rows, n);
    const C = new Float32Array(m * n);
    for (let r = 0; r < rows; r++) for (let i = 0; i < m; i++) addScaled(C, i * n, A[r * m + i], B, r * n, n);
    return C;
  }

  async ab(A: Float32Array, rows: number, k: number, B: Float32Array, n: number): Promise<Float32Array> {
    checkOperand('A', A, rows, k);
    checkOperand('B', B, k, n);
    const C = new Float32Array(rows * n);
    for (let r = 0; r < rows; r++) for (let i = 0; i < k; i++) addScaled(C, r * n, A[r * k + i], B, i * n, n);
    return C;
  }

  async whitened(X: Float32Array, rows: number, d: number, T: Float32Array, Y: Float32Array, n: number): Promise<{ gram: Float32Array; cross: Float32Array }> {
    const Q = await this.ab(X, rows, d, T, d);
    return { gram: await this.atb(Q, rows, d, Q, d), cross: await this.atb(Q, rows, d, Y, n) };
  }

  async dispose(): Promise<void> {}
}

/** C[at…] += factor · B[from…] */
function addScaled(C: Float32Array, at: number, factor: number, B: Float32Array, from: number, count: number): void {
  if (factor === 0) return;
  for (let j = 0; j < count; j++) C[at + j] = C[at + j] + round(factor * B[from + j]); // the store rounds the sum
}
