import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64 } from '../experiment/base64';
import { concatenate, padding, u32Bytes, u64Bytes, utf8 } from './bytes';
import { readControlVector, writeControlVector } from './gguf';
import { readSafetensors, writeSafetensors } from './safetensors';
import { steeringOf, VECTOR_NAMES } from './steering';
import { readSvec, writeSvec } from './svec';
import { bits, failure, floats, recordedRun, survivesDamage } from './testing';
import { readVectorFile, vectorGguf, vectorSafetensors, vectorSvec } from './vector-files';
import { saidBy, saying } from '../i18n/testing';

const run = recordedRun();

/** Directions of one width at several blocks. */
const directions = (firstBlock: number) =>
  fc.integer({ min: 1, max: 40 }).chain((width) =>
    fc
      .uniqueArray(fc.tuple(fc.integer({ min: firstBlock, max: 99_999 }), floats(width)), {
        selector: ([block]) => block,
        minLength: 1,
        maxLength: 5,
      })
      .map((entries) => new Map(entries)),
  );

const bitsOf = (map: ReadonlyMap<number, Float32Array>): [number, number[]][] =>
  [...map].map(([block, v]): [number, number[]] => [block, bits(v)]).toSorted(([a], [b]) => a - b);

/** A GGUF file of one tensor, as another program might write it. */
function foreign(
  tensor: { name?: string; shape?: number[]; type?: number },
  metadata: Uint8Array[] = [
    concatenate([u64Bytes(20), utf8('general.architecture'), u32Bytes(8), u64Bytes(13), utf8('controlvector')]),
  ],
): Uint8Array {
  const { name = 'direction.1', shape = [4], type = 0 } = tensor;
  const head = concatenate([
    utf8('GGUF'),
    u32Bytes(3),
    u64Bytes(1),
    u64Bytes(metadata.length),
    ...metadata,
    u64Bytes(name.length),
    utf8(name),
    u32Bytes(shape.length),
    ...shape.map(u64Bytes),
    u32Bytes(type),
    u64Bytes(0),
  ]);
  return concatenate([head, padding(head.length, 32), new Uint8Array(64)]);
}

describe('GGUF control vectors', () => {
  test('any directions come back bit by bit', () => {
    fc.assert(
      fc.property(directions(1), fc.option(fc.string()), fc.option(fc.string()), (map, modelHint, description) => {
        const back = readControlVector(writeControlVector({ directions: map, modelHint, name: null, description }));
        expect(bitsOf(back.directions)).toEqual(bitsOf(map));
        expect(back).toMatchObject({ modelHint, description, name: null });
      }),
      { numRuns: 300 },
    );
  });

  test('block 0, no direction and values that are no numbers are refused', () => {
    const write = (entries: [number, Float32Array][]) => () =>
      writeControlVector({ directions: new Map(entries), modelHint: 'llama', name: null, description: null });
    expect(failure(write([[0, new Float32Array(4)]]))).toEqual(saying('block 0', 'file-cannot-carry'));
    expect(failure(write([])).code).toBe('file-cannot-carry');
    expect(saidBy(failure(write([[1, Float32Array.of(1, Number.NaN)]])))).toContain('dimension 1');
    const first = { ...run, map: { ...run.map, layers: { source: 0, target: 0 } } };
    expect(failure(() => vectorGguf(first, 'mapped')).code).toBe('file-cannot-carry');
    expect(readVectorFile(new TextEncoder().encode(vectorSvec(first, 'mapped'))).vectors[0].block).toBe(0);
  });

  test('what llama.cpp refuses is refused', () => {
    expect(readControlVector(foreign({})).directions.get(1)).toEqual(new Float32Array(4));
    expect(saidBy(failure(() => readControlVector(foreign({ name: 'direction.0' }))))).toContain('direction.0');
    expect(saidBy(failure(() => readControlVector(foreign({ name: 'blk.0.attn_q.weight' }))))).toContain(
      'blk.0.attn_q.weight',
    );
    expect(saidBy(failure(() => readControlVector(foreign({ shape: [2, 2] }))))).toContain('[2, 2]');
    expect(saidBy(failure(() => readControlVector(foreign({ type: 1 }))))).toContain('not float32');
    expect(saidBy(failure(() => readControlVector(foreign({}, []))))).toContain('does not state what it is');
    expect(saidBy(failure(() => readControlVector(utf8('something else'))))).toContain('no GGUF');
  });

  test('damage is named', () => {
    console.log(`GGUF: ${survivesDamage(vectorGguf(run, 'mapped'), readControlVector, ['file-invalid'])}`);
  });
});

describe('.svec', () => {
  test('any directions come back bit by bit', () => {
    fc.assert(
      fc.property(directions(0), fc.string({ minLength: 1 }), (map, modelType) => {
        const back = readSvec(writeSvec({ modelType, directions: map }));
        // JSON has no −0: it comes back as 0, which adds the same.
        const positive = new Map([...map].map(([block, v]): [number, Float32Array] => [block, v.map((x) => x + 0)]));
        expect(bitsOf(back.directions)).toEqual(bitsOf(positive));
        expect(back.modelType).toBe(modelType);
      }),
      { numRuns: 200 },
    );
  });

  test('the older flat form is read, several directions a block are not', () => {
    expect(readSvec('{"model_type":"llama","directions":{"3":[1,2]}}').directions).toEqual(
      new Map([[3, Float32Array.of(1, 2)]]),
    );
    expect(failure(() => readSvec('{"model_type":"llama","directions":{"3":[[1,2],[3,4]]}}')).code).toBe(
      'file-cannot-carry',
    );
    for (const wrong of [
      '',
      '[]',
      '{}',
      '{"model_type":"llama","directions":{}}',
      '{"model_type":"llama","directions":{"a":[[1]]}}',
      '{"model_type":"llama","directions":{"1":[[1]],"2":[[1,2]]}}',
      '{"model_type":"llama","directions":{"1":[[1e60]]}}',
    ])
      expect(failure(() => readSvec(wrong)).code).toBe('file-invalid');
  });
});

describe('safetensors', () => {
  test('any tensors come back bit by bit', () => {
    const tensor = fc
      .tuple(fc.nat(5), fc.nat(5))
      .chain(([rows, columns]) => floats(rows * columns).map((values) => ({ shape: [rows, columns], values })));
    const name = fc.string({ minLength: 1 }).filter((key) => key !== '__metadata__' && key !== '__proto__');
    fc.assert(
      fc.property(
        fc.dictionary(name, tensor, { maxKeys: 4 }),
        fc.dictionary(name, fc.string(), { maxKeys: 3 }),
        (tensors, metadata) => {
          const back = readSafetensors(writeSafetensors({ tensors, metadata }));
          expect(Object.keys(back.tensors).toSorted()).toEqual(Object.keys(tensors).toSorted());
          for (const [key, { shape, values }] of Object.entries(tensors)) {
            expect(back.tensors[key].shape).toEqual(shape);
            expect(bits(back.tensors[key].values)).toEqual(bits(values));
          }
          expect({ ...back.metadata }).toEqual({ ...metadata });
        },
      ),
      { numRuns: 200 },
    );
  });

  test('float16 and bfloat16 are widened exactly', () => {
    const file = (dtype: string, values: number[]): Uint8Array => {
      const header = utf8(
        JSON.stringify({ v: { dtype, shape: [values.length], data_offsets: [0, 2 * values.length] } }),
      );
      return concatenate([u64Bytes(header.length), header, new Uint8Array(Uint16Array.from(values).buffer)]);
    };
    expect(Array.from(readSafetensors(file('F16', [0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff])).tensors.v.values)).toEqual(
      [1, -2, 0.333251953125, 2 ** -24, 65504],
    );
    expect(Array.from(readSafetensors(file('BF16', [0x3f80, 0xc040])).tensors.v.values)).toEqual([1, -3]);
    expect(saidBy(failure(() => readSafetensors(file('F16', [0x7c00]))))).toContain('dimension 0');
    expect(saidBy(failure(() => readSafetensors(file('I16', [1]))))).toContain('I16');
  });

  test('damage is named', () => {
    console.log(`safetensors: ${survivesDamage(vectorSafetensors(run), readSafetensors, ['file-invalid'])}`);
  });
});

describe('the vectors of a run', () => {
  test('every format carries what the lab adds, to the bit', () => {
    for (const vector of VECTOR_NAMES) {
      const steering = steeringOf(run, vector);
      expect(steering.alpha).toBeCloseTo(
        run.evidence.verdict.chosenDose.r * run.steer.vector.medianNorm[steering.role],
        12,
      );
      for (const bytes of [vectorGguf(run, vector), utf8(vectorSvec(run, vector))]) {
        const [read] = readVectorFile(bytes).vectors;
        expect([read.block, read.modelType]).toEqual([run.map.layers[steering.role], 'llama']);
        expect(bits(read.values)).toEqual(bits(steering.added));
      }
    }
    const { vectors } = readVectorFile(vectorSafetensors(run));
    expect(vectors.map(({ name, block }) => [name, block])).toEqual([
      ['mapped', 3],
      ['native', 3],
      ['source', 2],
    ]);
    for (const { name, values } of vectors)
      expect(bits(values)).toEqual(bits(fromBase64(run.steer.vector.values[name as 'mapped'])));
  });

  test('a run that steers otherwise than the formats can say is refused', () => {
    const clamped = structuredClone(run);
    clamped.experiment.transfer.operation = 'clamp';
    const late = structuredClone(run);
    late.experiment.transfer.scope = 'generated';
    for (const other of [clamped, late])
      for (const write of [vectorGguf, vectorSvec])
        expect(failure(() => write(other, 'mapped'))).toMatchObject({ key: 'file-cannot-carry.operation' });
    // Unit directions can be used by any operation, and the file says which.
    const said = readSafetensors(vectorSafetensors(clamped), 'clamped').metadata;
    expect(said.operation).toMatch(/set the projection .* mean plus alpha, at every position/);
    expect(readSafetensors(vectorSafetensors(run), 'added').metadata.operation).toBe(
      'unit directions; add alpha times the direction to the output of the block, at every position',
    );
    // Of further blocks a run keeps no vectors.
    const further = structuredClone(run);
    further.experiment.transfer.also = [{ sourceLayer: 0, targetLayer: 0, share: 1 }];
    expect(failure(() => vectorSafetensors(further))).toMatchObject({ key: 'file-cannot-carry.further-blocks' });
  });

  test('bytes of no known format are named', () => {
    for (const text of ['', 'hello', '<html>', '[1]'])
      expect(failure(() => readVectorFile(utf8(text))).code).toBe('file-invalid');
  });
});
