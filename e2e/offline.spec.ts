/**
 * The built site on a machine whose browser can reach no host but this one: models are loaded, transformers.js is asked for
 * a second opinion, and nothing tries to leave. And what is loaded before anything is asked for.
 */
import { expect, test } from '@playwright/test';
import { launchOptions } from '../tools/browser';

const { args, ...rest } = launchOptions();
// No name resolves, and no address but the loopback's is there.
test.use({ launchOptions: { ...rest, args: [...args, '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'] } });

test('a second opinion with the network off: both models write the same, and no request leaves', async ({ page }) => {
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.goto('./?preset=mood');
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 120_000 });
  const before = [...requests];
  expect(before.filter((url) => /transformers/.test(url))).toEqual([]);

  await page.getByTestId('stage-models').click();
  await page.getByTestId('second-opinion-ask').click();
  await expect(page.getByTestId('second-opinion').locator('[data-outcome]')).toHaveCount(2, { timeout: 300_000 });
  for (const model of await page.getByTestId('second-opinion').locator('[data-outcome]').all()) {
    await expect(model).toHaveAttribute('data-outcome', 'equal');
    const [lab, other] = await model.locator('.second-opinion-tokens').allTextContents();
    expect(lab.length).toBeGreaterThan(20);
    expect(other).toBe(lab);
  }
  expect(requests.filter((url) => /transformers/.test(url)).length).toBeGreaterThan(0);
  const hosts = new Set(requests.filter((url) => url.startsWith('http')).map((url) => new URL(url).hostname));
  expect(hosts).toEqual(new Set(['127.0.0.1']));
});
