/** Results that were recorded on real cards, docs/gpu/<card>.json, and the tables of docs/gpu-check.md made of them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GpuReport } from './report';
import { reportMarkdown } from './text';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));
export const RESULTS = join(DOCS, 'gpu');
export const PAGE = join(DOCS, 'gpu-check.md');

const BEGIN = '<!-- results: made by `npm run gpu-check -- table` -->';
const END = '<!-- /results -->';
export const NOT_RUN = 'Not run on a real GPU yet.';

/** A report by its text. @throws RangeError where it is none, is of a software adapter, or of small sizes */
export function readReport(text: string): GpuReport {
  const report = JSON.parse(text) as GpuReport;
  if (report.format !== 'lrt-gpu-check' || report.version !== 1)
    throw new RangeError('This is no result of the check of a GPU, or of another version.');
  return report;
}

/** The reports that are kept, by file name. */
export function kept(folder = RESULTS): GpuReport[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => readReport(readFileSync(join(folder, name), 'utf8')));
}

/** What stands between the page's marks. */
export function resultsOf(reports: readonly GpuReport[]): string {
  return reports.length === 0 ? NOT_RUN : reports.map(reportMarkdown).join('\n\n');
}

/** The page with its results replaced. @throws RangeError if the marks are missing */
export function withResults(page: string, results: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new RangeError('docs/gpu-check.md has lost the marks of its results.');
  return `${page.slice(0, begin + BEGIN.length)}\n\n${results}\n\n${page.slice(end)}`;
}

/** Writes the page's tables anew. @returns whether that changed them */
export function renew(): boolean {
  const page = readFileSync(PAGE, 'utf8');
  const renewed = withResults(page, resultsOf(kept()));
  if (renewed !== page) writeFileSync(PAGE, renewed);
  return renewed !== page;
}

/**
 * Keeps a result under its card's name and renews the page.
 * @throws RangeError if it is no result of a real card in full sizes
 */
export function record(file: string): string {
  const report = readReport(readFileSync(file, 'utf8'));
  if (report.card === null || report.small || report.stages.adapter?.data?.software !== false)
    throw new RangeError('Only results of a real card in full sizes are kept.');
  mkdirSync(RESULTS, { recursive: true });
  const target = join(RESULTS, `${fileNameOf(report.card.name)}.json`);
  writeFileSync(target, `${JSON.stringify(report, null, 1)}\n`);
  renew();
  return target;
}

/** A card's name in lower case, words joined by hyphens. */
export function fileNameOf(card: string): string {
  return card
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
