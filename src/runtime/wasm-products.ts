/**
 * The products of the CPU fit on ONNX Runtime's WASM backend: its SIMD matrix product is
 * several times faster than JavaScript's. Each product is a graph of one to three nodes.
 */
import { LabError } from '../experiment/errors';
import { checkOperand, type Products, type WhitenedProducts } from '../math/products';
import { encodeGraph } from '../onnx/encode';
import { encodeIntAttribute, encodeNode } from '../onnx/schema';
import { exclusive, loadOrt, type Ort, runtimeError, type Session } from './ort';

const TRANSPOSE_LEFT = [encodeIntAttribute('transA', 1)];

/** A is rows×m, B is rows×n. */
const ATB = (): Uint8Array =>
  encodeGraph({
    nodes: [encodeNode('Gemm', 'atb', ['A', 'B'], ['C'], TRANSPOSE_LEFT)],
    inputs: [['A', ['rows', 'm']], ['B', ['rows', 'n']]],
    outputs: [['C', ['m', 'n']]],
  });

const AB = (): Uint8Array =>
  encodeGraph({
    nodes: [encodeNode('MatMul', 'ab', ['A', 'B'], ['C'])],
    inputs: [['A', ['rows', 'k']], ['B', ['k', 'n']]],
    outputs: [['C', ['rows', 'n']]],
  });

const WHITENED = (): Uint8Array =>
  encodeGraph({
    nodes: [
      encodeNode('MatMul', 'whiten', ['X', 'T'], ['Q']),
      encodeNode('Gemm', 'gram', ['Q', 'Q'], ['gram'], TRANSPOSE_LEFT),
      encodeNode('Gemm', 'cross', ['Q', 'Y'], ['cross'], TRANSPOSE_LEFT),
    ],
    inputs: [['X', ['rows', 'd']], ['T', ['d', 'd']], ['Y', ['rows', 'n']]],
    outputs: [['gram', ['d', 'd']], ['cross', ['d', 'n']]],
  });

/** A float32 operand: its numbers, rows and columns. */
type Operand = readonly [data: Float32Array, rows: number, cols: number];

/** Loads ONNX Runtime's WASM build and prepares the three graphs. @throws LabError `runtime-failed`, `out-of-memory` */
export async function createWasmProducts(): Promise<Products> {
  const ort = await loadOrt('wasm');
  const open = async (graph: Uint8Array): Promise<Session> => {
    try {
      return await exclusive(() => ort.InferenceSession.create(graph, { executionProviders: ['wasm'], logSeverityLevel: 3 }));
    } catch (error) {
      throw runtimeError(error, 'preparing the matrix products');
    }
  };
  return new WasmProducts(ort, { atb: await open(ATB()), ab: await open(AB()), whitened: await open(WHITENED()) });
}

class WasmProducts implements Products {
  readonly #ort: Ort;
  readonly #sessions: { atb: Session; ab: Session; whitened: Session };
  #disposed = false;

  constructor(ort: Ort, sessions: { atb: Session; ab: Session; whitened: Session }) {
    this.#ort = ort;
    this.#sessions = sessions;
  }

  async atb(A: Float32Array, rows: number, m: number, B: Float32Array, n: number): Promise<Float32Array> {
    const { C } = await this.#run(this.#sessions.atb, { A: [A, rows, m], B: [B, rows, n] });
    return C;
  }

  async ab(A: Float32Array, rows: number, k: number, B: Float32Array, n: number): Promise<Float32Array> {
    const { C } = await this.#run(this.#sessions.ab, { A: [A, rows, k], B: [B, k, n] });
    return C;
  }

  async whitened(X: Float32Array, rows: number, d: number, T: Float32Array, Y: Float32Array, n: number): Promise<WhitenedProducts> {
    const { gram, cross } = await this.#run(this.#sessions.whitened, { X: [X, rows, d], T: [T, d, d], Y: [Y, rows, n] });
    return { gram, cross };
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const session of Object.values(this.#sessions)) await exclusive(() => session.release());
  }

  async #run(session: Session, operands: Record<string, Operand>): Promise<Record<string, Float32Array>> {
    if (this.#disposed) throw new LabError('internal', 'The matrix products have been disposed.', 'Report this message.');
    const feeds: Record<string, InstanceType<Ort['Tensor']>> = {};
    for (const [name, [data, rows, cols]] of Object.entries(operands)) {
      checkOperand(name, data, rows, cols);
      feeds[name] = new this.#ort.Tensor('float32', data, [rows, cols]);
    }
    try {
      const results = await exclusive(() => session.run(feeds));
      return Object.fromEntries(Object.entries(results).map(([name, result]) => [name, result.data as Float32Array]));
    } catch (error) {
      throw runtimeError(error, 'multiplying matrices');
    }
  }
}
