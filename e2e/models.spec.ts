/** Models that are not bundled, from a mirror of the hub: looked up, agreed to, interrupted, resumed, run; and a hostile mirror told for what it is. */
import { expect, test, type Page } from '@playwright/test';
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultExperiment, quickVariant } from '../src/experiment/defaults';
import type { Run } from '../src/experiment/run';
import type { Experiment } from '../src/experiment/schema';
import { startMirror, type Mirror } from '../tools/mirror';

const MODELS = join(import.meta.dirname, '../public/models');
const S = 'lrt-stories-s';
const M = 'lrt-stories-m';
const GRAPH = 'onnx/model.onnx';

let mirror: Mirror;

// A control that is not there is told in time, not at the end of the test's.
test.use({ actionTimeout: 30_000 });

test.beforeEach(async () => {
  mirror = await startMirror(MODELS);
});

test.afterEach(() => mirror.close());

async function open(page: Page): Promise<void> {
  await page.goto('./');
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 60_000 });
  await page.getByTestId('stage-models').click();
}

async function list(page: Page, id: string): Promise<void> {
  await page.getByTestId('hub-host').fill(mirror.url);
  await page.getByTestId('hub-id').fill(id);
  await page.getByTestId('hub-list').click();
}

/** What the mirror was asked for besides a look at a repository: its listing, and the configuration that says whether it can run. */
const fetched = (): string[] => mirror.log.filter((line) => !line.includes('/api/') && !line.endsWith('/config.json'));
const error = (page: Page, code: string): ReturnType<Page['locator']> =>
  page.locator(`.other-models [data-testid="error"][data-code="${code}"]`);

async function download(page: Page, id: string): Promise<void> {
  await list(page, id);
  await page.getByTestId('download').click();
  await expect(page.getByTestId('download-done')).toBeVisible({ timeout: 60_000 });
}

test('a download is agreed to, interrupted by a reload, resumed and checked; the downloaded S and M run to the map', async ({
  page,
}) => {
  await open(page);
  expect(mirror.log).toEqual([]);
  mirror.fail(M, GRAPH, { kind: 'slow', milliseconds: 25 });
  await list(page, M);
  await expect(page.getByTestId('consent')).toContainText('mit');
  await expect(page.getByTestId('download')).toContainText(/Download \d+\.\d MB from 127\.0\.0\.1/);
  // The listing and the configuration, and nothing else, before the press.
  expect(fetched()).toEqual([]);
  await page.getByTestId('download').click();
  const bar = page.getByTestId('download-progress').getByRole('progressbar');
  await expect
    .poll(async () => Number(await bar.getAttribute('aria-valuenow')), { timeout: 60_000 })
    .toBeGreaterThan(1_200_000);
  await page.reload();

  mirror.fail(M, GRAPH, null);
  await page.getByTestId('stage-models').click();
  const stored = page.getByTestId(`stored-${M}`);
  await expect(stored).toContainText(`unfinished: ${GRAPH}`);
  const before = fetched().length;
  await stored.getByTestId('resume').click();
  await expect(page.getByTestId('download')).toContainText('Download the remaining');
  expect(fetched()).toHaveLength(before);
  await page.getByTestId('download').click();
  await expect(page.getByTestId('download-done')).toBeVisible({ timeout: 60_000 });
  // The rest of one file, by range; redirected once.
  const rest = fetched().slice(before);
  expect(
    rest.every((line) => line.includes('model.onnx') && /bytes=\d{7,}-$/.test(line)),
    rest.join('\n'),
  ).toBe(true);
  await page.getByTestId('use-target').click();

  await download(page, S);
  await page.getByTestId('use-source').click();
  await expect(page.getByTestId(`source-${S}-fp32`)).toBeChecked();
  await expect(page.getByTestId(`model-${S}-fp32`)).toContainText('282 k');
  await expect(page.getByTestId(`target-${M}-fp32`)).toBeChecked();
  await expect(page.getByTestId('memory')).toHaveAttribute('data-fits', 'together');

  // One model in memory at a time, as a pair that does not fit would be run.
  await page
    .getByTestId('memory')
    .getByText(/^One after the other: [\d.]+ MB$/)
    .click();
  await expect(page.getByTestId('sequential')).toContainText(/wait on disk/);
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 60_000 });

  // The chosen models stay; the rest of the quick variant makes the run short.
  await page.getByTestId('settings-button').click();
  await page.getByText('JSON', { exact: true }).click();
  const editor = page.getByTestId('settings-json');
  const { models } = JSON.parse(await editor.inputValue()) as ReturnType<typeof defaultExperiment>;
  expect(models).toEqual({
    source: { id: S, dtype: 'fp32', location: { kind: 'hub', host: mirror.url, commit: mirror.commit(S) } },
    target: { id: M, dtype: 'fp32', location: { kind: 'hub', host: mirror.url, commit: mirror.commit(M) } },
    alignment: 'tokens',
  });
  await editor.fill(JSON.stringify({ ...quickVariant(defaultExperiment('mood')), models }));
  await page.getByTestId('settings-apply').click();
  await page.getByTestId('settings-close').click();
  await page.getByTestId('run-button').click();
  await expect(page.getByTestId('stage-steer')).toHaveAttribute('data-mark', 'done', { timeout: 300_000 });
  await expect(page.locator('.model').first()).toContainText(S);
  await expect(page.locator('.homology')).toHaveAttribute('data-verdict', 'homologous');
  await expect(page.getByTestId('warnings')).toContainText('The models took turns in memory, as asked.');
  await page.getByTestId('stage-steer').click();
  await expect(page.getByTestId('swaps')).toContainText(/a new prompt loads the one that is away, and took [\d.]+ m?s/);

  await page.getByTestId('stage-models').click();
  await page.getByRole('button', { name: `Delete ${M}` }).click();
  await page.getByTestId('delete-confirm').click();
  await expect(stored).toHaveCount(0);
  await expect(page.getByTestId(`stored-${S}`)).toBeVisible();
});

test('a download is stopped and goes on; an experiment that names a model that is not here offers to get it', async ({
  page,
}) => {
  await open(page);
  mirror.fail(S, GRAPH, { kind: 'slow', milliseconds: 40 });
  await list(page, S);
  await page.getByTestId('download').click();
  const bar = page.getByTestId('download-progress').getByRole('progressbar');
  await expect
    .poll(async () => Number(await bar.getAttribute('aria-valuenow')), { timeout: 60_000 })
    .toBeGreaterThan(300_000);
  await page.getByTestId('download-stop').click();
  await expect(error(page, 'cancelled')).toContainText('The download was stopped');
  await expect(page.getByTestId('download')).toContainText('Download the remaining');
  mirror.fail(S, GRAPH, null);
  await page.getByTestId('download').click();
  await expect(page.getByTestId('download-done')).toBeVisible({ timeout: 60_000 });
  await page.getByTestId('use-source').click();

  await page.getByRole('button', { name: `Delete ${S}` }).click();
  await page.getByTestId('delete-confirm').click();
  await expect(page.getByTestId('memory').getByTestId('error')).toHaveAttribute('data-code', 'model-not-stored');
  await page.getByTestId('run-button').click();
  await expect(page.locator('.stage > [data-testid="error"]')).toHaveAttribute('data-code', 'model-not-stored', {
    timeout: 60_000,
  });
  const before = fetched().length;
  await page.getByTestId('get-absent').click();
  await expect(page.getByTestId('hub-revision')).toHaveValue(mirror.commit(S));
  await expect(page.getByTestId('download')).toBeEnabled();
  expect(fetched()).toHaveLength(before);
});

test('loose files that are dropped are opened as a model', async ({ page }) => {
  await open(page);
  await page.getByTestId('drop').evaluate(async (target, id) => {
    const data = new DataTransfer();
    for (const path of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'onnx/model.onnx']) {
      data.items.add(new File([await (await fetch(`models/${id}/${path}`)).blob()], path.replace('onnx/', '')));
    }
    target.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
  }, S);
  await expect(page.getByTestId('folder-opened')).toContainText('fp32');
  await page.getByTestId('source-Opened files-fp32').check();
  await expect(page.getByTestId('memory')).toHaveAttribute('data-fits', 'together');
});

test('a wrong digest is told, nothing of the file is kept, and the next attempt mends it', async ({ page }) => {
  await open(page);
  mirror.fail(S, GRAPH, { kind: 'digest' });
  await list(page, S);
  await page.getByTestId('download').click();
  await expect(error(page, 'model-digest')).toContainText(GRAPH, { timeout: 60_000 });
  await expect(page.getByTestId(`source-${S}-fp32`)).toHaveCount(0);
  mirror.fail(S, GRAPH, null);
  await page.getByTestId('download').click();
  await expect(page.getByTestId('download-done')).toBeVisible({ timeout: 60_000 });
});

test('a web page in place of the listing, a model that is not there, and a host that is none, are told and fetch nothing', async ({
  page,
}) => {
  await open(page);
  mirror.fail(S, 'api', { kind: 'page' });
  await list(page, S);
  await expect(error(page, 'model-page')).toBeVisible();
  mirror.fail(S, 'api', null);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByTestId('consent')).toContainText(S);

  await list(page, 'nobody/nothing');
  await expect(error(page, 'model-not-found')).toBeVisible();
  await expect(page.getByTestId('consent')).toHaveCount(0);
  await page.getByTestId('hub-host').fill('not a host');
  await page.getByTestId('hub-list').click();
  await expect(error(page, 'settings-invalid')).toBeVisible();
  expect(fetched()).toEqual([]);
});

test('a web page in place of a file that was agreed to is told', async ({ page }) => {
  await open(page);
  // The configuration is read before anything is agreed to, the rest after.
  mirror.fail(S, 'config.json', { kind: 'page' });
  await list(page, S);
  await expect(error(page, 'model-page')).toContainText('config.json');
  mirror.fail(S, 'config.json', null);
  mirror.fail(S, 'tokenizer.json', { kind: 'page' });
  await list(page, S);
  await page.getByTestId('download').click();
  await expect(error(page, 'model-page')).toContainText('tokenizer.json');
  expect(fetched().some((line) => line.includes('.onnx'))).toBe(false);
});

test('a claim of 20 GB is shown before the press, and not fetched when there is no room for it', async ({ page }) => {
  await open(page);
  mirror.fail(S, GRAPH, { kind: 'claim', bytes: 1e12 });
  await list(page, S);
  // No genuine file is that long: refused at the listing.
  await expect(error(page, 'model-size')).toContainText(GRAPH);
  mirror.fail(S, GRAPH, { kind: 'claim', bytes: 20e9 });
  await list(page, S);
  await expect(page.getByTestId('download')).toContainText('20.00 GB');
  await expect(page.getByTestId('consent')).toContainText(/of room are missing/);
  await page.getByTestId('download').click();
  await expect(error(page, 'storage-full')).toBeVisible();
  expect(fetched()).toEqual([]);
});

test('a file that answers with 10 GB where less was agreed to is not taken', async ({ page }) => {
  await open(page);
  mirror.fail(S, GRAPH, { kind: 'claim', bytes: 10e9, where: 'answer' });
  await list(page, S);
  await page.getByTestId('download').click();
  await expect(error(page, 'model-length')).toContainText(GRAPH, { timeout: 60_000 });
});

test('a folder from disk is opened, chosen, and loaded; a related model passes with a warning', async ({ page }) => {
  await open(page);
  const dir = mkdtempSync(join(tmpdir(), 'lrt-'));
  try {
    cpSync(join(MODELS, S), join(dir, 'my-model'), { recursive: true });
    await page.getByTestId('folder-input').setInputFiles(join(dir, 'my-model'));
    await expect(page.getByTestId('folder-opened')).toContainText('my-model');
    await page.getByTestId('source-my-model-fp32').check();
    await page.getByTestId(`target-${M}`).check();
    await expect(page.getByTestId('memory')).toHaveAttribute('data-fits', 'together');
    await page.getByTestId('run-button').click();
    await expect(page.getByTestId('stage-models')).toHaveAttribute('data-mark', 'done', { timeout: 60_000 });
    await page.getByTestId('cancel-button').click();
    await expect(page.locator('.homology')).toHaveAttribute('data-verdict', 'homologous');
    await expect(page.locator('.model').first()).toContainText('my-model');

    // The same tokens, another architecture by its configuration: a map can be fitted, and the page says what to mind.
    const config = join(dir, 'my-model', 'config.json');
    writeFileSync(config, readFileSync(config, 'utf8').replace('"llama"', '"mistral"'));
    renameSync(join(dir, 'my-model'), join(dir, 'a-relative'));
    await page.getByTestId('folder-input').setInputFiles(join(dir, 'a-relative'));
    await page.getByTestId('source-a-relative-fp32').check();
    await page.getByTestId('run-button').click();
    await expect(page.getByTestId('warnings')).toContainText(
      /a-relative and Stories M are related, not homologous: .*mistral and llama/,
      { timeout: 60_000 },
    );
    await expect(page.locator('.homology')).toHaveAttribute('data-verdict', 'related');
    await page.getByTestId('cancel-button').click();

    await page.getByTestId('folder-input').setInputFiles(join(dir, 'a-relative', 'onnx'));
    await expect(error(page, 'model-incomplete')).toContainText('config.json');
  } finally {
    rmSync(dir, { recursive: true });
  }
});

/** The command line beside this process, which serves the mirror. */
function experiment(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(
      'npx',
      ['tsx', 'tools/experiment.ts', ...args],
      { cwd: join(import.meta.dirname, '..'), timeout: 580_000 },
      (failure, stdout, stderr) => resolve({ code: failure ? Number(failure.code ?? -1) : 0, output: stdout + stderr }),
    );
  });
}

test('the command line downloads the models of an experiment from the host that it is given, and from none without one', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'lrt-'));
  try {
    const file = join(dir, 'mirrored.json');
    const reference = (id: string): Experiment['models']['source'] => ({
      id,
      dtype: 'fp32',
      location: { kind: 'hub', host: 'https://hub.invalid', commit: mirror.commit(id) },
    });
    const asked: Experiment = {
      ...quickVariant(defaultExperiment('mood')),
      models: { source: reference(S), target: reference(M), alignment: 'tokens' },
    };
    writeFileSync(file, JSON.stringify(asked));

    const without = await experiment(file);
    expect(without.output).toMatch(/error settings-invalid: “lrt-stories-s” is a model of https:\/\/hub\.invalid/);
    expect(without.code).toBe(2);
    expect(mirror.log).toEqual([]);

    const { code, output } = await experiment(file, '--host', `${mirror.url}/`, '--out', dir);
    expect(code, output).toBe(0);
    expect(output).toMatch(/lrt-stories-m \(mit\): onnx\/model\.onnx/);
    const run = JSON.parse(readFileSync(join(dir, 'run.json'), 'utf8')) as Run;
    expect(run.experiment.models.target.location).toEqual({ kind: 'hub', host: mirror.url, commit: mirror.commit(M) });
    expect(run.models.target).toMatchObject({ id: M, license: 'mit', params: 918_656 });
    expect(run.map.heldOutR2).toBeGreaterThan(0);

    writeFileSync(
      file,
      JSON.stringify({
        ...asked,
        models: {
          ...asked.models,
          target: { ...asked.models.target, location: { ...asked.models.target.location, commit: '0'.repeat(40) } },
        },
      }),
    );
    const gone = await experiment(file, '--host', mirror.url);
    expect(gone.output).toMatch(/error model-not-found: /);
    expect(gone.code).toBe(4);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
