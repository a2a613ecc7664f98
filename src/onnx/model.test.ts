import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabError } from '../experiment/errors';
import { editGraph } from './edit';
import { adds } from './interventions/sites';
import { findNonFinite } from './finite';
import { readModel } from './model';
import { drawSpine } from './residual';
import { EXPORTED, exported } from './testing';
import { concatenate } from '../base/bytes';
import { bytesField, integerField, textField, varint } from './wire';
import { saidBy } from '../i18n/testing';

/** The error a function throws, or null; anything but a LabError fails the test. */
function labError(work: () => unknown): LabError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (!(error instanceof LabError)) throw new Error(`not a LabError: ${String(error)}`, { cause: error });
    return error;
  }
}

/** Everything the room does with bytes it was given. */
function useAll(bytes: Uint8Array): void {
  const model = readModel(bytes);
  drawSpine(model);
  findNonFinite(model);
  editGraph(model, {
    taps: 'all',
    steer: adds(0),
    keep: { logits: false, present: false },
    externalise: { path: 'self', minBytes: 64 },
  });
  editGraph(model, { lastTokenLogits: true });
}

describe('readModel', () => {
  it.each(EXPORTED)('reads %s whole', (name) => {
    const model = readModel(exported(name));
    expect(model.nodes.length).toBeGreaterThan(30);
    expect(model.initialisers.size).toBeGreaterThan(10);
    expect(model.inputs[0]).toMatchObject({ name: 'input_ids', elementType: 'int64' });
    expect(model.inputs[0].dims.map((dim) => typeof dim)).toEqual(['string', 'string']);
    expect(model.outputs.some((output) => output.name === 'logits')).toBe(true);
    expect(model.opsets.get('')).toBeGreaterThanOrEqual(14);
    expect(model.producer).toMatch(/pytorch|genai|onnx.quantize/);
    for (const tensor of model.initialisers.values())
      expect(
        tensor.raw !== null || tensor.floats.length > 0 || tensor.int32s.length > 0 || tensor.dims.includes(0),
      ).toBe(true);
  });

  it('points at the raw bytes of a tensor', () => {
    const bytes = exported('gpt2-plain-fp32');
    const weight = readModel(bytes).initialisers.get('transformer.wte.weight')!;
    expect(weight).toMatchObject({ dims: [40, 32], elementType: 'float32', external: null });
    const raw = bytes.slice(weight.raw!.start, weight.raw!.end);
    expect(raw.length).toBe(40 * 32 * 4);
    expect(new Float32Array(raw.buffer).every((x) => Math.abs(x) < 2)).toBe(true);
  });

  it('names a file that is cut, wherever it is cut', () => {
    const bytes = exported('gemma2-fused-fp16');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        const error = labError(() => readModel(bytes.subarray(0, length)));
        expect(error?.code).toBe('model-truncated');
        expect(error?.params.offset).toBeTypeOf('number');
        expect(saidBy(error)).toContain('Download');
      }),
      { numRuns: 400 },
    );
  });

  it.each(['gemma2-fused-fp16', 'qwen3-plain-fp32'])(
    'survives any flipped byte of %s with a LabError or a parse',
    (name) => {
      const bytes = exported(name);
      // Flips inside weights only change weights: aim at everything else.
      const weights = [...readModel(bytes).initialisers.values()]
        .map((tensor) => tensor.raw)
        .filter((span) => span !== null);
      const structural = Array.from(bytes.keys()).filter(
        (at) => !weights.some((span) => at >= span.start && at < span.end),
      );
      fc.assert(
        fc.property(fc.nat(structural.length - 1), fc.integer({ min: 1, max: 255 }), (index, mask) => {
          const broken = bytes.slice();
          broken[structural[index]] ^= mask;
          labError(() => useAll(broken));
        }),
        { numRuns: 150 },
      );
    },
  );

  it('survives bytes that were never a model', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(labError(() => readModel(bytes))).not.toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it('recognises a web page and a pointer file', () => {
    const text = (s: string) => new TextEncoder().encode(s);
    const page = labError(() => readModel(text('<!DOCTYPE html><html><body>Not found</body></html>')));
    expect(page).toMatchObject({ code: 'model-invalid' });
    expect(saidBy(page)).toContain('web page');
    const pointer = labError(() =>
      readModel(text('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n')),
    );
    expect(pointer).toMatchObject({ code: 'model-invalid' });
    expect(saidBy(pointer)).toContain('Git LFS');
    expect(labError(() => readModel(new Uint8Array()))!.code).toBe('model-truncated');
  });

  it('refuses subgraphs nested without end', () => {
    let graph: Uint8Array = new Uint8Array();
    for (let depth = 0; depth < 500; depth++)
      graph = bytesField(1, textField(4, 'If'), bytesField(5, bytesField(6, graph)));
    const bytes = concatenate([integerField(1, 8), bytesField(7, graph), bytesField(8, integerField(2, 18))]);
    expect(labError(() => readModel(bytes))).toMatchObject({ code: 'model-invalid' });
  });

  it('reads numbers of every size', () => {
    for (const n of [0, 1, 127, 128, 300, 2 ** 28, 2 ** 31, 2 ** 35 + 5, 2 ** 52 + 1, -1, -12345]) {
      const tensor = concatenate([concatenate([varint(1 << 3), varint(n)]), textField(8, 'x')]);
      const bytes = concatenate([
        integerField(1, 8),
        bytesField(7, bytesField(1, textField(4, 'Relu')), bytesField(5, tensor)),
        bytesField(8, integerField(2, 18)),
      ]);
      expect(readModel(bytes).initialisers.get('x')!.dims).toEqual([n]);
    }
  });

  it('keeps references to other files', () => {
    const external = editGraph(exported('granite-fused-fp32'), { externalise: { path: 'weights.bin', minBytes: 256 } });
    const tensors = [...readModel(external.bytes).initialisers.values()].filter((tensor) => tensor.external);
    expect(tensors.length).toBe(external.external!.tensors);
    expect(tensors[0].external).toMatchObject({ path: 'weights.bin' });
    expect(tensors.reduce((sum, tensor) => sum + tensor.external!.length!, 0)).toBe(external.external!.bytes);
  });
});
