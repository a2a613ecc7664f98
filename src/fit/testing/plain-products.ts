/**
 * The product in plain loops, rounded to float32 after every operation: one long chain of roundings, the worst order
 * there is.
 */
import { checkOperand, type Products } from '../products';

export class PlainProducts implements Products {
  async atb(A: Float32Array, rows: number, m: number, B: Float32Array, n: number): Promise<Float32Array> {
    checkOperand('A', A, rows, m);
    checkOperand('B', B, rows, n);
    const C = new Float32Array(m * n);
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < m; i++) {
        const a = A[r * m + i];
        for (let j = 0; j < n; j++) C[i * n + j] += Math.fround(a * B[r * n + j]); // the store rounds the sum
      }
    }
    return C;
  }

  async dispose(): Promise<void> {}
}
