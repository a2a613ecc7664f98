/** The built lab without a window, for the commands: its page, what it reports, and exit codes. */
import type { Page } from 'playwright';
import { LabError, type LabErrorJson } from '../src/experiment/errors';
import type { Step } from '../src/experiment/share/verification';
import type { Progress } from '../src/worker/protocol';
import { findBrowser } from './browser';
import { sayError } from './errors';
import type { PeakMemory } from './memory';
import { ensureBuilt, serve } from './serve';
import { openSession, requirePort } from './session';
import { wordsOf } from '../src/i18n/text';

/** One line that is rewritten on a terminal; on a pipe a line per stage and quarter. */
function progressPrinter(): (progress: Progress) => void {
  let last = '';
  const words = wordsOf('en');
  return ({ stage, done, total, unit, note: what }) => {
    const note = words.say(what);
    const share = total > 0 ? Math.floor((100 * done) / total) : 0;
    const line = `${stage}: ${note} ${done.toLocaleString('en')}/${total.toLocaleString('en')} ${unit} (${share} %)`;
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${line}`);
    else {
      const key = `${stage} ${note} ${Math.floor(share / 25)}`;
      if (key !== last) console.log(line);
      last = key;
    }
  };
}

/** The value of a page's answer. @throws LabError that the answer holds */
export function ok<T>(answer: { ok: T } | { error: LabErrorJson }): T {
  if ('error' in answer) throw LabError.fromJSON(answer.error);
  return answer.ok;
}

interface Report {
  progress?: Progress;
  stage?: string;
  milliseconds?: number;
  device?: string;
  step?: Step;
}

const fresh = process.stdout.isTTY ? '\r\x1b[2K' : '';

/** Says that a stage has ended. */
export function stageDone(stage: string, milliseconds: number): void {
  console.log(`${fresh}✓ ${stage} ${(milliseconds / 1000).toFixed(1)} s`);
}

/** Where the browser keeps what it stores: a folder and the port that what is in it belongs to, or nowhere for longer than the work. */
export interface Storage {
  profile: string | null;
  /** 0 for any. */
  port: number;
}

/**
 * Serves the lab, opens its page for commands and does the work in it.
 * @param site folder of a built copy; null builds dist/ where it is out of date, and takes that
 * @throws LabError `worker-crashed` when the page does; `storage-unavailable`, `storage-busy` for a profile that cannot be used
 */
export async function withHeadless<T>(
  site: string | null,
  work: (page: Page, memory: PeakMemory) => Promise<T>,
  { profile, port }: Storage = { profile: null, port: 0 },
): Promise<T> {
  if (!site) await ensureBuilt();
  const browser = findBrowser();
  console.log(`Browser: ${browser.version} (${browser.origin})`);
  const served = await serve(port, site ?? undefined);
  try {
    requirePort(served.url, port, profile);
    const { page, memory, close } = await openSession(profile);
    try {
      const print = progressPrinter();
      await page.exposeFunction('lrtReport', (event: Report) => {
        if (event.progress) print(event.progress);
        else if (event.stage) stageDone(event.stage, event.milliseconds ?? 0);
        else if (event.device) console.log(`Backend: ${event.device}`);
        else if (event.step)
          console.log(
            `${fresh}${event.step.id}: ${event.step.verdict}. ${event.step.error ? sayError(event.step.error) : event.step.summary && wordsOf('en').say(event.step.summary)}`,
          );
      });
      const crashed = new Promise<never>((_, reject) =>
        page.on('crash', () => reject(new LabError('worker-crashed.page'))),
      );
      await page.goto(new URL('headless.html', served.url).href);
      await page.waitForFunction(() => window.lrtHeadless !== undefined);
      return await Promise.race([work(page, memory), crashed]);
    } finally {
      await close();
    }
  } finally {
    await served.close();
  }
}
