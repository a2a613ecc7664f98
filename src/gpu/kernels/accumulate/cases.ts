import { type KernelCase, maxRelativeError, normals } from '../testing';
import { accumulate } from './accumulate';

function sumCase(name: string, floats: number, quick = false): KernelCase {
  return {
    kernel: 'accumulate',
    name,
    tolerance: 1e-7,
    quick,
    async run(rec, scope) {
      const [a, b] = [normals(floats, 31), normals(floats, 32)];
      const into = scope.upload(a, 'into');
      accumulate(rec, { from: scope.upload(b, 'from'), into, floats });
      return maxRelativeError(
        await rec.readFloats(into, floats),
        a.map((x, i) => x + b[i]),
      );
    },
  };
}

export const cases: KernelCase[] = [sumCase('300 numbers', 300, true), sumCase('more than one stride', 2_200_000)];
