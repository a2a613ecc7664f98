/** `npm run docs:errors`: docs/errors.md out of the catalogue: every error, the exit code of the commands, what it says, what helps. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { IntlMessageFormat } from 'intl-messageformat';
import { ERROR_CODES, type ErrorCode } from '../src/experiment/errors';
import { en } from '../src/i18n/en';
import { exitCodeOf } from './errors';
import { ROOT } from './serve';

export const ERROR_TABLE = join(ROOT, 'docs/errors.md');

const HEAD = `# Errors

Every error of the lab: its key, the exit code with which \`npm run experiment\` and \`npm run verify\` end by it, what it
says, and what helps. The part of a key before the dot is the stable code, which the page shows with the error. Names in
angle brackets are filled in; of alternatives, divided by strokes, one is shown. This file is made by
\`npm run docs:errors\` out of \`src/i18n/en/errors*.json\`, and a test holds it to them.
`;

/** An element of a parsed ICU message. */
interface Element {
  type: number;
  value?: string;
  options?: Record<string, { value: Element[] }>;
  children?: Element[];
}

const [LITERAL, SELECT, PLURAL, POUND] = [0, 5, 6, 7];

/** A text as a reader can take it in: places as ‹name›, the cases of a choice one after the other. */
function shown(text: string): string {
  const parts = (elements: readonly Element[], count = ''): string =>
    elements
      .map(({ type, value = '', options = {}, children = [] }) => {
        if (type === LITERAL) return value;
        if (type === POUND) return `‹${count}›`;
        if (type === SELECT || type === PLURAL) {
          const cases = Object.values(options).map((option) => parts(option.value, value));
          return [...new Set(cases)].filter((each) => each !== '').join(' / ');
        }
        return children.length > 0 ? parts(children, count) : `‹${value}›`;
      })
      .join('');
  return parts(new IntlMessageFormat(text, 'en').getAst() as unknown as Element[]).replaceAll('|', '\\|');
}

/** The whole document. */
export function errorTable(): string {
  const entries: Record<string, { what: string; remedy: string }> = en.errors;
  const codeOf = (key: string): ErrorCode => key.split('.')[0] as ErrorCode;
  const order = (key: string): number => ERROR_CODES.indexOf(codeOf(key));
  const rows = Object.entries(entries)
    .toSorted(([a], [b]) => order(a) - order(b) || (a < b ? -1 : 1))
    .map(
      ([key, { what, remedy }]) =>
        `| \`${key}\` | ${exitCodeOf(codeOf(key))} | ${shown(what)} | ${shown(remedy).replaceAll('\n', ' ')} |`,
    );
  return [HEAD, '| Error | Exit | What it says | What helps |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const before = readFileSync(ERROR_TABLE, { encoding: 'utf8', flag: 'a+' });
  const now = errorTable();
  if (before !== now) writeFileSync(ERROR_TABLE, now);
  console.log(
    `docs/errors.md ${before === now ? 'is current' : 'was written'}: ${Object.keys(en.errors).length} errors.`,
  );
}
