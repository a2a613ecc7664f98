import { expect, test } from 'vitest';
import { fitSuite, whitenedFits } from './testing/suite';
import { PlainProducts } from './testing/plain-products';
import { productsSuite } from './testing/products-suite';
import { WhitenedFit } from './whitened-fit';

const plain = async (): Promise<PlainProducts> => new PlainProducts();
fitSuite(() => whitenedFits(plain));
productsSuite(plain);

test('misuse of the whitened fit is refused with a reason', async () => {
  const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth: 2, targetWidth: 1 };
  const products = new PlainProducts();
  expect(() => new WhitenedFit({ ...shape, targetWidth: 0.5 }, products)).toThrowError(/targetWidth/);
  expect(() => new WhitenedFit(shape, products, { warmUpRows: 0 })).toThrowError(/warmUpRows/);
  const fit = new WhitenedFit(shape, products);
  await expect(fit.restart()).rejects.toThrowError(/training rows/);
  await expect(fit.needsSecondPass()).rejects.toThrowError(/training rows/);
  await expect(
    fit.add({ source: [new Float32Array(3)], target: [new Float32Array(1)], rows: 1, split: 'train' }),
  ).rejects.toThrowError(RangeError);
  await expect(fit.crossValidate(0, 0, [1])).rejects.toThrowError(/folds/);
});

test('an abort is an AbortError, use after dispose a RangeError', async () => {
  const fit = new WhitenedFit(
    { sourceLayers: 1, targetLayers: 1, sourceWidth: 1, targetWidth: 1 },
    new PlainProducts(),
  );
  for (const split of ['train', 'heldOut'] as const)
    await fit.add({ source: [Float32Array.of(1, 2, 3)], target: [Float32Array.of(1, 3, 4)], rows: 3, split });
  await expect(fit.grid(1, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  fit.dispose();
  await expect(fit.grid(1)).rejects.toThrowError(RangeError);
});
