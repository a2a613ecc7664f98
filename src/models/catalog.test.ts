import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { LabError } from '../experiment/errors';
import { fetchCatalog, parseCatalog, RETIRED_MODELS, resolveModel } from './catalog';
import { serve } from './fixtures';
import { saidBy } from '../i18n/testing';

const BASE = 'http://lab.test/';
const entry = {
  id: 'tiny',
  path: 'models/tiny',
  role: 'S',
  title: 'Tiny',
  params: 10,
  nonEmbeddingParams: 5,
  layers: 1,
  hiddenSize: 2,
  vocabSize: 3,
  trainTokens: 100,
  validationLoss: 1.5,
  license: 'MIT',
  dtypes: ['fp32', 'q4'],
  files: [{ path: 'onnx/model.onnx', bytes: 7, sha256: 'a'.repeat(64) }],
};

function failure(work: () => unknown): LabError {
  try {
    work();
  } catch (error) {
    return error as LabError;
  }
  throw new Error('nothing was thrown');
}

afterEach(() => void vi.unstubAllGlobals());

test('the bundled catalogue is well formed and every file in it is there', async () => {
  serve();
  const catalog = await fetchCatalog(BASE);
  expect(catalog.models.map((model) => model.id)).toEqual(
    expect.arrayContaining(['lrt-stories-s', 'lrt-stories-m', 'lrt-stories-l', 'lrt-stranger', 'lrt-stories-s-plain']),
  );
  for (const model of catalog.models) {
    for (const file of model.files) {
      const body = await readFile(new URL(`../../public/${model.path}/${file.path}`, import.meta.url));
      expect(body.length, `${model.id}/${file.path}`).toBe(file.bytes);
    }
  }
});

describe('resolveModel', () => {
  const catalog = parseCatalog({ schema: 1, models: [entry] });

  test('gives the folder under any sub-path, with sizes and digests', () => {
    const { source } = resolveModel(catalog, 'tiny', 'q4', 'https://host.test/lab/');
    expect(source).toEqual({
      id: 'tiny',
      dtype: 'q4',
      baseUrl: 'https://host.test/lab/models/tiny/',
      sha256: { 'onnx/model.onnx': 'a'.repeat(64) },
      bytes: { 'onnx/model.onnx': 7 },
    });
  });

  test('an unknown id names the known ones; so does an unknown precision', () => {
    const unknown = failure(() => resolveModel(catalog, 'huge', 'fp32', BASE));
    expect(unknown.code).toBe('unknown-model');
    expect(saidBy(unknown)).toContain('tiny');
    const precision = failure(() => resolveModel(catalog, 'tiny', 'fp16', BASE));
    expect(precision.code).toBe('unknown-model');
    expect(saidBy(precision)).toContain('fp32, q4');
  });
});

describe('models that were bundled once', () => {
  const catalog = parseCatalog({ schema: 1, models: [entry] });

  test('are named with the release that had them', () => {
    for (const [id, release] of RETIRED_MODELS) {
      const retired = failure(() => resolveModel(catalog, id, 'fp32', BASE));
      expect(retired.key).toBe('unknown-model.retired');
      expect(saidBy(retired)).toContain(`release ${release}`);
      expect(saidBy(retired)).toContain('tiny');
    }
    expect(RETIRED_MODELS.size).toBe(5);
  });

  test('are never called so while the catalogue has them', () => {
    const [id] = RETIRED_MODELS.keys();
    const present = parseCatalog({ schema: 1, models: [{ ...entry, id }] });
    expect(resolveModel(present, id, 'fp32', BASE).entry.id).toBe(id);
    expect(failure(() => resolveModel(present, id, 'fp16', BASE)).key).toBe('unknown-model.precision');
  });
});

test('a malformed catalogue names the field; an id must be listed once', () => {
  expect(saidBy(failure(() => parseCatalog({ schema: 2, models: [entry] })))).toContain('schema');
  expect(saidBy(failure(() => parseCatalog({ schema: 1, models: [{ ...entry, layers: 0 }] })))).toContain(
    'models.0.layers',
  );
  expect(failure(() => parseCatalog({ schema: 1, models: [entry, entry] })).code).toBe('model-invalid');
});

test('a catalogue that does not come, or is none', async () => {
  serve((path) => (path === 'family.json' ? new Response(null, { status: 404 }) : null));
  await expect(fetchCatalog(BASE)).rejects.toMatchObject({ code: 'model-fetch' });
  serve((path) => (path === 'family.json' ? new TextEncoder().encode('{') : null));
  await expect(fetchCatalog(BASE)).rejects.toMatchObject({ code: 'model-invalid' });
});
