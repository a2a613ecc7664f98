/** The graphics process dies in the middle of a collection: the lab makes a new device and goes on from its last checkpoint. */
import { expect, test } from '@playwright/test';
import { defaultExperiment, quickVariant } from '../src/experiment/defaults';

test.setTimeout(400_000);

test('a lost device costs a few batches, not the collection', async ({ page, browser }) => {
  await page.goto('./');
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 60_000 });
  await page.getByTestId('engine-status').click();
  await page.locator('.engine-panel').getByText('WebGPU', { exact: true }).click();
  await expect(page.getByTestId('engine-status')).toContainText('WebGPU', { timeout: 120_000 });
  await page.keyboard.press('Escape');

  const quick = quickVariant(defaultExperiment('mood'));
  await page.getByTestId('settings-button').click();
  await page.getByText('JSON', { exact: true }).click();
  await page.getByTestId('settings-json').fill(
    JSON.stringify({
      ...quick,
      corpus: { ...quick.corpus, maxTokens: 6_000 },
      map: { ...quick.map, sourceLayer: 1, targetLayer: 2, lambda: 0.01 },
    }),
  );
  await page.getByTestId('settings-apply').click();
  await page.getByTestId('settings-close').click();
  await page.getByTestId('run-button').click();
  await page.getByTestId('stage-activations').click();

  const bar = page.getByRole('progressbar', { name: /Reading the corpus/ });
  const done = async (): Promise<number> =>
    (await bar.count()) > 0 ? Number(await bar.first().getAttribute('aria-valuenow')) : 0;
  // Past the first checkpoint, which is taken after eight seconds.
  const begun = Date.now();
  await expect.poll(async () => Date.now() - begun > 12_000 && (await done()) > 500, { timeout: 120_000 }).toBe(true);
  const before = await done();

  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  process.kill(processInfo.find(({ type }) => type === 'GPU')!.id, 'SIGKILL');

  await expect(page.getByTestId('stage-activations')).toHaveAttribute('data-mark', 'done', { timeout: 240_000 });
  const warning = page.getByTestId('warnings');
  await expect(warning).toContainText(
    /graphics device was lost after [\d\u202f]+ of [\d\u202f]+ tokens; the collection went on from there/,
  );
  const resumedAt = Number(/after ([\d\u202f]+) of/.exec((await warning.textContent())!)![1].replaceAll('\u202f', ''));
  console.log(`device lost at ${before} tokens, resumed at ${resumedAt}`);
  expect(resumedAt).toBeGreaterThan(0);
  await page.getByTestId('cancel-button').click();
});
