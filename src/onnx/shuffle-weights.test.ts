import { describe, expect, test } from 'vitest';
import { readDecoder } from './decoder';
import { editGraph } from './edit';
import { inspectDecoder } from './info';
import { readModel, type OnnxTensor } from './model';
import { shuffleWeights } from './shuffle-weights';
import { exported, family, maxDiff, runGraph } from './testing';

const IDS = [5, 9, 3, 17, 20];

const bytesOf = (bytes: Uint8Array, { raw }: OnnxTensor): number[] =>
  raw ? [...bytes.subarray(raw.start, raw.end)] : [];
const widthOf = (bytes: Uint8Array): number => inspectDecoder(readDecoder(bytes)).width;

describe.each([
  ['the bundled source', () => family('lrt-stories-s')],
  ['gpt2-plain-fp32', () => exported('gpt2-plain-fp32')],
  ['llama-fused-fp16', () => exported('llama-fused-fp16')],
  ['qwen2-fused-q4', () => exported('qwen2-fused-q4')],
  ['llama-plain-q8', () => exported('llama-plain-q8')],
])('%s', (_, read) => {
  const original = read();
  const width = widthOf(original);
  const { graph } = shuffleWeights({ graph: original, external: [] }, width, 3);
  const before = readModel(original);
  const after = readModel(graph);
  const changed = [...before.initialisers.values()].filter(
    (tensor) => bytesOf(original, tensor).join() !== bytesOf(graph, after.initialisers.get(tensor.name)!).join(),
  );

  test('matrices keep their entries and lose their order; vectors and tables of rotations stay', () => {
    expect(changed.length).toBeGreaterThan(3);
    for (const tensor of changed) {
      expect(tensor.dims.length, tensor.name).toBeGreaterThanOrEqual(2);
      expect(tensor.name).not.toMatch(/(cos|sin)_cache|norm/i);
      const sorted = (bytes: number[]): string => bytes.toSorted((a, b) => a - b).join();
      expect(sorted(bytesOf(graph, after.initialisers.get(tensor.name)!))).toBe(sorted(bytesOf(original, tensor)));
    }
    const unread = [...before.initialisers.values()].filter(({ raw, dims }) => raw && dims.length < 2);
    for (const tensor of unread) expect(changed).not.toContain(tensor);
  });

  test('the graph runs, and computes something else; the same of one seed', async () => {
    const [a, b] = [original, graph].map((bytes) => editGraph(readModel(bytes), { taps: 'all' }));
    const [x, y] = [await runGraph(a, IDS), await runGraph(b, IDS)];
    expect(y.logits.data.every(Number.isFinite)).toBe(true);
    expect(maxDiff(x.logits.data, y.logits.data)).toBeGreaterThan(0.01);
    expect(shuffleWeights({ graph: original, external: [] }, width, 3).graph).toEqual(graph);
    expect(shuffleWeights({ graph: original, external: [] }, width, 4).graph).not.toEqual(graph);
  });
});

test('a graph without matrices is refused by name', () => {
  const model = exported('gpt2-plain-fp32');
  expect(() => shuffleWeights({ graph: model.subarray(0, 0), external: [] }, 8, 1)).toThrow(/empty/i);
});
