/**
 * The rooms of `src/`, and which of them each may import: the one table from which the linter's rules are made.
 *
 *     npx tsx tools/lint-rooms.ts           writes the rules into .oxlintrc.json
 *     npx tsx tools/lint-rooms.ts --check   fails where they are not those of the table
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { format, resolveConfig } from 'prettier';

/** A ban in the words of oxlint's `no-restricted-imports`. */
interface Ban {
  group: string[];
  message: string;
}

interface Room {
  may: readonly string[];
  /** Doors of other rooms that are open all the same, as `room/module`. */
  doors?: readonly string[];
  /** Bans within rooms that it may import. */
  bans?: readonly Ban[];
  /**
   * How deep below `src/` its files lie, where folders of its own are named like rooms: only paths that leave it count
   * then.
   */
  depth?: number;
}

/** Each with the rooms that it may import. */
const ROOMS: Record<string, Room> = {
  base: { may: [] },
  experiment: { may: ['base'], doors: ['i18n/keys'] },
  i18n: { may: ['experiment'] },
  math: { may: ['base'] },
  fit: { may: ['base', 'math'] },
  channel: { may: ['base', 'experiment'] },
  net: { may: ['base', 'experiment'] },
  metrics: { may: ['base', 'experiment', 'math'], doors: ['i18n/keys'] },
  files: { may: ['base', 'experiment', 'i18n', 'math', 'metrics'] },
  gpu: { may: ['base', 'experiment', 'math', 'fit'] },
  onnx: { may: ['base', 'experiment', 'math'] },
  models: { may: ['base', 'experiment', 'i18n', 'math', 'net', 'onnx'] },
  runtime: { may: ['base', 'experiment', 'math', 'fit', 'gpu', 'onnx', 'models'] },
  lab: {
    may: ['base', 'experiment', 'i18n', 'math', 'fit', 'metrics', 'net', 'gpu', 'onnx', 'models', 'runtime'],
  },
  worker: { may: ['base', 'channel', 'experiment', 'lab'] },
  runs: { may: ['base', 'channel', 'experiment', 'metrics'] },
  app: {
    may: ['base', 'experiment', 'i18n', 'math', 'metrics', 'net', 'files', 'worker', 'runs'],
    doors: ['models/picked'],
    bans: [
      { group: ['../../worker/engine.worker'], message: 'The page speaks to the engine through worker/client.' },
      {
        group: ['../../runs/*', '!../../runs/client', '!../../runs/record', '!../../runs/import', '!../../runs/store'],
        message: 'The page speaks to the store of runs through runs/client; of the rest it may have types.',
      },
    ],
    depth: 2,
  },
};

const FILE = '.oxlintrc.json';
const RULE = 'no-restricted-imports';

interface Override {
  files: string[];
  excludeFiles?: string[];
  rules: Record<string, unknown>;
}

function overrideOf(name: string, { may, doors = [], bans = [], depth }: Room): Override {
  const up = depth === undefined ? '**/' : '../'.repeat(depth);
  const forbidden = Object.keys(ROOMS).filter((other) => other !== name && !may.includes(other));
  // A folder that is banned as a whole has no doors: with one, its modules are banned instead.
  const group = forbidden.flatMap((other) =>
    doors.some((door) => door.startsWith(`${other}/`))
      ? [`${up}${other}`, `${up}${other}/*`]
      : [`${up}${other}`, `${up}${other}/**`],
  );
  const message = `src/${name} may import of ours only: ${may.length > 0 ? may.join(', ') : 'nothing'}.`;
  const rules = { group: [...group, ...doors.map((door) => `!${up}${door}`)], message };
  return {
    files: [`src/${name}/**/*.ts`, `src/${name}/**/*.tsx`],
    excludeFiles: ['**/*.test.ts', '**/*.gpu.ts', '**/*.browser.ts'],
    rules: { [RULE]: ['error', { patterns: [rules, ...bans] }] },
  };
}

const BEGIN = '// Rooms: made by tools/lint-rooms.ts\n';
const END = '// Rooms: end';

/** Cuts the rules of the rooms out of the file, which may hold comments: what is before, between and after the marks. */
function cut(text: string): [before: string, rules: string, after: string] {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from)
    throw new Error(`${FILE} lacks the lines “${BEGIN.trim()}” and “${END}” in its overrides.`);
  return [text.slice(0, from + BEGIN.length), text.slice(from + BEGIN.length, to), text.slice(to)];
}

const folders = readdirSync('src', { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const strangers = folders.filter((name) => !(name in ROOMS));
if (strangers.length > 0) {
  console.error(`No room of the table: src/${strangers.join(', src/')}. Add it in tools/lint-rooms.ts.`);
  process.exit(1);
}
const wanted = Object.entries(ROOMS).map(([name, room]) => overrideOf(name, room));
const [before, rules, after] = cut(readFileSync(FILE, 'utf8'));
if (process.argv.includes('--check')) {
  if (!isDeepStrictEqual(JSON.parse(`[${rules.trim().replace(/,$/, '')}]`), wanted)) {
    console.error(`The import rules in ${FILE} are not those of the rooms. Write them: npx tsx tools/lint-rooms.ts`);
    process.exit(1);
  }
} else {
  // The last things in the list, or followed by others.
  const comma = after.slice(END.length).trimStart().startsWith('{') ? ',' : '';
  const text = before + wanted.map((override) => JSON.stringify(override)).join(',\n') + comma + '\n' + after;
  writeFileSync(FILE, await format(text, { ...(await resolveConfig(FILE)), parser: 'json' }));
}
