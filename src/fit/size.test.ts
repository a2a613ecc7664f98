import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { estimateWhitenedFitBytes } from './size';
import { Random } from '../math/random';
import { PlainProducts } from './testing/plain-products';
import { WhitenedFit } from './whitened-fit';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Bytes of typed arrays that are alive; what was freed is taken off in the background. */
async function alive(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return process.memoryUsage().arrayBuffers;
}

test.each([
  { shape: { sourceLayers: 6, targetLayers: 8, sourceWidth: 64, targetWidth: 96 }, folds: undefined },
  { shape: { sourceLayers: 4, targetLayers: 4, sourceWidth: 48, targetWidth: 64 }, folds: 3 },
])('the estimate of $shape with folds $folds is within a fifth of what the fit takes', async ({ shape, folds }) => {
  const random = new Random(1);
  const before = await alive();
  const fit = new WhitenedFit(shape, new PlainProducts(), { folds, warmUpRows: 64 });
  const chunk = (split: 'train' | 'heldOut', fold: number) => {
    const side = (layers: number, width: number) =>
      Array.from({ length: layers }, () => Float32Array.from(random.normals(80 * width)));
    return {
      source: side(shape.sourceLayers, shape.sourceWidth),
      target: side(shape.targetLayers, shape.targetWidth),
      rows: 80,
      split,
      fold,
    };
  };
  for (let fold = 0; fold < (folds ?? 1); fold++) await fit.add(chunk('train', fold));
  await fit.add(chunk('heldOut', 0));
  await fit.grid(0.01);
  const took = (await alive()) - before;
  const estimate = estimateWhitenedFitBytes(shape, { folds });
  console.log(`fit: ${(took / 2 ** 20).toFixed(1)} MiB alive, ${(estimate / 2 ** 20).toFixed(1)} MiB estimated`);
  expect(took / estimate).toBeGreaterThan(0.8);
  expect(took / estimate).toBeLessThan(1.2);
  fit.dispose();
});
