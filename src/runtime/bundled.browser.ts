/** The bundled family through the runtime: its published loss, its q4 form, and folders that must be refused. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LabError } from '../experiment/errors';
import { logSoftmax } from '../math/information';
import { checkHomology, fetchCatalog, openModel, resolveModel } from '../models';
import { bundled, testRuntime } from './fixtures';
import type { LanguageModel, ModelFiles, ModelSource, Runtime } from './types';

const LARGE = 'lrt-stories-l';
const BATCH = 20;

let runtime: Runtime;
beforeAll(async () => {
  runtime = await testRuntime('wasm');
});
afterAll(() => runtime.dispose());

async function json<T>(path: string): Promise<T> {
  return (await (await fetch(new URL(path, location.origin))).json()) as T;
}

/** Mean next-token cross-entropy in nats over all texts together, the end token included: the card's definition. */
async function validationLoss(model: LanguageModel, texts: readonly string[]): Promise<number> {
  const { vocabSize } = model.info;
  const rows = texts.map((text) => ({ ids: [...model.tokenizer.encode(text), model.tokenizer.eosId!] }));
  let sum = 0;
  let count = 0;
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH);
    const all = await model.logits({ rows: batch, sites: [] });
    batch.forEach(({ ids }, r) => {
      for (let at = 0; at + 1 < ids.length; at++, count++)
        sum -= logSoftmax(all[r].subarray(at * vocabSize, (at + 1) * vocabSize))[ids[at + 1]];
    });
  }
  return sum / count;
}

async function validationTexts(): Promise<string[]> {
  const body = await (await fetch(new URL('/corpora/validation.jsonl', location.origin))).text();
  return body
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { text: string }).text);
}

test.each(['lrt-stories-s', LARGE])('%s has the validation loss that its card states', async (id) => {
  const catalog = await fetchCatalog(new URL('/', location.href).href);
  const { source, entry } = resolveModel(catalog, id, 'fp32', new URL('/', location.href).href);
  const model = await runtime.load(source);
  const card = await json<{ validationLoss: number }>(`/models/${id}/card.json`);
  const loss = await validationLoss(model, await validationTexts());
  expect(Math.abs(loss - card.validationLoss), `${loss}`).toBeLessThanOrEqual(1e-3);
  expect(entry.validationLoss).toBeCloseTo(card.validationLoss, 3);
  await model.dispose();
});

test('L in q4 runs, taps and decodes, and is nearly as good', async () => {
  const model = await runtime.load(bundled(LARGE, 'q4'));
  expect(model.info).toMatchObject({ layers: 5, hiddenSize: 192, vocabSize: 2048, style: 'fused' });
  const texts = (await validationTexts()).slice(0, 20);
  const full = await runtime.load(bundled(LARGE));
  expect(Math.abs((await validationLoss(model, texts)) - (await validationLoss(full, texts)))).toBeLessThan(0.2);
  const ids = model.tokenizer.encode(texts[0]).slice(0, 8);
  const taps = await model.collect([ids]);
  expect(taps.blocks).toHaveLength(5);
  taps.dispose();
  const [decoded] = await model.decode(
    { rows: [{ ids }], sites: [] },
    { maxNewTokens: 4, sampling: { temperature: 0, topP: 1, seed: 0 } },
  );
  expect(decoded.ids).toHaveLength(4);
  await model.dispose();
  await full.dispose();
});

test('S and L are homologous, S and the stranger are not', async () => {
  const [s, l, stranger] = [
    await runtime.load(bundled('lrt-stories-s')),
    await runtime.load(bundled(LARGE)),
    await runtime.load(bundled('lrt-stranger')),
  ];
  expect(checkHomology(s, l).verdict).toBe('homologous');
  expect(checkHomology(s, stranger).verdict).toBe('not-homologous');
  for (const model of [s, l, stranger]) await model.dispose();
});

/** Loads S with its files changed on the way. */
async function tampered(
  change: (files: ModelFiles) => ModelFiles,
  source: ModelSource = bundled('lrt-stories-s'),
): Promise<LabError> {
  const other = await testRuntime('wasm', {
    openModel: async (asked, options) => change(await openModel(asked, options)),
  });
  const thrown = await other.load(source).then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(LabError);
  return thrown as LabError;
}

test('damaged graphs are refused by name', async () => {
  const nan = await tampered((files) => {
    const graph = files.graph.slice();
    // The bytes in the middle of the file belong to a weight: an aligned run of NaNs whatever the offset.
    graph.fill(0xff, graph.length >> 1, (graph.length >> 1) + 16);
    return { ...files, graph };
  });
  expect(nan.code).toBe('model-nan');
  expect(nan.params.tensor).toBeTruthy();
  expect((await tampered((files) => ({ ...files, graph: files.graph.slice(0, files.graph.length >> 1) }))).code).toBe(
    'model-truncated',
  );
  expect((await tampered((files) => ({ ...files, graph: new TextEncoder().encode('<!doctype html>') }))).code).toBe(
    'model-invalid',
  );
  expect((await tampered((files) => ({ ...files, config: { ...files.config, layers: 4 } }))).code).toBe(
    'model-invalid',
  );
});

test('a folder that is not there, and one of the wrong precision', async () => {
  await expect(runtime.load(bundled('nobody'))).rejects.toMatchObject({ code: 'model-fetch' });
  await expect(runtime.load(bundled('lrt-stories-s', 'q4'))).rejects.toMatchObject({ code: 'model-fetch' });
});

test('a disposed model says so', async () => {
  const model = await runtime.load(bundled('lrt-stories-s'));
  await model.dispose();
  await expect(model.collect([[1, 2]])).rejects.toMatchObject({ code: 'runtime-failed' });
});
