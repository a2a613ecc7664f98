import { describe, expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { effectOf } from './steer-axis';

const arm = { arm: 'mapped' as const, medianNorm: 12 };
const stops = [-1, -0.5, 0, 0.5, 1];
const effects = (...means: number[]) => means.map((mean) => ({ mean, p95: mean }));
const SHOWN = [0.2, 0.1, 0, 0.1, 0.2];
const HIDDEN = [0, 0, 0, 0, 0];

describe('whether steering changes anything', () => {
  test('nothing at any dose is refused, with how much was tried', () => {
    try {
      effectOf(arm, stops, effects(0, 0, 0, 0, 0), HIDDEN, 6);
      expect.unreachable();
    } catch (error) {
      expect((error as LabError).key).toBe('no-effect.arm');
      expect((error as LabError).params).toEqual({ arm: 'mapped', texts: 6, dose: 1, alpha: 12 });
    }
  });

  test('rounding between two graphs is no effect: it is there at dose 0 too', () => {
    for (const noise of [1e-12, 1e-8, 1e-5])
      expect(() => effectOf(arm, stops, effects(2 * noise, noise, noise, noise, 2 * noise), SHOWN, 6)).toThrow(
        LabError,
      );
  });

  test('a divergence far below what is shown is an effect all the same', () => {
    expect(effectOf(arm, stops, effects(4e-7, 1e-7, 0, 1e-7, 4e-7), SHOWN, 6)).toBeNull();
    expect(effectOf(arm, stops, effects(4e-5, 1e-5, 1e-7, 1e-5, 4e-5), SHOWN, 6)).toBeNull();
    expect(effectOf(arm, stops, effects(Number.NaN, 0, 0, 0, 0), SHOWN, 6)).toBeNull();
  });

  test('one prompt without an effect is said, and is no error', () => {
    expect(effectOf(arm, stops, effects(0.3, 0.1, 0, 0.1, 0.3), HIDDEN, 6)).toMatchObject({
      key: 'run.warn.no-effect-here',
      params: { kl: 0.3 },
    });
  });
});
