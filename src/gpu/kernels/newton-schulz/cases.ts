import { type KernelCase, maxRelativeError, normals } from '../testing';
import { newtonSchulzFactor } from './newton-schulz';

/** Below the diagonal lies rubbish: it must not be read. */
function factor(n: number): KernelCase {
  return {
    kernel: 'newton-schulz',
    name: `${n}×${n}`,
    tolerance: 1e-6,
    async run(rec, scope) {
      const G = normals(n * n, 91);
      const expected = new Float64Array(n * n);
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++)
          expected[i * n + j] = (i === j ? 2.25 : 0) - 1.6875 * G[Math.min(i, j) * n + Math.max(i, j)];
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) G[i * n + j] = NaN;
      const out = scope.buffer(4 * n * n, 'factor');
      newtonSchulzFactor(rec, { G: scope.upload(G, 'G'), n, alpha: 2.25, beta: 1.6875, out });
      return maxRelativeError(await rec.readFloats(out, n * n), expected);
    },
  };
}

export const cases: KernelCase[] = [factor(4), factor(100)];
