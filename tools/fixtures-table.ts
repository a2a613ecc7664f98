/**
 * Prints what every graph of fixtures/exporters passes: fixtures × checks (see src/onnx/fixture-checks.ts).
 *
 *   npx tsx tools/fixtures-table.ts [part of a name ...]
 */
import { CHECKS, checkFixture, toleranceOf } from '../src/onnx/fixture-checks';
import { FIXTURES, REFUSED } from '../src/onnx/testing';

const wanted = process.argv.slice(2);
const fixtures = FIXTURES.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const width = Math.max(...fixtures.map(({ name }) => name.length));
const line = (name: string, cells: readonly string[]): string =>
  `${name.padEnd(width)}  ${cells.map((cell) => cell.padStart(8)).join('')}`;

console.log(line('largest |Δ|', ['allowed', ...CHECKS]));
let failed = 0;
for (const fixture of fixtures) {
  try {
    const checks = await checkFixture(fixture);
    if (checks.some((check) => !check.passed)) failed++;
    console.log(
      line(fixture.name, [
        toleranceOf(fixture).toExponential(0),
        ...checks.map((check) => (check.passed ? check.shown : `✗ ${check.shown}`)),
      ]),
    );
  } catch (error) {
    failed++;
    console.log(`${fixture.name.padEnd(width)}  ✗ ${error instanceof Error ? error.message : String(error)}`);
  }
}
console.log(`${fixtures.length - failed} of ${fixtures.length} pass`);
if (wanted.length === 0) for (const { name, why } of REFUSED) console.log(`no ${name}: ${why}`);
process.exitCode = failed > 0 ? 1 : 0;
