/** The dose sweep as CSV: one row an arm, dose and half of the prompts; every measure has its column. */
import Papa from 'papaparse';
import { z } from 'zod';
import { LabError } from '../experiment/errors';
import { problemsOf } from '../experiment/problems';
import { DOSED_ARMS } from '../experiment/arms';
import type { DoseCell } from '../experiment/run';
import { METRICS } from '../metrics';

const COLUMNS = [
  'arm',
  'half',
  'r',
  'alpha',
  'iso_kl',
  'positive_rate',
  'positive_low',
  'positive_high',
  'negative_rate',
  'negative_low',
  'negative_high',
  'n',
] as const;
/** Of how many continuations the perplexity was taken; sweeps of earlier versions lack it. */
const READ = 'perplexity_n';

/** Writes the sweep, with a column for every measure that was taken; numbers in full, what is not known as an empty cell. */
export function writeSweep(cells: readonly DoseCell[]): string {
  const taken = METRICS.filter(({ id }) => cells.some(({ metrics }) => id in metrics));
  const counted = cells.some(({ read }) => read !== undefined);
  const rows = cells.map((c) => [
    c.arm,
    c.half,
    c.r,
    c.alpha,
    c.isoKl ?? '',
    c.positive.rate,
    ...c.positive.interval,
    c.negative.rate,
    ...c.negative.interval,
    c.n,
    ...(counted ? [c.read ?? ''] : []),
    ...taken.map(({ id }) => c.metrics[id] ?? ''),
  ]);
  return `${Papa.unparse([[...COLUMNS, ...(counted ? [READ] : []), ...taken.map(({ column }) => column)], ...rows], { newline: '\n' })}\n`;
}

const number = z
  .string()
  .regex(/^(NaN|-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$/i, 'not a number')
  .transform(Number);
const absent = z.literal('').transform(() => null);
const rowSchema = z.object({
  arm: z.enum(DOSED_ARMS),
  half: z.enum(['choose', 'report']),
  r: number,
  alpha: number,
  iso_kl: z.union([absent, number]),
  positive_rate: number,
  positive_low: number,
  positive_high: number,
  negative_rate: number,
  negative_low: number,
  negative_high: number,
  n: number,
  [READ]: z.union([absent, number]).optional(),
});
/** Other versions of the lab have fewer measures, or more, whose columns are left aside. */
const measuresSchema = z.object(
  Object.fromEntries(METRICS.map(({ column }) => [column, z.union([absent, number]).optional()])),
);

/** Reads a sweep. @throws LabError `file-invalid` naming the line and column */
export function readSweep(text: string, name = 'sweep.csv'): DoseCell[] {
  const [head = [], ...rows] = Papa.parse<string[]>(text.replace(/^\uFEFF/, ''), { delimiter: ',' }).data;
  const missing = COLUMNS.filter((column) => !head.includes(column));
  if (missing.length > 0)
    throw new LabError('file-invalid.sweep-columns', {
      name,
      count: missing.length,
      columns: missing.map((column) => `“${column}”`).join(', '),
    });
  return rows.flatMap((cells, i) => {
    if (cells.length === 1 && cells[0] === '') return [];
    const record = Object.fromEntries(head.map((column, k) => [column, cells[k] ?? '']));
    const [row, measures] = [rowSchema.safeParse(record), measuresSchema.safeParse(record)];
    if (!row.success || !measures.success) {
      const [{ field, problem }] = problemsOf((row.error ?? measures.error)!, record);
      throw new LabError('file-invalid.sweep-cell', { name, line: i + 2, column: field, problem });
    }
    return { ...cellOf(row.data), metrics: metricsOf(measures.data) };
  });
}

function cellOf(row: z.infer<typeof rowSchema>): Omit<DoseCell, 'metrics'> {
  return {
    arm: row.arm,
    half: row.half,
    r: row.r,
    alpha: row.alpha,
    isoKl: row.iso_kl,
    positive: { rate: row.positive_rate, interval: [row.positive_low, row.positive_high] },
    negative: { rate: row.negative_rate, interval: [row.negative_low, row.negative_high] },
    n: row.n,
    ...(row[READ] === undefined || row[READ] === null ? {} : { read: row[READ] }),
  };
}

function metricsOf(columns: z.infer<typeof measuresSchema>): DoseCell['metrics'] {
  return Object.fromEntries(
    METRICS.flatMap(({ id, column }) => {
      const value = columns[column];
      return value === undefined || value === null ? [] : [[id, value] as const];
    }),
  );
}
