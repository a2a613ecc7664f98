import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMirror, type Failure, type Mirror } from '../../tools/mirror';
import { serve } from '../../tools/serve';
import { LabError } from '../experiment/errors';
import { message } from '../experiment/message';
import { isRepositoryId } from '../experiment/model-ref';
import { fileUrl, resolveRepository, type RepositoryRequest } from './hub';
import { dtypeSupport, isInside, variantsOf } from './layout';
import { modelLocationSchema, normaliseHost } from './location';
import { saidBy } from '../i18n/testing';

const ID = 'lrt-stories-l';
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
let mirror: Mirror;

beforeAll(async () => {
  mirror = await startMirror(new URL('../../public/models', import.meta.url).pathname, {
    extra: {
      'owner/merged': Object.fromEntries(
        [
          'config.json',
          'tokenizer.json',
          'tokenizer_config.json',
          'onnx/decoder_model_merged.onnx',
          'onnx/decoder_model_merged_quantized.onnx',
          'onnx/decoder_model.onnx',
        ].map((path) => [path, encode('{}')]),
      ),
      'owner/apart': Object.fromEntries(
        [
          'config.json',
          'tokenizer.json',
          'tokenizer_config.json',
          'onnx/decoder_model.onnx',
          'onnx/decoder_with_past_model.onnx',
        ].map((path) => [path, encode('{}')]),
      ),
      'owner/words': { 'README.md': encode('hello') },
      'owner/outside': Object.fromEntries(
        ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx', 'onnx/../../x'].map((path) => [
          path,
          encode('{}'),
        ]),
      ),
    },
  });
});
afterAll(() => mirror.close());

const ask = (id: string, more: Partial<RepositoryRequest> = {}): RepositoryRequest => ({
  host: mirror.url,
  id,
  ...more,
});

async function failure(request: RepositoryRequest): Promise<LabError> {
  const thrown: unknown = await resolveRepository(request).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(LabError);
  return thrown as LabError;
}

async function listingWith(failed: Failure, path = 'api'): Promise<LabError> {
  mirror.fail(ID, path, failed);
  try {
    return await failure(ask(ID));
  } finally {
    mirror.fail(ID, path, null);
  }
}

test('a repository is pinned and listed, with sizes, digests and licence, and no file of it is fetched', async () => {
  mirror.log.length = 0;
  const repository = await resolveRepository(ask(ID));
  expect(repository).toMatchObject({ id: ID, commit: mirror.commit(ID), license: 'mit', gated: false, layout: 'hub' });
  expect(mirror.log).toEqual([`GET /api/models/${ID}/revision/main?blobs=true`]);
  expect(variantsOf(repository.files).map(({ dtype, bytes }) => [dtype, bytes])).toEqual([
    ['q4', 3195837],
    ['fp32', 9785380],
  ]);
  expect(repository.files.find((file) => file.path === 'onnx/model_q4.onnx')!.sha256).toBe(
    'cc172b380ccdcd66754480c05f6a5a7d6719251cf9a21d93fbf17ed58c1be6f9',
  );
  expect(repository.files.find((file) => file.path === 'config.json')!.sha256).toBeNull();
  expect(fileUrl(repository, 'onnx/model q4.onnx')).toBe(
    `${mirror.url}/${ID}/resolve/${repository.commit}/onnx/model%20q4.onnx`,
  );
});

test('a commit can be asked for again; another one is not found', async () => {
  const commit = mirror.commit(ID);
  expect((await resolveRepository(ask(ID, { revision: commit }))).commit).toBe(commit);
  expect((await failure(ask(ID, { revision: 'f'.repeat(40) }))).code).toBe('model-not-found');
  expect((await failure(ask(ID, { revision: 'refs/pr/1' }))).code).toBe('model-not-found');
});

test('the older name of a graph counts where today’s is not there', async () => {
  const { files } = await resolveRepository(ask('owner/merged'));
  expect(variantsOf(files).map(({ dtype, graph }) => [dtype, graph])).toEqual([
    ['fp32', 'onnx/decoder_model_merged.onnx'],
    ['q8', 'onnx/decoder_model_merged_quantized.onnx'],
  ]);
  const both = variantsOf([...files, { path: 'onnx/model.onnx', bytes: 2, sha256: null }]);
  expect(both.find(({ dtype }) => dtype === 'fp32')!.graph).toBe('onnx/model.onnx');
});

describe('failures have names', () => {
  test('ids and hosts that are none', async () => {
    for (const id of ['', 'a/b/c', '../x', 'owner/..', 'a b', 'owner/name?x'])
      expect((await failure(ask(id))).code).toBe('settings-invalid');
    for (const host of ['', 'file:///etc', 'huggingface.co'])
      expect((await failure(ask(ID, { host }))).code).toBe('settings-invalid');
  });

  test('nothing there, gated, an old layout, no model at all', async () => {
    expect((await failure(ask('owner/nothing'))).code).toBe('model-not-found');
    expect((await listingWith({ kind: 'gated' })).code).toBe('model-gated');
    const apart = await failure(ask('owner/apart'));
    expect(apart.code).toBe('model-layout');
    expect(saidBy(apart)).toContain('onnx/decoder_with_past_model.onnx');
    const words = await failure(ask('owner/words'));
    expect(saidBy(words)).toContain('config.json');
    expect(words.code).toBe('model-layout');
  });

  test('a page, no JSON, other JSON, a listing cut or without end', async () => {
    expect((await listingWith({ kind: 'page' })).code).toBe('model-page');
    expect((await listingWith({ kind: 'body', body: '{"sha": ' })).code).toBe('model-layout');
    expect(saidBy(await listingWith({ kind: 'body', body: '{"sha": "main", "siblings": []}' }))).toContain('sha');
    expect((await listingWith({ kind: 'cut', after: 100 })).code).toBe('model-truncated');
    expect((await listingWith({ kind: 'length', by: 9 * 2 ** 20 })).code).toBe('model-size');
  });

  test('redirects without end, and a host that does not answer, are told apart', async () => {
    expect(await listingWith({ kind: 'redirects' })).toMatchObject({
      code: 'model-unreachable',
      params: { reason: 'redirects' },
    });
    const gone = await startMirror(null);
    await gone.close();
    expect(await failure({ host: gone.url, id: ID })).toMatchObject({
      code: 'model-unreachable',
      params: { reason: 'offline' },
    });
  });

  test('a file outside the folder, and sizes that cannot be', async () => {
    expect(await failure(ask('owner/outside'))).toMatchObject({
      code: 'model-path',
      params: { path: 'onnx/../../x' },
    });
    expect((await listingWith({ kind: 'claim', bytes: 10 * 2 ** 30 }, 'config.json')).code).toBe('model-size');
    expect((await listingWith({ kind: 'claim', bytes: 2 ** 45 }, 'onnx/model.onnx')).code).toBe('model-size');
    expect((await listingWith({ kind: 'claim', bytes: -1 }, 'onnx/model.onnx')).code).toBe('model-layout');
  });

  test('a cancelled look-up', async () => {
    await expect(resolveRepository(ask(ID), { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});

test('a plain folder over HTTP: the known paths are probed, and the listing’s digest pins it', async () => {
  const site = await serve(0, 'public');
  try {
    const request: RepositoryRequest = { host: new URL('models/', site.url).href, id: ID, layout: 'folder' };
    const repository = await resolveRepository(request);
    expect(repository.files.map((file) => file.path)).toEqual([
      'config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'generation_config.json',
      'onnx/model.onnx',
      'onnx/model_q4.onnx',
    ]);
    expect(repository.files.at(-1)!.bytes).toBe(3195837);
    expect(repository.commit).toMatch(/^[0-9a-f]{40}$/);
    expect((await resolveRepository(request)).commit).toBe(repository.commit);
    expect((await failure({ ...request, id: 'nothing' })).code).toBe('model-not-found');
  } finally {
    await site.close();
  }
});

describe('names', () => {
  test('of repositories, hosts and places', () => {
    expect(isRepositoryId('gpt2') && isRepositoryId('onnx-community/Qwen3-0.6B-ONNX')).toBe(true);
    expect(isRepositoryId('a/../b') || isRepositoryId('a//b') || isRepositoryId('a/b/')).toBe(false);
    expect(normaliseHost('https://huggingface.co/')).toBe('https://huggingface.co');
    expect(normaliseHost('http://h/models/?x=1#y')).toBe('http://h/models');
    expect(modelLocationSchema.safeParse({ kind: 'hub', host: 'https://h', id: 'a/b', commit: 'main' }).success).toBe(
      false,
    );
    expect(
      modelLocationSchema.safeParse({ kind: 'hub', host: 'javascript:alert(1)', id: 'a/b', commit: 'a'.repeat(40) })
        .success,
    ).toBe(false);
    expect(
      modelLocationSchema.safeParse({ kind: 'hub', host: 'https://h', id: 'a/b', commit: 'a'.repeat(40) }).success,
    ).toBe(true);
  });

  test('of files: only those inside the folder', () => {
    expect(['a', 'onnx/model.onnx', '..a/b'].every(isInside)).toBe(true);
    expect(['', '/a', '../a', 'a/../b', 'a/./b', 'a//b', 'a\\b', 'C:/x', 'a/..'].some(isInside)).toBe(false);
  });

  test('of shards: with the graph they belong to, in their order', () => {
    const file = (path: string, bytes: number) => ({ path, bytes, sha256: null });
    const files = [
      file('onnx/model_q4.onnx', 1),
      file('onnx/model.onnx_data_10', 4),
      file('onnx/model.onnx_data_2', 3),
      file('onnx/model.onnx_data', 2),
      file('onnx/model.onnx', 1),
      file('onnx/model_fp16.onnx', 1),
      file('onnx/model_fp16.onnx.data', 7),
    ];
    const [q4, fp16, fp32] = variantsOf(files);
    expect(q4).toMatchObject({ dtype: 'q4', bytes: 1 });
    expect(fp16.files.map((f) => f.path)).toEqual(['onnx/model_fp16.onnx', 'onnx/model_fp16.onnx.data']);
    expect(fp32.files.map((f) => f.path)).toEqual([
      'onnx/model.onnx',
      'onnx/model.onnx_data',
      'onnx/model.onnx_data_2',
      'onnx/model.onnx_data_10',
    ]);
    expect(fp32.bytes).toBe(10);
  });
});

test('float16 runs on WebGPU only with its feature, and the reason is given', () => {
  expect(dtypeSupport('fp16', { backend: 'webgpu', shaderF16: false })).toEqual({
    runs: false,
    note: message('precision.no-float16'),
  });
  expect(dtypeSupport('q4f16', { backend: 'webgpu', shaderF16: false }).runs).toBe(false);
  expect(dtypeSupport('q4f16', { backend: 'webgpu', shaderF16: true })).toEqual({ runs: true, note: null });
  expect(dtypeSupport('fp16', { backend: 'wasm', shaderF16: false }).runs).toBe(true);
  expect(dtypeSupport('q4', { backend: 'webgpu', shaderF16: false })).toEqual({ runs: true, note: null });
});
