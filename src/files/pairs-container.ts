/**
 * What a file is made of, found by its content and not by its name: records of a JSON list, of JSON lines or of a table,
 * texts one a line, or a document of the lab. One reading for a file that stands alone and for one of two.
 */
import { LabError } from '../experiment/errors';
import { unescapeLine } from './escapes';
import {
  columnsOf,
  headingOf,
  isObject,
  itemsOf,
  jsonLines,
  lineItems,
  namedCells,
  parseJson,
  parseTable,
  type PairItem,
  type Table,
} from './pairs-records';
import { KNOWN_FIELDS } from './pairs-shapes';

/** A file or a pasted text. */
export interface TextFile {
  name: string;
  text: string;
}

/** What the items of a file stand in: the key of its words is `pairs.container.<kind>`. */
export type ContainerKind =
  'json' | 'json-list' | 'json-lines' | 'csv' | 'tsv' | 'semicolons' | 'lines' | 'preset' | 'experiment';

export interface Container {
  name: string;
  kind: ContainerKind;
  items: PairItem[];
  /** Set for a JSON object that holds the two sides as two lists; `items` is empty then. */
  lists: { positive: PairItem[]; negative: PairItem[] } | null;
  /** Names of the two ends, where the file gives them. */
  ends: { positive: string; negative: string } | null;
  /** Fields beside the items, which are not read. */
  beside: string[];
  /** A table whose first line names no columns that are known: its rows, for who can use them. */
  table: Table | null;
  /** Whether, of one of two files, the first line was taken as a heading and not as a text. */
  heading: boolean;
  /** Texts in which a backslash stands before n or another backslash. */
  escaped: number;
  /** Lines that lost spaces around them. */
  trimmed: number;
}

const container = (
  name: string,
  kind: ContainerKind,
  items: PairItem[],
  more: Partial<Omit<Container, 'name' | 'kind' | 'items'>> = {},
): Container => ({
  name,
  kind,
  items,
  lists: null,
  ends: null,
  beside: [],
  table: null,
  heading: false,
  escaped: 0,
  trimmed: 0,
  ...more,
});

/** A bracket that begins JSON, and not a text such as “[INST] …” or “{name} said”. */
const JSON_LIST = /^\[\s*(?:["{[\]\d-]|(?:true|false|null)\b|$)/;
const JSON_OBJECT = /^\{\s*(?:["}]|$)/;

/**
 * Reads a file into its items.
 * @param alone whether it is the only file, which holds whole pairs; else it is one side of them
 * @param escapes whether `\n` in texts is a line break; null: where a line is a text, and nowhere else
 * @throws LabError `pairs-too-few.empty`, `pairs-format`
 */
export function readContainer({ name, text }: TextFile, escapes: boolean | null, alone: boolean): Container {
  const start = text.trimStart();
  if (start === '') throw new LabError('pairs-too-few.empty', { name });
  const read = structureOf(name, text, start, alone);
  const plain = escapes ?? read.kind === 'lines';
  let [escaped, trimmed] = [0, 0];
  const side = (value: string): string => {
    if (/\\[\\n]/.test(value)) escaped++;
    return plain ? unescapeLine(value) : value;
  };
  const each = (item: PairItem): PairItem => {
    // Spaces around a line are the editor's, not the text's.
    const value = read.kind === 'lines' && typeof item.value === 'string' ? item.value.trim() : item.value;
    if (typeof value === 'string') {
      if (value !== item.value && !item.blank) trimmed++;
      return { ...item, value: side(value) };
    }
    const fields = Object.entries(value).map(([key, field]) => [key, typeof field === 'string' ? side(field) : field]);
    return { ...item, value: Object.fromEntries(fields) as Record<string, unknown> };
  };
  const { lists, table } = read;
  const made = {
    ...read,
    items: read.items.map(each),
    lists: lists && { positive: lists.positive.map(each), negative: lists.negative.map(each) },
    table: table && { ...table, rows: table.rows.map((row) => ({ ...row, cells: row.cells.map(side) })) },
  };
  return { ...made, escaped, trimmed };
}

function structureOf(name: string, text: string, start: string, alone: boolean): Container {
  const first = start.split('\n', 1)[0].trim();
  const several = start.trimEnd().includes('\n');
  if (JSON_LIST.test(start)) {
    if (several && parses(first) && !parses(text)) return container(name, 'json-lines', jsonLines(text, name));
    return container(name, 'json-list', itemsOf(parseJson(text, name) as unknown[], name));
  }
  if (JSON_OBJECT.test(start)) {
    if (several && parses(first)) return container(name, 'json-lines', jsonLines(text, name));
    return ofObject(name, parseJson(text, name) as Record<string, unknown>);
  }
  if (start[0] === '"' && !hasHeading(text) && isJsonStrings(text))
    return container(name, 'json-lines', jsonLines(text, name));
  return ofTable(name, text, alone) ?? container(name, 'lines', lineItems(text));
}

function ofObject(name: string, value: Record<string, unknown>): Container {
  const others = (...read: string[]): string[] => Object.keys(value).filter((key) => !read.includes(key));
  const inner = isObject(value.concept) && Array.isArray(value.concept.pairs) ? value.concept : value;
  if (Array.isArray(inner.pairs)) {
    const from = isObject(inner.concept) ? inner.concept : inner;
    const { positive, negative } = from;
    return container(name, inner === value ? 'preset' : 'experiment', itemsOf(inner.pairs, name), {
      ends: typeof positive === 'string' && typeof negative === 'string' ? { positive, negative } : null,
      beside: others('pairs', 'concept', ...(from === value ? ['positive', 'negative'] : [])),
    });
  }
  if (Array.isArray(value.positive) && Array.isArray(value.negative)) {
    const lists = { positive: itemsOf(value.positive, name), negative: itemsOf(value.negative, name) };
    return container(name, 'json', [], { lists, beside: others('positive', 'negative') });
  }
  return container(name, 'json', itemsOf([value], name));
}

/**
 * A table: of two columns or more, or of one below a heading that names a field of texts. Of two files each is a table
 * only where its heading says so: commas are found in every text.
 */
function ofTable(name: string, text: string, alone: boolean): Container | null {
  const columns = columnsOf(headingOf(text));
  const known = hasHeading(text);
  if (!alone && !known) return null;
  const table = parseTable(text, name, known && columns.length === 1);
  if (table === null) return null;
  const kind = table.delimiter === '\t' ? 'tsv' : table.delimiter === ';' ? 'semicolons' : 'csv';
  return known
    ? container(name, kind, namedCells(table, name), { heading: !alone })
    : container(name, kind, [], { table });
}

/** Whether the first line names a column that is known. */
const hasHeading = (text: string): boolean => columnsOf(headingOf(text)).some((column) => KNOWN_FIELDS.has(column));

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const isJsonStrings = (text: string): boolean =>
  text.split('\n').every((line) => line.trim() === '' || (line.trim().startsWith('"') && parses(line)));
