/**
 * Contrast pairs from the formats that the field writes them in. The format is found by content; what was understood is said,
 * so that a person can look before using it; what cannot be understood is an error with its line.
 */
import { LabError } from '../experiment/errors';
import { contrastPair, MAX_PAIR_TEXT, type ContrastPair } from '../experiment/schema';
import { isObject, jsonLines, parseJson, parseTable, placeOf, recordsOf, type PairRecord } from './pairs-records';

/** A file or a pasted text. */
export interface TextFile {
  name: string;
  text: string;
}

export interface PairsReading {
  /** What the text was understood as. */
  format: string;
  pairs: ContrastPair[];
  /** Names of the two ends, where the file gives them. */
  ends: { positive: string; negative: string } | null;
  /** What was joined, paired by order, or left out. */
  notes: string[];
  /** The concepts of a file that holds several; `pairs` are those of `concept`. Empty elsewhere. */
  concepts: { name: string; pairs: number }[];
  concept: string | null;
}

/** Most pairs that an experiment takes. */
export const MAX_PAIRS = 2000;
/** Longest text that is looked at, in characters. */
export const MAX_TEXT = 5_000_000;

/**
 * Reads contrast pairs from one file, or from two aligned text files (the positive one first, unless their names tell).
 * @param concept which concept of a file with several; the first unless said
 * @throws LabError `pairs-format`, `pairs-one-sided`, `pairs-too-few`, with `params.line` where there is one
 */
export function parsePairs(files: readonly TextFile[], concept: string | null = null): PairsReading {
  if (files.length === 0 || files.length > 2) throw new LabError('pairs-format.files', { count: files.length });
  for (const { name, text } of files)
    if (text.length > MAX_TEXT)
      throw new LabError('pairs-format.file-length', {
        name,
        characters: text.length,
        most: MAX_TEXT,
        pairs: MAX_PAIRS,
      });
  const clean = files.map(({ name, text }) => ({ name, text: text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n') }));
  const found = clean.length === 2 ? alignedFiles(clean[0], clean[1]) : oneFile(clean[0], concept);
  return checked(found);
}

interface Placed {
  pair: ContrastPair;
  line: number | null;
  /** Number of the line or, of a JSON list, of the item: from 1. */
  at: number;
}

interface Found extends Omit<PairsReading, 'pairs'> {
  placed: Placed[];
}

const found = (format: string, placed: Placed[], more: Partial<Omit<Found, 'format' | 'placed'>> = {}): Found => ({
  format,
  placed,
  ends: null,
  notes: [],
  concepts: [],
  concept: null,
  ...more,
});

function oneFile({ name, text }: TextFile, concept: string | null): Found {
  const start = text.trimStart()[0];
  if (start === undefined) throw new LabError('pairs-too-few.empty', { name });
  if (start === '[') {
    const value = parseJson(text, name);
    return fromRecords(recordsOf(value as unknown[], name), 'JSON list', name, concept);
  }
  if (start === '{') return fromObjects(text, name, concept);
  const table = parseTable(text, name);
  if (table === null) throw new LabError('pairs-format.one-column', { name });
  const format = table.delimiter === '\t' ? 'TSV' : table.delimiter === ';' ? 'CSV with semicolons' : 'CSV';
  const [head, ...rows] = table.rows;
  const columns = head.cells.map((cell) => cell.trim().toLowerCase());
  if (shapeOf(columns) === null) {
    if (table.rows.some(({ cells }) => cells.length !== 2))
      throw new LabError('pairs-format.heading', {
        name,
        line: head.line,
        cells: head.cells
          .map((cell) => `“${cell}”`)
          .join(', ')
          .slice(0, 200),
      });
    return found(
      `${format} of two columns without a heading`,
      table.rows.map(({ cells, line }) => placedPair(cells[0], cells[1], null, { line, at: line, fields: {} })),
      { notes: ['There is no heading: the left column is taken as positive.'] },
    );
  }
  const records = rows.map(({ cells, line }): PairRecord => {
    if (cells.length > columns.length)
      throw new LabError('pairs-format.columns', { name, line, cells: cells.length, columns: columns.length });
    return {
      line,
      at: line,
      fields: Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ''])),
    };
  });
  return fromRecords(records, format, name, concept);
}

function fromObjects(text: string, name: string, concept: string | null): Found {
  const newline = text.trim().indexOf('\n');
  const first = newline < 0 ? text.trim() : text.trim().slice(0, newline);
  if (newline >= 0 && parses(first)) return fromRecords(jsonLines(text, name), 'JSON lines', name, concept);
  const value = parseJson(text, name) as Record<string, unknown>;
  const inner = isObject(value.concept) && Array.isArray(value.concept.pairs) ? value.concept : value;
  if (Array.isArray(inner.pairs)) {
    const ends = isObject(inner.concept) ? inner.concept : inner;
    const named =
      typeof ends.positive === 'string' && typeof ends.negative === 'string'
        ? { positive: ends.positive, negative: ends.negative }
        : null;
    return {
      ...fromRecords(
        recordsOf(inner.pairs, name),
        inner === value ? 'preset of the lab' : 'experiment of the lab',
        name,
        concept,
      ),
      ends: named,
    };
  }
  if (Array.isArray(value.positive) && Array.isArray(value.negative)) {
    const side = (items: unknown[], which: string): Labelled[] =>
      items.map((item, i) => {
        if (typeof item !== 'string') throw new LabError('pairs-format.list-item', { name, at: i + 1, side: which });
        return { text: item, line: null, at: i + 1 };
      });
    return unpaired('JSON of two lists', side(value.positive, 'positive'), side(value.negative, 'negative'));
  }
  return fromRecords(recordsOf([value], name), 'JSON', name, concept);
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

type Shape = 'pairs' | 'answers' | 'concepts' | 'labels';

/** What records with these fields are; null for none that is known. */
function shapeOf(fields: readonly string[]): Shape | null {
  const has = (...names: string[]): boolean => names.every((name) => fields.includes(name));
  if (has('positive', 'negative')) return 'pairs';
  if (has('answer_matching_behavior', 'answer_not_matching_behavior')) return 'answers';
  if (has('concept', 'kind', 'text')) return 'concepts';
  if (has('text') && (has('label') || has('kind'))) return 'labels';
  return null;
}

function fromRecords(records: readonly PairRecord[], container: string, name: string, concept: string | null): Found {
  if (records.length === 0) throw new LabError('pairs-too-few.none', { name });
  const fields = Object.keys(records[0].fields);
  const shape = shapeOf(fields);
  switch (shape) {
    case 'pairs': {
      const prompt = ['prompt', 'question', 'context'].find((field) => fields.includes(field)) ?? null;
      const placed = records.map((record) =>
        placedPair(
          word(record, 'positive', name),
          word(record, 'negative', name),
          prompt && word(record, prompt, name),
          record,
        ),
      );
      return found(`${container} of positive and negative texts${prompt ? `, with “${prompt}”` : ''}`, placed, {
        notes: prompt ? [JOINED(prompt)] : [],
      });
    }
    case 'answers': {
      const question = ['question', 'statement'].find((field) => fields.includes(field));
      if (question === undefined) throw new LabError('pairs-format.answers', { name, place: placeOf(records[0]) });
      const kind = fields.includes('statement') ? 'Anthropic evals' : 'CAA';
      const placed = records.map((record) =>
        placedPair(
          word(record, 'answer_matching_behavior', name),
          word(record, 'answer_not_matching_behavior', name),
          word(record, question, name),
          record,
        ),
      );
      return found(`${kind} (${container}): “${question}” with a matching and a not matching answer`, placed, {
        notes: [JOINED(question)],
      });
    }
    case 'concepts':
      return byConcept(records, container, name, concept);
    case 'labels': {
      const label = fields.includes('label') ? 'label' : 'kind';
      const { positive, negative } = sides(records, label, name);
      return unpaired(`${container} of texts with “${label}”`, positive, negative);
    }
    case null:
      throw new LabError('pairs-format.fields', {
        name,
        place: placeOf(records[0]),
        count: fields.length,
        fields: fields
          .map((field) => `“${field}”`)
          .join(', ')
          .slice(0, 300),
      });
  }
}

const JOINED = (field: string): string =>
  `“${field}” is put before both texts, with a space between them (a line break where it has several lines) unless one brings its own.`;

function word(record: PairRecord, field: string, name: string): string {
  const value = record.fields[field];
  if (typeof value === 'string') return value;
  const missing = value === undefined || value === null;
  throw new LabError(missing ? 'pairs-format.no-field' : 'pairs-format.field-type', {
    name,
    field,
    place: placeOf(record),
  });
}

function placedPair(positive: string, negative: string, prompt: string | null, { line, at }: PairRecord): Placed {
  // A side that is missing must be found missing, whatever stands before it.
  const join = (text: string): string =>
    prompt === null || prompt === '' || text.trim() === ''
      ? text
      : /\s$/.test(prompt) || /^\s/.test(text)
        ? prompt + text
        : `${prompt}${prompt.includes('\n') ? '\n' : ' '}${text}`;
  return { pair: { positive: join(positive), negative: join(negative) }, line, at };
}

interface Labelled {
  text: string;
  line: number | null;
  /** Number of the line or, of a JSON list, of the item: from 1. */
  at: number;
}

const POSITIVE = new Set(['positive', 'pos', '+', '1', 'true', 'yes']);
const NEGATIVE = new Set(['negative', 'neg', '-', '-1', '0', 'false', 'no']);

/** Texts by side. @throws LabError `pairs-format` for a label that is neither */
function sides(
  records: readonly PairRecord[],
  field: string,
  name: string,
): Record<'positive' | 'negative', Labelled[]> {
  const out: Record<'positive' | 'negative', Labelled[]> = { positive: [], negative: [] };
  for (const record of records) {
    const label = String(record.fields[field] ?? '')
      .trim()
      .toLowerCase();
    const side = POSITIVE.has(label) ? 'positive' : NEGATIVE.has(label) ? 'negative' : null;
    if (side === null)
      throw new LabError('pairs-format.label', { name, field, label: label.slice(0, 60), place: placeOf(record) });
    out[side].push({ text: word(record, 'text', name), line: record.line, at: record.at });
  }
  return out;
}

function byConcept(records: readonly PairRecord[], container: string, name: string, concept: string | null): Found {
  const groups = new Map<string, PairRecord[]>();
  for (const record of records) {
    const key = word(record, 'concept', name);
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  const chosen = concept !== null && groups.has(concept) ? concept : groups.keys().next().value!;
  const lists = [...groups].map(([key, members]) => ({ key, ...sides(members, 'kind', name) }));
  const { positive, negative } = lists.find(({ key }) => key === chosen)!;
  return {
    ...unpaired(`${container} of concept, kind and text`, positive, negative),
    concept: chosen,
    concepts: lists.map(({ key, ...list }) => ({
      name: key,
      pairs: Math.min(list.positive.length, list.negative.length),
    })),
  };
}

/** Texts without partners: the first of one side goes with the first of the other, and so on. */
function unpaired(format: string, positive: readonly Labelled[], negative: readonly Labelled[]): Found {
  const n = Math.min(positive.length, negative.length);
  if (n === 0 && positive.length + negative.length > 0) {
    const [has, lacks] = positive.length > 0 ? ['positive', 'negative'] : ['negative', 'positive'];
    throw new LabError('pairs-one-sided.lacking', { has, lacks, count: Math.max(positive.length, negative.length) });
  }
  const surplus = Math.max(positive.length, negative.length) - n;
  const notes = [
    'The texts have no partners: they are paired in the order in which they stand. A difference of means is the same for any pairing.',
  ];
  if (surplus > 0)
    notes.push(
      `${surplus} ${positive.length > n ? 'positive' : 'negative'} ${surplus === 1 ? 'text is' : 'texts are'} left over and not used.`,
    );
  return found(
    format,
    Array.from({ length: n }, (_, i) => ({
      pair: { positive: positive[i].text, negative: negative[i].text },
      line: negative[i].line,
      at: positive[i].at,
    })),
    { notes },
  );
}

const NAME_TELLS: readonly [RegExp, RegExp] = [
  /(^|[^a-z])(pos|positive)([^a-z]|$)/i,
  /(^|[^a-z])(neg|negative)([^a-z]|$)/i,
];

/** Line i of one file with line i of the other. @throws LabError `pairs-one-sided` where one has fewer, or a line is empty */
function alignedFiles(a: TextFile, b: TextFile): Found {
  const swap = NAME_TELLS[1].test(a.name) || NAME_TELLS[0].test(b.name);
  const [up, down] = swap ? [b, a] : [a, b];
  const lines = ({ text }: TextFile): string[] =>
    text
      .replace(/\n+$/, '')
      .split('\n')
      .map((line) => line.trim());
  const [positive, negative] = [lines(up), lines(down)];
  if (positive.length !== negative.length) {
    throw new LabError('pairs-one-sided.files', {
      up: up.name,
      upLines: positive.length,
      down: down.name,
      downLines: negative.length,
      line: Math.min(positive.length, negative.length) + 1,
    });
  }
  const placed = positive.flatMap((text, i): Placed[] =>
    text === '' && negative[i] === ''
      ? []
      : [{ pair: { positive: text, negative: negative[i] }, line: i + 1, at: i + 1 }],
  );
  return found('two aligned text files', placed, {
    notes: [`${up.name} is taken as the positive side, ${down.name} as the negative one.`],
  });
}

/** Every pair has two sides that differ and are not too long; at least two pairs, at most as many as an experiment takes. */
function checked({ placed, ...reading }: Found): PairsReading {
  for (const { pair, ...spot } of placed) {
    const place = placeOf(spot);
    const missing = pair.positive.trim() === '' ? 'positive' : pair.negative.trim() === '' ? 'negative' : null;
    if (missing) throw new LabError('pairs-one-sided.place', { place, missing });
    if (pair.positive.trim() === pair.negative.trim()) throw new LabError('pairs-one-sided.same-place', { place });
    if (!contrastPair.safeParse(pair).success)
      throw new LabError('pairs-format.long', {
        place,
        characters: Math.max(pair.positive.length, pair.negative.length),
        most: MAX_PAIR_TEXT,
      });
  }
  if (placed.length < 2) throw new LabError('pairs-too-few.two', { count: placed.length });
  const notes =
    placed.length > MAX_PAIRS
      ? [
          ...reading.notes,
          `Of ${placed.length.toLocaleString('en')} pairs the first ${MAX_PAIRS.toLocaleString('en')} are taken.`,
        ]
      : reading.notes;
  return { ...reading, notes, pairs: placed.slice(0, MAX_PAIRS).map(({ pair }) => pair) };
}
