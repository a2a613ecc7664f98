/** The record of the proof is of these exporters: the table that it prints would otherwise be of other files. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fromBase64 } from '../experiment/base64';
import { sha256Hex } from '../experiment/digest';
import { readMap } from './map-file';
import { digestsOf, PROOF_CASES, proofRun, proofTable, provedFiles, type ProofRecord } from './proof';

const bytesOf = (path: string): Buffer => readFileSync(new URL(`../../${path}`, import.meta.url));
const fixture = (name: string): Buffer => bytesOf(`fixtures/files/${name}`);
const record = JSON.parse(fixture('proof.json').toString('utf8')) as ProofRecord;
const run = proofRun(JSON.parse(fixture('run.json').toString('utf8')));

test('the exporters write, to the byte, the files that other programs were seen to read', () => {
  const files = provedFiles(run, readMap(fixture('map.safetensors')));
  expect(digestsOf(files), 'An exporter has changed: run `npm run prove:files`.').toEqual(
    Object.fromEntries(record.files.map(({ name, sha256 }) => [name, sha256])),
  );
  console.log(proofTable(record));
});

test('the record is of these inputs, and of every case', () => {
  for (const [name, sha256] of Object.entries(record.inputs))
    expect(sha256Hex(name.includes('/') ? bytesOf(`public/models/${name}`) : fixture(name)), name).toBe(sha256);
  expect(record.cases.map(({ role, vector, factor }) => ({ role, vector, factor }))).toEqual(PROOF_CASES);
  const readers = record.files.flatMap(({ name, readers: list }) => list.map(({ program }) => `${name} ${program}`));
  expect(readers).toEqual(
    expect.arrayContaining([
      'mapped.gguf llama.cpp',
      'mapped.gguf gguf',
      'steer-llama.sh llama.cpp',
      'steer.py transformers',
      'vectors.safetensors safetensors',
      'map.safetensors safetensors',
    ]),
  );
  for (const program of ['llama.cpp', 'transformers', 'torch', 'safetensors', 'gguf', 'python'])
    expect(record.programs[program], program).toMatch(/\d/);
  for (const { llama, transformers, maxDifference } of record.cases) {
    const [a, b] = [fromBase64(llama.logprobs), fromBase64(transformers.logprobs)];
    expect(a.length).toBe(run.models.target.vocabSize);
    expect(Math.max(...a.map((x, i) => Math.abs(x - b[i])))).toBeCloseTo(maxDifference, 12);
    expect(maxDifference).toBeLessThanOrEqual(1e-4);
    expect(llama.greedy).toEqual(transformers.greedy);
    expect(llama.greedy.length).toBeGreaterThanOrEqual(20);
  }
});
