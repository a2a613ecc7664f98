/** Links: made in one profile, opened, checked and verified in another; and links that are not what they say. */
import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '../src/experiment/digest';
import { decodeLink, encodeFragment } from '../src/experiment/share/codec';
import { LINK_SCHEMA, type RunDocument, type SharedDocument } from '../src/experiment/share/document';
import { isWholeVerification, type Verification } from '../src/experiment/share/verification';

const ROOT = join(import.meta.dirname, '..');

test.use({ actionTimeout: 30_000 });

function documentOf(link: string): RunDocument {
  const { document } = decodeLink(link);
  if (document.kind !== 'run') throw new Error('the link is no run');
  return document;
}

const fragment = (document: SharedDocument): string => `./${encodeFragment(document)}`;

/** A profile that has never been here. */
async function cleanProfile(browser: Browser, work: (page: Page, asked: string[]) => Promise<void>): Promise<void> {
  const context: BrowserContext = await browser.newContext({ baseURL: test.info().project.use.baseURL });
  try {
    const page = await context.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await work(page, asked);
  } finally {
    await context.close();
  }
}

async function sharedLink(page: Page, tier: 'small' | 'medium'): Promise<string> {
  await page.getByTestId('share-button').click();
  await page.getByTestId(`share-${tier}`).click();
  const link = await page.getByTestId('share-link').inputValue();
  await page.getByTestId('share-close').click();
  return link;
}

test('a link opens at once in a clean profile, as claims, without engine or models; what is wrong with a bad one is said', async ({
  page,
  browser,
}) => {
  await page.goto('./');
  await expect(page.locator('main')).toHaveAttribute('data-run', 'recorded');
  const link = await sharedLink(page, 'medium');
  const small = await sharedLink(page, 'small');
  console.log(`recorded run: short link ${small.length} characters, link with evidence ${link.length}`);
  expect(small.length).toBeLessThanOrEqual(2000);
  const document = documentOf(link);
  const [shown] = document.evidence!.rows;

  await cleanProfile(browser, async (reader, asked) => {
    await reader.goto(link);
    await expect(reader.getByTestId('claims')).toContainText('Held-out R² of the map');
    await expect(reader.locator('[data-claim="map.r2"]')).toHaveAttribute('data-verdict', 'claimed');
    await expect(reader.locator('.continuations')).toContainText(shown.text.trim().slice(0, 30));
    // Long enough for an engine to have been started, if anything did.
    await reader.waitForTimeout(2500);
    await expect(reader.locator('html')).toHaveAttribute('data-engine', 'starting');
    expect(reader.workers()).toEqual([]);
    expect(asked.filter((url) => /\.wasm|\.onnx|models\/|corpora\/|presets\/|recorded\//.test(url))).toEqual([]);
    expect(asked.filter((url) => new URL(url).hostname !== '127.0.0.1')).toEqual([]);

    // A link that is cut, and one whose contents were changed under their digest.
    for (const [bad, code] of [
      [link.slice(0, -400), 'link-damaged'],
      [link.slice(0, -1) + (link.endsWith('a') ? 'b' : 'a'), 'link-digest'],
    ] as const) {
      await reader.goto('about:blank');
      await reader.goto(bad);
      await expect(reader.getByTestId('error')).toHaveAttribute('data-code', code);
      await expect(reader.getByTestId('payload')).toHaveValue(bad.slice(bad.indexOf('#')));
      await expect(reader.getByTestId('claims')).toHaveCount(0);
    }

    // Text from a link is text: no element, no script, no request comes of it.
    const hostile = '<img src="http://127.0.0.1:9/x" onerror="window.mutated=1"><script>window.mutated=1</script>';
    const experiment = { ...document.spec.experiment, title: hostile };
    await reader.goto('about:blank');
    await reader.goto(
      fragment({
        ...document,
        note: hostile,
        concept: { title: hostile, positive: '<b>up</b>', negative: 'down' },
        spec: { ...document.spec, experiment },
        evidence: { ...document.evidence!, rows: document.evidence!.rows.map((row) => ({ ...row, text: hostile })) },
      }),
    );
    await expect(reader.locator('h1')).toHaveText(hostile);
    await expect(reader.locator('main img, main script, main b')).toHaveCount(0);
    expect(await reader.evaluate(() => (window as unknown as { mutated?: number }).mutated)).toBeUndefined();
    expect(asked.some((url) => url.includes('127.0.0.1:9/'))).toBe(false);

    // A hub that the lab does not know is asked about by name, and nothing is asked of it.
    const source = {
      id: 'someone/model',
      dtype: 'fp32' as const,
      location: { kind: 'hub' as const, host: 'https://models.example', commit: 'a'.repeat(40) },
    };
    await reader.goto('about:blank');
    await reader.goto(
      fragment({
        ...document,
        spec: {
          ...document.spec,
          experiment: { ...document.spec.experiment, models: { ...document.spec.experiment.models, source } },
        },
      }),
    );
    await reader.getByTestId('verify-quick').click();
    await expect(reader.getByTestId('host-gate')).toContainText('models.example');
    await reader.getByRole('button', { name: 'Stop here' }).click();
    await expect(reader.locator('[data-step]')).toHaveCount(0);

    // Forked, the experiment is in the lab with its parent, and nothing runs by itself.
    await reader.goto('about:blank');
    await reader.goto(small);
    await reader.getByTestId('fork').click();
    await expect(reader.locator('.topbar-title')).toHaveText(document.spec.experiment.title);
    await expect(reader.locator('main')).toHaveAttribute('data-run', 'empty');
    expect(new URL(reader.url()).hash).toBe('');
    expect(asked.filter((url) => new URL(url).hostname !== '127.0.0.1')).toEqual([]);
  });
});

interface Verified {
  code: number | null;
  output: string;
}

function verify(...args: string[]): Verified {
  const started = Date.now();
  const done = spawnSync('npx', ['tsx', 'tools/verify.ts', '--backend', 'wasm', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: 400_000,
  });
  const output = done.stdout + done.stderr;
  console.log(
    `npm run verify: exit ${done.status} after ${((Date.now() - started) / 1000).toFixed(0)} s. ${/^(Verdict|error).*$/m.exec(output)?.[0] ?? ''}`,
  );
  return { code: done.status, output };
}

test('a run made in one profile is reproduced in a second one; altered claims, digests and models are told for what they are', async ({
  page,
  browser,
}) => {
  const dir = mkdtempSync(join(tmpdir(), 'lrt-review-'));
  const bundle = join(dir, 'run.lrt.json');
  const [inPage, inShell] = [join(dir, 'page.json'), join(dir, 'shell.json')];
  try {
    // The author: the quick variant, run here.
    await page.goto('./?backend=wasm');
    await page.getByTestId('settings-button').click();
    await page.getByRole('button', { name: 'Quick variant' }).click();
    await page.getByTestId('settings-close').click();
    await page.getByTestId('run-button').click();
    await expect(page.locator('main')).toHaveAttribute('data-run', 'live', { timeout: 400_000 });
    const link = await sharedLink(page, 'medium');
    await page.getByTestId('share-button').click();
    await page.getByTestId('share-file').click();
    const download = page.waitForEvent('download');
    await page.getByTestId('share-bundle').click();
    await (await download).saveAs(bundle);
    await page.close();
    const document = documentOf(link);
    console.log(
      `${document.spec.experiment.title}: link with evidence ${link.length} characters, bundle ${readFileSync(bundle).length} bytes`,
    );

    // The reader: the whole run again, on a profile that has nothing.
    await cleanProfile(browser, async (reader) => {
      await reader.goto(link.replace('/#', '/?backend=wasm#'));
      await reader.getByTestId('verify-full').click();
      await expect(reader.getByTestId('verification')).toHaveAttribute('data-verdict', /reproduced|within tolerance/, {
        timeout: 400_000,
      });
      for (const step of ['integrity', 'artifacts', 'self-test', 'second-opinion', 'replay', 'refit', 'claims']) {
        const item = reader.locator(`[data-step="${step}"]`);
        console.log(`${step}: ${(await item.innerText()).replaceAll('\n', ' ').slice(0, 200)}`);
        await expect(item).toHaveAttribute('data-verdict', /reproduced|within tolerance/);
      }
      await expect(reader.locator('[data-claim]')).toHaveCount(document.claims.length);
      await expect(
        reader.locator('[data-claim]:not([data-verdict="reproduced"]):not([data-verdict="within tolerance"])'),
      ).toHaveCount(0);
      const saved = reader.waitForEvent('download');
      await reader.getByTestId('download-verification').click();
      await (await saved).saveAs(inPage);
      const verification = JSON.parse(readFileSync(inPage, 'utf8')) as Verification;
      expect(isWholeVerification(verification)).toBe(true);
      expect(verification.document).toBe(decodeLink(link).digest);

      // The same link with its bundle elsewhere: fetched when asked for, and only if it is the file that was meant.
      const bytes = readFileSync(bundle);
      const server = createServer((_, response) =>
        response.writeHead(200, { 'access-control-allow-origin': '*' }).end(bytes),
      ).listen(0, '127.0.0.1');
      await once(server, 'listening');
      try {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/run.lrt.json`;
        const address = {
          schema: LINK_SCHEMA as typeof LINK_SCHEMA,
          kind: 'address' as const,
          title: 'Elsewhere',
          url,
          sha256: sha256Hex(bytes),
          bytes: bytes.length,
        };
        await reader.goto(fragment({ ...address, sha256: 'a'.repeat(64) }));
        await reader.getByTestId('fetch-bundle').click();
        await expect(reader.getByTestId('error')).toHaveAttribute('data-code', 'link-bundle');
        await reader.goto(fragment(address));
        await reader.getByTestId('fetch-bundle').click();
        await expect(reader.getByTestId('claims')).toContainText('Held-out R² of the map');
      } finally {
        server.close();
      }
    });

    // The command line, on the same and on what is not the same.
    const linkFile = (name: string, contents: RunDocument): string => {
      const file = join(dir, `${name}.txt`);
      writeFileSync(file, `https://example.org/${encodeFragment(contents)}\n`);
      return file;
    };
    expect(verify(link.slice(0, -200)).code).toBe(2);
    const whole = verify(bundle, '--quick', '--out', inShell);
    expect(whole.output).toMatch(/Verdict: reproduced/);
    expect(whole.code).toBe(0);
    // The bundle has the document of the link: two readers of it can be compared, unless one of them was edited.
    expect(verify('--compare', inPage, inShell).output).toContain('The two readers agree.');
    writeFileSync(inShell, readFileSync(inShell, 'utf8').replace('"quick"', '"full"'));
    expect(verify('--compare', inPage, inShell).code).toBe(2);

    const { spec } = document;
    const claim = verify(
      linkFile('claim', {
        ...document,
        claims: document.claims.map((each) =>
          each.id === 'map.r2' ? { ...each, value: Number(each.value) + 0.1 } : each,
        ),
      }),
      '--quick',
    );
    expect(claim.output).toMatch(/Held-out R² of the map .* differs/);
    expect(claim.output).toMatch(/artifacts: reproduced/);
    expect(claim.code).toBe(8);

    // The author's Stories M was another file than the reader's, says the link.
    const files = spec.pins.target.files!.map((file) =>
      file.path.endsWith('.onnx') ? { ...file, sha256: '0'.repeat(64) } : file,
    );
    const digest = verify(
      linkFile('digest', {
        ...document,
        spec: { ...spec, pins: { ...spec.pins, target: { ...spec.pins.target, files } } },
      }),
      '--quick',
    );
    expect(digest.output).toMatch(/artifacts: differs\. .*Large model, onnx\/model\.onnx/);
    expect(digest.code).toBe(8);

    // The evidence is of Stories S, and the experiment names Stories L: other digests, and vectors of another width.
    const source = { ...spec.experiment.models.source, id: 'lrt-stories-l' };
    const other = verify(
      linkFile('other', {
        ...document,
        spec: { ...spec, experiment: { ...spec.experiment, models: { ...spec.experiment.models, source } } },
      }),
      '--quick',
    );
    expect(other.output).toMatch(/artifacts: differs/);
    expect(other.output).toMatch(/link-invalid/);
    expect(other.code).toBe(8);

    const missing = verify(
      linkFile('missing', {
        ...document,
        spec: {
          ...spec,
          experiment: {
            ...spec.experiment,
            models: { ...spec.experiment.models, source: { ...source, id: 'lrt-stories-xl' } },
          },
        },
      }),
      '--quick',
    );
    expect(missing.output).toMatch(/unknown-model: There is no model “lrt-stories-xl”/);
    expect(missing.code).toBe(9);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
