/** Edited graphs in ONNX Runtime (WASM), against the untouched graph and against PyTorch. */
import { describe, expect, it } from 'vitest';
import { editGraph } from './edit';
import { EXPORTED, decode, exported, exportedStates, maxDiff, runGraph, sameBits, testVector } from './testing';

// A 4-bit or 8-bit graph computes with other weights than PyTorch did, and the float16 one rounds: they are held to less.
const TOLERANCE: Partial<Record<(typeof EXPORTED)[number], number>> = { 'gemma2-fused-fp16': 0.1, 'qwen2-fused-q4': Infinity, 'llama-plain-q8': Infinity };

describe.each(EXPORTED)('%s', (name) => {
  const bytes = exported(name);
  const states = exportedStates(name);
  const tolerance = TOLERANCE[name] ?? 1e-4;

  it('gives bit-identical logits with taps and with zero steering at every block', async () => {
    const plain = await runGraph(editGraph(bytes), states.ids);
    const edited = await runGraph(editGraph(bytes, { taps: 'all', steer: [0, 1, 2] }), states.ids);
    expect(sameBits(edited.logits.data, plain.logits.data)).toBe(true);
    for (const output of Object.keys(plain)) expect(maxDiff(edited[output].data, plain[output].data)).toBe(0);
  });

  it('taps the states PyTorch has after every block', async () => {
    const edited = editGraph(bytes, { taps: 'all' });
    const result = await runGraph(edited, states.ids);
    const expected = decode(states.residPost);
    const size = states.ids.length * edited.info.width;
    for (const { block, name: tap } of edited.taps) {
      expect(result[tap].dims).toEqual([1, states.ids.length, edited.info.width]);
      expect(maxDiff(result[tap].data, expected.subarray(block * size, (block + 1) * size))).toBeLessThanOrEqual(tolerance);
    }
  });

  it('adds a vector as a PyTorch hook does, and its own tap shows it', async () => {
    const block = states.steeredBlock;
    const vector = decode(states.vector);
    const edited = editGraph(bytes, { taps: 'all', steer: [block] });
    const still = await runGraph(edited, states.ids);
    const steered = await runGraph(edited, states.ids, { vectors: { [`steer.${block}`]: vector } });
    expect(maxDiff(steered.logits.data, decode(states.steeredLogits))).toBeLessThanOrEqual(tolerance);
    expect(maxDiff(steered.logits.data, still.logits.data)).toBeGreaterThan(0.1);
    // Blocks before are untouched, the block itself is moved by exactly the vector.
    expect(sameBits(steered['resid_post.0'].data, still['resid_post.0'].data)).toBe(true);
    const moved = still[`resid_post.${block}`].data.map((x, i) => x + vector[i % vector.length]);
    expect(maxDiff(steered[`resid_post.${block}`].data, moved)).toBeLessThan(1e-5);
  });

  // The CPU provider cannot run a float16 cache whose present.* is dropped; see EditOptions.keep.
  const present = name.endsWith('fp16');

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
    expect(maxDiff(last.logits.data, whole.logits.data.subarray(-vocab))).toBeLessThan(name.endsWith('fp16') ? 0.01 : 1e-6);
  });

  it('runs from weights left in the original file', async () => {
    const whole = await runGraph(editGraph(bytes, { steer: [1] }), states.ids);
    const edited = editGraph(bytes, { steer: [1], externalise: { path: 'original', minBytes: 128 } });
    const result = await runGraph(edited, states.ids, { externalData: [{ path: 'original', data: bytes }] });
    expect(sameBits(result.logits.data, whole.logits.data)).toBe(true);
  });

  it('takes two steering inputs at once, each for its own block', async () => {
    const edited = editGraph(bytes, { taps: 'all', steer: [0, 2] });
    const vector = testVector(edited.info.width, 0.5);
    const both = await runGraph(edited, states.ids, { vectors: { 'steer.0': vector, 'steer.2': vector } });
    const one = await runGraph(edited, states.ids, { vectors: { 'steer.0': vector } });
    expect(sameBits(both['resid_post.1'].data, one['resid_post.1'].data)).toBe(true);
    const moved = one['resid_post.2'].data.map((x, i) => x + vector[i % vector.length]);
    expect(maxDiff(both['resid_post.2'].data, moved)).toBeLessThan(1e-5);
  });
});
