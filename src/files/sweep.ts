/** The dose sweep as CSV: one row an arm, dose and half of the prompts. */
import Papa from 'papaparse';
import { z } from 'zod';
import { LabError } from '../experiment/errors';
import { problemsOf } from '../experiment/problems';
import { DOSED_ARMS, type DoseCell } from '../experiment/run';

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
  'undecided',
  'n',
  'kl_mean',
  'kl_p95',
  'rep3',
] as const;

/** Writes the sweep; numbers in full, an unknown iso-KL dose as an empty cell. */
export function writeSweep(cells: readonly DoseCell[]): string {
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
    c.undecided,
    c.n,
    c.klMean,
    c.klP95,
    c.rep3,
  ]);
  return `${Papa.unparse([[...COLUMNS], ...rows], { newline: '\n' })}\n`;
}

const number = z
  .string()
  .regex(/^(NaN|-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?)$/i, 'not a number')
  .transform(Number);
const rowSchema = z.object({
  arm: z.enum(DOSED_ARMS),
  half: z.enum(['choose', 'report']),
  r: number,
  alpha: number,
  iso_kl: z.union([z.literal('').transform(() => null), number]),
  positive_rate: number,
  positive_low: number,
  positive_high: number,
  negative_rate: number,
  negative_low: number,
  negative_high: number,
  undecided: number,
  n: number,
  kl_mean: number,
  kl_p95: number,
  rep3: number,
});

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
    const parsed = rowSchema.safeParse(record);
    if (!parsed.success) {
      const [{ field, problem }] = problemsOf(parsed.error, record);
      throw new LabError('file-invalid.sweep-cell', { name, line: i + 2, column: field, problem });
    }
    const row = parsed.data;
    return {
      arm: row.arm,
      half: row.half,
      r: row.r,
      alpha: row.alpha,
      isoKl: row.iso_kl,
      positive: { rate: row.positive_rate, interval: [row.positive_low, row.positive_high] },
      negative: { rate: row.negative_rate, interval: [row.negative_low, row.negative_high] },
      undecided: row.undecided,
      n: row.n,
      klMean: row.kl_mean,
      klP95: row.kl_p95,
      rep3: row.rep3,
    };
  });
}
