/** The report as text for a terminal, and as Markdown for docs/gpu-check.md. */
import {
  type Attempt,
  type Figure,
  failuresOf,
  type GpuReport,
  type ProductRow,
  STAGES,
  type Stage,
  type StageName,
} from './report';

type Cell = string | number;
interface Table {
  head: readonly string[];
  rows: Cell[][];
}

const short = (value: number | null): string => (value === null ? '–' : value === 0 ? '0' : value.toExponential(1));
const seconds = (value: number | null): string => (value === null ? '–' : value.toPrecision(3));
const teraflops = (value: number | null): string => (value === null ? '–' : (value / 1e12).toPrecision(3));
const percent = (value: number | null): string => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
const verdict = (met: boolean | null): string => (met === null ? '–' : met ? 'yes' : 'NO');

/** Columns as wide as their widest cell, the first aligned left. */
function plain({ head, rows }: Table): string {
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, j) => Math.max(...cells.map((row) => [...row[j]].length)));
  const lines = cells.map((row) =>
    row
      .map((text, j) => {
        const space = ' '.repeat(widths[j] - [...text].length);
        return j === 0 ? text + space : space + text;
      })
      .join('  ')
      .trimEnd(),
  );
  return [lines[0], widths.map((width) => '─'.repeat(width)).join('  '), ...lines.slice(1)].join('\n');
}

function markdown({ head, rows }: Table): string {
  const line = (cells: readonly Cell[]): string =>
    `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function figureTable(figures: readonly Figure[]): Table {
  return {
    head: ['figure', 'greatest relative error', 'allowed', 'within'],
    rows: figures.map(({ name, error, tolerance, passed, failure }) => [
      name,
      failure ?? short(error),
      short(tolerance),
      verdict(passed),
    ]),
  };
}

/** How many of the figures are within what is allowed, and the one that comes nearest to it. */
function figureLine(figures: readonly Figure[]): string {
  const passed = figures.filter((figure) => figure.passed).length;
  const share = ({ error, tolerance }: Figure): number => (error === 0 ? 0 : (error ?? Infinity) / tolerance);
  const worst = figures.reduce<Figure | null>((a, b) => (a === null || share(b) > share(a) ? b : a), null);
  const nearest = worst
    ? ` The nearest to what is allowed: ${worst.name}, ${short(worst.error)} of ${short(worst.tolerance)}.`
    : '';
  return `${passed} of ${figures.length} within what is allowed.${nearest}`;
}

function productTable(rows: readonly ProductRow[]): Table {
  return {
    head: [
      'product',
      'rows',
      'operands',
      'tuning',
      'tile',
      'median s',
      'TFLOP/s',
      'of the data sheet',
      'of registers',
      'error',
    ],
    rows: rows.map((row) => [
      `${row.product} ${row.m}→${row.n}`,
      row.rows,
      row.how,
      row.tuning,
      row.tile,
      row.failure ?? seconds(row.seconds),
      teraflops(row.flops),
      percent(row.fractionOfPeak),
      percent(row.fractionOfRegisters),
      short(row.error),
    ]),
  };
}

interface Block {
  text: string;
  table?: Table;
}

const BLOCKS: { [N in StageName]: (data: NonNullable<Stage<N>['data']>) => Block[] } = {
  adapter: (data) => [
    {
      text: `${data.name}${data.software ? ' (software)' : ''}. Features of the lab's device: ${data.deviceFeatures.join(', ') || 'none'}.`,
      table: {
        head: ['limit', 'adapter', 'the lab’s device'],
        rows: [
          'maxBufferSize',
          'maxStorageBufferBindingSize',
          'maxComputeWorkgroupStorageSize',
          'maxComputeInvocationsPerWorkgroup',
          'maxComputeWorkgroupsPerDimension',
        ].map((name) => [name, data.limits[name] ?? '–', data.deviceLimits[name] ?? '–']),
      },
    },
  ],
  kernels: ({ cases, tiles, uncaptured }) => [
    { text: `Cases of every kernel, WebGPU's default limits: ${figureLine(cases)}`, table: figureTable(cases) },
    {
      text: `AᵀB and AB with every tile: ${figureLine(tiles)}`,
      table: figureTable(tiles.filter((figure) => !figure.passed)),
    },
    ...(uncaptured.length > 0 ? [{ text: `Errors that nobody caught: ${uncaptured.join('; ')}` }] : []),
  ],
  products: ({ registerFlops, tune, rows }) => [
    {
      text: `Multiply-adds in registers: ${teraflops(registerFlops)} TFLOP/s.${
        tune && 'atb' in tune
          ? ` Autotune: AᵀB ${tune.atb.narrow} and ${tune.atb.wide}, AB ${tune.ab.narrow} and ${tune.ab.wide} (narrow and wide), ${tune.workgroups} workgroups.`
          : tune
            ? ` Autotune failed: ${tune.name}: ${tune.message}`
            : ''
      }`,
      table: productTable(rows),
    },
  ],
  fit: (rows) => [
    {
      text: 'The whole fit, rows on the GPU: moments, then Cholesky, solves and score at one λ; and for the path of λ.',
      table: {
        head: [
          'widths',
          'rows',
          'tuning',
          'moments s',
          'one λ s',
          'path s',
          'λ',
          'TFLOP/s',
          'of the data sheet',
          'of registers',
          'error of W',
          'R²',
        ],
        rows: rows.map((row) => [
          `${row.sourceWidth}→${row.targetWidth}`,
          row.rows,
          row.tuning,
          row.failure ?? seconds(row.momentsSeconds),
          seconds(row.solveSeconds),
          seconds(row.pathSeconds),
          row.lambdas,
          teraflops(row.flops),
          percent(row.fractionOfPeak),
          percent(row.fractionOfRegisters),
          short(row.errorW),
          row.heldOutR2 === null ? '–' : row.heldOutR2.toFixed(6),
        ]),
      },
    },
  ],
  drivers: (figures) => [
    {
      text: `Kernels with the lab's limits, fits against QR, kinds of map, small accuracy rows: ${figureLine(figures)}`,
      table: figureTable(figures.filter((figure) => !figure.passed || /^(fit|map) /.test(figure.name))),
    },
  ],
  accuracy: (rows) => [
    {
      text: `Accuracy of the affine fit against float64 on the same float32 rows: ${rows.filter((row) => row.met === true).length} of ${rows.filter((row) => row.met !== null).length} rows with a goal meet it.`,
      table: {
        head: ['data', 'λ', 'error of W', '|ΔR²|', 'bad pivots', 'passes', 'truth', 'meets the goal'],
        rows: rows.map((row) => [
          row.name,
          row.lambda ?? 'path',
          row.failure && row.failure !== 'NaN' ? row.failure : short(row.errorW),
          short(row.deltaR2),
          row.badPivots ?? '–',
          row.passes ?? '–',
          row.truth ?? '–',
          verdict(row.met),
        ]),
      },
    },
  ],
};

function blocksOf(report: GpuReport, name: StageName): Block[] {
  const stage = report.stages[name];
  if (!stage) return [];
  const why = stage.error ? `: ${stage.error.name}: ${stage.error.message}` : '';
  const state: Block = { text: `${name}, ${stage.seconds.toFixed(1)} s, ${stage.state}${why}` };
  const blocks = BLOCKS[name] as (data: unknown) => Block[];
  return stage.data === null ? [state] : [state, ...blocks(stage.data)];
}

/** One stage for a terminal. */
export function stageText(report: GpuReport, name: StageName): string {
  return blocksOf(report, name)
    .map(({ text, table }, i) =>
      [i === 0 ? `\n── ${text}` : text, ...(table && table.rows.length > 0 ? [plain(table)] : [])].join('\n'),
    )
    .join('\n\n');
}

const attemptText = ({ what, adapter, software, error }: Attempt): string =>
  `${what}: ${adapter === null ? error : `${adapter}${software ? ' (software)' : ''}`}`;

function machineText({ machine, card, date, commit, small, seconds: took }: GpuReport): string {
  const sheet = card?.peakFlops == null ? 'not in the table' : `${teraflops(card.peakFlops)} TFLOP/s`;
  return [
    `${card ? `${card.name}, driver ${card.driver}, ${card.memoryMiB ?? '?'} MiB; float32 by the data sheet: ${sheet}` : 'No card by nvidia-smi'}.`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, kernel ${machine.kernel}, Node ${machine.node}.`,
    `${date}, commit ${commit}${small ? ', small sizes' : ''}, ${took.toFixed(0)} s.`,
  ].join('\n');
}

/** The whole report for a terminal. */
export function reportText(report: GpuReport): string {
  const failures = failuresOf(report);
  return `${[
    `Check of a GPU\n${machineText(report)}`,
    report.attempts.map(attemptText).join('\n'),
    ...STAGES.map((name) => stageText(report, name)),
    failures.length === 0 ? 'Nothing failed.' : `Failed:\n${failures.map((line) => `  ${line}`).join('\n')}`,
  ]
    .filter((part) => part !== '')
    .join('\n')}\n`;
}

/** The whole report as Markdown, under a heading of the third level. */
export function reportMarkdown(report: GpuReport): string {
  const failures = failuresOf(report);
  return [
    `### ${report.card?.name ?? report.stages.adapter?.data?.name ?? 'No card'}`,
    machineText(report),
    ...STAGES.flatMap((name) =>
      blocksOf(report, name).flatMap(({ text, table }, i) => [
        i === 0 ? `**${text}**` : text,
        ...(table && table.rows.length > 0 ? [markdown(table)] : []),
      ]),
    ),
    failures.length === 0 ? 'Nothing failed.' : `Failed:\n\n${failures.map((line) => `- ${line}`).join('\n')}`,
  ].join('\n\n');
}
