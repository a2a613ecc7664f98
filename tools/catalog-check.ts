/**
 * `npm run catalog:check -- [--host URL] [--write]` looks every curated model up on the hub, compares its
 * files, sizes, licence and shape with public/families.json, and with --write notes what it found.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkFamilies, FAMILIES_PATH, parseFamilies } from '../src/models/families';
import { HUB } from '../src/models/hub';
import { printError } from './errors';
import { ROOT } from './serve';

try {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: HUB },
      file: { type: 'string', default: join(ROOT, 'public', FAMILIES_PATH) },
      write: { type: 'boolean', default: false },
    },
  });
  const curated = parseFamilies(JSON.parse(readFileSync(values.file, 'utf8')));
  const { families, results } = await checkFamilies(curated, {
    host: values.host,
    today: new Date().toISOString().slice(0, 10),
    onResult: ({ id, outcome, details }) =>
      console.log(
        `${outcome === 'failed' ? '✗' : '✓'} ${id}: ${outcome}${details.length > 0 ? `\n    ${details.join('\n    ')}` : ''}`,
      ),
  });
  const tally = (outcome: string): number => results.filter((result) => result.outcome === outcome).length;
  console.log(`\n${tally('verified')} as listed, ${tally('changed')} changed, ${tally('failed')} failed.`);
  if (values.write) writeFileSync(values.file, `${JSON.stringify(families, null, 1)}\n`);
  process.exitCode = tally('failed') > 0 ? 1 : 0;
} catch (thrown) {
  printError(thrown);
  process.exitCode = 1;
}
