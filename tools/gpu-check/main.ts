/**
 * `npm run gpu-check -- pack [folder]`   packs the check into .gpu-check/, to be carried to a machine with a GPU
 * `npm run gpu-check -- record FILE`     keeps a result as docs/gpu/<card>.json and renews the tables of docs/gpu-check.md
 * `npm run gpu-check -- table`           renews the tables from the results that are kept
 *
 * There: `sh .gpu-check/check.sh OUT`. See docs/gpu-check.md.
 */
import { join, resolve } from 'node:path';
import { ROOT } from '../serve';

const USAGE = `Usage: npm run gpu-check -- pack [folder]     packs the check, into .gpu-check where no folder is named
       npm run gpu-check -- record FILE       keeps a result and renews docs/gpu-check.md
       npm run gpu-check -- table             renews docs/gpu-check.md from the results that are kept`;

const [command, argument, ...rest] = process.argv.slice(2);
if (command === 'pack' && rest.length === 0) {
  const { GOAL_BYTES, pack } = await import('./pack');
  const { folder, bytes, files } = await pack(resolve(argument ?? join(ROOT, '.gpu-check')));
  for (const file of files) console.log(`${file.name.padEnd(14)} ${String(file.bytes).padStart(11)} bytes`);
  console.log(
    `${folder}: ${(bytes / 2 ** 20).toFixed(1)} MiB (${bytes <= GOAL_BYTES ? 'within' : 'above'} the goal of ${GOAL_BYTES / 2 ** 20} MiB).`,
  );
} else if (command === 'record' && argument !== undefined && rest.length === 0) {
  const { record } = await import('./record');
  console.log(`Kept as ${record(resolve(argument))}; docs/gpu-check.md is renewed.`);
} else if (command === 'table' && argument === undefined) {
  const { renew } = await import('./record');
  console.log(renew() ? 'docs/gpu-check.md is renewed.' : 'docs/gpu-check.md was current.');
} else {
  console.error(USAGE);
  process.exitCode = 2;
}
