/**
 * What the kernels' cases share: a case runs one kernel on seeded data and reports
 * its largest error against the float64 mathematics. The test suite runs all of
 * them; the self-test of a user's device runs those marked `quick`.
 */
import { Random } from '../../math/random';
import type { Kernel, KernelChoice } from '../kernel';
import { Recorder } from '../recorder';
import { GpuScope } from '../scope';
import { ALL_KERNELS } from './all';

export interface KernelCase {
  kernel: string;
  /** What is special about it: shapes, offsets. */
  name: string;
  /** Largest |value − reference| / max|reference| that counts as right. */
  tolerance: number;
  /** Small enough for the self-test at start. */
  quick?: boolean;
  run(rec: Recorder, scope: GpuScope): Promise<number>;
}

/** Runs a case with a recorder and a scope of its own. */
export async function runCase(
  device: GPUDevice,
  item: KernelCase,
  kernels: readonly (Kernel | KernelChoice)[] = ALL_KERNELS,
): Promise<number> {
  const rec = await Recorder.create(device, kernels);
  const scope = new GpuScope(device);
  try {
    return await item.run(rec, scope);
  } finally {
    scope.dispose();
    rec.dispose();
  }
}

/** max |a − b| / max |b|; Infinity where a value is not finite. */
export function maxRelativeError(values: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (values.length !== reference.length) return Infinity;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return Infinity;
    difference = Math.max(difference, Math.abs(values[i] - reference[i]));
    size = Math.max(size, Math.abs(reference[i]));
  }
  return size === 0 ? difference : difference / size;
}

/** Seeded standard normals in float32. */
export function normals(count: number, seed: number, offset = 0): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: count }, () => random.normal() + offset);
}

/** A row-major matrix widened to `stride` columns, the new ones filled with `fill`. */
export function widen(data: Float32Array, rows: number, cols: number, stride: number, fill = 0): Float32Array {
  const out = new Float32Array(rows * stride).fill(fill);
  for (let r = 0; r < rows; r++) out.set(data.subarray(r * cols, (r + 1) * cols), r * stride);
  return out;
}

/** The first `cols` columns of a row-major matrix of stride `stride`. */
export function narrow(data: Float32Array, rows: number, stride: number, cols: number, column = 0): Float32Array {
  const out = new Float32Array(rows * cols);
  for (let r = 0; r < rows; r++) out.set(data.subarray(r * stride + column, r * stride + column + cols), r * cols);
  return out;
}

/** The bits of the float16 nearest to a number of ordinary size (ties to even); beyond 65,504 infinity. */
export function toFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(size || 1)));
  const unit = 2 ** (exponent - 10);
  const steps = size / unit;
  let whole = Math.floor(steps);
  if (steps - whole > 0.5 || (steps - whole === 0.5 && whole % 2 === 1)) whole++;
  // `whole` carries into the exponent by itself: 2048 steps of one unit are 1024 of the next.
  const bits = size < 2 ** -14 ? whole : ((exponent + 15) << 10) + whole - 1024;
  return sign | bits;
}

/** The number that float16 bits stand for. */
export function fromFloat16(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction
          ? NaN
          : Infinity
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}
