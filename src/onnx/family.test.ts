/** The bundled family, loaded from where the app loads it. */
import { describe, expect, it } from 'vitest';
import { editGraph } from './edit';
import { adds } from './interventions/sites';
import { assertFinite } from './finite';
import { readModel } from './model';
import { findResidualStream } from './residual';
import { family, maxDiff, runGraph, sameBits, testVector } from './testing';

/** Ids inside every vocabulary of the family; what they mean does not matter here. */
const IDS = [1, 37, 512, 99, 203, 7, 640, 18, 333, 256, 41, 905];

const GRAPHS = [
  ['lrt-stories-s', 'model.onnx', 'fused'],
  ['lrt-stories-m', 'model.onnx', 'fused'],
  ['lrt-stories-l', 'model.onnx', 'fused'],
  ['lrt-stories-l', 'model_q4.onnx', 'fused'],
  ['lrt-stranger', 'model.onnx', 'fused'],
  ['lrt-stories-s-plain', 'model.onnx', 'plain'],
] as const;

describe.each(GRAPHS)('%s/%s', (id, file, style) => {
  const bytes = family(id, file);
  const model = readModel(bytes);

  it('has a residual stream through every block, and finite weights', () => {
    const stream = findResidualStream(model);
    const caches = model.inputs.filter((input) => input.name.endsWith('.key'));
    expect(stream.style).toBe(style);
    expect(stream.blocks).toBe(caches.length);
    expect(stream.elementType).toBe('float32');
    assertFinite(model);
  });

  it('gives bit-identical logits under zero steering at every block, and others under a vector', async () => {
    const { info, ...plain } = editGraph(model);
    const every = Array.from({ length: info.blocks }, (_, block) => block);
    const edited = editGraph(model, { taps: 'all', steer: adds(...every) });
    const untouched = await runGraph({ info, ...plain }, IDS);
    const still = await runGraph(edited, IDS);
    expect(sameBits(still.logits.data, untouched.logits.data)).toBe(true);
    const steered = await runGraph(edited, IDS, { vectors: { 'steer.1': testVector(info.width) } });
    expect(maxDiff(steered.logits.data, untouched.logits.data)).toBeGreaterThan(0.1);
  });

  it('collects the same states without the head, and gives the last logits alone', async () => {
    const whole = await runGraph(editGraph(model, { taps: 'all' }), IDS);
    const collect = editGraph(model, { taps: 'all', keep: { logits: false, present: false } });
    expect(collect.bytes.length).toBeLessThan(bytes.length);
    const pruned = await runGraph(collect, IDS);
    for (const { name } of collect.taps) expect(sameBits(pruned[name].data, whole[name].data)).toBe(true);
    const last = await runGraph(editGraph(model, { lastTokenLogits: true, keep: { present: false } }), IDS);
    const { vocabSize } = collect.info;
    expect(last.logits.dims).toEqual([1, 1, vocabSize]);
    expect(maxDiff(last.logits.data, whole.logits.data.subarray(-vocabSize))).toBeLessThan(1e-4);
  });

  it('runs from weights left in the original file', async () => {
    const edited = editGraph(model, { steer: adds(0), externalise: { path: file, minBytes: 1024 } });
    expect(edited.bytes.length).toBeLessThan(0.3 * bytes.length);
    const whole = await runGraph(editGraph(model), IDS);
    const result = await runGraph(edited, IDS, { externalData: [{ path: file, data: bytes }] });
    expect(sameBits(result.logits.data, whole.logits.data)).toBe(true);
  });
});

it('taps the same states in both export styles of one model', async () => {
  const fused = await runGraph(editGraph(family('lrt-stories-s'), { taps: 'all' }), IDS);
  const plain = await runGraph(editGraph(family('lrt-stories-s-plain'), { taps: 'all' }), IDS);
  for (const tap of ['resid_post.0', 'resid_post.1', 'resid_post.2'])
    expect(maxDiff(fused[tap].data, plain[tap].data)).toBeLessThanOrEqual(1e-4);
});
