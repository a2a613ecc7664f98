/**
 * `npm run monkey -- --minutes N --seed S` uses the page at random: clicks, keys, texts, pastes, drags of sliders, settings,
 * stages, reloads, going offline and back. What it does is drawn from the seed and written to a log, a line a step;
 * `--replay FILE` does the steps of a log again. It reports what must never be: errors in the console, rejections that
 * nobody took, a page that went blank or no longer answers, settings lost in a reload, memory that grows without end.
 * Exit 0 where nothing was found, 1 where something was.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium, type BrowserContext, type Page } from 'playwright';
import { LabError } from '../src/experiment/errors';
import { Random } from '../src/math/random';
import { launchOptions } from './browser';
import { exitCodeOf, printError } from './errors';
import { ensureBuilt, serve } from './serve';

const USAGE = 'npm run monkey -- [--minutes N] [--seed S] [--log FILE] [--replay FILE]';

/** A step, as it is written to the log: enough to do it again on a page in the same state. */
interface Step {
  kind: 'click' | 'key' | 'type' | 'paste' | 'slide' | 'select' | 'escape' | 'reload' | 'offline' | 'online' | 'wait';
  /** Which of the elements of its kind that can be used, in the order of the document. */
  index?: number;
  /** What stood on it: for a reader of the log. */
  label?: string;
  text?: string;
}

interface Finding {
  step: number;
  what: string;
}

const KEYS = [
  'Enter',
  'Escape',
  'Tab',
  'Shift+Tab',
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
  'Home',
  'End',
  'Space',
  'Control+z',
  'Control+Shift+z',
];
const TEXTS = [
  'The fox was',
  '',
  '0',
  '-1',
  '1e400',
  'NaN',
  '12.5',
  '<b>&"\'',
  '漢字 🦊 é',
  '{"a": [1, 2',
  '#/x/1/abc~0123456789abcdef',
  'https://example.org/lab/#/x/2/abc/0123456789abcdef',
  'good\tbad\nhappy\tsad',
  'x'.repeat(20_000),
];
const CLICKABLE = 'button, a[href], summary, input[type=checkbox], input[type=radio], [role=tab], label';
const FIELDS = 'input:not([type=checkbox]):not([type=radio]):not([type=range]):not([type=file]), textarea';

/** Relative frequency of each kind of step. */
const WEIGHTS: Record<Step['kind'], number> = {
  click: 48,
  key: 14,
  type: 10,
  paste: 5,
  slide: 6,
  select: 4,
  escape: 4,
  wait: 5,
  reload: 2,
  offline: 1,
  online: 1,
};

/** How long the page may take to answer a look at its document. */
const STUCK_MS = 60_000;
/** JavaScript heap that must not be passed, MB: models and states live in workers. */
const HEAP_MB = 1500;

class Monkey {
  readonly steps: Step[] = [];
  readonly findings: Finding[] = [];
  #page: Page;
  #context: BrowserContext;
  #offline = false;

  constructor(page: Page, context: BrowserContext) {
    this.#page = page;
    this.#context = context;
    page.on('pageerror', (error) => this.find(`uncaught: ${error.stack ?? error.message}`));
    page.on('console', (entry) => {
      if (entry.type() !== 'error') return;
      const text = entry.text();
      // A request that fails is told by the browser too; what the page makes of it is on screen.
      if (/Failed to load resource|net::ERR_/.test(text)) return;
      this.find(`console: ${text}`);
    });
    page.on('crash', () => this.find('the page crashed'));
    page.on('dialog', (dialog) => void dialog.dismiss().catch(() => undefined));
    page.on('download', (download) => void download.cancel().catch(() => undefined));
  }

  find(what: string): void {
    const short = what.slice(0, 4000);
    if (this.findings.some((each) => each.what === short)) return;
    this.findings.push({ step: this.steps.length, what: short });
    console.log(`! step ${this.steps.length}: ${short}`);
  }

  /** Draws the next step for the page as it is. */
  async draw(random: Random): Promise<Step> {
    const below = (n: number): number => Math.floor(random.uniform() * n);
    const kinds = Object.entries(WEIGHTS) as [Step['kind'], number][];
    let left = random.uniform() * kinds.reduce((sum, [, weight]) => sum + weight, 0);
    const kind = kinds.find(([, weight]) => (left -= weight) < 0)![0];
    if (kind === 'key') return { kind, text: KEYS[below(KEYS.length)] };
    if (kind === 'type' || kind === 'paste')
      return { kind, index: below(await this.count(FIELDS)), text: TEXTS[below(TEXTS.length)] };
    if (kind === 'slide')
      return { kind, index: below(await this.count('input[type=range]')), text: String(random.uniform()) };
    if (kind === 'select') return { kind, index: below(await this.count('select')), text: String(random.uniform()) };
    if (kind === 'click') return { kind, index: below(await this.count(CLICKABLE)) };
    return { kind };
  }

  /** Elements of a kind that can be seen. */
  count(selector: string): Promise<number> {
    return this.#page.locator(selector).filter({ visible: true }).count();
  }

  async do(step: Step): Promise<void> {
    const page = this.#page;
    this.steps.push(step);
    const at = (selector: string) =>
      page
        .locator(selector)
        .filter({ visible: true })
        .nth(step.index ?? 0);
    const quick = { timeout: 1500 };
    try {
      switch (step.kind) {
        case 'click': {
          const element = at(CLICKABLE);
          step.label ??= (await element.innerText(quick).catch(() => '')).slice(0, 60);
          const href = await element.getAttribute('href', quick).catch(() => null);
          // Other sites are not what is tried here.
          if (href !== null && !href.startsWith('#')) break;
          await element.click(quick);
          break;
        }
        case 'key':
          await page.keyboard.press(step.text!);
          break;
        case 'escape':
          await page.keyboard.press('Escape');
          break;
        case 'type':
          await at(FIELDS).fill(step.text!, quick);
          break;
        case 'paste':
          await at(FIELDS).focus(quick);
          await page.evaluate((text) => {
            const data = new DataTransfer();
            data.setData('text/plain', text);
            document.activeElement?.dispatchEvent(
              new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
            );
          }, step.text!);
          break;
        case 'slide': {
          const box = await at('input[type=range]').boundingBox(quick);
          if (box) await page.mouse.click(box.x + box.width * Number(step.text), box.y + box.height / 2);
          break;
        }
        case 'select': {
          const options = await at('select').locator('option').count();
          await at('select').selectOption({ index: Math.floor(Number(step.text) * options) }, quick);
          break;
        }
        case 'reload':
          if (!this.#offline) await this.reload();
          break;
        case 'offline':
        case 'online':
          this.#offline = step.kind === 'offline';
          await this.#context.setOffline(this.#offline);
          break;
        case 'wait':
          await page.waitForTimeout(1500);
      }
    } catch (error) {
      // An element that is covered, disabled or gone by now is no fault of the page.
      if (
        !/Timeout|not visible|detached|intercepts|Element is not|Cannot type text|closed|navigat/i.test(
          (error as Error).message,
        )
      )
        this.find(`step ${JSON.stringify(step)}: ${(error as Error).message}`);
    }
    await this.look();
  }

  /** Settings in work, as the page keeps them for a reload. */
  #draft(): Promise<string | null> {
    return this.#page.evaluate(() => sessionStorage.getItem('lrt-lab.draft'));
  }

  /** The settings as the JSON editor has them; null where it cannot be opened. */
  async #settings(): Promise<string | null> {
    const quick = { timeout: 5000 };
    try {
      await this.#page.getByTestId('settings-button').click(quick);
      await this.#page.getByText('JSON', { exact: true }).click(quick);
      const value = await this.#page.getByTestId('settings-json').inputValue(quick);
      await this.#page.getByTestId('settings-close').click(quick);
      return JSON.stringify(JSON.parse(value));
    } catch {
      return null;
    }
  }

  async reload(): Promise<void> {
    const experimentOf = (draft: string | null): string | null =>
      draft === null ? null : JSON.stringify((JSON.parse(draft) as { experiment: unknown }).experiment);
    const before = experimentOf(await this.#draft());
    await this.#page.reload({ timeout: STUCK_MS });
    await this.#page
      .waitForFunction(() => document.querySelector('main[data-run]:not([data-run=""])'), null, { timeout: STUCK_MS })
      .catch(() => undefined);
    await this.#page.waitForTimeout(1500);
    if (before === null || (await this.#page.locator('main[data-run]').count()) === 0) return;
    // No draft: then the settings are those of the run on screen, which the editor tells.
    const after = experimentOf(await this.#draft()) ?? (await this.#settings());
    if (after !== null && before !== after)
      this.find(`settings were lost in a reload: ${before.slice(0, 1500)} became ${after.slice(0, 1500)}`);
  }

  /** What must hold after every step. */
  async look(): Promise<void> {
    const seen = await Promise.race([
      this.#page
        .evaluate(() => ({
          text: document.body.innerText.trim().length,
          heap: (performance as unknown as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize ?? 0,
          broken: /\b(undefined|NaN|\[object Object\])\b/.exec(document.body.innerText)?.[0] ?? null,
        }))
        .catch(() => null),
      new Promise<'stuck'>((done) => setTimeout(() => done('stuck'), STUCK_MS)),
    ]);
    if (seen === 'stuck') this.find(`the page has not answered for ${STUCK_MS / 1000} s`);
    else if (seen) {
      if (seen.text === 0) this.find('the page is blank');
      if (seen.heap > HEAP_MB * 2 ** 20) this.find(`the page holds ${Math.round(seen.heap / 2 ** 20)} MB`);
      if (seen.broken === '[object Object]') this.find(`the page says “${seen.broken}”`);
    }
  }

  /** A run that was begun must come to an end, or be stopped. */
  async settle(): Promise<void> {
    await this.#context.setOffline(false);
    const page = this.#page;
    for (let i = 0; i < 4; i++) await page.keyboard.press('Escape');
    const cancel = page.getByTestId('cancel-button');
    if (await cancel.isVisible().catch(() => false)) {
      await cancel.click({ timeout: 5000 }).catch(() => undefined);
      await page
        .locator('main[data-run="running"]')
        .waitFor({ state: 'detached', timeout: 120_000 })
        .catch(() => this.find('a run that was cancelled did not stop within two minutes'));
    }
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
      log: { type: 'string', default: 'out/monkey.jsonl' },
      replay: { type: 'string' },
    },
  });
  const minutes = Number(values.minutes);
  const seed = Number(values.seed);
  if (!(minutes > 0) || !Number.isInteger(seed)) throw new LabError('settings-invalid.monkey', { usage: USAGE });
  const replayed = values.replay
    ? readFileSync(values.replay, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Step)
    : null;
  await ensureBuilt();
  const server = await serve(0);
  const browser = await chromium.launch(launchOptions());
  const log = resolve(values.log);
  mkdirSync(dirname(log), { recursive: true });
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    const monkey = new Monkey(page, context);
    await page.goto(`${server.url}?backend=wasm`);
    const end = Date.now() + minutes * 60_000;
    const random = new Random(seed);
    for (let i = 0; replayed ? i < replayed.length : Date.now() < end; i++) {
      await monkey.do(replayed ? replayed[i] : await monkey.draw(random));
      if (i % 20 === 0) writeFileSync(log, `${monkey.steps.map((step) => JSON.stringify(step)).join('\n')}\n`);
      // A link that was followed leads away from the lab: back to it.
      if (!page.url().startsWith(server.url)) await page.goto(`${server.url}?backend=wasm`);
    }
    await monkey.settle();
    writeFileSync(log, `${monkey.steps.map((step) => JSON.stringify(step)).join('\n')}\n`);
    const { steps, findings } = monkey;
    console.log(
      `${steps.length} steps with seed ${seed}; ${findings.length} findings. The steps are in ${values.log}.`,
    );
    for (const { step, what } of findings) console.log(`  step ${step}: ${what}`);
    return findings.length === 0 ? 0 : 1;
  } finally {
    await browser.close();
    await server.close();
  }
}

try {
  process.exitCode = await main();
} catch (thrown) {
  process.exitCode = exitCodeOf(printError(thrown).code);
}
