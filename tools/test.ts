/**
 * `npm test`: types, lint (import directions among its rules), format, unit tests, tests in the browser without and with
 * WebGPU, GPU tests on Dawn in Node, browser journeys, in that order; every part runs even if one before it failed. Ends
 * with the time of each part and a line `N passed, N failed`.
 *
 * `npm run test:fast` (`--fast`) is the part that needs no browser and no peers: types, lint, format, and the unit tests
 * but for the slow files, which vitest.config.ts names.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { findBrowser, launchOptions } from './browser';
import { ensurePeers } from './peers';
import { ROOT, ensureBuilt } from './serve';

interface Count {
  passed: number;
  failed: number;
}

const RESULTS = join(ROOT, 'test-results');
const FAST = process.argv.includes('--fast');

function run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    child.on('error', (error) => {
      console.error(`${command} could not be started: ${error.message}`);
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 1));
  });
}

const bin = (name: string): string => join(ROOT, 'node_modules/.bin', name);

/** A checker counts as one test. */
async function check(title: string, command: string, args: string[]): Promise<Count> {
  console.log(`\n── ${title}`);
  const code = await run(bin(command), args);
  console.log(code === 0 ? `${title}: passed` : `${title}: FAILED (exit ${code})`);
  return code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

async function vitest(project: string, env: NodeJS.ProcessEnv = {}): Promise<Count> {
  console.log(`\n── vitest: ${project}`);
  const file = join(RESULTS, `${project}.json`);
  const code = await run(
    bin('vitest'),
    ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
    env,
  );
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const report = JSON.parse(readFileSync(file, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numFailedTestSuites: number;
  };
  // A file that could not be loaded fails no test of its own, yet the run has failed.
  const failed =
    report.numFailedTests > 0 ? report.numFailedTests : code === 0 ? 0 : Math.max(1, report.numFailedTestSuites);
  return { passed: report.numPassedTests, failed };
}

/** @param files of e2e/; each is one worker's, and `workers` of them run side by side */
async function journeys(title: string, files: string[], workers: number): Promise<Count> {
  console.log(`\n── browser journeys: ${title}`);
  const file = join(RESULTS, `${title}.json`);
  const code = await run(
    bin('playwright'),
    ['test', ...files, '--config', 'e2e/playwright.config.ts', `--workers=${workers}`, '--reporter=list,json'],
    { PLAYWRIGHT_JSON_OUTPUT_NAME: file },
  );
  if (!existsSync(file)) return { passed: 0, failed: 1 };
  const { stats } = JSON.parse(readFileSync(file, 'utf8')) as {
    stats: { expected: number; unexpected: number; flaky: number };
  };
  const failed = stats.unexpected + stats.flaky;
  return { passed: stats.expected, failed: failed > 0 ? failed : code === 0 ? 0 : 1 };
}

/** Which adapter the GPU tests will run on. They fail, they do not skip, where none answers. */
async function adapter(): Promise<Count> {
  const browser = await chromium.launch(launchOptions());
  try {
    const page = await browser.newPage();
    await page.route('http://adapter.localhost/', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>adapter</title>' }),
    );
    await page.goto('http://adapter.localhost/');
    const name = await page.evaluate(async () => {
      const found = await navigator.gpu?.requestAdapter();
      return found
        ? [found.info.vendor, found.info.architecture, found.info.description].filter(Boolean).join(' ') ||
            'unnamed adapter'
        : null;
    });
    console.log(`WebGPU adapter: ${name ?? 'NONE ANSWERS: the GPU tests will fail'}`);
    return name ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  } finally {
    await browser.close();
  }
}

/** A part of the run, by the name under which its time is printed. */
type Part = [name: string, work: () => Promise<Count>];

/** All that the timed parts found. */
async function runParts(parts: readonly Part[]): Promise<Count[]> {
  const lines: string[] = [];
  const counts: Count[] = [];
  for (const [name, work] of parts) {
    const began = performance.now();
    const count = await work();
    counts.push(count);
    const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(5);
    lines.push(`${seconds} s  ${name}: ${count.passed} passed, ${count.failed} failed`);
  }
  console.log(`\n── time of each part\n${lines.join('\n')}`);
  return counts;
}

const CHECKS: Part[] = [
  ['types', () => check('types', 'tsc', ['--noEmit'])],
  ['rooms', () => check('import rules are those of the rooms', 'tsx', ['tools/lint-rooms.ts', '--check'])],
  [
    'lint',
    () =>
      check('lint and import directions', 'oxlint', [
        '--type-aware',
        '--deny-warnings',
        'src',
        'e2e',
        'tools',
        ...(FAST ? [] : ['bench']),
      ]),
  ],
  ['format', () => check('format', 'prettier', ['--check', '--cache', '--log-level=warn', '.'])],
];

/** These alone, because they print times; the others two at a time, because most wait for one thread of a browser's. */
const TIMED = ['page.spec.ts', 'live.spec.ts'];
const others = (): string[] =>
  readdirSync(join(ROOT, 'e2e')).filter((name) => name.endsWith('.spec.ts') && !TIMED.includes(name));

const WHOLE: Part[] = [
  ['WebGPU adapter', adapter],
  ...CHECKS,
  ['types of the bench', () => check('types of the bench', 'tsc', ['--noEmit', '--project', 'bench'])],
  ['unit tests', () => vitest('unit')],
  ['tests in the browser', () => vitest('browser')],
  ['GPU tests in the browser', () => vitest('gpu')],
  ['GPU tests on Dawn', () => vitest('dawn')],
  [
    'journeys: the page',
    async () => {
      await ensureBuilt();
      return journeys('the page', TIMED, 1);
    },
  ],
  ['journeys: the rest', () => journeys('the rest', others(), 2)],
];

rmSync(RESULTS, { recursive: true, force: true });
mkdirSync(RESULTS, { recursive: true });
if (!FAST) {
  ensurePeers();
  const found = findBrowser();
  console.log(`Browser: ${found.version} (${found.origin})`);
}
const counts = await runParts(FAST ? [...CHECKS, ['unit tests', () => vitest('unit', { LRT_FAST: '1' })]] : WHOLE);
const sum = (key: keyof Count): number => counts.reduce((n, count) => n + count[key], 0);
console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
