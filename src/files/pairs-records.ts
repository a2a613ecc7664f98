/** Text → records with their places in the text: JSON, JSON lines, and tables (CSV, TSV). What the records mean is pairs.ts. */
import Papa from 'papaparse';
import { LabError } from '../experiment/errors';

/** One record and where it is: a line for lines and tables, an item for JSON arrays. */
export interface PairRecord {
  fields: Readonly<Record<string, unknown>>;
  line: number | null;
  /** "Line 3" or "Item 3", to begin a sentence with. */
  place: string;
}

/** An error of a text that should hold pairs. */
export function pairsError(what: string, remedy: string, line: number | null = null): LabError {
  return new LabError('pairs-format', what, remedy, line === null ? undefined : { line });
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Field names without regard to case or to spaces around them. */
const folded = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([key, field]) => [key.trim().toLowerCase(), field]));

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
    throw pairsError(
      `${name} is not valid JSON${line === null ? '' : ` at line ${line}`}: ${message}.`,
      'Fix it at that place, or save the pairs as CSV or JSON lines.',
      line,
    );
  }
}

function lineOf(message: string, text: string): number | null {
  const line = /line (\d+)/.exec(message)?.[1];
  if (line !== undefined) return Number(line);
  const position = /position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return text.slice(0, Number(position)).split('\n').length;
  return /end of/i.test(message) ? text.split('\n').length : null;
}

/** Items of a JSON array as records. @throws LabError `pairs-format` for an item that is no object */
export function recordsOf(items: readonly unknown[], name: string): PairRecord[] {
  return items.map((item, i) => {
    if (!isObject(item))
      throw pairsError(
        `Item ${i + 1} of ${name} is not an object with a positive and a negative text.`,
        'Write every pair as {"positive": "…", "negative": "…"}.',
      );
    return { fields: folded(item), line: null, place: `Item ${i + 1}` };
  });
}

/** JSON lines as records; empty lines are passed over. @throws LabError `pairs-format` with the line that is no object */
export function jsonLines(text: string, name: string): PairRecord[] {
  return text.split('\n').flatMap((source, i) => {
    if (source.trim() === '') return [];
    const line = i + 1;
    let value: unknown;
    try {
      value = JSON.parse(source);
    } catch (error) {
      throw pairsError(
        `Line ${line} of ${name} is not JSON: ${(error as Error).message}.`,
        'Write one JSON object a line.',
        line,
      );
    }
    if (!isObject(value))
      throw pairsError(
        `Line ${line} of ${name} is JSON, but not an object.`,
        'Write one JSON object a line, such as {"positive": "…", "negative": "…"}.',
        line,
      );
    return [{ fields: folded(value), line, place: `Line ${line}` }];
  });
}

export interface Table {
  delimiter: string;
  rows: { cells: string[]; line: number }[];
}

/**
 * A table with its rows' first lines: a quoted cell may run over several.
 * @returns null where the text has no second column anywhere at its beginning
 * @throws LabError `pairs-format` with the line of a quotation mark that does not close
 */
export function parseTable(text: string, name: string): Table | null {
  const delimiter = delimiterOf(text);
  const plain = parseRows(text, delimiter, '"');
  // Tab-separated files often quote nothing, and then a quotation mark is a character like any other.
  const { table, problem } = plain.problem && delimiter === '\t' ? parseRows(text, delimiter, '\0') : plain;
  if (!table.rows.slice(0, 20).some(({ cells }) => cells.length > 1)) return null;
  if (problem)
    throw pairsError(
      `Line ${problem.line} of ${name}: ${problem.message}.`,
      'Close the quotation mark; one inside a quoted text is written twice.',
      problem.line,
    );
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

function parseRows(
  text: string,
  delimiter: string,
  quoteChar: string,
): { table: Table; problem: { line: number; message: string } | null } {
  const rows: Table['rows'] = [];
  let problem: { line: number; message: string } | null = null;
  let line = 1;
  let from = 0;
  Papa.parse<string[]>(text, {
    quoteChar,
    delimiter,
    newline: '\n',
    step: ({ data, errors, meta }) => {
      const quotes = errors.find((error) => error.type === 'Quotes');
      if (quotes && !problem)
        problem = {
          line,
          message:
            quotes.code === 'MissingQuotes'
              ? 'a quotation mark opens and does not close'
              : 'a quotation mark closes in the middle of a text',
        };
      if (data.some((cell) => cell.trim() !== '')) rows.push({ cells: data, line });
      for (let i = from; i < meta.cursor; i++) if (text.charCodeAt(i) === 10) line++;
      from = meta.cursor;
    },
  });
  return { table: { delimiter, rows }, problem };
}
