/** The three float32 matrix products that a whitened fit is made of. Matrices are row-major and dense. */
export interface Products {
  /** C = AᵀB: A is rows×m, B is rows×n, C is m×n. */
  atb(A: Float32Array, rows: number, m: number, B: Float32Array, n: number): Promise<Float32Array>;
  /** C = AB: A is rows×k, B is k×n, C is rows×n. */
  ab(A: Float32Array, rows: number, k: number, B: Float32Array, n: number): Promise<Float32Array>;
  /** With Q = XT: QᵀQ (d×d) and QᵀY (d×n), in one call that does not bring Q out. X is rows×d, T is d×d, Y is rows×n. */
  whitened(X: Float32Array, rows: number, d: number, T: Float32Array, Y: Float32Array, n: number): Promise<WhitenedProducts>;
  /** Frees what the products hold; they must not be used again. */
  dispose(): Promise<void>;
}

export interface WhitenedProducts {
  gram: Float32Array;
  cross: Float32Array;
}

/** @throws RangeError if an array does not have rows·cols numbers */
export function checkOperand(name: string, data: Float32Array, rows: number, cols: number): void {
  if (!Number.isInteger(rows) || !Number.isInteger(cols) || rows < 1 || cols < 1) throw new RangeError(`${name}: rows and columns must be whole numbers of at least 1, not ${rows} and ${cols}.`);
  if (data.length !== rows * cols) throw new RangeError(`${name}: ${rows}×${cols} needs ${rows * cols} numbers, not ${data.length}.`);
}
