/** A vector that leaves the lab and comes back steers as before, to the bit: the runtime is given what a file holds. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Run } from '../experiment/run';
import { bundled, testRuntime } from '../runtime/fixtures';
import type { LanguageModel, Runtime } from '../runtime/types';
import { steeringOf } from './steering';
import { readVectorFile, vectorGguf, vectorSafetensors, vectorSvec } from './vector-files';

let runtime: Runtime;
let model: LanguageModel;
let run: Run;
beforeAll(async () => {
  run = (await (await fetch(new URL('/recorded/mood.json', location.origin))).json()) as Run;
  runtime = await testRuntime('wasm');
  model = await runtime.load(bundled(run.models.target.id));
});
afterAll(async () => {
  await model.dispose();
  await runtime.dispose();
});

async function logits(block: number | null, vector?: Float32Array): Promise<Float32Array> {
  const [row] = await model.logits({ rows: [{ ids: model.tokenizer.encode(run.steer.axis.prompt), vector }], layer: block });
  return row;
}

test('exported and imported again, a vector gives identical logits', async () => {
  const steering = steeringOf(run, 'mapped');
  const unsteered = await logits(null);
  const own = await logits(steering.block, steering.added);
  expect(own).not.toEqual(unsteered);
  const safetensors = readVectorFile(vectorSafetensors(run)).vectors.find(({ name }) => name === 'mapped')!;
  const imported = [
    readVectorFile(vectorGguf(run, 'mapped')).vectors[0],
    readVectorFile(new TextEncoder().encode(vectorSvec(run, 'mapped'))).vectors[0],
    { ...safetensors, values: safetensors.values.map((x) => x * steering.alpha) },
  ];
  for (const { block, values } of imported) {
    const again = await logits(block, values);
    expect(new Uint32Array(again.buffer, again.byteOffset, again.length)).toEqual(new Uint32Array(own.buffer, own.byteOffset, own.length));
  }
});
