import { afterEach, describe, expect, test, vi } from 'vitest';
import { sha256Hex } from '../experiment/digest';
import { LabError } from '../experiment/errors';
import { folder, serve, type Tamper } from './fixtures';
import { graphPath } from './layout';
import { openModel } from './open';
import type { LoadOptions, ModelSource } from './types';
import { saidBy } from '../i18n/testing';

const ID = 'lrt-stories-s';
const GRAPH = 'onnx/model.onnx';

afterEach(() => void vi.unstubAllGlobals());

async function failure(tamper: Tamper, source: ModelSource = folder(ID), options: LoadOptions = {}): Promise<LabError> {
  serve(tamper);
  const thrown = await openModel(source, options).then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(LabError);
  return thrown as LabError;
}

const at =
  (path: string, change: (body: Uint8Array) => Response | Uint8Array): Tamper =>
  (asked, body) =>
    asked.endsWith(path) ? change(body) : null;
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

test('a folder gives configuration, tokenizer, graph and the digests of what arrived', async () => {
  serve();
  const seen: [number, number][] = [];
  const files = await openModel(folder(ID), { onProgress: (done, total) => seen.push([done, total]) });
  expect(files.config).toMatchObject({
    modelType: 'llama',
    layers: 3,
    hiddenSize: 64,
    vocabSize: 2048,
    maxPositions: 512,
    eosIds: [2],
  });
  expect(files.files.map((file) => file.path)).toEqual([
    'config.json',
    'generation_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
    GRAPH,
  ]);
  expect(files.files.at(-1)).toEqual({ path: GRAPH, bytes: files.graph.length, sha256: sha256Hex(files.graph) });
  expect(files.external).toEqual([]);
  seen.forEach(([done, total], i) => {
    expect(done).toBeLessThanOrEqual(total);
    if (i > 0) expect(done).toBeGreaterThanOrEqual(seen[i - 1][0]);
  });
  expect(seen.at(-1)![0]).toBe(files.files.reduce((sum, file) => sum + file.bytes, 0));
});

test('the precision chooses the file', () => {
  expect((['fp32', 'fp16', 'q4', 'q4f16', 'q8'] as const).map((dtype) => graphPath(dtype))).toEqual([
    'onnx/model.onnx',
    'onnx/model_fp16.onnx',
    'onnx/model_q4.onnx',
    'onnx/model_q4f16.onnx',
    'onnx/model_quantized.onnx',
  ]);
});

test('a repository without generation_config.json will do', async () => {
  serve(at('generation_config.json', () => new Response(null, { status: 404 })));
  expect((await openModel(folder(ID))).config.eosIds).toEqual([2]);
});

describe('failures have names', () => {
  test('a missing file is named', async () => {
    const error = await failure(at(GRAPH, () => new Response(null, { status: 404 })));
    expect(error).toMatchObject({ code: 'model-fetch', params: { path: GRAPH, status: 404 } });
    expect(saidBy(error)).toContain(GRAPH);
  });

  test('a page in place of a file counts as missing', async () => {
    const page = new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } });
    expect(await failure(at('tokenizer.json', () => page))).toMatchObject({ code: 'model-fetch' });
  });

  test('an HTTP error and a dead line', async () => {
    const error = await failure(at('config.json', () => new Response(null, { status: 503 })));
    expect(error).toMatchObject({ code: 'model-fetch' });
    expect(saidBy(error)).toContain('503');
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    await expect(openModel(folder(ID))).rejects.toMatchObject({ code: 'model-fetch' });
  });

  test('a body shorter than the host or the catalogue says', async () => {
    const short = at(
      GRAPH,
      (body) =>
        new Response(body.slice(0, 5000) as Uint8Array<ArrayBuffer>, {
          headers: { 'content-length': String(body.length) },
        }),
    );
    expect(await failure(short)).toMatchObject({ code: 'model-truncated', params: { path: GRAPH, got: 5000 } });
    const silent = at(GRAPH, (body) => new Response(body.slice(0, 5000) as Uint8Array<ArrayBuffer>));
    expect(await failure(silent, folder(ID, { bytes: { [GRAPH]: 9000 } }))).toMatchObject({
      code: 'model-truncated',
      params: { expected: 9000 },
    });
  });

  test('a connection that breaks off', async () => {
    const broken = at(GRAPH, (body) => {
      const stream = new ReadableStream({
        start: (controller) => controller.enqueue(body.slice(0, 100)),
        pull: (controller) => controller.error(new TypeError('network error')),
      });
      return new Response(stream, { headers: { 'content-length': String(body.length) } });
    });
    expect(await failure(broken)).toMatchObject({ code: 'model-truncated' });
  });

  test('a graph cut short without anyone stating its size', async () => {
    const silent = at(GRAPH, (body) => new Response(body.slice(0, 5000) as Uint8Array<ArrayBuffer>));
    expect(await failure(silent)).toMatchObject({ code: 'model-truncated' });
  });

  test('a file with another digest than the catalogue’s', async () => {
    const error = await failure(() => null, folder(ID, { sha256: { [GRAPH]: '0'.repeat(64) } }));
    expect(error).toMatchObject({ code: 'model-invalid', params: { path: GRAPH } });
  });

  test('JSON that is none, and a configuration without its fields', async () => {
    expect(await failure(at('/config.json', () => json('x').slice(0, 2)))).toMatchObject({ code: 'model-invalid' });
    const error = await failure(at('/config.json', () => json({ model_type: 'llama', vocab_size: 2048 })));
    expect(error).toMatchObject({ code: 'model-invalid' });
  });

  test('a tokenizer that is none, and one of another model', async () => {
    expect(await failure(at('tokenizer.json', () => json({ hello: 1 })))).toMatchObject({ code: 'model-invalid' });
    const smaller = at('/config.json', (body) =>
      json({ ...JSON.parse(new TextDecoder().decode(body)), vocab_size: 100 }),
    );
    expect(await failure(smaller)).toMatchObject({ code: 'tokenizer-mismatch', params: { vocabSize: 100 } });
  });

  test('a cancelled load', async () => {
    const controller = new AbortController();
    const cancel = at('tokenizer.json', (body) => {
      controller.abort();
      return body;
    });
    expect(await failure(cancel, folder(ID), { signal: controller.signal })).toMatchObject({ code: 'cancelled' });
  });
});
