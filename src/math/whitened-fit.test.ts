import { expect, test } from 'vitest';
import { FIT_CASES, HELD_OUT, trainingRows } from '../gpu/fit/cases';
import { PlainProducts } from './testing/plain-products';
import { whitenedSuite } from './testing/whitened-suite';
import { WhitenedFit } from './whitened-fit';

whitenedSuite(async () => new PlainProducts(), { cases: FIT_CASES, heldOut: HELD_OUT, trainingRows });

test('misuse is refused with a reason', async () => {
  const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth: 2, targetWidth: 1 };
  const products = new PlainProducts();
  expect(() => new WhitenedFit({ ...shape, targetWidth: 0.5 }, products)).toThrowError(/targetWidth/);
  expect(() => new WhitenedFit(shape, products, { warmUpRows: 0 })).toThrowError(/warmUpRows/);
  const fit = new WhitenedFit(shape, products);
  await expect(fit.restart()).rejects.toThrowError(/training rows/);
  await expect(fit.needsSecondPass()).rejects.toThrowError(/training rows/);
  await expect(fit.add({ source: [new Float32Array(3)], target: [new Float32Array(1)], rows: 1, split: 'train' })).rejects.toThrowError(RangeError);
  await expect(fit.crossValidate(0, 0, [1])).rejects.toThrowError(/folds/);
});
