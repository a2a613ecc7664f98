/** Half precision: IEEE binary16, as models are stored and links carry vectors. */
import { bytesFromBase64, bytesToBase64 } from '../base/bytes';

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** float32 → IEEE half precision bits, rounding to nearest even; too large becomes infinity. */
export function toHalf(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    float[0] = values[i];
    const b = bits[0];
    const sign = (b >>> 16) & 0x8000;
    const magnitude = b & 0x7fffffff;
    if (magnitude > 0x7f800000) out[i] = sign | 0x7e00;
    else if (magnitude >= 0x477ff000) out[i] = sign | 0x7c00;
    else if (magnitude >= 0x38800000)
      out[i] = sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    else {
      // Subnormal: adding 0.5 aligns the mantissa so that the hardware does the rounding.
      bits[0] = magnitude;
      float[0] += 0.5;
      out[i] = sign | (bits[0] - 0x3f000000);
    }
  }
  return out;
}

/** IEEE half precision bits → float32, exact. */
export function fromHalf(values: Uint16Array): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const h = values[i];
    const exponent = (h >>> 10) & 31;
    const mantissa = h & 0x3ff;
    const value =
      exponent === 0
        ? mantissa * 2 ** -24
        : exponent === 31
          ? mantissa
            ? NaN
            : Infinity
          : (mantissa + 1024) * 2 ** (exponent - 25);
    out[i] = h & 0x8000 ? -value : value;
  }
  return out;
}

/** Half precision as base64 of little-endian float16. */
export function packHalf(direction: Float32Array): string {
  const bits = toHalf(direction);
  const bytes = new Uint8Array(bits.length * 2);
  bits.forEach((value, i) => new DataView(bytes.buffer).setUint16(2 * i, value, true));
  return bytesToBase64(bytes);
}

/** The inverse of {@link packHalf}. @throws RangeError unless it holds `width` finite values */
export function unpackHalf(text: string, width: number): Float32Array {
  const bytes = bytesFromBase64(text);
  if (bytes.length !== 2 * width)
    throw new RangeError(`the vector has ${bytes.length / 2} values, the model’s width is ${width}`);
  const view = new DataView(bytes.buffer);
  const values = fromHalf(Uint16Array.from({ length: width }, (_, i) => view.getUint16(2 * i, true)));
  if (!values.every(Number.isFinite)) throw new RangeError('the vector has values that are not finite');
  return values;
}
