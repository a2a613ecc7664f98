/** The inputs of a steered graph: per row, and per position where a row is steered in part. */
import { expect, test } from 'vitest';
import { editGraph } from '../onnx';
import { exported } from '../onnx/testing';
import type { Operation } from '../experiment/schema';
import { addition, checkInterventions, steeredFrom, steerFeeds } from './interventions';
import type { Ort } from './ort';
import type { SteeredRow } from './types';

const WIDTH = 32;
const ort = {
  Tensor: class {
    constructor(
      readonly type: string,
      readonly data: Float32Array,
      readonly dims: readonly number[],
    ) {}
  },
} as unknown as Ort;
const steersOf = (op: Operation) => editGraph(exported('llama-fused-fp32'), { steer: [{ block: 1, op }] }).steers;
const unit = (at: number): Float32Array => Float32Array.from({ length: WIDTH }, (_, i) => (i === at ? 1 : 0));
const ids = [1, 2, 3, 4];

/** The vector input of a batch, as the factor on each row's direction at each position. */
function factors(op: Operation, rows: SteeredRow[], columns: number, starts: number[]): number[][] {
  const tensor = steerFeeds(ort, WIDTH, steersOf(op), rows, columns, starts)['steer.1'];
  const [count, length] = tensor.dims;
  const data = tensor.data as Float32Array;
  return Array.from({ length: count }, (_, r) =>
    Array.from({ length }, (_, at) =>
      data.subarray((r * length + at) * WIDTH, (r * length + at + 1) * WIDTH).reduce((sum, x) => sum + x, 0),
    ),
  );
}

test('rows that are steered whole or not at all take one vector each', () => {
  const rows: SteeredRow[] = [
    { ids, interventions: [{ block: 1, op: 'add', vector: unit(3), value: 2.5 }] },
    { ids },
    { ids, interventions: [{ block: 1, op: 'add', vector: unit(0), value: -1 }], from: 4 },
  ];
  // The third row's prompt is not steered, its next token is.
  expect(factors('add', rows, 4, [0, 0, 0])).toEqual([[2.5], [0], [0]]);
  expect(factors('add', rows, 1, [4, 4, 4])).toEqual([[2.5], [0], [-1]]);
});

test('a row that is steered from its third token on takes a vector a position, on either side of the padding', () => {
  const steer = { interventions: [{ block: 1, op: 'clamp' as const, vector: unit(3), value: 7, share: 0.5 }] };
  const rows: SteeredRow[] = [
    { ids, ...steer, from: 2 },
    { ids: [5, 6], ...steer },
    { ids: [5, 6], ...steer, from: 1 },
  ];
  expect(factors('clamp', rows, 4, [0, 0, 0])).toEqual([
    [0, 0, 0.5, 0.5],
    [0.5, 0.5, 0.5, 0.5],
    [0, 0.5, 0.5, 0.5],
  ]);
  // Left padding: the first columns of the short rows come before their position 0.
  expect(factors('clamp', rows, 4, [0, -2, -2])).toEqual([
    [0, 0, 0.5, 0.5],
    [0.5, 0.5, 0.5, 0.5],
    [0, 0, 0, 0.5],
  ]);
  expect(steeredFrom(rows, 4, [0, -2, -2])).toEqual([2, 0, 3]);
});

test('directions and values go with the rows; a row that is not steered has zeros', () => {
  const rows: SteeredRow[] = [
    { ids, interventions: [{ block: 1, op: 'cap', vector: unit(3), value: 7 }] },
    { ids },
    { ids, interventions: [{ block: 1, op: 'cap', vector: unit(4), value: -2, share: 0.25 }] },
  ];
  const feeds = steerFeeds(ort, WIDTH, steersOf('cap'), rows, 4, [0, 0, 0]);
  expect(Object.keys(feeds)).toEqual(['steer.1', 'steer.1.direction', 'steer.1.value']);
  expect(feeds['steer.1.direction'].dims).toEqual([3, WIDTH, 1]);
  const directions = feeds['steer.1.direction'].data as Float32Array;
  expect(directions).toEqual(Float32Array.from([...unit(3), ...new Float32Array(WIDTH), ...unit(4)]));
  expect(feeds['steer.1.value'].dims).toEqual([3, 1, 1]);
  expect(feeds['steer.1.value'].data).toEqual(Float32Array.of(7, 0, -2));
  // The graph cuts by adding a negative share.
  expect(factors('cap', rows, 4, [0, 0, 0])).toEqual([[-1], [0], [-0.25]]);
});

test('what does not belong to the batch is refused', () => {
  const sites = [{ block: 1, op: 'add' as const }];
  const check = (...interventions: SteeredRow['interventions'] & object) =>
    checkInterventions([{ ids, interventions }], sites, WIDTH);
  expect(() => check(...addition(1, unit(0)))).not.toThrow();
  expect(() => check(...addition(2, unit(0)))).toThrow(/steer-block/);
  expect(() => check({ ...addition(1, unit(0))[0], op: 'clamp' })).toThrow(/steer-block/);
  expect(() => check(...addition(1, new Float32Array(3)))).toThrow(/vector-width.*3/);
  expect(() => check(...addition(1, unit(0)), ...addition(1, unit(1)))).toThrow(/steer-twice/);
});
