/** What edits do to one another, in ONNX Runtime (WASM). What every export must give is in fixtures.*.test.ts. */
import { describe, expect, it } from 'vitest';
import { readDecoder } from './decoder';
import { editGraph } from './edit';
import { adds } from './interventions/sites';
import { EXPORTED, exported, exportedStates, maxDiff, runGraph, sameBits, testVector } from './testing';

describe.each(EXPORTED)('%s', (name) => {
  const bytes = exported(name);
  const states = exportedStates(name.split('-')[0]);

  // The CPU provider cannot run a float16 cache whose present.* is dropped; see EditOptions.keep.
  const present = readDecoder(bytes).step.inputs.some((input) => input.elementType === 'float16');

  it('collects the same states without the head', async () => {
    const whole = await runGraph(editGraph(bytes, { taps: 'all' }), states.ids);
    const pruned = await runGraph(editGraph(bytes, { taps: 'all', keep: { logits: false, present } }), states.ids);
    const taps = Object.keys(pruned).filter((output) => !output.startsWith('present.'));
    expect(taps).toEqual(['resid_post.0', 'resid_post.1', 'resid_post.2']);
    for (const tap of taps) expect(sameBits(pruned[tap].data, whole[tap].data)).toBe(true);
    const early = await runGraph(editGraph(bytes, { taps: [0], keep: { logits: false, present } }), states.ids);
    expect(sameBits(early['resid_post.0'].data, whole['resid_post.0'].data)).toBe(true);
  });

  it('gives the last row of the logits alone', async () => {
    const whole = await runGraph(editGraph(bytes), states.ids);
    const last = await runGraph(editGraph(bytes, { taps: [2], lastTokenLogits: true }), states.ids);
    const vocab = whole.logits.dims[2];
    expect(last.logits.dims).toEqual([1, 1, vocab]);
    expect(maxDiff(last.logits.data, whole.logits.data.subarray(-vocab))).toBeLessThan(present ? 0.01 : 1e-6);
  });

  it('takes two steering inputs at once, each for its own block', async () => {
    const edited = editGraph(bytes, { taps: 'all', steer: adds(0, 2) });
    const vector = testVector(edited.info.width, 0.5);
    const both = await runGraph(edited, states.ids, { vectors: { 'steer.0': vector, 'steer.2': vector } });
    const one = await runGraph(edited, states.ids, { vectors: { 'steer.0': vector } });
    expect(sameBits(both['resid_post.1'].data, one['resid_post.1'].data)).toBe(true);
    const moved = one['resid_post.2'].data.map((x, i) => x + vector[i % vector.length]);
    // Half precision rounds what the tap shows.
    expect(maxDiff(both['resid_post.2'].data, moved)).toBeLessThan(edited.info.elementType === 'float16' ? 0.01 : 1e-5);
  });
});
