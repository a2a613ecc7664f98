/** jax-js on WebGPU. Its arrays are consumed by every operation; `.ref` keeps one. */
import { type Array as JaxArray, defaultDevice, init, jit, numpy as np } from '@jax-js/jax';
import { standardise } from '../../src/math/testing/activations';
import type { Dataset } from './data';

/** @throws Error if jax-js finds no WebGPU adapter */
export async function startJax(): Promise<void> {
  const devices = await init('webgpu');
  if (!devices.includes('webgpu')) throw new Error('jax-js finds no WebGPU adapter.');
  defaultDevice('webgpu');
}

export function jaxMatrix(data: Float32Array, rows: number, cols: number): JaxArray {
  return np.array(data as Float32Array<ArrayBuffer>, { shape: [rows, cols] });
}

/** Reads an array back; that waits for all work it depends on. */
export async function jaxRead(array: JaxArray): Promise<Float32Array> {
  return (await array.data()) as Float32Array;
}

/** AᵀB as one compiled function. */
export const jaxAtb = jit((A: JaxArray, B: JaxArray) => np.matmul(np.matrixTranspose(A), B));

/** Centred, standardised float32 inputs and how to undo the scaling: prepared in float64, for the peer's best. */
export function jaxInputs({ train }: Dataset): { A: Float32Array; B: Float32Array; sigma: Float64Array } {
  const { X, Y, sigma } = standardise(train);
  return { A: Float32Array.from(X.data), B: Float32Array.from(Y.data), sigma };
}

/** W of standardised inputs, λ = 0. */
export async function jaxLstsq(
  A: Float32Array,
  B: Float32Array,
  rows: number,
  sourceWidth: number,
  targetWidth: number,
): Promise<Float32Array> {
  return jaxRead(np.linalg.lstsq(jaxMatrix(A, rows, sourceWidth), jaxMatrix(B, rows, targetWidth)));
}

/** W in the original coordinates. */
export async function jaxFit(dataset: Dataset): Promise<Float64Array> {
  const { A, B, sigma } = jaxInputs(dataset);
  const { sourceWidth: d, targetWidth: m, rows } = dataset.train;
  const W = await jaxLstsq(A, B, rows, d, m);
  return unscale(W, sigma, m);
}

/** diag(1/σ) W */
export function unscale(W: ArrayLike<number>, sigma: Float64Array, cols: number): Float64Array {
  return Float64Array.from(W, (w, at) => w / sigma[Math.floor(at / cols)]);
}
