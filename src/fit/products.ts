/** The float32 matrix product that a whitened fit is made of. Matrices are row-major and dense. */
export interface Products {
  /** C = AᵀB: A is rows×m, B is rows×n, C is m×n. @throws RangeError if the numbers are not as many */
  atb(A: Float32Array, rows: number, m: number, B: Float32Array, n: number): Promise<Float32Array>;
  /** Frees what the products hold; they must not be used again. */
  dispose(): Promise<void>;
}

/** @throws RangeError if an array does not have rows·cols numbers */
export function checkOperand(name: string, data: Float32Array, rows: number, cols: number): void {
  if (!Number.isInteger(rows) || !Number.isInteger(cols) || rows < 1 || cols < 1)
    throw new RangeError(`${name}: rows and columns must be whole numbers of at least 1, not ${rows} and ${cols}.`);
  if (data.length !== rows * cols)
    throw new RangeError(`${name}: ${rows}×${cols} needs ${rows * cols} numbers, not ${data.length}.`);
}
