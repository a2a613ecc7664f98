/** Declaration of kernels from parts, and how rows are cut into slices. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defineKernel } from './kernel';
import { atbKernels, FOLD_ROWS, sliceRows } from './kernels/atb/atb';
import { abKernels } from './kernels/ab/ab';
import { fits, TILES, workgroupBytes } from './kernels/shared/tile';

const source = (body: string): string => `struct Params { n: u32 }\n${body}`;

describe('parts of a kernel', () => {
  test('take the place of their line, indented, and may include others', () => {
    const kernel = defineKernel(
      'k',
      source('{\n  // #include outer\n}'),
      {},
      { outer: 'a;\n// #include inner\n', inner: 'b;\n\nc;' },
    );
    expect(kernel.code).toBe(source('{\n  a;\n  b;\n\n  c;\n}'));
  });

  test('constants of a part can be replaced', () => {
    expect(
      defineKernel('k', source('// #include part'), { SIZE: 7 }, { part: 'const SIZE: u32 = 1u;' }).code,
    ).toContain('const SIZE: u32 = 7u;');
  });

  test('that are missing or include themselves are refused', () => {
    expect(() => defineKernel('k', source('// #include toString'))).toThrowError('k: there is no part toString.');
    expect(() =>
      defineKernel('k', source('// #include a'), {}, { a: '// #include b', b: '// #include a' }),
    ).toThrowError('k: the part a includes itself.');
  });
});

describe('tiles', () => {
  const defaults = {
    maxComputeWorkgroupStorageSize: 16384,
    maxComputeInvocationsPerWorkgroup: 256,
  } as GPUSupportedLimits;

  test('all but the largest run within the default limits', () => {
    expect(TILES.filter((tile) => !fits(tile, defaults)).map((tile) => tile.name)).toEqual(['128, 32 staged']);
  });

  test('resolve to a kernel without loose ends, always the same object', () => {
    for (const tile of TILES) {
      for (const kernels of [atbKernels, abKernels]) {
        const { code, bindings } = kernels.of(tile);
        expect(code).not.toContain('#include');
        expect(code.includes('var<workgroup>')).toBe(workgroupBytes(tile) > 0);
        expect(bindings).toEqual(['read', 'read', 'read_write']);
        expect(kernels.of(tile)).toBe(kernels.of(tile));
      }
    }
  });
});

test('slices cover the rows, are folds when there are several, and stay within the scratch space', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 64, max: 2 ** 26 }),
      fc.integer({ min: 1, max: 512 }),
      (rows, tiles, bytes, workgroups) => {
        const slice = sliceRows(rows, tiles, bytes, workgroups);
        const slices = Math.ceil(rows / slice);
        expect(slice).toBeGreaterThan(0);
        expect(slice).toBeLessThanOrEqual(rows);
        if (slices > 1) {
          expect(slice).toBeLessThanOrEqual(FOLD_ROWS);
          expect(slices * bytes).toBeLessThanOrEqual(16 * 2 ** 20);
          expect(tiles).toBeLessThan(workgroups);
        }
      },
    ),
  );
});
