/** The command line, as a user types it: whole experiments, their files, their exit codes. */
import { wordsOf } from '../src/i18n/text';
import { expect, test } from '@playwright/test';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultExperiment, quickVariant } from '../src/experiment/defaults';
import { fromBase64 } from '../src/experiment/base64';
import { digestOf, sha256Hex } from '../src/experiment/digest';
import type { ArmResult, Run } from '../src/experiment/run';
import { sentenceOf } from '../src/experiment/verdict';
import { readMap } from '../src/files/map-file';
import { cosine } from '../src/math/stats';

const ROOT = join(import.meta.dirname, '..');

function experiment(...args: string[]): { code: number | null; output: string; seconds: number } {
  const started = Date.now();
  const done = spawnSync('npx', ['tsx', 'tools/experiment.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 580_000,
  });
  return { code: done.status, output: done.stdout + done.stderr, seconds: (Date.now() - started) / 1000 };
}

function withOut<T>(body: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'lrt-'));
  try {
    return body(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const { say } = wordsOf('en');
const readRun = (dir: string): Run => JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')) as Run;
const arm = (run: Run, name: ArmResult['name'], direction: ArmResult['direction']): ArmResult =>
  run.evidence.arms.find((item) => item.name === name && item.direction === direction)!;

function printRun(run: Run, seconds: number): void {
  const rows = run.evidence.arms.map(
    (item) =>
      `  ${item.name} ${item.direction}: ${(100 * item.conceptRate.value).toFixed(0)} % of ${item.conceptRate.n}, p95 KL ${item.metrics.p95Kl.toFixed(2)}, rep-3 ${item.metrics.rep3.toFixed(2)}`,
  );
  console.log(
    `${run.experiment.title}: ${seconds.toFixed(1)} s; R² ${run.map.heldOutR2.toFixed(4)}, shuffled ${run.map.shuffledR2.toFixed(4)}, W error ${run.map.errorVsFloat64}, axis ${run.steer.axis.milliseconds} ms\n${rows.join('\n')}\n  ${say(sentenceOf(run.evidence.verdict))}`,
  );
}

/** What every complete run must hold, whatever its outcome. */
function checkRun(run: Run): void {
  expect(run.device.adapter).not.toBe('');
  expect(Object.keys(run.device.versions).length).toBeGreaterThan(0);
  for (const stage of ['models', 'activations', 'map', 'steer', 'evidence', 'total'] as const)
    expect(run.timings[stage]).toBeGreaterThanOrEqual(0);
  expect(run.activations.tokens.train).toBeGreaterThan(run.activations.tokens.heldOut);
  expect(run.map.errorVsFloat64).toBeLessThanOrEqual(1e-4);
  expect(run.map.shuffledR2).toBeLessThanOrEqual(0.02);
  expect(run.steer.vector.chanceBand).toBeCloseTo(1.96 / Math.sqrt(run.models.target.hiddenSize), 3);
  for (const item of run.evidence.arms) {
    expect(item.conceptRate.interval[0]).toBeLessThanOrEqual(item.conceptRate.value);
    expect(item.conceptRate.interval[1]).toBeGreaterThanOrEqual(item.conceptRate.value);
  }
}

/** vectors.safetensors, read by hand: header length, JSON header, data. */
function checkVectorFile(dir: string, run: Run): void {
  const bytes = readFileSync(join(dir, 'vectors.safetensors'));
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString('utf8')) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  >;
  expect(header.mapped.shape).toEqual([run.models.target.hiddenSize]);
  const [start, end] = header.mapped.data_offsets;
  expect(bytes.subarray(8 + length + start, 8 + length + end).toString('base64')).toBe(run.steer.vector.values.mapped);
}

/** map.safetensors carries the source's vector to the mapped one. */
function checkMapFile(dir: string, run: Run): void {
  const { W, p, muSource, muTarget } = readMap(readFileSync(join(dir, 'map.safetensors')));
  const [source, mapped] = [fromBase64(run.steer.vector.values.source), fromBase64(run.steer.vector.values.mapped)];
  const carried = mapped.map((_, j) => source.reduce((sum, x, i) => sum + x * W[i * mapped.length + j], 0));
  expect(cosine(carried, mapped)).toBeGreaterThan(0.999_999);
  muTarget.forEach((mean, j) =>
    expect(p[j] + muSource.reduce((sum, x, i) => sum + x * W[i * mapped.length + j], 0)).toBeCloseTo(mean, 3),
  );
}

function checkSteers(run: Run): void {
  const base = arm(run, 'large', 'none');
  for (const direction of ['positive', 'negative'] as const) {
    const mapped = arm(run, 'mapped', direction);
    expect(mapped.conceptRate.n).toBeGreaterThanOrEqual(64);
    expect(mapped.conceptRate.value).toBeGreaterThanOrEqual(0.8);
    const random = arm(run, 'random', direction);
    expect(Math.abs(random.positiveRate - base.positiveRate)).toBeLessThanOrEqual(0.1);
    expect(Math.abs(random.negativeRate - base.negativeRate)).toBeLessThanOrEqual(0.1);
  }
  expect(run.evidence.verdict.outcome).toBe('steers');
}

test('mood, S → L: complete, steers both ways, and the recorded run is current', () => {
  withOut((dir) => {
    const { code, output, seconds } = experiment('mood', '--out', dir);
    expect(code, output).toBe(0);
    const run = readRun(dir);
    printRun(run, seconds);
    checkRun(run);
    checkSteers(run);
    expect(run.evidence.verdict.chain).toMatchObject({ outcome: 'transfers', provisional: false });
    expect(readFileSync(join(dir, 'report.md'), 'utf8')).toContain(say(sentenceOf(run.evidence.verdict)));
    checkVectorFile(dir, run);
    checkMapFile(dir, run);

    const recorded = JSON.parse(readFileSync(join(ROOT, 'public/recorded/mood.json'), 'utf8')) as Run;
    expect(recorded.experimentDigest).toBe(digestOf(defaultExperiment('mood')));
    expect(recorded.models).toEqual(run.models);
    expect(recorded.map.heldOutR2).toBeCloseTo(run.map.heldOutR2, 4);
    expect(recorded.steer.vector.cosineMappedNative).toBeCloseTo(run.steer.vector.cosineMappedNative, 3);
    expect(recorded.evidence.verdict.outcome).toBe(run.evidence.verdict.outcome);
    expect(recorded.evidence.verdict.chain?.outcome).toBe(run.evidence.verdict.chain?.outcome);
    expect(say(sentenceOf(recorded.evidence.verdict))).toBe(say(sentenceOf(run.evidence.verdict)));
    for (const item of recorded.evidence.arms)
      expect(item.conceptRate.value).toBeCloseTo(arm(run, item.name, item.direction).conceptRate.value, 1);
  });
});

test('relation, S → L, from an experiment file: fails, and is said to fail', () => {
  withOut((dir) => {
    const file = join(dir, 'relation.json');
    const settings = defaultExperiment('relation');
    const generation = { ...settings.generation, continuations: 16, chooseContinuations: 4, randomVectors: 2 };
    writeFileSync(file, JSON.stringify({ ...settings, dose: { ...settings.dose, stops: [0.5, 1] }, generation }));
    const { code, output, seconds } = experiment(file, '--out', dir);
    expect(code, output).toBe(0);
    const run = readRun(dir);
    printRun(run, seconds);
    checkRun(run);
    expect(run.evidence.verdict.outcome).toBe('fails');
    expect(run.evidence.verdict.chain!.outcome).not.toBe('transfers');
  });
});

test('the whole run on WebGPU, S → M, even smaller than the quick one', () => {
  withOut((dir) => {
    const file = join(dir, 'mood.json');
    const quick = quickVariant(defaultExperiment('mood'));
    writeFileSync(
      file,
      JSON.stringify({
        ...quick,
        corpus: { ...quick.corpus, maxTokens: 1_500 },
        dose: { ...quick.dose, stops: [1], edgeDoses: 0 },
        generation: { ...quick.generation, maxNewTokens: 6, controlDraws: 1 },
        verdict: { ...quick.verdict, nullDirections: 0 },
      }),
    );
    const { code, output, seconds } = experiment(file, '--backend', 'webgpu', '--out', dir);
    expect(code, output).toBe(0);
    const run = readRun(dir);
    printRun(run, seconds);
    checkRun(run);
    expect(run.device.backend).toBe('webgpu');
    expect(run.map.solver).toBe('wgsl');
  });
});

test('S → Stranger is refused as not homologous, with the reason', () => {
  const { code, output } = experiment('mood', '--target', 'lrt-stranger');
  expect(code, output).toBe(5);
  expect(output).toMatch(/error not-homologous: .*tokenizer/i);
});

test('bad settings and unknown names are named errors', () => {
  withOut((dir) => {
    const file = join(dir, 'wrong.json');
    writeFileSync(
      file,
      JSON.stringify({
        ...defaultExperiment('mood'),
        corpus: { ...defaultExperiment('mood').corpus, maxTokens: 'many' },
      }),
    );
    const wrong = experiment(file);
    expect(wrong.code).toBe(2);
    expect(wrong.output).toMatch(/settings-invalid: .*corpus\.maxTokens/);
    expect(experiment('gladness').output).toMatch(/unknown-preset: There is no preset “gladness”/);
    const model = experiment('mood', '--source', 'lrt-stories-xl');
    expect(model.code).toBe(2);
    expect(model.output).toMatch(/unknown-model: There is no model “lrt-stories-xl”/);
  });
});

test('one-sided contrast pairs are a named error', () => {
  withOut((dir) => {
    const file = join(dir, 'pairs.json');
    const concept = {
      kind: 'pairs',
      title: 'Mine',
      positive: 'glad',
      negative: 'sad',
      pairs: [{ positive: 'A glad day.', negative: ' ' }],
      promptsFrom: 'mood',
      positiveWords: ['glad'],
      negativeWords: ['sad'],
    };
    writeFileSync(file, JSON.stringify({ ...defaultExperiment('mood'), concept }));
    const { code, output } = experiment(file, '--quick');
    expect(code).toBe(3);
    expect(output).toMatch(/pairs-one-sided: Pair 1 has no negative text/);
  });
});

/** Makes the catalogue of a copied site state the file as it now is, so that the check behind the digest is the one that speaks. */
function restate(site: string, id: string, path: string): void {
  const family = JSON.parse(readFileSync(join(site, 'family.json'), 'utf8')) as {
    models: { id: string; files: { path: string; bytes: number; sha256: string }[] }[];
  };
  const bytes = readFileSync(join(site, 'models', id, path));
  Object.assign(
    family.models.find((model) => model.id === id)!.files.find((item) => item.path === path)!,
    { bytes: bytes.length, sha256: sha256Hex(bytes) },
  );
  writeFileSync(join(site, 'family.json'), JSON.stringify(family));
}

test('a truncated model, a NaN weight, a foreign tokenizer and an empty corpus are named errors', () => {
  const damage: { what: string; code: number; args?: string[]; match: RegExp; harm: (site: string) => void }[] = [
    {
      what: 'truncated model',
      code: 4,
      match: /error model-(truncated|invalid): .*model\.onnx/,
      harm: (site) => {
        const path = join(site, 'models/lrt-stories-s/onnx/model.onnx');
        writeFileSync(path, readFileSync(path).subarray(0, 300_000));
      },
    },
    {
      what: 'NaN weight',
      code: 4,
      match: /error model-nan: /,
      harm: (site) => {
        const path = join(site, 'models/lrt-stories-s/onnx/model.onnx');
        const bytes = readFileSync(path);
        // Sixteen bytes of ones inside the largest weight: a NaN at any alignment.
        bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 16);
        writeFileSync(path, bytes);
        restate(site, 'lrt-stories-s', 'onnx/model.onnx');
      },
    },
    {
      what: 'a tokenizer with more tokens than the model has rows',
      code: 4,
      args: ['--source', 'lrt-stranger', '--target', 'lrt-stranger'],
      match: /error tokenizer-mismatch: /,
      harm: (site) => {
        cpSync(join(site, 'models/lrt-stories-s/tokenizer.json'), join(site, 'models/lrt-stranger/tokenizer.json'));
        restate(site, 'lrt-stranger', 'tokenizer.json');
      },
    },
    {
      what: 'empty corpus',
      code: 3,
      match: /error corpus-empty: /,
      harm: (site) => writeFileSync(join(site, 'corpora/stories.jsonl'), '\n'),
    },
  ];
  for (const { what, code, args = [], match, harm } of damage) {
    withOut((dir) => {
      const site = join(dir, 'site');
      cpSync(join(ROOT, 'dist'), site, { recursive: true });
      harm(site);
      const result = experiment('mood', '--site', site, ...args);
      expect(result.output, what).toMatch(match);
      expect(result.code, what).toBe(code);
    });
  }
});
