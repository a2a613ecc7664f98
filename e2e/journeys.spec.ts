/** Work that is interrupted: by a reload in the middle of a run, by a lost connection, by a second tab. What was there stays, and nothing is counted twice. */
import { expect, test, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { defaultExperiment, quickVariant } from '../src/experiment/defaults';

test.setTimeout(400_000);

async function open(page: Page): Promise<void> {
  await page.goto('./?backend=wasm');
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 120_000 });
}

/** Settings of a short run, by the JSON editor. @returns their title */
async function change(page: Page, title: string): Promise<void> {
  await page.getByTestId('settings-button').click();
  await page.getByText('JSON', { exact: true }).click();
  await page.getByTestId('settings-json').fill(JSON.stringify({ ...quickVariant(defaultExperiment('mood')), title }));
  await page.getByTestId('settings-apply').click();
  await page.getByTestId('settings-close').click();
}

async function titleOf(page: Page): Promise<string> {
  await page.getByTestId('settings-button').click();
  await page.getByText('JSON', { exact: true }).click();
  const { title } = JSON.parse(await page.getByTestId('settings-json').inputValue()) as { title: string };
  await page.getByTestId('settings-close').click();
  return title;
}

async function expectKept(page: Page, count: number): Promise<void> {
  await page.getByTestId('runs-button').click();
  await expect(page.getByTestId('runs-count')).toBeVisible();
  await expect(page.getByTestId('kept-run')).toHaveCount(count);
  await page.getByTestId('runs-close').click();
}

test('a reload in the middle of a run: the settings stay, the loss is said, nothing of it is kept, and it runs again', async ({
  page,
}) => {
  await open(page);
  await change(page, 'Before the reload');
  await page.getByTestId('run-button').click();
  await expect(page.getByTestId('stage-activations')).toHaveAttribute('data-mark', /running|done/, {
    timeout: 120_000,
  });
  await page.reload();
  await expect(page.getByTestId('interrupted')).toContainText('run again');
  expect(await titleOf(page)).toBe('Before the reload');
  await expectKept(page, 0);

  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 120_000 });
  await page.getByTestId('run-button').click();
  await expect(page.getByTestId('interrupted')).toHaveCount(0);
  await expect(page.getByTestId('stage-map')).toHaveAttribute('data-mark', 'done', { timeout: 300_000 });
  await page.getByTestId('cancel-button').click();
  await expect(page.getByTestId('run-button')).toBeVisible({ timeout: 60_000 });
  // Settings in work stay over a second reload as well, and no run is said to have been broken off.
  await page.reload();
  expect(await titleOf(page)).toBe('Before the reload');
  await expect(page.getByTestId('interrupted')).toHaveCount(0);
  await expectKept(page, 0);
});

test('offline: said as that, and the run begins when the connection is back', async ({ page, context }) => {
  await open(page);
  await change(page, 'Without a connection');
  await context.setOffline(true);
  await page.getByTestId('run-button').click();
  const error = page.getByTestId('error').first();
  await expect(error).toHaveAttribute('data-code', 'model-fetch', { timeout: 60_000 });
  await expect(error).toContainText('this browser is offline');
  await expect(page.getByText('served whole')).toHaveCount(0);
  await context.setOffline(false);
  await page.getByTestId('run-button').click();
  await expect(page.getByTestId('stage-models')).toHaveAttribute('data-mark', 'done', { timeout: 300_000 });
  await page.getByTestId('cancel-button').click();
});

test('two tabs: the same run brought in by both is one, and each keeps its own settings', async ({ page, context }) => {
  const other = await context.newPage();
  await open(page);
  await open(other);
  await change(page, 'First tab');
  await change(other, 'Second tab');
  const recorded = {
    name: 'run.json',
    mimeType: 'application/json',
    buffer: readFileSync(new URL('../public/recorded/mood.json', import.meta.url)),
  };
  for (const tab of [page, other]) {
    await tab.getByTestId('runs-button').click();
    await tab.getByTestId('import-file').setInputFiles(recorded);
    await expect(tab.getByTestId('kept-run')).toHaveCount(1, { timeout: 60_000 });
    await tab.getByTestId('runs-close').click();
  }
  await expectKept(page, 1);
  await expectKept(other, 1);
  await page.reload();
  expect([await titleOf(page), await titleOf(other)]).toEqual(['First tab', 'Second tab']);
});
