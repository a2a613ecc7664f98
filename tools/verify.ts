/**
 * `npm run verify -- <link | bundle.lrt.json | file with a link> [--quick] [--backend auto|webgpu|wasm] [--fetch] [--host URL]
 * [--site DIR] [--out FILE]` verifies what others claim, headless in the built lab. Ends with 0 only if nothing differs.
 * `npm run verify -- --compare A.json B.json` sets two readers' verifications of one document side by side.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { fetchBundle } from '../src/net/fetch-bundle';
import { LabError } from '../src/experiment/errors';
import type { RunDocument } from '../src/experiment/share/document';
import { openBundle, openLink, type Opened } from '../src/experiment/share/open';
import { isWholeVerification, type ClaimCheck, type Verification } from '../src/experiment/share/verification';
import { claimMessages } from '../src/experiment/share/claims';
import { wordsOf } from '../src/i18n/text';
import { normaliseHost } from '../src/models/location';
import { exitCodeOf, printError, sayError } from './errors';
import { ok, withHeadless } from './headless';

const USAGE =
  'Usage: npm run verify -- <link | bundle.lrt.json | file with a link> [--quick] [--backend auto|webgpu|wasm] [--fetch] [--host URL] [--site DIR] [--out FILE] | --compare A.json B.json';
/** Something differs; something could not be run. Other failures end as those of `npm run experiment` do. */
const DIFFERS = 8;
const NOT_RUN = 9;

interface Arguments {
  what: string;
  depth: 'quick' | 'full';
  backend: 'auto' | 'webgpu' | 'wasm';
  fetch: boolean;
  host: string | null;
  site: string | null;
  out: string | null;
  /** Two verifications to set side by side instead. */
  compare: [string, string] | null;
}

function readArguments(): Arguments {
  let parsed;
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: {
        quick: { type: 'boolean', default: false },
        backend: { type: 'string', default: 'auto' },
        fetch: { type: 'boolean', default: false },
        host: { type: 'string' },
        site: { type: 'string' },
        out: { type: 'string' },
        compare: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new LabError('settings-invalid.arguments', { reason: (error as Error).message, usage: USAGE }, error);
  }
  const { values, positionals } = parsed;
  const compare: [string, string] | null =
    values.compare && positionals.length === 2 ? [positionals[0], positionals[1]] : null;
  if (!compare && positionals.length !== 1) throw new LabError('settings-invalid.one-link', { usage: USAGE });
  const { backend } = values;
  if (backend !== 'auto' && backend !== 'webgpu' && backend !== 'wasm')
    throw new LabError('settings-invalid.flag', { flag: '--backend', value: backend, known: 'auto, webgpu, wasm' });
  return {
    what: positionals[0],
    depth: values.quick ? 'quick' : 'full',
    backend,
    fetch: values.fetch,
    host: values.host ?? null,
    site: values.site ? resolve(values.site) : null,
    out: values.out ?? null,
    compare,
  };
}

/** The document of a link, of a file with a link in it, or of a bundle. */
async function open({ what, fetch }: Arguments): Promise<Opened<RunDocument>> {
  const isFile = !what.includes('#') && existsSync(what);
  const text = isFile ? readFileSync(what, 'utf8') : what;
  if (isFile && text.trimStart().startsWith('{')) return openBundle(text);
  const opened = openLink(text.trim());
  const { document } = opened;
  if (document.kind === 'run') return { ...opened, document };
  if (!fetch) throw new LabError('link-bundle.no-fetch', { url: document.url });
  return fetchBundle(document);
}

/**
 * Whether to download the experiment's hub models: `--host` agrees to it, and names the host that the link must name too.
 * @throws LabError `settings-invalid` for another host than the link's
 */
function agreesToDownload({ host }: Arguments, { document }: Opened<RunDocument>): boolean {
  if (host === null) return false;
  const agreed = normaliseHost(host);
  const { source, target } = document.spec.experiment.models;
  for (const { id, location } of [source, target]) {
    if (location?.kind === 'hub' && location.host !== agreed)
      throw new LabError('settings-invalid.other-host', { stated: location.host, id, given: agreed });
  }
  return true;
}

async function verify(args: Arguments, opened: Opened<RunDocument>): Promise<Verification> {
  const download = agreesToDownload(args, opened);
  const { document, digest, migrated } = opened;
  return withHeadless(args.site, async (page) => {
    if (download)
      ok(
        await page.evaluate(([e, b]) => window.lrtHeadless!.fetchModels(e, b), [
          document.spec.experiment,
          args.backend,
        ] as const),
      );
    return ok(
      await page.evaluate(([r, b]) => window.lrtHeadless!.verify(r, b), [
        { document, digest, migrated, depth: args.depth },
        args.backend,
      ] as const),
    );
  });
}

function row(
  { id, claimed, here, difference, tolerance, verdict, notes }: ClaimCheck,
  { concept }: RunDocument,
): string {
  const { say } = wordsOf('en');
  const figure = say(claimMessages(id, concept).label);
  const cells = [
    figure.padEnd(38),
    String(claimed).padStart(9),
    (here === null ? '–' : String(here)).padStart(9),
    (difference === null ? '–' : difference.toFixed(4)).padStart(9),
    (tolerance === 0 ? 'exact' : `±${tolerance}`).padStart(8),
  ];
  return `  ${cells.join(' ')}  ${verdict}${notes.length > 0 ? `: ${notes.map(say).join(' ')}` : ''}`;
}

/** A reader's verification. @throws LabError `link-invalid` where it is none, or is not what its digest says */
function readVerification(file: string): Verification {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new LabError('link-invalid.unreadable', { file, reason: (error as Error).message }, error);
  }
  if (!isWholeVerification(value)) throw new LabError('link-invalid.verification', { file });
  return value as Verification;
}

/** What two readers found of one document. @returns whether both found the same within each claim's tolerance */
function compare(files: [string, string]): boolean {
  const [a, b] = files.map(readVerification);
  if (a.document !== b.document)
    throw new LabError('link-invalid.two-documents', {
      first: a.document.slice(0, 16),
      second: b.document.slice(0, 16),
    });
  const where = ({ device }: Verification): string => (device ? `${device.backend}, ${device.adapter}` : 'no device');
  console.log(
    `${a.title}\nDocument: ${a.document}\nA: ${a.verdict} (${a.depth}) on ${where(a)}\nB: ${b.verdict} (${b.depth}) on ${where(b)}\n`,
  );
  let agree = true;
  for (const mine of a.claims) {
    const theirs = b.claims.find(({ id }) => id === mine.id);
    const [x, y] = [mine.here, theirs?.here ?? null];
    const both = x !== null && y !== null;
    const same =
      !both || x === y || (typeof x === 'number' && typeof y === 'number' && Math.abs(x - y) <= mine.tolerance);
    agree &&= same;
    console.log(
      `  ${mine.id.padEnd(30)} claimed ${String(mine.claimed).padStart(9)}   A ${String(x ?? '–').padStart(9)}   B ${String(y ?? '–').padStart(9)}   ${both ? (x === y ? 'the same' : same ? 'within tolerance' : 'differ') : 'not run by both'}`,
    );
  }
  console.log(`\nThe two readers ${agree ? 'agree' : 'differ'}.`);
  return agree;
}

async function main(): Promise<number> {
  const args = readArguments();
  if (args.compare) return compare(args.compare) ? 0 : DIFFERS;
  const opened = await open(args);
  const { experiment } = opened.document.spec;
  console.log(
    `Experiment: ${experiment.title}\nDocument: ${opened.digest}${opened.migrated.length > 0 ? `, brought up to date: ${opened.migrated.join(', ')}` : ''}`,
  );
  const verification = await verify(args, opened);
  console.log(
    `\n  ${'claim'.padEnd(38)} ${'claimed'.padStart(9)} ${'here'.padStart(9)} ${'here − it'.padStart(9)} ${'allowed'.padStart(8)}  verdict`,
  );
  const { say } = wordsOf('en');
  for (const check of verification.claims) console.log(row(check, opened.document));
  for (const { id, checks } of verification.steps)
    for (const { name, expected, actual } of checks.filter(({ verdict }) => verdict === 'differs'))
      console.log(`\n${id}: ${say(name)}\n  expected ${say(expected)}\n  found    ${say(actual)}`);
  for (const { id, error } of verification.steps)
    if (error) console.log(`\n${id}: error ${error.code}: ${sayError(error)}`);
  if (args.out) writeFileSync(args.out, `${JSON.stringify(verification, null, 1)}\n`);
  console.log(
    `\nVerdict: ${verification.verdict} (${args.depth}). Verification ${verification.digest}${args.out ? `, written to ${args.out}` : ''}`,
  );
  return verification.verdict === 'differs' ? DIFFERS : verification.verdict === 'not run' ? NOT_RUN : 0;
}

try {
  process.exitCode = await main();
} catch (thrown) {
  const error = printError(thrown);
  process.exitCode = exitCodeOf(error.code);
}
