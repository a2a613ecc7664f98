/**
 * A vector that leaves the lab and comes back steers as before, to the bit: the runtime is given what a file holds. And it
 * steers here as llama.cpp and Hugging Face transformers were recorded to steer with the exported files.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromBase64 } from '../experiment/base64';
import type { Run } from '../experiment/run';
import { logSoftmax } from '../math/information';
import { bundled, testRuntime } from '../runtime/fixtures';
import type { LanguageModel, Runtime } from '../runtime/types';
import { proofRun, type ProofRecord } from './proof';
import { steeringOf } from './steering';
import { readVectorFile, vectorGguf, vectorSafetensors, vectorSvec } from './vector-files';
import { addition } from '../runtime/interventions';
import { adds } from '../onnx';

let runtime: Runtime;
let model: LanguageModel;
let run: Run;

async function json<T>(path: string): Promise<T> {
  return (await (await fetch(new URL(path, location.origin))).json()) as T;
}

beforeAll(async () => {
  run = proofRun(await json<unknown>('/fixtures/files/run.json'));
  runtime = await testRuntime('wasm');
  model = await runtime.load(bundled(run.models.target.id));
});
afterAll(async () => {
  await model.dispose();
  await runtime.dispose();
});

async function logits(block: number | null, vector?: Float32Array): Promise<Float32Array> {
  const [row] = await model.logits({
    rows: [
      {
        ids: model.tokenizer.encode(run.steer.axis.prompt),
        interventions: block === null ? [] : addition(block, vector!),
      },
    ],
    sites: block === null ? [] : adds(block),
  });
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
    expect(new Uint32Array(again.buffer, again.byteOffset, again.length)).toEqual(
      new Uint32Array(own.buffer, own.byteOffset, own.length),
    );
  }
});

test('here, under llama.cpp and under transformers, a vector of the same file steers alike', async () => {
  const record = await json<ProofRecord>('/fixtures/files/proof.json');
  const small = await runtime.load(bundled(run.models.source.id));
  for (const { role, vector, factor, llama, transformers } of record.cases) {
    const steered = role === 'target' ? model : small;
    const ids = steered.tokenizer.encode(record.prompt.text);
    expect(ids).toEqual(record.prompt.ids);
    // Factor 1 adds what the file holds, factor −1 its opposite.
    const steering = vector && steeringOf(run, vector);
    const batch = {
      rows: [
        {
          ids,
          interventions: steering
            ? addition(
                steering.block,
                steering.added.map((x) => x * factor),
              )
            : [],
        },
      ],
      sites: steering ? adds(steering.block) : [],
    };
    const own = logSoftmax(await steered.nextTokenLogits(batch));
    const [{ ids: greedy }] = await steered.decode(batch, {
      maxNewTokens: llama.greedy.length,
      sampling: { temperature: 0, topP: 1, seed: 0 },
    });
    const differences = [llama, transformers].map(({ logprobs }) =>
      Math.max(...fromBase64(logprobs).map((x, i) => Math.abs(x - own[i]))),
    );
    console.log(
      `${steered.info.id}, ${vector ? `${vector} × ${factor}` : 'unsteered'}: largest difference in log-probability from llama.cpp ${differences[0].toExponential(1)}, from transformers ${differences[1].toExponential(1)}; ${greedy.length} greedy tokens`,
    );
    for (const difference of differences) expect(difference).toBeLessThanOrEqual(1e-4);
    expect(greedy).toEqual(llama.greedy);
    expect(greedy).toEqual(transformers.greedy);
  }
  await small.dispose();
});
