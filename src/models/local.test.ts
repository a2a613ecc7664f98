import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { sha256Hex } from '../experiment/digest';
import { LabError } from '../experiment/errors';
import { diskFolder } from './disk-fixture';
import { openLocalFiles, registerLocalFolder } from './local';
import { editGraph } from '../onnx';
import { inspectModel, openModel } from './open';
import { filesOfDirectory, filesOfDrop, filesOfList, type LocalFile } from './picked';
import { saidBy } from '../i18n/testing';

const ID = 'lrt-stories-l';
const MODEL = new URL(`../../public/models/${ID}/`, import.meta.url);
const PATHS = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'onnx/model_q4.onnx',
];

async function file(path: string, name = path): Promise<LocalFile> {
  return {
    path: name,
    file: new File([await readFile(new URL(path, MODEL))], name.split('/').at(-1)!, { lastModified: 1 }),
  };
}
const files = (prefix = ''): Promise<LocalFile[]> => Promise.all(PATHS.map((path) => file(path, prefix + path)));

function failure(opened: LocalFile[]): LabError {
  try {
    openLocalFiles(opened);
  } catch (error) {
    return error as LabError;
  }
  throw new Error('nothing was thrown');
}

const made: string[] = [];
afterEach(() => Promise.all(made.splice(0).map((path) => rm(path, { recursive: true }))));

test('a folder of the disk opens by the same door, with sizes and digests', async () => {
  const folder = openLocalFiles(await filesOfDirectory(diskFolder(MODEL.pathname.replace(/\/$/, ''))));
  expect(folder.name).toBe(ID);
  expect(folder.variants.map((variant) => variant.dtype)).toEqual(['q4', 'fp32']);
  const location = registerLocalFolder(folder);
  const seen: number[] = [];
  const opened = await openModel({ id: ID, dtype: 'q4', location }, { onProgress: (done) => seen.push(done) });
  expect(opened.config.layers).toBe(5);
  const graph = opened.files.at(-1)!;
  expect(graph).toEqual({
    path: 'onnx/model_q4.onnx',
    bytes: 3195837,
    sha256: sha256Hex(new Uint8Array(await readFile(new URL('onnx/model_q4.onnx', MODEL)))),
  });
  expect(seen.at(-1)).toBe(opened.files.reduce((sum, one) => sum + one.bytes, 0));
});

test('the same files have the same handle however they were opened; changed ones another', async () => {
  const picked = openLocalFiles(await files('models/lrt/'));
  const loose = openLocalFiles((await files()).map((one) => ({ ...one, path: one.path.replace('onnx/', '') })));
  expect(loose.location).toEqual(picked.location);
  expect(picked.name).toBe('lrt');
  const touched = await files();
  touched[4] = {
    path: touched[4].path,
    file: new File([await touched[4].file.arrayBuffer()], 'model_q4.onnx', { lastModified: 2 }),
  };
  expect(openLocalFiles(touched).location).not.toEqual(picked.location);
});

test('a file list gives its relative paths, a drop its entries', async () => {
  const list = await files('top/');
  for (const { path, file: one } of list) Object.defineProperty(one, 'webkitRelativePath', { value: path });
  expect(openLocalFiles(filesOfList(list.map((one) => one.file))).variants).toHaveLength(1);

  const entryOf = (one: LocalFile) => ({
    isFile: true,
    name: one.file.name,
    fullPath: `/${one.path}`,
    file: (resolve: (found: File) => void) => resolve(one.file),
  });
  const reader = (children: unknown[]) => ({
    readEntries: (resolve: (found: unknown[]) => void) => resolve(children.splice(0, 2)),
  });
  const onnx = { isFile: false, name: 'onnx', fullPath: '/top/onnx', createReader: () => reader([entryOf(list[4])]) };
  const top = {
    isFile: false,
    name: 'top',
    fullPath: '/top',
    createReader: () => reader([...list.slice(0, 4).map(entryOf), onnx]),
  };
  const dropped = await filesOfDrop([
    { kind: 'string' },
    { kind: 'file', webkitGetAsEntry: () => top },
  ] as unknown as DataTransferItem[]);
  expect(dropped.map((one) => one.path).toSorted()).toEqual(list.map((one) => one.path).toSorted());
});

describe('failures have names', () => {
  test('what is missing is listed, and what is there instead', async () => {
    const all = await files();
    expect(saidBy(failure(all.slice(0, 4)))).toContain('onnx/model*.onnx');
    expect(failure(all.filter((one) => one.path !== 'tokenizer.json'))).toMatchObject({
      code: 'model-incomplete',
      params: { missing: 'tokenizer.json' },
    });
    expect(saidBy(failure([...all.slice(0, 4), await file('onnx/model.onnx', 'onnx/decoder.onnx')]))).toContain(
      'decoder.onnx',
    );
    expect(failure([])).toMatchObject({ code: 'model-incomplete' });
  });

  test('several models at once', async () => {
    expect(failure([...(await files('a/')), ...(await files('b/'))])).toMatchObject({ code: 'model-layout' });
  });

  test('a precision that is not there, and a handle of another session', async () => {
    const location = registerLocalFolder(openLocalFiles(await files()));
    await expect(openModel({ id: ID, dtype: 'fp16', location })).rejects.toMatchObject({
      code: 'model-incomplete',
      params: { path: 'onnx/model_fp16.onnx' },
    });
    await expect(
      openModel({ id: ID, dtype: 'q4', location: { kind: 'local', handle: '0'.repeat(16) } }),
    ).rejects.toMatchObject({ code: 'model-not-stored' });
  });

  test('a folder with far too many files, read only so far', async () => {
    const path = await mkdtemp(join(tmpdir(), 'lrt-many-'));
    made.push(path);
    await mkdir(join(path, 'sub'));
    await Promise.all(Array.from({ length: 5001 }, (_, i) => writeFile(join(path, 'sub', String(i)), '')));
    await expect(filesOfDirectory(diskFolder(path))).rejects.toMatchObject({ code: 'model-layout' });
  });
});

test('loose files: weights of any name go with the graph that names them; all that are missing are named', async () => {
  const graph = new Uint8Array(await readFile(new URL('onnx/model_q4.onnx', MODEL)));
  const first = editGraph(graph, { externalise: { path: 'model-00001-of-00002.data', minBytes: 8192 } }).bytes;
  const both = editGraph(first, { externalise: { path: 'model-00002-of-00002.data', minBytes: 64 } }).bytes;
  const loose = (name: string, bytes: Uint8Array): LocalFile => ({
    path: name,
    file: new File([bytes as Uint8Array<ArrayBuffer>], name, { lastModified: 1 }),
  });
  const small = await Promise.all(PATHS.slice(0, 4).map((path) => file(path)));
  const whole = [
    ...small,
    loose('model_q4.onnx', both),
    loose('model-00001-of-00002.data', graph),
    loose('model-00002-of-00002.data', first),
  ];
  const location = registerLocalFolder(openLocalFiles(whole));
  const opened = await openModel({ id: ID, dtype: 'q4', location });
  expect(opened.external.map(({ path }) => path)).toEqual(['model-00001-of-00002.data', 'model-00002-of-00002.data']);
  const { weightBytes } = await inspectModel({ id: ID, dtype: 'q4', location });
  expect(weightBytes).toBe(both.length + graph.length + first.length);
  const lacking = registerLocalFolder(openLocalFiles(whole.slice(0, 5)));
  await expect(openModel({ id: ID, dtype: 'q4', location: lacking })).rejects.toMatchObject({
    key: 'model-incomplete.external',
    params: { missing: 'onnx/model-00001-of-00002.data, onnx/model-00002-of-00002.data' },
  });
});

test('parts of a model that the lab does not take are refused as what they are', async () => {
  const parts = (await files()).map((each) => ({
    ...each,
    path: each.path.replace('model_q4', 'decoder_model_merged'),
  }));
  const encoder = { ...parts.at(-1)!, path: 'onnx/encoder_model.onnx' };
  expect(failure([...parts, encoder]).key).toBe('graph-unsupported.encoder-decoder-files');
});
