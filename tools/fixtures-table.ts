/**
 * Prints what every graph of fixtures/exporters passes: fixtures × checks (see src/onnx/fixture-checks.ts), then fixtures ×
 * operations on the residual stream (src/onnx/operation-checks.ts).
 *
 *   npx tsx tools/fixtures-table.ts [part of a name ...]
 */
import { CHECKS, checkFixture, toleranceOf } from '../src/onnx/fixture-checks';
import { checkOperations, OPERATION_CHECKS } from '../src/onnx/operation-checks';
import { FIXTURES, REFUSED } from '../src/onnx/testing';

const wanted = process.argv.slice(2);
const fixtures = FIXTURES.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const width = Math.max(26, ...fixtures.map(({ name }) => name.length));
const line = (name: string, cells: readonly string[]): string =>
  `${name.padEnd(width)}${cells.map((cell) => ` ${cell.padStart(13)}`).join('')}`;

/** Prints one table. @returns how many fixtures fail */
async function table(
  title: string,
  columns: readonly string[],
  check: (fixture: (typeof fixtures)[number]) => Promise<{ shown: string; passed: boolean }[]>,
): Promise<number> {
  console.log(line(title, ['allowed', ...columns]));
  let failed = 0;
  for (const fixture of fixtures) {
    try {
      const cells = await check(fixture);
      if (cells.some(({ passed }) => !passed)) failed++;
      console.log(
        line(fixture.name, [
          toleranceOf(fixture).toExponential(0),
          ...cells.map(({ shown, passed }) => (passed ? shown : `✗ ${shown}`)),
        ]),
      );
    } catch (error) {
      failed++;
      console.log(`${fixture.name.padEnd(width)}  ✗ ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  console.log(`${fixtures.length - failed} of ${fixtures.length} pass\n`);
  return failed;
}

const failed =
  (await table('largest |Δ|', CHECKS, checkFixture)) +
  (await table(
    // Beside it what neutral vectors change: nothing, where it says “bits”.
    '|Δ| of operations, neutral',
    OPERATION_CHECKS,
    async (fixture) =>
      (await checkOperations(fixture)).map(({ error, neutral, passed }) => ({
        shown: `${error.toExponential(0)} ${neutral === 0 ? 'bits' : neutral.toExponential(0)}`,
        passed,
      })),
  ));
if (wanted.length === 0) for (const { name, why } of REFUSED) console.log(`no ${name}: ${why}`);
process.exitCode = failed > 0 ? 1 : 0;
