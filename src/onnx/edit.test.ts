import { describe, expect, it } from 'vitest';
import { LabError } from '../experiment/errors';
import { readDecoder } from './decoder';
import { editGraph, type EditOptions } from './edit';
import { adds } from './interventions/sites';
import { readModel, type OnnxModel } from './model';
import { findResidualStream } from './residual';
import { EXPORTED, exported } from './testing';
import { concatenate } from '../base/bytes';
import { bytesField, integerField, textField } from './wire';
import { saidBy } from '../i18n/testing';

function editError(source: Uint8Array, options: EditOptions): LabError {
  try {
    editGraph(source, options);
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('the edit was accepted');
}

const names = (values: readonly { name: string }[]) => values.map((value) => value.name);

/** Checks that every tensor is made or given before it is read, and made once: what ONNX asks of a graph. */
function assertWellFormed(model: OnnxModel): void {
  const known = new Set(['', ...names(model.inputs), ...model.initialisers.keys()]);
  for (const node of model.nodes) {
    for (const input of node.inputs)
      expect(known.has(input), `${node.op} ${node.name} reads ${input} before it is made`).toBe(true);
    for (const output of node.outputs) {
      if (!output) continue;
      expect(known.has(output), `${output} is made twice`).toBe(false);
      known.add(output);
    }
  }
  for (const output of model.outputs)
    expect(known.has(output.name), `nothing makes the output ${output.name}`).toBe(true);
  expect(new Set(names(model.outputs)).size).toBe(model.outputs.length);
  for (const output of model.outputs)
    expect(model.valueInfo.has(output.name), `${output.name} is declared twice`).toBe(false);
}

describe.each(EXPORTED)('editGraph on %s', (name) => {
  const bytes = exported(name);
  const original = readModel(bytes);

  it('changes no byte when nothing is asked for', () => {
    expect(Buffer.compare(editGraph(bytes).bytes, bytes)).toBe(0);
  });

  it('reads the sizes a runtime needs', () => {
    const { info } = editGraph(bytes);
    const stream = findResidualStream(original);
    expect(info).toMatchObject({
      blocks: 3,
      width: stream.width,
      style: stream.style,
      vocabSize: 40,
      hasNumLogitsToKeep: false,
    });
    expect(info.headDim).toBe(16);
    expect(info.hasPositionIds).toBe(names(original.inputs).includes('position_ids'));
  });

  it('adds taps without adding nodes, and steering with one Add each, but for the casts of a float16 stream', () => {
    const edited = editGraph(bytes, { taps: 'all', steer: adds(0, 2) });
    const model = readModel(edited.bytes);
    assertWellFormed(model);
    expect(names(edited.taps)).toEqual(['resid_post.0', 'resid_post.1', 'resid_post.2']);
    expect(names(edited.steers)).toEqual(['steer.0', 'steer.2']);
    expect(names(model.inputs)).toEqual(edited.inputs);
    expect(names(model.outputs)).toEqual(edited.outputs);
    const added = model.nodes.length - original.nodes.length;
    const { width, elementType } = edited.info;
    expect(added).toBe(elementType === 'float16' ? 3 + 2 * 3 : 2);
    for (const tap of edited.taps)
      expect(model.outputs).toContainEqual({
        name: tap.name,
        elementType: 'float32',
        dims: ['batch_size', 'sequence_length', width],
      });
    for (const steer of edited.steers)
      expect(model.inputs).toContainEqual({
        name: steer.name,
        elementType: 'float32',
        dims: ['steer_batch', 'steer_length', width],
      });
  });

  it('prunes the head for collecting', () => {
    const edited = editGraph(bytes, { taps: 'all', keep: { logits: false, present: false } });
    const model = readModel(edited.bytes);
    assertWellFormed(model);
    expect(edited.outputs).toEqual(['resid_post.0', 'resid_post.1', 'resid_post.2']);
    // Nothing of the vocabulary's size is left but the embedding.
    const vocabulary = [...model.initialisers.values()].filter((tensor) => tensor.dims.includes(40));
    expect(vocabulary.length).toBeLessThanOrEqual(1);
    const needed = new Set([
      ...model.nodes.flatMap((node) => [...node.inputs, ...node.captured]),
      ...names(model.outputs),
    ]);
    for (const initialiser of model.initialisers.keys())
      expect(needed.has(initialiser), `${initialiser} is read by nobody`).toBe(true);
    for (const input of model.inputs) expect(needed.has(input.name), `${input.name} is read by nobody`).toBe(true);
    const real = (nodes: readonly { op: string }[]) => nodes.filter(({ op }) => op !== 'Cast').length;
    expect(real(model.nodes)).toBeLessThan(real(original.nodes));
  });

  it('drops the later blocks when only an early one is tapped', () => {
    const edited = editGraph(bytes, { taps: [0], keep: { logits: false, present: false } });
    const model = readModel(edited.bytes);
    assertWellFormed(model);
    expect(edited.outputs).toEqual(['resid_post.0']);
    expect(
      edited.inputs
        .filter((input) => input.startsWith('past_key_values.'))
        .every((input) => input.startsWith('past_key_values.0.')),
    ).toBe(true);
    expect(model.nodes.length).toBeLessThan(0.6 * original.nodes.length);
  });

  it('drops the steering inputs that nothing kept reads', () => {
    const edited = editGraph(bytes, { taps: [0], steer: adds(0, 2), keep: { logits: false, present: false } });
    expect(edited.inputs).toContain('steer.0');
    expect(edited.inputs).not.toContain('steer.2');
    expect(names(edited.steers)).toEqual(['steer.0']);
  });

  it('lets the head read the last position', () => {
    const edited = editGraph(bytes, { taps: [2], lastTokenLogits: true });
    const model = readModel(edited.bytes);
    assertWellFormed(model);
    expect(model.outputs.find((output) => output.name === 'logits')!.dims).toEqual(['batch_size', 1, 40]);
    // Two nodes, and the tap's cast.
    expect(model.nodes.length).toBe(original.nodes.length + (edited.info.elementType === 'float16' ? 3 : 2));
    // Alone in a graph that keeps nothing else, it must still be there.
    assertWellFormed(readModel(editGraph(bytes, { lastTokenLogits: true, keep: { present: false } }).bytes));
  });

  it('leaves the weights in the original file', () => {
    const edited = editGraph(bytes, { taps: 'all', externalise: { path: 'model.onnx', minBytes: 200 } });
    const model = readModel(edited.bytes);
    expect(edited.external!.tensors).toBeGreaterThan(10);
    expect(edited.bytes.length).toBeLessThan(bytes.length - edited.external!.bytes + 200 * edited.external!.tensors);
    for (const [id, tensor] of model.initialisers) {
      const before = original.initialisers.get(id)!;
      expect(tensor).toMatchObject({ dims: before.dims, elementType: before.elementType });
      if (!tensor.external) continue;
      expect(tensor.external).toEqual({
        path: 'model.onnx',
        offset: before.raw!.start,
        length: before.raw!.end - before.raw!.start,
      });
    }
  });
});

describe('editGraph', () => {
  it('refuses what it cannot do, by name', () => {
    const bytes = exported('granite-fused-fp32');
    expect(editError(bytes, { taps: [3] })).toMatchObject({
      code: 'settings-invalid',
      params: { block: 3, last: 2 },
    });
    expect(editError(bytes, { steer: adds(-1) }).code).toBe('settings-invalid');
    expect(saidBy(editError(bytes, { keep: { logits: false, present: false } }))).toContain('without outputs');
    expect(editError(editGraph(bytes, { taps: [1] }).bytes, { taps: [1] })).toMatchObject({
      code: 'graph-unsupported',
    });
  });

  it('keeps fields it does not know', () => {
    const bytes = exported('granite-fused-fp32');
    const { graphField } = readModel(bytes);
    // An unknown field in the model before and after the graph, and metadata_props, field 14.
    const before = bytesField(600, new Uint8Array([1, 2, 3]));
    const after = concatenate([bytesField(14, textField(1, 'note'), textField(2, 'kept')), integerField(700, 9)]);
    const extended = concatenate([before, bytes, after]);
    const edited = editGraph(extended, { taps: 'all' }).bytes;
    expect(edited.slice(0, before.length)).toEqual(before);
    expect(edited.slice(-after.length)).toEqual(after);
    expect(edited.slice(before.length, before.length + graphField.start)).toEqual(bytes.slice(0, graphField.start));
  });

  it('taps through an Identity where the tensor must keep its name', () => {
    const bytes = exported('gpt2-plain-fp32');
    const tensor = findResidualStream(readModel(bytes)).post[1].tensor!;
    // Make resid_post[1] an output of the model itself, as some exports do with hidden states.
    const { graphField, bytes: all } = readModel(bytes);
    const graph = [
      ...readModel(bytes).items.map((item) => all.subarray(item.whole.start, item.whole.end)),
      bytesField(12, textField(1, tensor), bytesField(2, bytesField(1, integerField(1, 1)))),
    ];
    const exposed = concatenate([
      bytes.subarray(0, graphField.start),
      bytesField(7, ...graph),
      bytes.subarray(graphField.end),
    ]);
    const edited = editGraph(exposed, { taps: [1] });
    const model = readModel(edited.bytes);
    assertWellFormed(model);
    expect(edited.outputs).toContain(tensor);
    expect(edited.outputs).toContain('resid_post.1');
    expect(model.nodes.find((node) => node.outputs[0] === 'resid_post.1')).toMatchObject({
      op: 'Identity',
      inputs: [tensor],
    });
  });

  it('does not graft where the model can keep few logits itself', () => {
    const bytes = exported('granite-fused-fp32');
    const model = readModel(bytes);
    const input = bytesField(11, textField(1, 'num_logits_to_keep'), bytesField(2, bytesField(1, integerField(1, 7))));
    const graph = [...model.items.map((item) => bytes.subarray(item.whole.start, item.whole.end)), input];
    const able = concatenate([
      bytes.subarray(0, model.graphField.start),
      bytesField(7, ...graph),
      bytes.subarray(model.graphField.end),
    ]);
    const edited = editGraph(able, { lastTokenLogits: true });
    expect(edited.info.hasNumLogitsToKeep).toBe(true);
    expect(Buffer.compare(edited.bytes, able)).toBe(0);
  });

  it('reads and edits without copying the weights', () => {
    // 64 MB of weights that nothing may copy: what is allocated is counted, not timed.
    const bytes = exported('llama-plain-fp32');
    const model = readModel(bytes);
    const weight = bytesField(
      5,
      integerField(1, 16e6),
      integerField(2, 1),
      textField(8, 'ballast'),
      bytesField(9, new Uint8Array(64e6)),
    );
    const graph = [...model.items.map((item) => bytes.subarray(item.whole.start, item.whole.end)), weight];
    const large = concatenate([
      bytes.subarray(0, model.graphField.start),
      bytesField(7, ...graph),
      bytes.subarray(model.graphField.end),
    ]);
    const Real = globalThis.Uint8Array;
    let allocated = 0;
    globalThis.Uint8Array = new Proxy(Real, {
      construct: (target, args: unknown[], self) => {
        if (typeof args[0] === 'number') allocated += args[0];
        return Reflect.construct(target, args, self) as object;
      },
    });
    try {
      const decoder = readDecoder(large);
      expect(decoder.prompt.bytes.buffer).toBe(large.buffer);
      const edited = editGraph(decoder.prompt, {
        taps: 'all',
        steer: adds(1),
        externalise: { path: 'original', minBytes: 1024 },
      });
      const { external } = readModel(edited.bytes).initialisers.get('ballast')!;
      expect(new Real(large.buffer, large.byteOffset + external!.offset, external!.length!)).toHaveLength(64e6);
      expect(edited.bytes.length).toBeLessThan(1e6);
    } finally {
      globalThis.Uint8Array = Real;
    }
    expect(allocated).toBeLessThan(4e6);
  });
});
