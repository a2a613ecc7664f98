/** AᵀB by onnxruntime-web and by tfjs, and the normal equations by ml-matrix. */
import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { encodeGraph } from '../../src/onnx/encode';
import { encodeNode } from '../../src/onnx/schema';
import { exclusive, loadOrt } from '../../src/runtime/ort';

/** A product whose inputs are uploaded at every call, and one whose inputs stay on the GPU. */
export interface PeerProduct {
  upload(): Promise<ArrayLike<number>>;
  resident(): Promise<ArrayLike<number>>;
  dispose(): Promise<void>;
}

/** tfjs reads the left matrix transposed. @throws Error if tfjs finds no WebGPU adapter */
export async function tfjsProduct(
  A: Float32Array,
  B: Float32Array,
  rows: number,
  m: number,
  n: number,
): Promise<PeerProduct> {
  if (!(await tf.setBackend('webgpu')) || tf.getBackend() !== 'webgpu')
    throw new Error('tfjs finds no WebGPU adapter.');
  await tf.ready();
  const a = tf.tensor2d(A, [rows, m]);
  const b = tf.tensor2d(B, [rows, n]);
  const product = async (left: tf.Tensor2D, right: tf.Tensor2D): Promise<ArrayLike<number>> => {
    const c = tf.matMul(left, right, true, false);
    const values = await c.data();
    c.dispose();
    return values;
  };
  return {
    async upload() {
      const left = tf.tensor2d(A, [rows, m]);
      const right = tf.tensor2d(B, [rows, n]);
      const values = await product(left, right);
      left.dispose();
      right.dispose();
      return values;
    },
    resident: () => product(a, b),
    async dispose() {
      a.dispose();
      b.dispose();
    },
  };
}

/** MatMul of Aᵀ, which is given transposed so that its transposition costs the peer nothing. */
export async function ortProduct(
  device: GPUDevice,
  A: Float32Array,
  B: Float32Array,
  rows: number,
  m: number,
  n: number,
): Promise<PeerProduct> {
  const ort = await loadOrt('webgpu');
  ort.env.webgpu.device = device as never;
  const graph = encodeGraph({
    nodes: [encodeNode('MatMul', 'product', ['A', 'B'], ['C'])],
    inputs: [
      ['A', [m, rows]],
      ['B', [rows, n]],
    ],
    outputs: [['C', [m, n]]],
  });
  const session = await exclusive(() =>
    ort.InferenceSession.create(graph, {
      executionProviders: [{ name: 'webgpu', device } as never],
      logSeverityLevel: 3,
    }),
  );
  const left = new Float32Array(m * rows);
  for (let r = 0; r < rows; r++) for (let i = 0; i < m; i++) left[i * rows + r] = A[r * m + i];
  const buffer = (data: Float32Array): GPUBuffer => {
    const made = device.createBuffer({
      size: data.byteLength,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
    });
    device.queue.writeBuffer(made, 0, data as Float32Array<ArrayBuffer>);
    return made;
  };
  const buffers = [buffer(left), buffer(B)];
  const resident = {
    A: ort.Tensor.fromGpuBuffer(buffers[0] as never, { dataType: 'float32', dims: [m, rows] }),
    B: ort.Tensor.fromGpuBuffer(buffers[1] as never, { dataType: 'float32', dims: [rows, n] }),
  };
  const run = async (feeds: Record<string, InstanceType<typeof ort.Tensor>>): Promise<ArrayLike<number>> => {
    const { C } = await exclusive(() => session.run(feeds));
    const values = C.data as Float32Array;
    C.dispose();
    return values;
  };
  return {
    upload: () => run({ A: new ort.Tensor('float32', left, [m, rows]), B: new ort.Tensor('float32', B, [rows, n]) }),
    resident: () => run(resident),
    async dispose() {
      await exclusive(() => session.release());
      for (const made of buffers) made.destroy();
    },
  };
}

/** ml-matrix: XᵀX, XᵀY and a Cholesky solve in float64 on the CPU. X is centred and standardised, Y centred. */
export function mlMatrixNormalEquations(
  X: Float32Array,
  Y: Float32Array,
  rows: number,
  d: number,
  m: number,
): ArrayLike<number> {
  const A = Matrix.from1DArray(rows, d, X);
  const B = Matrix.from1DArray(rows, m, Y);
  const At = A.transpose();
  return new CholeskyDecomposition(At.mmul(A)).solve(At.mmul(B)).to1DArray();
}
