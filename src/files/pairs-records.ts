/** Text → records with their places in the text: JSON, JSON lines, and tables (CSV, TSV). What the records mean is pairs.ts. */
import Papa from 'papaparse';
import { LabError } from '../experiment/errors';
import { message, type Message } from '../experiment/message';

/** Where something stands in a file. */
export interface Place {
  /** Of lines and tables, from 1; null of a JSON array. */
  line: number | null;
  /** Number of the line or, of a JSON array, of the item: from 1. */
  at: number;
}

/** One record and where it is: a line for lines and tables, an item for JSON arrays. */
export interface PairRecord extends Place {
  fields: Readonly<Record<string, unknown>>;
}

/** What a file is a list of: texts, or records. */
export interface PairItem extends Place {
  value: string | Readonly<Record<string, unknown>>;
  /** An empty line between texts, which may stand there for the look of it. */
  blank?: true;
}

/** Where a record stands, to begin a sentence with. */
export const placeOf = ({ line, at }: Place): Message =>
  line === null ? message('pairs.item', { at }) : message('pairs.line', { at });

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names without regard to case or to spaces around them; one that comes again is told from the first by its number. */
export function columnsOf(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const plain = name.trim().toLowerCase();
    const times = (seen.get(plain) ?? 0) + 1;
    seen.set(plain, times);
    return times === 1 ? plain : `${plain} (${times})`;
  });
}

function folded(value: Record<string, unknown>): Record<string, unknown> {
  const columns = columnsOf(Object.keys(value));
  return Object.fromEntries(Object.values(value).map((field, i) => [columns[i], field]));
}

/**
 * Parses a JSON document.
 * @throws LabError `pairs-format` with the line, where the browser's own message tells it
 */
export function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    const line = lineOf(message, text);
    if (line === null) throw new LabError('pairs-format.json', { name, reason: message }, error);
    throw new LabError('pairs-format.json-line', { name, line, reason: message }, error);
  }
}

function lineOf(message: string, text: string): number | null {
  const line = /line (\d+)/.exec(message)?.[1];
  if (line !== undefined) return Number(line);
  const position = /position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return text.slice(0, Number(position)).split('\n').length;
  return /end of/i.test(message) ? text.split('\n').length : null;
}

/** Items of a JSON array. @throws LabError `pairs-format` for one that is neither text nor object */
export function itemsOf(values: readonly unknown[], name: string): PairItem[] {
  return values.map((value, i) => {
    const place = { line: null, at: i + 1 };
    if (typeof value === 'string') return { value, ...place };
    if (!isObject(value)) throw new LabError('pairs-format.item', { name, at: i + 1 });
    return { value: folded(value), ...place };
  });
}

/** JSON lines; empty lines are passed over. @throws LabError `pairs-format` with the line that is neither object nor text */
export function jsonLines(text: string, name: string): PairItem[] {
  return text.split('\n').flatMap((source, i): PairItem[] => {
    if (source.trim() === '') return [];
    const line = i + 1;
    let value: unknown;
    try {
      value = JSON.parse(source);
    } catch (error) {
      throw new LabError('pairs-format.line-json', { name, line, reason: (error as Error).message }, error);
    }
    if (typeof value === 'string') return [{ value, line, at: line }];
    if (!isObject(value)) throw new LabError('pairs-format.line-object', { name, line });
    return [{ value: folded(value), line, at: line }];
  });
}

/** Texts one a line, without the empty lines at the end. */
export function lineItems(text: string): PairItem[] {
  return text
    .trimEnd()
    .split('\n')
    .map((value, i) => ({ value, line: i + 1, at: i + 1, ...(value.trim() === '' && { blank: true as const }) }));
}

/** Rows below a heading. @throws LabError `pairs-format.columns` for a row of more cells than the heading has */
export function namedCells({ rows: [head, ...rows] }: Table, name: string): PairItem[] {
  const columns = columnsOf(head.cells);
  return rows.map(({ cells, line }) => {
    if (cells.length > columns.length)
      throw new LabError('pairs-format.columns', { name, line, cells: cells.length, columns: columns.length });
    return { line, at: line, value: Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ''])) };
  });
}

export interface Table {
  delimiter: string;
  rows: { cells: string[]; line: number }[];
}

/**
 * A table with its rows' first lines: a quoted cell may run over several.
 * @param single whether one column is a table too
 * @returns null where the text has no second column anywhere at its beginning
 * @throws LabError `pairs-format` with the line of a quotation mark that does not close
 */
export function parseTable(text: string, name: string, single = false): Table | null {
  const delimiter = delimiterOf(text);
  const plain = parseRows(text, delimiter, '"');
  // Tab-separated files often quote nothing, and then a quotation mark is a character like any other.
  const { table, problem } = plain.problem && delimiter === '\t' ? parseRows(text, delimiter, '\0') : plain;
  if (!single && !table.rows.slice(0, 20).some(({ cells }) => cells.length > 1)) return null;
  if (problem) throw new LabError('pairs-format.quotes', { name, line: problem.line, problem: problem.kind });
  return table;
}

/** The delimiter of the first line, outside quotation marks: a tab where there is one, else the commoner of comma and semicolon. */
function delimiterOf(text: string): string {
  const first = text
    .trimStart()
    .split('\n', 1)[0]
    .replaceAll(/"[^"]*"/g, '');
  if (first.includes('\t')) return '\t';
  return first.split(';').length > first.split(',').length ? ';' : ',';
}

/** The cells of the first line. */
export const headingOf = (text: string): string[] =>
  parseRows(text.trimStart().split('\n', 1)[0], delimiterOf(text), '"').table.rows[0]?.cells ?? [];

interface QuoteProblem {
  line: number;
  /** A quotation mark that does not close, or one that closes inside a text. */
  kind: 'open' | 'inside';
}

function parseRows(text: string, delimiter: string, quoteChar: string): { table: Table; problem: QuoteProblem | null } {
  const rows: Table['rows'] = [];
  let problem: QuoteProblem | null = null;
  let line = 1;
  let from = 0;
  Papa.parse<string[]>(text, {
    quoteChar,
    delimiter,
    newline: '\n',
    step: ({ data, errors, meta }) => {
      const quotes = errors.find((error) => error.type === 'Quotes');
      if (quotes && !problem) problem = { line, kind: quotes.code === 'MissingQuotes' ? 'open' : 'inside' };
      if (data.some((cell) => cell.trim() !== '')) rows.push({ cells: data, line });
      for (let i = from; i < meta.cursor; i++) if (text.charCodeAt(i) === 10) line++;
      from = meta.cursor;
    },
  });
  return { table: { delimiter, rows }, problem };
}
