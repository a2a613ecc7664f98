import { type KernelCase, maxRelativeError, normals } from '../testing';
import { project } from './project';

function projectCase(
  name: string,
  rows: number,
  cols: number,
  count: number,
  shifted: boolean,
  quick = false,
): KernelCase {
  return {
    kernel: 'project',
    name,
    tolerance: 3e-6,
    quick,
    async run(rec, scope) {
      const A = normals(rows * cols, 81, 2);
      const vectors = normals(count * cols, 82);
      const shift = normals(cols, 83, 2);
      const out = scope.buffer(rows * count * 4, 'out');
      project(rec, {
        A: scope.upload(A, 'A'),
        rows,
        cols,
        vectors: scope.upload(vectors, 'vectors'),
        count,
        shift: shifted ? scope.upload(shift, 'shift') : undefined,
        out,
      });
      const expected = new Float64Array(rows * count);
      for (let r = 0; r < rows; r++) {
        for (let k = 0; k < count; k++) {
          for (let c = 0; c < cols; c++)
            expected[r * count + k] += (A[r * cols + c] - (shifted ? shift[c] : 0)) * vectors[k * cols + c];
        }
      }
      return maxRelativeError(await rec.readFloats(out, rows * count), expected);
    },
  };
}

export const cases: KernelCase[] = [
  projectCase('one vector, width 37', 9, 37, 1, false, true),
  projectCase('three vectors, shifted, width 130', 50, 130, 3, true),
  projectCase('width 1', 5, 1, 2, false),
];
