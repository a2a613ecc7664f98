import { wordsOf } from '../i18n/text';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { HomologySample } from '../experiment/run';
import { checkHomology, withSample, type HomologyParty } from './homology';
import { tokenizerOf } from './testing';

type Json = Record<string, unknown>;

async function party(
  id: string,
  more: { vocabSize?: number; modelType?: string; tokenizer?: (json: Json) => Json; template?: string } = {},
): Promise<HomologyParty> {
  const read = async (name: string): Promise<Json> =>
    JSON.parse(await readFile(new URL(`../../public/models/${id}/${name}`, import.meta.url), 'utf8'));
  const { vocabSize = 2048, modelType = 'llama', tokenizer = (json) => json, template } = more;
  return {
    tokenizer: tokenizerOf(
      tokenizer(await read('tokenizer.json')),
      { ...(await read('tokenizer_config.json')), chat_template: template },
      { bosIds: [], eosIds: [] },
      id,
    ),
    info: { id, layers: 3, hiddenSize: 64, vocabSize, style: 'fused', spine: '', files: [] },
    config: {
      modelType,
      architecture: 'LlamaForCausalLM',
      vocabSize,
      layers: 3,
      hiddenSize: 64,
      heads: 4,
      kvHeads: 4,
      maxPositions: 512,
      bosIds: [1],
      eosIds: [2],
    },
  };
}

const { say } = wordsOf('en');
const failed = (a: HomologyParty, b: HomologyParty): string[] =>
  checkHomology(a, b)
    .checks.filter((check) => !check.passed)
    .map((check) => say(check.name));

test('one family is homologous', async () => {
  const report = checkHomology(await party('lrt-stories-s'), await party('lrt-stories-l'));
  expect(report.verdict).toBe('homologous');
  expect(report.checks.every((check) => check.passed)).toBe(true);
});

test('a stranger is not, and every check says why', async () => {
  const [a, b] = [await party('lrt-stories-s'), await party('lrt-stranger', { vocabSize: 1024, modelType: 'gpt2' })];
  const report = checkHomology(a, b);
  expect(report.verdict).toBe('not-homologous');
  expect(report.sameIds).toBe(false);
  expect(failed(a, b)).toEqual(['Vocabulary', 'Merges', 'Token ids', 'Architecture', 'Vocabulary size']);
  expect(say(report.checks.find((check) => say(check.name) === 'Token ids')!.detail)).toMatch(
    /different from position \d+ on/,
  );
});

test('another architecture, or a further special token, is related: the ids are still the same', async () => {
  const a = await party('lrt-stories-s');
  const architecture = await party('lrt-stories-l', { modelType: 'mistral' });
  expect([checkHomology(a, architecture).verdict, ...failed(a, architecture)]).toEqual(['related', 'Architecture']);
  const chat = await party('lrt-stories-l', {
    tokenizer: (json) => ({
      ...json,
      added_tokens: [...(json.added_tokens as Json[]), { id: 2048, content: '<|chat|>', special: true }],
    }),
  });
  expect([checkHomology(a, chat).verdict, ...failed(a, chat)]).toEqual(['related', 'Special tokens']);
  expect(checkHomology(a, chat).sameIds).toBe(true);
});

test('padding of the vocabulary, a text-only type and a chat template change no verdict', async () => {
  const [a, b] = [
    await party('lrt-stories-s', { modelType: 'gemma3' }),
    await party('lrt-stories-l', { modelType: 'gemma3_text', vocabSize: 2112, template: '{{ messages }}' }),
  ];
  expect([checkHomology(a, b).verdict, ...failed(a, b)]).toEqual(['homologous', 'Vocabulary size', 'Chat template']);
});

test('the same vocabulary that joins pieces in another order gives other ids', async () => {
  const reversed = await party('lrt-stories-l', {
    tokenizer: (json) => ({
      ...json,
      model: { ...(json.model as Json), merges: ((json.model as Json).merges as unknown[]).toReversed() },
    }),
  });
  const a = await party('lrt-stories-s');
  expect([checkHomology(a, reversed).verdict, ...failed(a, reversed)]).toEqual([
    'not-homologous',
    'Merges',
    'Token ids',
  ]);
});

describe('with a sample of states', () => {
  const sample = (verdict: HomologySample['verdict'], heldOutR2: number): HomologySample => ({
    texts: 32,
    rows: { train: 400, heldOut: 130, left: 3 },
    blocks: { source: [0, 1], target: [0, 1, 2] },
    cka: [
      [1, 0, 0],
      [0, 0.5, 0.6],
    ],
    profile: [
      { target: 0, source: 0, cka: 1 },
      { target: 1, source: 1, cka: 0.5 },
      { target: 2, source: 1, cka: 0.6 },
    ],
    late: [
      { target: 1, source: 1, cka: 0.5 },
      { target: 2, source: 1, cka: 0.6 },
    ],
    meanCka: 0.55,
    map: { source: 1, target: 1, lambda: 0.1, heldOutR2 },
    verdict,
  });

  test.each([
    ['lrt-stories-l', 'alike', 0.3, 'homologous'],
    ['lrt-stories-l', 'alike', 0.05, 'related'],
    ['lrt-stories-l', 'partly', 0.3, 'related'],
    ['lrt-stories-l', 'unalike', 0.3, 'not-homologous'],
    ['lrt-stranger', 'alike', 0.3, 'related'],
    ['lrt-stranger', 'partly', 0.9, 'not-homologous'],
    ['lrt-stranger', 'unalike', 0.9, 'not-homologous'],
  ] as const)('Stories S and %s, states %s, quick R² %d: %s', async (other, states, r2, verdict) => {
    const report = checkHomology(await party('lrt-stories-s'), await party(other));
    const whole = withSample(report, sample(states, r2));
    expect(whole.verdict).toBe(verdict);
    expect(whole.sameIds).toBe(report.sameIds);
    expect(whole.checks.slice(0, -2)).toEqual(report.checks);
    expect(whole.checks.slice(-2).map(({ passed }) => passed)).toEqual([states === 'alike', r2 >= 0.1]);
    expect(say(whole.checks.at(-2)!.detail)).toMatch(/530 positions of 32 texts.*0\.55 in the mean \(0\.50 to 0\.60\)/);
    expect(say(whole.checks.at(-1)!.detail)).toMatch(/Block 1 to block 1, fitted to 400 positions/);
  });
});
