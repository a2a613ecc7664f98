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
  experiment: { may: [], doors: ['i18n/keys'] },
  i18n: { may: ['experiment'] },
  math: { may: [] },
  fit: { may: ['math'] },
  files: { may: ['experiment', 'i18n', 'math'] },
  gpu: { may: ['experiment', 'math', 'fit'] },
  onnx: { may: ['experiment', 'math'] },
  models: { may: ['experiment', 'math', 'onnx', 'runtime'] },
  runtime: { may: ['experiment', 'math', 'fit', 'gpu', 'onnx', 'models'] },
  lab: { may: ['experiment', 'math', 'fit', 'gpu', 'onnx', 'models', 'runtime'] },
  worker: { may: ['experiment', 'lab'] },
  runs: { may: ['experiment'] },
  app: {
    may: ['experiment', 'i18n', 'math', 'files', 'worker', 'runs'],
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
    excludeFiles: ['**/*.test.ts', '**/*.gpu.ts'],
    rules: { [RULE]: ['error', { patterns: [rules, ...bans] }] },
  };
}

const config = JSON.parse(readFileSync(FILE, 'utf8')) as { overrides: Override[] };
const isOurs = ({ files, rules }: Override): boolean =>
  RULE in rules && files.some((file) => /^src\/[^/]+\/\*\*/.test(file));
const wanted = Object.entries(ROOMS).map(([name, room]) => overrideOf(name, room));

const folders = readdirSync('src', { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const strangers = folders.filter((name) => !(name in ROOMS));
if (strangers.length > 0) {
  console.error(`No room of the table: src/${strangers.join(', src/')}. Add it in tools/lint-rooms.ts.`);
  process.exit(1);
}
if (process.argv.includes('--check')) {
  if (!isDeepStrictEqual(config.overrides.filter(isOurs), wanted)) {
    console.error(`The import rules in ${FILE} are not those of the rooms. Write them: npx tsx tools/lint-rooms.ts`);
    process.exit(1);
  }
} else {
  config.overrides = [...wanted, ...config.overrides.filter((override) => !isOurs(override))];
  const text = JSON.stringify(config);
  writeFileSync(FILE, await format(text, { ...(await resolveConfig(FILE)), parser: 'json' }));
}
