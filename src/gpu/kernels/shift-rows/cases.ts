import { type KernelCase, maxRelativeError, normals } from '../testing';
import { shiftRows } from './shift-rows';

function shiftCase(
  name: string,
  shape: { cols: number; padded: number; firstRow: number; rows: number; flagged: number[] },
  quick = false,
): KernelCase {
  return {
    kernel: 'shift-rows',
    name,
    tolerance: 1e-7,
    quick,
    async run(rec, scope) {
      const { cols, padded, firstRow, rows, flagged } = shape;
      const outStride = padded + 4;
      const outColumn = 4;
      const data = normals((firstRow + rows) * cols, 11, 100);
      const shift = normals(outStride, 12, 100);
      const scale = Float32Array.from({ length: outStride }, (_, c) => 2 ** ((c % 5) - 2));
      const flags = new Uint32Array(firstRow + rows);
      for (const row of flagged) flags[row] = 1;
      const out = scope.upload(new Float32Array(rows * outStride).fill(7), 'out');
      shiftRows(rec, {
        source: scope.upload(data, 'source'),
        sourceStride: cols,
        cols,
        rows,
        firstRow,
        flags: flagged.length > 0 ? scope.upload(flags, 'flags') : undefined,
        shift: scope.upload(shift, 'shift'),
        scale: scope.upload(scale, 'scale'),
        out,
        outStride,
        outColumn,
        padded,
      });
      const expected = new Float64Array(rows * outStride).fill(7);
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < padded; c++) {
          const column = outColumn + c;
          const zero = c >= cols || flags[firstRow + r] === 1;
          expected[r * outStride + column] = zero
            ? 0
            : Math.fround(data[(firstRow + r) * cols + c] - shift[column]) * scale[column];
        }
      }
      return maxRelativeError(await rec.readFloats(out, rows * outStride), expected);
    },
  };
}

export const cases: KernelCase[] = [
  shiftCase('width 37, two rows flagged', { cols: 37, padded: 64, firstRow: 3, rows: 9, flagged: [4, 11] }, true),
  shiftCase('width 1', { cols: 1, padded: 4, firstRow: 0, rows: 4, flagged: [] }),
  shiftCase('width 192', { cols: 192, padded: 192, firstRow: 10, rows: 60, flagged: [10, 69] }),
  shiftCase('more rows than a dispatch has along y', {
    cols: 3,
    padded: 4,
    firstRow: 0,
    rows: 33000,
    flagged: [32768],
  }),
];
