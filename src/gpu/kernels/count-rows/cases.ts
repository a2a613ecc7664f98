import type { KernelCase } from '../testing';
import { countRows } from './count-rows';

/** How far counts and first row are from those of the flags. */
function countCase(name: string, rows: number, flagged: (row: number) => boolean, quick = false): KernelCase {
  return {
    kernel: 'count-rows',
    name,
    tolerance: 0,
    quick,
    async run(rec, scope) {
      const flags = Uint32Array.from({ length: rows }, (_, row) => (flagged(row) ? 1 : 0));
      const counts = scope.upload(Uint32Array.of(9, 9, 5, 6), 'counts');
      const first = scope.buffer(16, 'first');
      countRows(rec, { flags: scope.upload(flags, 'flags'), rows, counts, at: 2, first });
      const [a, b] = await rec.read({ buffer: counts, bytes: 16 }, { buffer: first, bytes: 4 });
      const left = flags.reduce((sum, flag) => sum + flag, 0);
      const expected = [9, 9, 5 + rows - left, 6 + left, left === rows ? 0xffffffff : flags.indexOf(0)];
      const got = [...new Uint32Array(a), new Uint32Array(b)[0]];
      return Math.max(...expected.map((value, i) => Math.abs(value - got[i])));
    },
  };
}

export const cases: KernelCase[] = [
  countCase('300 rows, every third left out', 300, (row) => row % 3 === 0, true),
  countCase('2,048 rows, all taken in', 2048, () => false),
  countCase('all left out', 70, () => true),
];
