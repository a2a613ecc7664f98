import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ORIGIN, TESTED } from '../../experiment/arms';
import type { SteerResult } from '../../experiment/run';
import { AXIS_ARM, between, locate, nearestStop, tickStep, unitPerR } from './dose';

const stops = [-1, -0.5, 0, 0.5, 1];

test('a dose is found between its stops, and held to the ends of the axis', () => {
  expect(locate(stops, 0.25)).toEqual({ index: 2, share: 0.5 });
  expect(locate(stops, -9)).toEqual({ index: 0, share: 0 });
  expect(locate(stops, 9)).toEqual({ index: 3, share: 1 });
  expect(locate([0], 3)).toEqual({ index: 0, share: 0 });
});

test('a value at a stop is the measured one; between two, linear', () => {
  const values = [5, 4, 0, 2, 6];
  stops.forEach((stop, i) => expect(between(values, locate(stops, stop))).toBeCloseTo(values[i], 12));
  expect(between(values, locate(stops, 0.75))).toBeCloseTo(4, 12);
  fc.assert(
    fc.property(fc.double({ min: -3, max: 3, noNaN: true }), (r) => {
      const at = between(values, locate(stops, r));
      expect(at).toBeGreaterThanOrEqual(Math.min(...values));
      expect(at).toBeLessThanOrEqual(Math.max(...values));
    }),
  );
});

test('the nearest stop, and 0 where there is none', () => {
  expect(nearestStop(stops, 0.7)).toBe(0.5);
  expect(nearestStop(stops, -30)).toBe(-1);
  expect(nearestStop([], 2)).toBe(0);
});

test('ticks are 1, 2 or 5 times a power of ten apart', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), fc.integer({ min: 2, max: 12 }), (span, count) => {
      const step = tickStep(span, count);
      const mantissa = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
      expect([1, 2, 5].some((allowed) => Math.abs(mantissa - allowed) < 1e-6)).toBe(true);
      expect(span / step).toBeGreaterThan(count / 2.5);
      expect(span / step).toBeLessThan(count * 2.5);
    }),
  );
});

test('units are of the arm under test: iso-KL has none where the axis does not reach 1 nat', () => {
  const steer = (iso: number | null) =>
    ({ vector: { medianNorm: { source: 1, target: 8 } }, isoKlAlpha: { [TESTED]: iso } }) as unknown as SteerResult;
  expect(unitPerR(steer(null), 'r')).toBe(1);
  expect(unitPerR(steer(null), 'alpha')).toBe(8);
  expect(unitPerR(steer(4), 'isoKl')).toBe(2);
  expect(unitPerR(steer(null), 'isoKl')).toBeNull();
  expect(unitPerR(steer(0), 'isoKl')).toBeNull();
  expect(AXIS_ARM).toEqual({ small: ORIGIN, large: TESTED });
});
