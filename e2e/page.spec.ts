/** The page as a visitor walks it: recorded at once, then live, then the dose under the thumb. */
import { readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import type { Run } from '../src/experiment/run';

test.describe.configure({ mode: 'serial' });

/** Everything the page asks for; nothing may leave the machine. */
function watchRequests(page: Page): string[] {
  const outside: string[] = [];
  page.on('request', (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') outside.push(request.url());
  });
  return outside;
}

const { verdict } = (JSON.parse(readFileSync('public/recorded/mood.json', 'utf8')) as Run).evidence;
/** What the recorded run came to: by its chain, where it has one. */
const RECORDED = verdict.chain?.outcome ?? verdict.outcome;

/** A continuation: three words at least. */
const WORDS = /\p{L}+\P{L}+\p{L}+\P{L}+\p{L}+/u;

test('a recorded run is on screen, and the page interactive, before the engine is; when, is printed', async ({
  page,
}) => {
  const outside = watchRequests(page);
  // What the engine was like at each mark: the marks are set as the page is drawn.
  await page.addInitScript(() => {
    const store = window as unknown as { engineAt: Record<string, string> };
    store.engineAt = {};
    new PerformanceObserver((list) =>
      list
        .getEntries()
        .forEach(({ name }) => (store.engineAt[name] = document.documentElement.dataset.engine ?? 'none')),
    ).observe({ type: 'mark' });
  });
  await page.goto('./');
  await expect(page.locator('main')).toHaveAttribute('data-run', 'recorded');
  await expect(page.getByTestId('stream-mapped')).toContainText(WORDS);
  await expect(page.getByTestId('next-token-large')).toBeVisible();
  await expect(page.getByText('Recorded', { exact: false }).first()).toBeVisible();
  const marks = await page.evaluate(() =>
    ['lrt:content', 'lrt:interactive'].map((name) => performance.getEntriesByName(name)[0]?.startTime ?? -1),
  );
  console.log(`content after ${marks[0].toFixed(0)} ms, interactive after ${marks[1].toFixed(0)} ms`);
  expect(marks[0]).toBeGreaterThan(0);
  expect(marks[1]).toBeGreaterThanOrEqual(marks[0]);
  const engineAt = await page.evaluate(() => (window as unknown as { engineAt: Record<string, string> }).engineAt);
  expect(engineAt['lrt:interactive']).toMatch(/none|starting/);
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 60_000 });
  expect(outside).toEqual([]);
});

test('Run makes it live; the main thread is free for three quarters of the collection; dragging is a look-up', async ({
  page,
}) => {
  await page.addInitScript(() => {
    const store = window as unknown as { longTasks: { start: number; duration: number }[] };
    store.longTasks = [];
    new PerformanceObserver((list) =>
      list.getEntries().forEach((entry) => store.longTasks.push({ start: entry.startTime, duration: entry.duration })),
    ).observe({ type: 'longtask' });
  });
  await page.goto('./?preset=mood');
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 60_000 });
  await page.getByTestId('run-button').click();
  await expect(page.locator('main')).toHaveAttribute('data-run', 'running');
  await expect(page.getByTestId('stage-activations')).toHaveAttribute('data-mark', 'running', { timeout: 60_000 });
  const began = await page.evaluate(() => performance.now());
  await expect(page.getByTestId('stage-activations')).toHaveAttribute('data-mark', 'done', { timeout: 300_000 });
  const ended = await page.evaluate(() => performance.now());
  const tasks = await page.evaluate(
    () => (window as unknown as { longTasks: { start: number; duration: number }[] }).longTasks,
  );
  const collecting = tasks.filter((task) => task.start + task.duration > began && task.start < ended);
  const show = (list: typeof tasks): string =>
    `${list.length}${list.length > 0 ? ` (${list.map((task) => `${task.duration.toFixed(0)} ms at ${(task.start / 1000).toFixed(1)} s`).join(', ')})` : ''}`;
  console.log(
    `main-thread tasks over 50 ms: ${show(collecting)} in the ${((ended - began) / 1000).toFixed(1)} s of collection from ${(began / 1000).toFixed(1)} s on; ${show(tasks)} since the page was opened`,
  );
  // Were the work done here, and not in the worker, nearly all of that time would be long tasks.
  expect(collecting.reduce((sum, { duration }) => sum + duration, 0)).toBeLessThan((ended - began) / 4);
  await expect(page.locator('main')).toHaveAttribute('data-run', 'live', { timeout: 500_000 });
  await page.getByTestId('stage-evidence').click();
  await expect(page.getByTestId('verdict')).toHaveAttribute('data-outcome', 'transfers');
  await expect(page.getByTestId('chain').locator('[data-answer]')).toHaveCount(7);
  await expect(page.getByTestId('chain').locator('[data-answer="unasked"]')).toHaveCount(0);

  // Kept by itself.
  await page.getByTestId('runs-button').click();
  await expect(page.getByTestId('kept-run')).toHaveCount(1);
  await expect(page.getByTestId('kept-run')).toContainText('on screen');
  await page.getByTestId('runs-close').click();

  await page.getByTestId('stage-steer').click();
  const latencies = await page.evaluate(async () => {
    const input = document.querySelector<HTMLInputElement>('[data-testid="dose-slider"] input[type="range"]')!;
    const bars = document.querySelector('[data-testid="next-token-large"]')!;
    const setValue = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!;
    const times: number[] = [];
    const min = Number(input.min);
    const max = Number(input.max);
    for (let i = 0; i < 30; i++) {
      const before = bars.innerHTML;
      const started = performance.now();
      setValue.call(input, String(min + ((max - min) * ((i * 7) % 30)) / 29));
      input.dispatchEvent(new Event('input', { bubbles: true }));
      input.dispatchEvent(new Event('change', { bubbles: true }));
      // Two frames: the first runs after React has written the bars, the second after they have been painted.
      await new Promise<void>((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));
      if (bars.innerHTML !== before) times.push(performance.now() - started);
    }
    return times.sort((a, b) => a - b);
  });
  expect(latencies.length).toBeGreaterThan(20);
  console.log(
    `slider event to painted bars: median ${latencies[latencies.length >> 1].toFixed(1)} ms, worst ${latencies[latencies.length - 1].toFixed(1)} ms (n ${latencies.length})`,
  );

  await page.locator('#own-prompt').fill('Vera & Leo\n');
  const asked = Date.now();
  await page.getByRole('button', { name: 'Continue it' }).click();
  await expect(page.getByRole('button', { name: 'Back to the run’s prompt' })).toBeVisible({ timeout: 60_000 });
  console.log(`axis of a new prompt on screen after ${Date.now() - asked} ms`);
  await expect(page.getByTestId('stream-mapped')).toContainText(WORDS, { timeout: 60_000 });
});

test('keyboard, number box and arms: the dose moves and the streams follow', async ({ page }) => {
  await page.goto('./');
  await page.getByTestId('stage-steer').click();
  const slider = page.getByTestId('dose-slider').locator('input[type="range"]');
  await slider.focus();
  const before = await slider.inputValue();
  await page.keyboard.press('Home');
  expect(await slider.inputValue()).not.toBe(before);
  const low = await page.getByTestId('stream-mapped').textContent();
  await page.keyboard.press('End');
  await expect(page.getByTestId('stream-mapped')).not.toHaveText(low!);
  // The box and the ruler are one dose; half-typed numbers do nothing.
  const number = page.getByTestId('dose-number');
  await number.fill('0.5');
  await expect(slider).toHaveAttribute('aria-valuetext', 'r +0.50, toward cheerful');
  await number.press('Control+a');
  await page.keyboard.type('-');
  await expect(slider).toHaveAttribute('aria-valuetext', 'r +0.50, toward cheerful');
  await number.blur();
  await expect(number).toHaveValue('0.50');
  await slider.press('PageUp');
  expect(Number(await slider.inputValue())).toBeGreaterThan(0.5);
  await slider.press('0');
  await expect(slider).toHaveAttribute('aria-valuetext', /^r [+±]?0\.00/);
  await expect(number).toHaveValue('0.00');
  for (const arm of ['small', 'small-steered', 'large', 'mapped', 'native', 'random'])
    await expect(page.getByTestId(`stream-${arm}`)).toBeVisible();
});

test('cancel stops a run and keeps what was there', async ({ page }) => {
  await page.goto('./');
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 60_000 });
  await page.getByTestId('run-button').click();
  await expect(page.getByTestId('stage-activations')).toHaveAttribute('data-mark', 'running', { timeout: 60_000 });
  await page.getByTestId('cancel-button').click();
  await expect(page.locator('main')).not.toHaveAttribute('data-run', 'running', { timeout: 30_000 });
  await expect(page.getByTestId('run-button')).toBeEnabled();
  await page.getByTestId('stage-evidence').click();
  await expect(page.getByTestId('verdict')).toHaveAttribute('data-outcome', RECORDED);
  await expect(page.getByTestId('verdict')).toContainText(WORDS);
});

test('without WebGPU the recorded run is readable and WASM is chosen, with the reason', async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(Navigator.prototype, 'gpu', { get: () => undefined });
  });
  await page.goto('./');
  await expect(page.locator('main')).toHaveAttribute('data-run', 'recorded');
  await expect(page.getByTestId('stream-mapped')).toContainText(WORDS);
  await expect(page.locator('html')).toHaveAttribute('data-engine', 'ready', { timeout: 60_000 });
  await expect(page.getByTestId('engine-status')).toContainText('WASM');
});
