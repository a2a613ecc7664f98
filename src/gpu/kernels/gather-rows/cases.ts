import { fromFloat16, type KernelCase, maxRelativeError, normals, toFloat16 } from '../testing';
import { gatherRows } from './gather-rows';

interface Shape {
  sourceRows: number;
  cols: number;
  pick: number[];
  indexed: boolean;
  half?: boolean;
}

function gatherCase(name: string, shape: Shape, quick = false): KernelCase {
  return {
    kernel: 'gather-rows',
    name,
    tolerance: 0,
    quick,
    async run(rec, scope) {
      const { sourceRows, cols, pick, indexed, half = false } = shape;
      const outStride = cols + 3;
      const drawn = normals(sourceRows * cols, 11, 100);
      const packed = Uint16Array.from(drawn, toFloat16);
      const data = half ? Float32Array.from(packed, fromFloat16) : drawn;
      const out = scope.upload(new Float32Array((pick.length + 1) * outStride).fill(7), 'out');
      gatherRows(rec, {
        source: scope.upload(half ? words(packed) : data, 'source'),
        type: half ? 'float16' : 'float32',
        cols,
        rows: pick.length,
        indices: indexed ? scope.upload(Uint32Array.from(pick), 'indices') : undefined,
        firstRow: indexed ? 0 : pick[0],
        out,
        outStride,
        outRow: 1,
        flags: scope.buffer(4 * (pick.length + 1), 'flags'),
        check: true,
      });
      const expected = new Float64Array((pick.length + 1) * outStride).fill(7);
      pick.forEach((row, r) => {
        if (row < sourceRows) for (let c = 0; c < cols; c++) expected[(r + 1) * outStride + c] = data[row * cols + c];
      });
      return maxRelativeError(await rec.readFloats(out, expected.length), expected);
    },
  };
}

/** Two float16 numbers a word, the earlier one in the low half. */
function words(halves: Uint16Array): Uint32Array {
  return Uint32Array.from(
    { length: Math.ceil(halves.length / 2) },
    (_, i) => (halves[2 * i] | ((halves[2 * i + 1] ?? 0) << 16)) >>> 0,
  );
}

/** NaN and both infinities in chosen rows, as bits: counts the flags and numbers that are wrong. */
function finiteCase(name: string, half: boolean): KernelCase {
  return {
    kernel: 'gather-rows',
    name,
    tolerance: 0,
    quick: true,
    async run(rec, scope) {
      const [rows, cols] = [11, 5];
      const halves = Uint16Array.from({ length: rows * cols }, (_, i) => toFloat16(i - 20));
      const floats = new Uint32Array(Float32Array.from(halves, fromFloat16).buffer);
      const poison: [number, number, number][] = [
        [7, 0x7e00, 0x7fc00000],
        [23, 0x7c00, 0x7f800000],
        [40, 0xfc00, 0xff800000],
        [54, 0x7c01, 0x7f800001],
      ];
      for (const [at, h, f] of poison) {
        halves[at] = h;
        floats[at] = f;
      }
      const source = scope.upload(half ? words(halves) : floats, 'source');
      const [kept, checked] = ['kept', 'checked'].map((label) => scope.buffer(4 * rows * cols, label));
      const flags = scope.buffer(4 * rows, 'flags');
      for (const [out, check] of [
        [kept, false],
        [checked, true],
      ] as const)
        gatherRows(rec, { source, type: half ? 'float16' : 'float32', cols, rows, out, flags, check });
      const [a, b, c] = await rec.read(
        { buffer: kept, bytes: 4 * rows * cols },
        { buffer: checked, bytes: 4 * rows * cols },
        { buffer: flags, bytes: 4 * rows },
      );
      let wrong = 0;
      const isBad = (at: number): boolean => poison.some(([place]) => place === at);
      const [asRead, asChecked] = [new Uint32Array(a), new Uint32Array(b)];
      for (let i = 0; i < rows * cols; i++) {
        if (isBad(i) ? (asRead[i] & 0x7f800000) !== 0x7f800000 : asRead[i] !== floats[i]) wrong++;
        if (asChecked[i] !== (isBad(i) ? 0 : floats[i])) wrong++;
      }
      new Uint32Array(c).forEach((flag, r) => {
        if (flag !== (poison.some(([place]) => Math.floor(place / cols) === r) ? 1 : 0)) wrong++;
      });
      return wrong;
    },
  };
}

export const cases: KernelCase[] = [
  gatherCase(
    'chosen rows, width 37',
    { sourceRows: 50, cols: 37, pick: [49, 0, 7, 7, 0xffffffff, 31], indexed: true },
    true,
  ),
  gatherCase('a run of rows, width 1', { sourceRows: 9, cols: 1, pick: [3, 4, 5, 6], indexed: false }),
  gatherCase(
    'float16, odd width, odd first row',
    { sourceRows: 21, cols: 13, pick: Array.from({ length: 18 }, (_, i) => i + 3), indexed: false, half: true },
    true,
  ),
  gatherCase('float16, chosen rows, width 1', {
    sourceRows: 9,
    cols: 1,
    pick: [8, 0, 3, 3],
    indexed: true,
    half: true,
  }),
  gatherCase('more rows than a dispatch has along y', {
    sourceRows: 40000,
    cols: 3,
    pick: Array.from({ length: 33000 }, (_, i) => 39999 - i),
    indexed: true,
  }),
  finiteCase('NaN and infinity in float32', false),
  finiteCase('NaN and infinity in float16', true),
];
