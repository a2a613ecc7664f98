/** `npm run bench -- NAME [options]`: lists the benches, or runs one. */
import { ensurePeers } from '../tools/peers';
import { run as benchTaps, USAGE as TAPS_USAGE } from './taps';

const USAGE = `Usage: npm run bench -- NAME [options]

solver   the affine fit: accuracy against float64, agreement of drivers, speed beside other libraries
         --quick            the small half: 192 → 256, two condition numbers, fewer rounds
         --only a,b         of the tables accuracy, drivers, speed, peak
         --json FILE        writes the tables as JSON too
${TAPS_USAGE}

LRT_GPU=real measures on the machine's own adapter instead of SwiftShader.`;

const [name, ...rest] = process.argv.slice(2);
if (name === 'solver') {
  ensurePeers();
  const { benchSolver } = await import('./solver/run');
  process.exitCode = await benchSolver(rest, USAGE);
} else if (name === 'taps') {
  process.exitCode = await benchTaps(rest);
} else {
  console.log(name === undefined ? USAGE : `There is no bench “${name}”.\n\n${USAGE}`);
  process.exitCode = name === undefined ? 0 : 2;
}
