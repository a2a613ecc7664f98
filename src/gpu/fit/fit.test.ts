/** The same cases as the GPU fit's, on the float64 fit: the oracle is itself checked against Householder QR. */
import { saying } from '../../i18n/testing';
import { describe, expect, test } from 'vitest';
import { relativeError } from '../../math/matrix';
import { Float64Fit } from '../../fit/float64-fit';
import { activationLike, ridgeByQR } from '../../math/testing/activations';
import { FIT_CASES, HELD_OUT, trainingRows } from '../../fit/testing/cases';
import { estimateFitBytes, layoutOf } from './layout';

describe('the float64 fit', () => {
  for (const item of FIT_CASES) {
    test(item.name, async () => {
      const data = activationLike(item.states);
      const { sourceWidth: d, targetWidth: m } = data;
      const train = trainingRows(data);
      const fit = new Float64Fit({ sourceLayers: 1, targetLayers: 1, sourceWidth: d, targetWidth: m });
      fit.add({ source: [train.X], target: [train.Y], rows: train.rows, split: 'train' });
      fit.add({
        source: [data.X.slice(train.rows * d)],
        target: [data.Y.slice(train.rows * m)],
        rows: HELD_OUT,
        split: 'heldOut',
      });
      const { best, badPivots } = await fit.solve(0, 0, item.lambda);
      expect(badPivots).toBe(0);
      // What is left is the rounding of W to float32.
      expect(relativeError(best.W, ridgeByQR(train, item.lambda).data)).toBeLessThan(1e-7);
    });
  }
});

describe('layout', () => {
  const shape = { sourceLayers: 2, targetLayers: 7, sourceWidth: 100, targetWidth: 130 };

  test('pads widths and keeps all target layers in one band where they fit', () => {
    expect(layoutOf(shape, 2 ** 27)).toMatchObject({
      source: 128,
      target: 132,
      bands: [{ firstLayer: 0, layers: 7, width: 924 }],
    });
  });

  test('splits the target layers where a binding is small', () => {
    const { bands } = layoutOf(shape, 900_000);
    expect(bands.map((band) => band.layers)).toEqual([3, 3, 1]);
    expect(bands.map((band) => band.firstLayer)).toEqual([0, 3, 6]);
  });

  test('says when even one pair does not fit', () => {
    expect(() => layoutOf({ ...shape, sourceWidth: 4096 }, 2 ** 20)).toThrowError(
      saying(/does not fit in one buffer/, 'out-of-memory'),
    );
    expect(() => layoutOf({ ...shape, sourceWidth: 0 }, 2 ** 27)).toThrowError(RangeError);
  });

  test('4,096 → 4,096 fits exactly within the default limit of 128 MiB', () => {
    expect(layoutOf({ sourceLayers: 1, targetLayers: 3, sourceWidth: 4096, targetWidth: 4096 }, 2 ** 27)).toMatchObject(
      { source: 4096, bands: [{ layers: 1 }, { layers: 1 }, { layers: 1 }], blockRows: 512 },
    );
    expect(() =>
      layoutOf({ sourceLayers: 1, targetLayers: 1, sourceWidth: 4096, targetWidth: 4100 }, 2 ** 27),
    ).toThrowError(saying(/does not fit in one buffer/, 'out-of-memory'));
  });

  test('blocks are long for narrow models, shorter for wide ones, many layers and many folds', () => {
    const pair = (width: number) => ({ sourceLayers: 1, targetLayers: 1, sourceWidth: width, targetWidth: width });
    expect(layoutOf(pair(256), 2 ** 27).blockRows).toBe(2048);
    expect(layoutOf(pair(2048), 2 ** 27).blockRows).toBe(1024);
    expect(layoutOf({ ...pair(256), sourceLayers: 12, targetLayers: 12 }, 2 ** 27).blockRows).toBe(1024);
    expect(layoutOf({ ...pair(256), sourceLayers: 12, targetLayers: 12 }, 2 ** 27, 6).blockRows).toBe(512);
    for (const width of [1, 3, 31, 33, 1000, 4095]) {
      const { source, target, bands, blockRows } = layoutOf(pair(width), 2 ** 27);
      expect((source % 32) + (target % 4)).toBe(0);
      expect(4 * blockRows * Math.max(source, bands[0].width)).toBeLessThanOrEqual(2 ** 27);
      expect(4 * source * (source + bands[0].width)).toBeLessThanOrEqual(2 ** 27);
    }
  });

  test('estimates the memory: one pair of 2,304 and 3,584 dimensions needs about 190 MB', () => {
    const bytes = estimateFitBytes(
      { sourceLayers: 1, targetLayers: 1, sourceWidth: 2304, targetWidth: 3584 },
      { cka: false },
    );
    expect(bytes).toBeGreaterThan(1.7e8);
    expect(bytes).toBeLessThan(2.1e8);
    expect(estimateFitBytes(shape)).toBeGreaterThan(estimateFitBytes(shape, { cka: false }));
    expect(estimateFitBytes(shape, { folds: 5 })).toBeGreaterThan(estimateFitBytes(shape));
  });
});
