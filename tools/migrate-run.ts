/** `npx tsx tools/migrate-run.ts FILE…`: rewrites run files of older versions as runs of the present one. Figures and texts stay. */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseRun } from '../src/experiment/run-schema';

for (const file of process.argv.slice(2)) {
  const document = JSON.parse(readFileSync(file, 'utf8')) as { schema?: unknown };
  const run = parseRun(document);
  writeFileSync(file, `${JSON.stringify(run)}\n`);
  console.log(`${file}: version ${String(document.schema)} → ${run.schema}`);
}
