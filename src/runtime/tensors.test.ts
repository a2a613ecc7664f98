import { expect, test } from 'vitest';
import { fromHalf, toHalf } from './tensors';

test('every half float survives the way to float32 and back', () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i).filter(
    (h) => (h & 0x7c00) !== 0x7c00 || (h & 0x3ff) === 0,
  );
  expect(toHalf(fromHalf(all))).toEqual(all);
});

test('rounding is to nearest, ties to even; too large is infinite, NaN stays NaN', () => {
  const back = (value: number): number => fromHalf(toHalf(Float32Array.of(value)))[0];
  expect(back(1 + 2 ** -11)).toBe(1);
  expect(back(1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9);
  expect(back(65519)).toBe(65504);
  expect(back(65520)).toBe(Infinity);
  expect(back(-1e9)).toBe(-Infinity);
  expect(back(2 ** -25)).toBe(0);
  expect(back(3 * 2 ** -26)).toBe(2 ** -24);
  expect(back(NaN)).toBeNaN();
});
