/** A product of matrices in 16-bit floats through ONNX Runtime: what models in fp16 and q4f16 rest on. */
import { message } from '../experiment/message';
import { encodeGraph } from '../onnx/encode';
import { encodeIntAttribute, encodeNode } from '../onnx/schema';
import { exclusive, loadOrt, runtimeError } from './ort';
import { fromHalf, toHalf } from './tensors';
import type { Runtime } from './types';

/** ONNX's numbers of the element types. */
const [FLOAT, FLOAT16] = [1, 10];
const SIZE = 24;

/**
 * Largest difference of a float16 product on this backend from the same product of rounded operands in float64, relative
 * to the largest value; null where the device has no 16-bit floats, which is no fault.
 * @throws LabError `runtime-failed`
 */
export async function halfProductError({
  backend,
  device,
}: Pick<Runtime, 'backend' | 'device'>): Promise<number | null> {
  if (device && !device.features.has('shader-f16')) return null;
  const ort = await loadOrt(backend);
  const graph = encodeGraph({
    nodes: [
      encodeNode('Cast', 'a', ['A'], ['A16'], [encodeIntAttribute('to', FLOAT16)]),
      encodeNode('Cast', 'b', ['B'], ['B16'], [encodeIntAttribute('to', FLOAT16)]),
      encodeNode('MatMul', 'ab', ['A16', 'B16'], ['C16']),
      encodeNode('Cast', 'c', ['C16'], ['C'], [encodeIntAttribute('to', FLOAT)]),
    ],
    inputs: [
      ['A', [SIZE, SIZE]],
      ['B', [SIZE, SIZE]],
    ],
    outputs: [['C', [SIZE, SIZE]]],
  });
  // Values between −1 and 1 that half precision has to round.
  const [A, B] = [13, 29].map((step) => Float32Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(1 + i * step)));
  try {
    const session = await exclusive(() =>
      ort.InferenceSession.create(graph, {
        executionProviders: device ? [{ name: 'webgpu', device } as never] : ['wasm'],
        logSeverityLevel: 3,
      }),
    );
    try {
      const { C } = await exclusive(() =>
        session.run({ A: new ort.Tensor('float32', A, [SIZE, SIZE]), B: new ort.Tensor('float32', B, [SIZE, SIZE]) }),
      );
      return relativeError((await C.getData()) as Float32Array, fromHalf(toHalf(A)), fromHalf(toHalf(B)));
    } finally {
      await exclusive(() => session.release());
    }
  } catch (error) {
    throw runtimeError(error, message('runtime.half'));
  }
}

function relativeError(C: Float32Array, A: Float32Array, B: Float32Array): number {
  let [worst, largest] = [0, 0];
  for (let i = 0; i < SIZE; i++) {
    for (let j = 0; j < SIZE; j++) {
      let sum = 0;
      for (let k = 0; k < SIZE; k++) sum += A[i * SIZE + k] * B[k * SIZE + j];
      worst = Math.max(worst, Math.abs(C[i * SIZE + j] - sum));
      largest = Math.max(largest, Math.abs(sum));
    }
  }
  return Number.isFinite(worst) ? worst / largest : Infinity;
}
