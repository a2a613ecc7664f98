import { describe, expect, it } from 'vitest';
import { LabError } from '../experiment/errors';
import { editGraph } from './edit';
import { assertFinite, findNonFinite } from './finite';
import { readModel } from './model';
import { EXPORTED, exported } from './testing';
import { concatenate } from '../base/bytes';
import { bytesField, integerField, textField, type Span } from './wire';
import { saying } from '../i18n/testing';

const FLOAT = 1;
const FLOAT16 = 10;
const BFLOAT16 = 16;

/** A model with one initialiser. */
function modelWith(type: number, ...data: Uint8Array[]): ReturnType<typeof readModel> {
  const tensor = bytesField(5, integerField(1, 4), integerField(2, type), textField(8, 'w'), ...data);
  return readModel(
    concatenate([
      integerField(1, 8),
      bytesField(7, bytesField(1, textField(4, 'Relu')), tensor),
      bytesField(8, integerField(2, 18)),
    ]),
  );
}
const raw = (array: Float32Array | Uint16Array) => bytesField(9, new Uint8Array(array.buffer));

describe('findNonFinite', () => {
  it.each(EXPORTED)('passes %s', (name) => {
    expect(findNonFinite(readModel(exported(name)))).toBeNull();
  });

  it('finds a NaN planted anywhere in a real weight', () => {
    const bytes = exported('gemma2-fused-fp16');
    const weights = [...readModel(bytes).initialisers.values()].filter(
      (tensor) => tensor.raw && tensor.elementType.startsWith('float'),
    );
    expect(new Set(weights.map((tensor) => tensor.elementType))).toEqual(new Set(['float32', 'float16']));
    for (const { name, raw: span, elementType } of weights) {
      const { start, end } = span as Span;
      const size = elementType === 'float16' ? 2 : 4;
      const index = Math.floor((end - start) / size / 2);
      const broken = bytes.slice();
      // All exponent bits and one mantissa bit.
      broken.set(size === 2 ? [1, 0x7e] : [1, 0, 0xc0, 0x7f], start + index * size);
      expect(findNonFinite(readModel(broken))).toEqual({ name, index });
    }
  });

  it.each([
    ['float32 raw', FLOAT, raw(Float32Array.of(1, Infinity, 0, 2)), 1],
    ['float32 packed', FLOAT, bytesField(4, new Uint8Array(Float32Array.of(0, 1, 2, Number.NaN).buffer)), 3],
    ['float16 raw', FLOAT16, raw(Uint16Array.of(0x3c00, 0x3c00, 0x7e00, 0)), 2],
    ['float16 as integers', FLOAT16, bytesField(5, new Uint8Array([0, 1, 0x80, 0xfc, 0x01, 2])), 2],
    ['bfloat16 raw', BFLOAT16, raw(Uint16Array.of(0x7f80, 0, 0, 0)), 0],
  ])('finds it in %s', (_, type, data, index) => {
    expect(findNonFinite(modelWith(type, data))).toEqual({ name: 'w', index });
  });

  it('lets masks of zero and minus infinity pass, and nothing else', () => {
    expect(findNonFinite(modelWith(FLOAT, raw(Float32Array.of(0, -Infinity, -0, -Infinity))))).toBeNull();
    expect(findNonFinite(modelWith(FLOAT16, raw(Uint16Array.of(0xfc00, 0, 0, 0))))).toBeNull();
    expect(findNonFinite(modelWith(FLOAT, raw(Float32Array.of(0, -Infinity, 0.5, 0))))).toEqual({
      name: 'w',
      index: 1,
    });
    expect(findNonFinite(modelWith(FLOAT, raw(Float32Array.of(0, Infinity, 0, 0))))).toEqual({ name: 'w', index: 1 });
  });

  it('looks into other files when it is given them', () => {
    const bytes = exported('granite-fused-fp32');
    const model = readModel(editGraph(bytes, { externalise: { path: 'weights', minBytes: 64 } }).bytes);
    const [name, tensor] = [...model.initialisers].find(
      ([, { external, elementType }]) => external && elementType === 'float32',
    )!;
    const data = bytes.slice();
    data.set([0, 0, 0x80, 0x7f], tensor.external!.offset + 8);
    expect(findNonFinite(model, new Map([['weights', bytes]]))).toBeNull();
    expect(findNonFinite(model, new Map([['weights', data]]))).toEqual({ name, index: 2 });
    expect(findNonFinite(model, new Map([['weights', data.subarray(0, 4)]]))).toBeNull();
  });

  it('raises a named error', () => {
    const model = modelWith(FLOAT, raw(Float32Array.of(1, 2, Number.NaN, 4)));
    expect(() => assertFinite(model)).toThrow(LabError);
    expect(() => assertFinite(model)).toThrow(saying(/“w”.*element 2/));
    expect(() => assertFinite(modelWith(FLOAT, raw(Float32Array.of(1, 2, 3, 4))))).not.toThrow();
  });
});
