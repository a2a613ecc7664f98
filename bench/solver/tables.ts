/** The report as text. */
import type { AccuracyRow, BenchReport, DatasetSpec, DriverTable, PathRow, PeakResult, SpeedTable } from './types';

type Cell = string | number;

/** Columns as wide as their widest cell; the first is aligned left, the others right. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, j) => Math.max(...cells.map((row) => [...row[j]].length)));
  const pad = (text: string, j: number): string => {
    const space = ' '.repeat(widths[j] - [...text].length);
    return j === 0 ? text + space : space + text;
  };
  const lines = cells.map((row) => row.map(pad).join('  ').trimEnd());
  return [lines[0], widths.map((w) => '─'.repeat(w)).join('  '), ...lines.slice(1)].join('\n');
}

const short = (value: number | null): string => (value === null ? 'NaN' : value === 0 ? '0' : value.toExponential(1));
const verdict = (met: boolean | null): string => (met === null ? '–' : met ? 'yes' : 'NO');
const size = ({ sourceWidth, targetWidth, rows }: Pick<DatasetSpec, 'sourceWidth' | 'targetWidth' | 'rows'>): string =>
  `${sourceWidth}→${targetWidth} N ${rows}`;
const kind = ({ stationary }: DatasetSpec): string => (stationary ? 'stationary' : 'first rows differ');

export function accuracyTable(rows: readonly AccuracyRow[]): string {
  return table(
    [
      'method',
      'size',
      'data',
      'κ asked',
      'κ measured',
      'λ',
      'error of W',
      '|ΔR²|',
      'bad pivots',
      'passes',
      'times WGSL',
      'truth',
      'meets the goal',
    ],
    rows.map((r) => [
      r.method,
      size(r),
      kind(r),
      short(r.kappa),
      short(r.condition),
      r.lambda,
      r.failure && r.failure !== 'NaN' ? r.failure : short(r.errorW),
      short(r.deltaR2),
      r.badPivots ?? '–',
      r.passes ?? '–',
      r.timesOurs === null ? '–' : r.timesOurs.toPrecision(2),
      r.truth,
      verdict(r.met),
    ]),
  );
}

export function pathTable(rows: readonly PathRow[]): string {
  return table(
    ['method', 'size', 'data', 'κ asked', 'λ', 'greatest |ΔR²|', 'same choice of λ', 'bad pivots', 'meets the goal'],
    rows.map((r) => [
      r.method,
      size(r),
      kind(r),
      short(r.kappa),
      `${r.lambdas.length} values`,
      r.failure ?? short(r.deltaR2),
      r.sameChoice ? 'yes' : 'no',
      r.badPivots,
      verdict(r.met),
    ]),
  );
}

export function driverTable({ drivers, notRun, rows }: DriverTable): string {
  const agreeing = rows.filter((row) => row.agree).length;
  return [
    ...drivers.map(({ name, adapter }) => `${name}: ${adapter}`),
    ...notRun.map(({ name, why }) => `${name}: not run: ${why}`),
    table(
      ['figure', 'allowed', ...drivers.map(({ name }) => name), 'to two digits', 'within'],
      rows.map((r) => [
        r.name,
        short(r.tolerance),
        ...r.errors.map(short),
        r.agree ? 'equal' : 'differ',
        verdict(r.met),
      ]),
    ),
    `${rows.length} figures on ${drivers.length} drivers: ${agreeing} equal to two digits, ${rows.filter((row) => row.met).length} within what is allowed.`,
  ].join('\n');
}

export function speedTable({ title, what, rows }: SpeedTable): string {
  return [
    title,
    what,
    table(
      ['', 'median s', 'least', 'greatest', 'rounds', 'error', 'ratio', 'to', 'goal', 'meets the goal'],
      rows.map((r) => [
        r.name,
        r.median.toPrecision(3),
        r.least.toPrecision(3),
        r.greatest.toPrecision(3),
        r.rounds,
        short(r.error),
        r.ratio.toFixed(2),
        r.against === r.name ? 'itself' : r.against,
        r.goal === null ? '–' : `≥ ${r.goal}`,
        verdict(r.met),
      ]),
    ),
  ].join('\n');
}

export function peakLine(peak: PeakResult | { notRun: string }): string {
  if ('notRun' in peak) return `not run: ${peak.notRun}`;
  const percent = (x: number): string => `${(100 * x).toFixed(0)} %`;
  return `${size(peak)}: ${peak.seconds.toFixed(2)} s, ${(peak.flop / peak.seconds / 1e12).toFixed(2)} TFLOP/s of ${(peak.peakFlops / 1e12).toFixed(2)} measured in registers: ${percent(peak.fraction)} (goal ≥ ${percent(peak.goal)}, ${peak.met ? 'met' : 'NOT met'}).`;
}

/** What stands above the tables. */
export function heading({ adapter, browser, machine, peers, quick, date }: BenchReport): string {
  return [
    `Solver bench${quick ? ', quick' : ''}, ${date}`,
    `Adapter: ${adapter.name}${adapter.software ? ' (software)' : ''}. Chromium ${browser}. ${machine.cores} cores, ${machine.cpu}. Node ${machine.node}.`,
    `Beside: ${Object.entries(peers)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    'Ratios count, seconds are those of this machine at this moment.',
  ].join('\n');
}
