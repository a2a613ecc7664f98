/** The bundled family against PyTorch: fixtures/family, see its README. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { editGraph } from './edit';
import { adds } from './interventions/sites';
import { family, maxDiff, runGraph } from './testing';

const FOLDER = 'fixtures/family';
const TOLERANCE = 1e-4;

interface Reference {
  models: {
    id: string;
    alsoFor: string[];
    binary: string;
    ids: number[][];
    layers: number;
    hiddenSize: number;
    vocabSize: number;
    steeredBlock: number;
    arrays: { name: string; shape: number[]; byteOffset: number }[];
  }[];
}

const { models } = JSON.parse(readFileSync(`${FOLDER}/index.json`, 'utf8')) as Reference;
const cases = models.flatMap((model) =>
  [model.id, ...model.alsoFor].flatMap((id) => model.ids.map((ids, text) => ({ id, text, ids, model }))),
);

it('has reference arrays of S, M and L, and of S in the plain style', () => {
  expect(new Set(cases.map((entry) => entry.id))).toEqual(
    new Set(['lrt-stories-s', 'lrt-stories-m', 'lrt-stories-l', 'lrt-stories-s-plain']),
  );
});

describe.each(cases)('$id, text $text', ({ id, text, ids, model }) => {
  const binary = new Uint8Array(readFileSync(`${FOLDER}/${model.binary}`));
  const array = (name: string): Float32Array => {
    const { shape, byteOffset } = model.arrays.find((entry) => entry.name === name)!;
    const size = shape.reduce((a, b) => a * b, 1);
    return new Float32Array(binary.slice(byteOffset, byteOffset + 4 * size).buffer);
  };
  const bytes = family(id);

  it('has the sizes of the PyTorch model', () => {
    expect(editGraph(bytes).info).toMatchObject({
      blocks: model.layers,
      width: model.hiddenSize,
      vocabSize: model.vocabSize,
    });
  });

  it('taps the states of every block', async () => {
    const edited = editGraph(bytes, { taps: 'all', keep: { logits: false, present: false } });
    const result = await runGraph(edited, ids);
    const expected = array(`text${text}.resid_post`);
    const size = ids.length * model.hiddenSize;
    for (const { block, name } of edited.taps) {
      expect(maxDiff(result[name].data, expected.subarray(block * size, (block + 1) * size)), name).toBeLessThanOrEqual(
        TOLERANCE,
      );
    }
  });

  it('adds a vector as the hook does', async () => {
    const edited = editGraph(bytes, {
      steer: adds(model.steeredBlock),
      lastTokenLogits: true,
      keep: { present: false },
    });
    const still = await runGraph(edited, ids);
    expect(maxDiff(still.logits.data, array(`text${text}.logits`))).toBeLessThanOrEqual(TOLERANCE);
    const steered = await runGraph(edited, ids, { vectors: { [edited.steers[0].name]: array('vector') } });
    expect(maxDiff(steered.logits.data, array(`text${text}.steered_logits`))).toBeLessThanOrEqual(TOLERANCE);
    expect(maxDiff(steered.logits.data, still.logits.data)).toBeGreaterThan(100 * TOLERANCE);
  });
});
