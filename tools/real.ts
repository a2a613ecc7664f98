/**
 * `npm run real:check -- [model …]`: the real models of fixtures/real in the browser, against what PyTorch computes with
 * the same weights: residual stream after every block, logits, logits steered by a hook, steering by zero. Needs the
 * outputs of fixtures/real/make.py.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createServer } from 'vite';
import { z } from 'zod';
import { LabError } from '../src/experiment/errors';
import { printError } from './errors';
import { REAL_FOLDER } from './arguments';
import { startMirror } from './mirror';
import type * as Page from './real-page';
import { ROOT } from './serve';
import { openSession } from './session';

/** Largest relative error of a position's state, and largest error of a logit over the largest logit. */
const TOLERANCE = { taps: 1e-3, logits: 1e-3 };
/** New tokens that are timed. */
const DECODED = 24;

const entrySchema = z.object({
  file: z.string(),
  text: z.string(),
  ids: z.array(z.int()),
  steeredBlock: z.int(),
  arrays: z.record(
    z.enum(['residPost', 'logits', 'vector', 'steeredLogits']),
    z.object({ dims: z.array(z.int()), at: z.int() }),
  ),
});
const referenceSchema = z.object({
  id: z.string(),
  fp32: z.object({ text: entrySchema, short: entrySchema }),
  q4: z.object({ text: entrySchema, short: entrySchema }),
});

export interface Case {
  model: string;
  dtype: 'fp32' | 'q4';
  backend: 'wasm' | 'webgpu';
  /** `short`: a few tokens, for software WebGPU. */
  text: 'text' | 'short';
  /** One session at a time: in float32 a session of Gemma takes more than half of what WASM can address. */
  apart?: boolean;
}

/** What is checked of a model. */
export const CASES: Record<string, Case[]> = {
  smollm2: [
    { model: 'smollm2', dtype: 'fp32', backend: 'wasm', text: 'text' },
    { model: 'smollm2', dtype: 'q4', backend: 'wasm', text: 'text' },
    { model: 'smollm2', dtype: 'fp32', backend: 'webgpu', text: 'short' },
    { model: 'smollm2', dtype: 'q4', backend: 'webgpu', text: 'short' },
  ],
  gemma3: [
    { model: 'gemma3', dtype: 'q4', backend: 'wasm', text: 'text' },
    { model: 'gemma3', dtype: 'fp32', backend: 'wasm', text: 'text', apart: true },
  ],
};

/** @throws LabError `settings-invalid` where the models have not been made */
function readReference({ model, dtype, text }: Case): { id: string; reference: Page.Reference } {
  const folder = join(REAL_FOLDER, 'reference', model);
  if (!existsSync(join(folder, 'reference.json'))) throw new LabError('settings-invalid.references', { folder });
  const index = referenceSchema.parse(JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')));
  const entry = index[dtype][text];
  const bytes = readFileSync(join(folder, entry.file));
  const part = (name: keyof typeof entry.arrays): string => {
    const { dims, at } = entry.arrays[name];
    return bytes.subarray(4 * at, 4 * (at + dims.reduce((a, b) => a * b, 1))).toString('base64');
  };
  const { ids, steeredBlock } = entry;
  return {
    id: index.id,
    reference: {
      ids,
      text: entry.text,
      steeredBlock,
      residPost: part('residPost'),
      logits: part('logits'),
      vector: part('vector'),
      steeredLogits: part('steeredLogits'),
    },
  };
}

export interface CheckedCase extends Page.Checked {
  case: Case;
  memory: number | null;
  passed: boolean;
}

/** Every case in a browser of its own, so that its memory is its own too. @throws LabError of loading; `settings-invalid` */
export async function checkCases(
  cases: readonly Case[],
  onDone: (checked: CheckedCase) => void,
): Promise<CheckedCase[]> {
  const given = cases.map((each) => ({ each, ...readReference(each) }));
  const mirror = await startMirror(join(REAL_FOLDER, 'hub'));
  const server = await createServer({
    root: ROOT,
    configFile: false,
    logLevel: 'error',
    cacheDir: 'node_modules/.vite-real',
    appType: 'custom',
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
    optimizeDeps: {
      noDiscovery: true,
      include: [
        '@huggingface/transformers',
        '@noble/hashes/sha2.js',
        '@noble/hashes/utils.js',
        'canonicalize',
        'idb-keyval',
        'zod',
      ],
      exclude: ['onnxruntime-web'],
    },
  });
  server.middlewares.use('/real-check', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><title>check</title>');
  });
  await server.listen();
  const url = server.resolvedUrls!.local[0];
  const results: CheckedCase[] = [];
  try {
    for (const { each, id, reference } of given) {
      const { page, memory, close } = await openSession(null);
      try {
        await page.goto(new URL('real-check', url).href);
        const base = `${mirror.url}/${id}/resolve/main/`;
        const found = await page.evaluate(
          async (values) => {
            const path = '/tools/real-page.ts'; // served by Vite: the compiler must not resolve it
            const module = (await import(/* @vite-ignore */ path)) as typeof Page;
            return module.check(...values);
          },
          [
            base,
            id,
            each.dtype,
            each.backend,
            reference,
            each.backend === 'wasm' ? DECODED : 0,
            each.apart ?? false,
          ] satisfies Parameters<typeof Page.check>,
        );
        const passed =
          found.sameIds &&
          found.zeroIsIdentity &&
          found.taps.relative <= TOLERANCE.taps &&
          found.logits.absolute <= TOLERANCE.logits * found.logits.scale &&
          found.steered.absolute <= TOLERANCE.logits * found.logits.scale;
        const checked = { ...found, case: each, memory: memory.bytes?.tab ?? null, passed };
        results.push(checked);
        onDone(checked);
      } finally {
        await close();
      }
    }
  } finally {
    await server.close();
    await mirror.close();
  }
  return results;
}

const COLUMNS = [
  'model',
  'dtype',
  'backend',
  'style',
  'blocks × width',
  'tokens',
  'same ids',
  'taps: worst row',
  'at',
  'taps |Δ| of',
  'logits |Δ| of',
  'steered |Δ|, moved by',
  'zero = same bits',
  'read tok/s',
  'write tok/s',
  'load s',
  'memory MiB',
  'passed',
];

function row(c: CheckedCase): string[] {
  const small = (x: number): string => x.toExponential(1);
  return [
    c.case.model,
    c.case.dtype,
    c.case.backend,
    c.style,
    `${c.blocks} × ${c.width}`,
    String(c.tokens),
    c.sameIds ? 'yes' : 'NO',
    small(c.taps.relative),
    `block ${c.taps.block}, position ${c.taps.position}`,
    `${small(c.taps.absolute)} of ${c.taps.scale.toFixed(0)}`,
    `${small(c.logits.absolute)} of ${c.logits.scale.toFixed(0)}`,
    `${small(c.steered.absolute)}, ${c.steered.moved.toFixed(1)}`,
    c.zeroIsIdentity ? 'yes' : 'NO',
    ((1000 * c.tokens) / c.milliseconds.collect).toFixed(1),
    c.decodeRate === null ? '–' : c.decodeRate.toFixed(1),
    (c.milliseconds.load / 1000).toFixed(1),
    c.memory === null ? '–' : String(Math.ceil(c.memory / 2 ** 20)),
    c.passed ? 'yes' : 'NO',
  ];
}

/** One line a case; what the model wrote after the text below it. */
export function printCase(c: CheckedCase): void {
  console.log(
    row(c)
      .map((cell, i) => `${COLUMNS[i]} ${cell}`)
      .join(' · '),
  );
  if (c.continuation !== null) console.log(`   writes: ${JSON.stringify(c.continuation)}`);
}

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !(name in CASES));
  if (unknown !== undefined)
    throw new LabError('settings-invalid.real-model', { name: unknown, known: Object.keys(CASES).join(', ') });
  const results = await checkCases(
    (names.length > 0 ? names : Object.keys(CASES)).flatMap((name) => CASES[name]),
    printCase,
  );
  console.log(
    `\nTolerances: a row of taps ${TOLERANCE.taps} relative; logits ${TOLERANCE.logits} of the largest. PyTorch computes in float32 with the weights that the file holds (those of 4 bits put back).`,
  );
  return results.every(({ passed }) => passed) ? 0 : 1;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (thrown) {
    const error = printError(thrown);
    process.exitCode = error.code === 'settings-invalid' ? 2 : 1;
  }
}
