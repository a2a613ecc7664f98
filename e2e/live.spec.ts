/** Steering at once: the recorded run's vectors on one's own prompt, presets as cards, and other models than the run's. */
import { expect, test, type Page } from '@playwright/test';

/** A continuation: three words at least. */
const WORDS = /\p{L}+\P{L}+\p{L}+\P{L}+\p{L}+/u;
const OWN = 'Vera & Leo\nThe committee has met.';

/** The steered text at the present stop, when it is written. */
async function steered(page: Page): Promise<string> {
  const stream = page.getByTestId('stream-mapped');
  await expect(stream.locator('.stream-pending')).toHaveCount(0, { timeout: 60_000 });
  await expect(stream).toContainText(WORDS, { timeout: 60_000 });
  return (await stream.textContent())!;
}

const opened = async (page: Page): Promise<void> => {
  await page.goto('./');
  await expect(page.locator('main')).toHaveAttribute('data-run', 'recorded');
};
const ask = async (page: Page): Promise<void> => {
  await page.locator('#own-prompt').fill(OWN);
  await page.getByRole('button', { name: 'Continue it', exact: true }).click();
};

test('from a cold load to one’s own prompt steered, without a run; when, is printed', async ({ page }) => {
  await opened(page);
  await ask(page);
  await expect(page.getByTestId('live-origin')).toContainText('Recorded vectors, live models', { timeout: 60_000 });
  await steered(page);
  const marks = await page.evaluate(() =>
    ['lrt:content', 'lrt:own-asked', 'lrt:own-axis', 'lrt:own-text'].map(
      (name) => performance.getEntriesByName(name).at(-1)?.startTime ?? -1,
    ),
  );
  const [content, asked, axis, text] = marks.map((ms) => `${(ms / 1000).toFixed(2)} s`);
  console.log(
    `after the page was opened: recorded run ${content}, own prompt sent ${asked}, its bars ${axis}, its steered text ${text}`,
  );
  expect(marks.every((ms, i) => ms > (marks[i - 1] ?? 0))).toBe(true);
  // No stage has been run for it.
  for (const stage of ['models', 'map', 'steer', 'evidence'])
    await expect(page.getByTestId(`stage-${stage}`)).toHaveAttribute('data-mark', 'recorded');
  await expect(page.getByTestId('unknown-words')).toContainText('“committee”');

  // Every stop is written, and the dose turns the text.
  const slider = page.getByTestId('dose-slider').locator('input[type="range"]');
  await slider.focus();
  const texts: string[] = [];
  for (const key of ['Home', 'End']) {
    await page.keyboard.press(key);
    texts.push(await steered(page));
  }
  expect(texts[0]).not.toBe(texts[1]);

  // A prompt of the preset, by its chip; the first chip is the run's own.
  const chips = page.getByTestId('prompt-chip');
  await chips.nth(1).click();
  await expect(chips.nth(1)).toHaveAttribute('aria-pressed', 'true', { timeout: 60_000 });
  await expect(page.getByTestId('unknown-words')).toHaveCount(0);
  await steered(page);
  await chips.first().click();
  await expect(chips.first()).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByTestId('live-origin')).toHaveCount(0);
});

test('presets are cards that say what came out; choosing one by keyboard shows its recorded run at once', async ({
  page,
}) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await opened(page);
  await page.getByRole('button', { name: 'Change the concept' }).click();
  const card = page.getByTestId('preset-language');
  await expect(page.getByTestId('preset-mood')).toHaveAttribute('aria-pressed', 'true');
  await expect(card).toContainText('recorded');
  await expect(page.getByTestId('preset-relation')).toContainText('expected to fail');
  await expect(page.getByTestId('preset-tone')).toContainText('needs a general model');
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
  await card.focus();
  await page.keyboard.press('Enter');
  await expect(card).toHaveAttribute('aria-pressed', 'true');
  await expect(page.locator('main')).toHaveAttribute('data-run', 'recorded');
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/english/i);
  await expect(page.getByTestId('stage-evidence')).toHaveAttribute('data-mark', 'recorded');

  // One step of the history; under other settings the recorded run waits to be asked for.
  await page.getByTestId('undo').click();
  await expect(page.getByTestId('preset-mood')).toHaveAttribute('aria-pressed', 'true');
  await expect(page.getByTestId('stage-steer')).toHaveAttribute('data-mark', 'stale');
  await page.getByTestId('show-recorded').click();
  await expect(page.getByTestId('stage-steer')).toHaveAttribute('data-mark', 'recorded');
  await expect(page.getByTestId('show-recorded')).toHaveCount(0);
});

test('vectors of other models than those that are here steer nothing, by name', async ({ page }) => {
  await page.route('**/recorded/mood.json', async (route) => {
    const run = (await (await route.fetch()).json()) as { models: { target: { digests: { sha256: string }[] } } };
    run.models.target.digests[0].sha256 = 'f'.repeat(64);
    await route.fulfill({ json: run });
  });
  await opened(page);
  await ask(page);
  await expect(page.getByText('were found in other files than those of')).toBeVisible({ timeout: 60_000 });
  await expect(page.getByTestId('live-origin')).toHaveCount(0);
  await expect(page.getByTestId('stage-steer')).toHaveAttribute('data-mark', 'recorded');
});
