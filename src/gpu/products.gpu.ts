/** The products AᵀB and AB with every tile, every way of slicing the rows, and any shape, against float64. */
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { matmul, matmulTN } from '../math/matrix';
import { createDevice, type LabDevice } from './device';
import { compileKernels } from './kernel';
import { ab, abKernels } from './kernels/ab/ab';
import { atb, atbKernels, reduceKernel } from './kernels/atb/atb';
import { cases as abCases } from './kernels/ab/cases';
import { cases as atbCases } from './kernels/atb/cases';
import { fits, TILES } from './kernels/shared/tile';
import { oneTile, setTuning, type Tuning, tuningOf } from './kernels/shared/tuning';
import { maxRelativeError, narrow, normals, runCase } from './kernels/testing';
import { Recorder } from './recorder';
import { GpuScope, liveMemory } from './scope';

let lab: LabDevice;
let preset: Tuning;
const tiles = (): typeof TILES => TILES.filter((tile) => fits(tile, lab.device.limits));
beforeAll(async () => {
  lab = await createDevice();
  preset = tuningOf(lab.device);
  await compileKernels(lab.device, [
    reduceKernel,
    ...tiles().flatMap((tile) => [atbKernels.of(tile), abKernels.of(tile)]),
  ]);
});
afterEach(() => setTuning(lab.device, preset));
afterAll(() => lab.destroy());

describe('every tile is right', () => {
  for (const tile of TILES) {
    test(tile.name, async (context) => {
      if (!fits(tile, lab.device.limits)) context.skip('exceeds the limits of this device');
      setTuning(lab.device, oneTile(tile));
      for (const item of [...atbCases, ...abCases]) {
        expect(await runCase(lab.device, item, [reduceKernel]), `${item.kernel}: ${item.name}`).toBeLessThanOrEqual(
          item.tolerance,
        );
      }
    });
  }

  test('and nothing was out of order', () => expect(lab.uncaptured()).toEqual([]));
});

describe('rows in slices', () => {
  for (const [m, n] of [
    [64, 64],
    [256, 512],
  ]) {
    test(`lose no accuracy: 4,096 rows, ${m}×${n}`, async () => {
      const rows = 4096;
      const [A, B] = [normals(rows * m, 71), normals(rows * n, 72, 0.5)];
      const reference = matmulTN({ rows, cols: m, data: A }, { rows, cols: n, data: B }).data;
      const before = liveMemory(lab.device);
      const error = async (workgroups: number): Promise<number> => {
        setTuning(lab.device, { ...preset, workgroups });
        const rec = await Recorder.create(lab.device, [reduceKernel]);
        const scope = new GpuScope(lab.device);
        try {
          const C = scope.buffer(m * n * 4, 'C');
          atb(rec, {
            A: scope.upload(A, 'A'),
            B: scope.upload(B, 'B'),
            C,
            rows,
            m,
            n,
            strideA: m,
            strideB: n,
            strideC: n,
          });
          expect(rec.dispatches).toBe(workgroups === 1 ? 1 : 2);
          return maxRelativeError(await rec.readFloats(C, m * n), reference);
        } finally {
          scope.dispose();
          rec.dispose();
        }
      };
      const whole = await error(1);
      const sliced = await error(256);
      console.info(
        `atb, 4,096 rows, ${m}×${n}: error ${whole.toExponential(2)} in one slice, ${sliced.toExponential(2)} in several`,
      );
      expect(whole).toBeLessThanOrEqual(1e-6);
      expect(sliced).toBeLessThanOrEqual(Math.max(whole, 3e-7) * 1.1);
      expect(liveMemory(lab.device)).toEqual(before);
    });
  }

  test('scratch space grows with need and goes with the recorder', async () => {
    const before = liveMemory(lab.device);
    const rec = await Recorder.create(lab.device, []);
    const small = rec.scratch(1000);
    expect(rec.scratch(500)).toBe(small);
    const large = rec.scratch(5000);
    expect(large).not.toBe(small);
    expect(liveMemory(lab.device)).toEqual({ buffers: before.buffers + 1, bytes: before.bytes + large.size });
    rec.dispose();
    expect(liveMemory(lab.device)).toEqual(before);
  });
});

const four = (least: number, most: number): fc.Arbitrary<number> =>
  fc.integer({ min: least / 4, max: most / 4 }).map((x) => 4 * x);
const setting = { tile: fc.nat(), workgroups: fc.constantFrom(1, 8, 64, 256), seed: fc.integer({ min: 1, max: 1e6 }) };

/** A rows×cols block at `column` of a wider matrix full of NaN: what lies around must not be touched by the arithmetic. */
function within(data: Float32Array, rows: number, cols: number, stride: number, column: number): Float32Array {
  const out = new Float32Array(rows * stride).fill(NaN);
  for (let r = 0; r < rows; r++) out.set(data.subarray(r * cols, (r + 1) * cols), r * stride + column);
  return out;
}

describe('any shape', () => {
  const run = async (
    tile: number,
    workgroups: number,
    work: (rec: Recorder, scope: GpuScope) => Promise<void>,
  ): Promise<void> => {
    setTuning(lab.device, oneTile(tiles()[tile % tiles().length], workgroups));
    const rec = await Recorder.create(lab.device, [reduceKernel]);
    const scope = new GpuScope(lab.device);
    try {
      await work(rec, scope);
    } finally {
      scope.dispose();
      rec.dispose();
    }
  };

  test('AᵀB', async () => {
    const shape = fc.record({
      ...setting,
      rows: fc.integer({ min: 0, max: 1100 }),
      m: four(4, 152),
      n: four(4, 152),
      columnA: four(0, 12),
      columnB: four(0, 12),
      columnC: four(0, 12),
      more: four(0, 8),
      upper: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        shape,
        async ({ tile, workgroups, seed, rows, m, n: width, columnA, columnB, columnC, more, upper }) => {
          const n = upper ? m : width;
          const [strideA, strideB, strideC] = [columnA + m + more, columnB + n, columnC + n + more];
          const [A, B, start] = [normals(rows * m, seed), normals(rows * n, seed + 1), normals(m * n, seed + 2)];
          await run(tile, workgroups, async (rec, scope) => {
            const C = scope.upload(within(start, m, n, strideC, columnC), 'C');
            atb(rec, {
              A: scope.upload(within(A, rows, m, strideA, columnA), 'A'),
              B: scope.upload(within(B, rows, n, strideB, columnB), 'B'),
              C,
              rows,
              m,
              n,
              strideA,
              strideB,
              strideC,
              columnA,
              columnB,
              columnC,
              upper,
            });
            const all = await rec.readFloats(C, m * strideC);
            const got = narrow(all, m, strideC, n, columnC);
            const reference = matmulTN({ rows, cols: m, data: A }, { rows, cols: n, data: B }).data.map(
              (x, i) => x + start[i],
            );
            const wanted = (_: number, i: number): boolean => !upper || i % n >= Math.floor(i / n);
            expect(maxRelativeError(got.filter(wanted), reference.filter(wanted))).toBeLessThanOrEqual(2e-6);
            expect(all.filter((_, i) => i % strideC < columnC || i % strideC >= columnC + n).every(Number.isNaN)).toBe(
              true,
            );
          });
        },
      ),
      { numRuns: 35, seed: 20261122 },
    );
  });

  test('AB', async () => {
    const shape = fc.record({
      ...setting,
      m: fc.integer({ min: 1, max: 300 }),
      k: four(4, 200),
      n: four(4, 152),
      columnB: four(0, 12),
      columnC: four(0, 12),
      more: four(0, 8),
      upperB: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ tile, workgroups, seed, m, k, n, columnB, columnC, more, upperB }) => {
        const [strideA, strideB, strideC] = [k + more, columnB + n, columnC + n + more];
        const [A, B] = [normals(m * k, seed), normals(k * n, seed + 1)];
        if (upperB) for (let i = 0; i < k; i++) B.fill(0, i * n, i * n + Math.min(i, n));
        await run(tile, workgroups, async (rec, scope) => {
          const C = scope.upload(new Float32Array(m * strideC).fill(NaN), 'C');
          ab(rec, {
            A: scope.upload(within(A, m, k, strideA, 0), 'A'),
            B: scope.upload(within(B, k, n, strideB, columnB), 'B'),
            C,
            m,
            k,
            n,
            strideA,
            strideB,
            strideC,
            columnB,
            columnC,
            upperB,
          });
          const all = await rec.readFloats(C, m * strideC);
          expect(
            maxRelativeError(
              narrow(all, m, strideC, n, columnC),
              matmul({ rows: m, cols: k, data: A }, { rows: k, cols: n, data: B }).data,
            ),
          ).toBeLessThanOrEqual(2e-6);
          expect(all.filter((_, i) => i % strideC < columnC || i % strideC >= columnC + n).every(Number.isNaN)).toBe(
            true,
          );
        });
      }),
      { numRuns: 25, seed: 20261122 },
    );
  });
});
