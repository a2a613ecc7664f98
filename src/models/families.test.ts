import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMirror, type Mirror } from '../../tools/mirror';
import { LabError } from '../experiment/errors';
import { checkFamilies, estimateModelBytes, parseFamilies, type CuratedFamilies, type CuratedModel } from './families';

const curated = async (): Promise<CuratedFamilies> =>
  parseFamilies(JSON.parse(await readFile(new URL('../../public/families.json', import.meta.url), 'utf8')));
const TODAY = '2026-11-22';
let mirror: Mirror;

beforeAll(async () => {
  mirror = await startMirror(new URL('../../public/models', import.meta.url).pathname);
});
afterAll(() => mirror.close());

const model = (id: string, more: Partial<CuratedModel> = {}): CuratedModel => ({
  id,
  title: id,
  role: 'both',
  instruct: false,
  license: 'mit',
  params: 2422848,
  layers: 5,
  hiddenSize: 192,
  vocabSize: 2048,
  tied: true,
  dtypes: [
    { dtype: 'q4', bytes: 3195837 },
    { dtype: 'fp32', bytes: 9785380 },
  ],
  verified: '2026-01-01',
  commit: null,
  ...more,
});
const families = (...models: CuratedModel[]): CuratedFamilies => ({
  schema: 1,
  families: [{ id: 'f', title: 'F', about: 'a', note: null, models }],
});
const check = async (...models: CuratedModel[]) => {
  const { families: found, results } = await checkFamilies(families(...models), { host: mirror.url, today: TODAY });
  return { results, models: found.families[0].models };
};

describe('the data file', () => {
  test('is well formed, has every family, and claims no check that was not made', async () => {
    const { families: all } = await curated();
    expect(all.map((family) => family.id)).toEqual([
      'tinystories',
      'smollm2',
      'qwen2.5',
      'qwen3',
      'gemma-3',
      'llama-3.2',
      'pythia',
      'gpt-2',
    ]);
    for (const { models } of all) {
      expect(models.some((one) => one.role !== 'target') && models.some((one) => one.role !== 'source')).toBe(true);
      for (const one of models) {
        expect(one.params).toBeGreaterThan(one.vocabSize * one.hiddenSize * (one.tied ? 1 : 2));
        expect(one.verified === null, `${one.id}: a date, a commit and sizes come together`).toBe(
          one.commit === null && one.dtypes.every((entry) => entry.bytes === null),
        );
      }
    }
  });

  test('parameters agree with the shape, where a block is of the usual kind', async () => {
    const all = (await curated()).families.flatMap((family) => family.models);
    const gpt = (one: CuratedModel, positions: number): number =>
      one.layers * (12 * one.hiddenSize ** 2 + 13 * one.hiddenSize) +
      one.hiddenSize * (2 + (one.tied ? 1 : 2) * one.vocabSize + positions);
    for (const one of all.filter(({ id }) => id.includes('pythia'))) expect(one.params, one.id).toBe(gpt(one, 0));
    for (const one of all.filter(({ id }) => id.includes('gpt2'))) expect(one.params, one.id).toBe(gpt(one, 1024));
  });

  test('a wrong field, and an id that occurs twice, are named', () => {
    const twice = (): unknown => parseFamilies(families(model('a'), model('a')));
    expect(twice).toThrow(LabError);
    expect(twice).toThrow('twice');
    expect(() => parseFamilies(families(model('a', { verified: 'yesterday' })))).toThrow(
      'families.0.models.0.verified',
    );
    expect(() => parseFamilies(families(model('../a')))).toThrow('families.0.models.0.id');
  });
});

test('estimated sizes are within 5 % of the bundled exports', () => {
  expect(Math.abs(estimateModelBytes(model('l'), 'fp32') / 9785380 - 1)).toBeLessThan(0.05);
  expect(Math.abs(estimateModelBytes(model('l'), 'q4') / 3195837 - 1)).toBeLessThan(0.05);
});

describe('the checker against a mirror', () => {
  test('an entry that is as listed is dated and pinned; weights are not fetched', async () => {
    mirror.log.length = 0;
    const { models, results } = await check(model('lrt-stories-l'));
    expect(results).toEqual([{ id: 'lrt-stories-l', outcome: 'verified', details: [] }]);
    expect(models[0]).toMatchObject({ verified: TODAY, commit: mirror.commit('lrt-stories-l') });
    expect(mirror.log.some((line) => line.includes('.onnx'))).toBe(false);
  });

  test('what differs is listed and corrected', async () => {
    const { models, results } = await check(
      model('lrt-stories-l', {
        layers: 6,
        license: 'apache-2.0',
        dtypes: [
          { dtype: 'fp32', bytes: null },
          { dtype: 'fp16', bytes: 5 },
        ],
      }),
    );
    expect(results[0].outcome).toBe('changed');
    expect(results[0].details).toEqual([
      'license apache-2.0 → mit',
      'layers 6 → 5',
      'fp32 of unknown size → 9785380',
      'fp16 5 → absent',
      'q4 absent → 3195837',
    ]);
    expect(models[0]).toMatchObject({
      layers: 5,
      license: 'mit',
      dtypes: [
        { dtype: 'q4', bytes: 3195837 },
        { dtype: 'fp32', bytes: 9785380 },
      ],
    });
  });

  test('one that is not there loses its date; one that cannot be reached keeps it; the others are still checked', async () => {
    mirror.fail('lrt-stories-m', 'api', { kind: 'redirects' });
    const { models, results } = await check(model('nobody/nothing'), model('lrt-stories-m'), model('lrt-stories-l'));
    mirror.fail('lrt-stories-m', 'api', null);
    expect(results.map((result) => result.outcome)).toEqual(['failed', 'failed', 'verified']);
    expect(results[0].details[0]).toContain('model-not-found');
    expect(models.map((one) => one.verified)).toEqual([null, '2026-01-01', TODAY]);
  });
});
