import { type KernelCase, maxRelativeError, normals } from '../testing';
import { gatherRows } from './gather-rows';

interface Shape {
  sourceRows: number;
  cols: number;
  padded: number;
  pick: number[];
  indexed: boolean;
}

function gatherCase(name: string, shape: Shape, quick = false): KernelCase {
  return {
    kernel: 'gather-rows',
    name,
    tolerance: 1e-7,
    quick,
    async run(rec, scope) {
      const { sourceRows, cols, padded, pick, indexed } = shape;
      const outStride = padded + 4;
      const outColumn = 4;
      const data = normals(sourceRows * cols, 11, 100);
      const shift = normals(outStride, 12, 100);
      const scale = Float32Array.from({ length: outStride }, (_, c) => 2 ** ((c % 5) - 2));
      const out = scope.upload(new Float32Array(pick.length * outStride).fill(7), 'out');
      gatherRows(rec, {
        source: scope.upload(data, 'source'),
        sourceStride: cols,
        cols,
        rows: pick.length,
        indices: indexed ? scope.upload(Uint32Array.from(pick), 'indices') : undefined,
        firstRow: indexed ? 0 : pick[0],
        shift: scope.upload(shift, 'shift'),
        scale: scope.upload(scale, 'scale'),
        out,
        outStride,
        outColumn,
        padded,
      });
      const got = await rec.readFloats(out, pick.length * outStride);
      const expected = new Float64Array(pick.length * outStride).fill(7);
      pick.forEach((row, r) => {
        for (let c = 0; c < padded; c++) {
          const column = outColumn + c;
          expected[r * outStride + column] = c < cols ? Math.fround(data[row * cols + c] - shift[column]) * scale[column] : 0;
        }
      });
      return maxRelativeError(got, expected);
    },
  };
}

export const cases: KernelCase[] = [
  gatherCase('chosen rows, width 37', { sourceRows: 50, cols: 37, padded: 64, pick: [49, 0, 7, 7, 31], indexed: true }, true),
  gatherCase('a run of rows, width 1', { sourceRows: 9, cols: 1, padded: 4, pick: [3, 4, 5, 6], indexed: false }),
  gatherCase('a run of rows, width 192', { sourceRows: 70, cols: 192, padded: 192, pick: Array.from({ length: 60 }, (_, i) => i + 10), indexed: false }),
  gatherCase('more rows than a dispatch has along y', { sourceRows: 40000, cols: 3, padded: 4, pick: Array.from({ length: 33000 }, (_, i) => 39999 - i), indexed: true }),
];
