import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { diskFolder, limitRoom } from '../models/disk-fixture';
import { stateBytes, StateStore, sweepStates, type StateShape } from './state-store';
import { saying } from '../i18n/testing';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lrt-states-'));
});
afterEach(() => {
  limitRoom(Infinity);
  rmSync(dir, { recursive: true });
});

const store = (free = Infinity) => StateStore.open(diskFolder(dir), async () => ({ usage: 0, quota: free, free }));
const shape: StateShape = { key: 'a'.repeat(64), blocks: 2, width: 3, tokens: [4, 1, 2] };
/** Any bits: infinities, NaN and subnormal numbers must come back as they were. */
const states = (batch: number, block: number, { tokens, width }: StateShape = shape): Float32Array =>
  new Float32Array(
    Uint32Array.from({ length: tokens[batch] * width }, (_, i) =>
      Math.imul(batch * 7919 + block * 104_729 + i + 1, 2_654_435_761),
    ).buffer,
  );
const bits = (values: Float32Array): Uint32Array => new Uint32Array(values.buffer, values.byteOffset, values.length);
const files = (): string[] => readdirSync(join(dir, 'states'));

test('what is written is read back, bit by bit, in any order; then nothing is left', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }),
      async (blocks, width, tokens) => {
        const any = { key: 'b'.repeat(64), blocks, width, tokens };
        const file = await (await store()).file(any, false);
        for (const batch of tokens.keys()) await file.append(async (block) => states(batch, block, any));
        expect(file.batches).toBe(tokens.length);
        for (const batch of [...tokens.keys()].toReversed())
          for (let block = 0; block < blocks; block++)
            expect(bits(file.read(batch, block))).toEqual(bits(states(batch, block, any)));
        expect(await (await store()).bytes()).toBe(stateBytes(any));
        await file.discard();
      },
    ),
    { numRuns: 30 },
  );
  expect(files()).toEqual([]);
});

test('a collection that was torn off goes on after its last whole batch; of another shape it begins again', async () => {
  const first = await (await store()).file(shape, false);
  await first.append(async (block) => states(0, block));
  await first.append(async (block) => states(1, block));
  first.close();
  const path = join(dir, 'states', shape.key);
  truncateSync(path, stateBytes({ ...shape, tokens: [4, 1] }) - 1); // in the middle of the second batch
  const again = await (await store()).file(shape, true);
  expect(again.batches).toBe(1);
  await again.append(async (block) => states(1, block));
  await again.append(async (block) => states(2, block));
  expect(bits(again.read(1, 1))).toEqual(bits(states(1, 1)));
  expect(bits(again.read(0, 0))).toEqual(bits(states(0, 0)));
  again.close();
  const other = await (await store()).file({ ...shape, tokens: [4, 2, 1] }, true);
  expect(other.batches).toBe(0);
  await other.discard();
  const afresh = await (await store()).file(shape, false);
  expect(afresh.batches).toBe(0);
  await afresh.discard();
});

test('too little room is told before a byte is written, with what is missing', async () => {
  const big = { ...shape, tokens: [1_000_000] };
  const refused = (await store(10e6)).file(big, false);
  await expect(refused).rejects.toMatchObject({
    code: 'storage-full',
    params: { bytes: stateBytes(big), missing: stateBytes(big) - 10e6 },
  });
  await expect(refused).rejects.toThrow(saying(/take 23 MiB on disk .* and 14 MiB are missing/));
  expect(files()).toEqual([]);
});

test.each(['code', 'throws'] as const)('room that ends on the way is the same error (%s)', async (then) => {
  const file = await (await store()).file(shape, false);
  limitRoom(20, then);
  await expect(file.append(async (block) => states(0, block))).rejects.toMatchObject({ code: 'storage-full' });
  expect(file.batches).toBe(0);
  await file.discard();
});

test('a block of another size is a mistake of the program; a file cut from outside is a named error', async () => {
  const file = await (await store()).file(shape, false);
  await expect(file.append(async () => new Float32Array(5))).rejects.toThrow(RangeError);
  await file.append(async (block) => states(0, block));
  truncateSync(join(dir, 'states', shape.key), 140);
  expect(() => file.read(0, 0)).toThrow(saying('not whole', 'storage-unavailable'));
  await file.discard();
});

test('the sweep removes what was left behind and spares what another tab is writing', async () => {
  const left = await (await store()).file(shape, false);
  left.close();
  const atWork = await (await store()).file({ ...shape, key: 'c'.repeat(64) }, false);
  expect(await sweepStates(diskFolder(dir))).toBe(128);
  expect(files()).toEqual(['c'.repeat(64)]);
  await expect((await store()).file({ ...shape, key: 'c'.repeat(64) }, false)).rejects.toMatchObject({
    code: 'storage-busy',
  });
  await atWork.discard();
  expect(files()).toEqual([]);
}, 20_000);
