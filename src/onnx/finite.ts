/** Looks for numbers that no trained weight can be. */
import { LabError } from '../experiment/errors';
import type { OnnxModel, OnnxTensor } from './model';
import type { Span } from './wire';

export interface NonFinite {
  /** Name of the initialiser. */
  readonly name: string;
  /** Index of the first bad element, in row-major order. */
  readonly index: number;
}

/** How a float type shows in memory: a value is NaN or infinite exactly when all exponent bits are set. */
interface FloatLayout {
  readonly bytes: 2 | 4;
  readonly exponent: number;
  readonly mantissa: number;
  readonly sign: number;
}

const LAYOUTS: Partial<Record<OnnxTensor['elementType'], FloatLayout>> = {
  float32: { bytes: 4, exponent: 0x7f800000, mantissa: 0x007fffff, sign: 0x80000000 },
  float16: { bytes: 2, exponent: 0x7c00, mantissa: 0x03ff, sign: 0x8000 },
  bfloat16: { bytes: 2, exponent: 0x7f80, mantissa: 0x007f, sign: 0x8000 },
};

/**
 * The first NaN or infinity among the float32, float16 and bfloat16 initialisers, or null.
 *
 * Attention masks are stored as zeros and −∞; a tensor that holds nothing else is no weight and passes.
 *
 * @param external data of tensors kept in other files, by path; tensors whose file is not given are not looked at
 */
export function findNonFinite(
  model: OnnxModel,
  external: ReadonlyMap<string, Uint8Array> = new Map(),
): NonFinite | null {
  for (const tensor of model.initialisers.values()) {
    const layout = LAYOUTS[tensor.elementType];
    if (!layout) continue;
    let before = 0;
    for (const words of storedWords(model, tensor, layout, external)) {
      const found = firstBad(words, layout);
      if (found >= 0 && !isMask(words, layout)) return { name: tensor.name, index: before + found };
      before += words.length;
    }
  }
  return null;
}

/**
 * Raises what `findNonFinite` finds.
 * @throws LabError `model-nan` naming the tensor and the element
 */
export function assertFinite(model: OnnxModel, external?: ReadonlyMap<string, Uint8Array>): void {
  const found = findNonFinite(model, external);
  if (!found) return;
  throw new LabError('model-nan', { tensor: found.name, index: found.index });
}

function firstBad(words: Uint16Array | Uint32Array, { exponent }: FloatLayout): number {
  for (let i = 0; i < words.length; i++) if ((words[i] & exponent) === exponent) return i;
  return -1;
}

function isMask(words: Uint16Array | Uint32Array, { exponent, sign }: FloatLayout): boolean {
  const minusInfinity = (sign | exponent) >>> 0;
  return words.every((word) => word === minusInfinity || word === 0 || word === sign);
}

function* storedWords(
  model: OnnxModel,
  tensor: OnnxTensor,
  layout: FloatLayout,
  external: ReadonlyMap<string, Uint8Array>,
): Generator<Uint16Array | Uint32Array> {
  if (tensor.external) {
    const { path, offset, length } = tensor.external;
    const file = external.get(path);
    if (file) yield wordsOf(file, { start: offset, end: length === null ? file.length : offset + length }, layout);
  } else if (tensor.raw) yield wordsOf(model.bytes, tensor.raw, layout);
  else if (tensor.elementType === 'float32') for (const span of tensor.floats) yield wordsOf(model.bytes, span, layout);
  else if (tensor.int32s.length) yield Uint16Array.from(tensor.int32s);
}

/** The words of a span; copied only when the span is not aligned to them. */
function wordsOf(file: Uint8Array, { start, end }: Span, { bytes }: FloatLayout): Uint16Array | Uint32Array {
  const from = Math.min(Math.max(start, 0), file.length);
  const view = file.subarray(from, Math.min(end, file.length));
  const aligned = view.byteOffset % bytes === 0 ? view : view.slice();
  const count = Math.floor(aligned.length / bytes);
  return bytes === 4
    ? new Uint32Array(aligned.buffer, aligned.byteOffset, count)
    : new Uint16Array(aligned.buffer, aligned.byteOffset, count);
}
