/**
 * Contrast pairs from the formats that the field writes them in: of one file that holds pairs, or of two that hold a side
 * each. The format is found by content; what was understood, and what was not read, is said, so that a person can look
 * before using it; what cannot be understood is an error with its place.
 */
import { LabError } from '../experiment/errors';
import { message, type Message } from '../experiment/message';
import { contrastPair, MAX_PAIR_TEXT, type ContrastPair } from '../experiment/schema';
import { readContainer, type Container, type TextFile } from './pairs-container';
import { placeOf, type PairItem, type PairRecord, type Place } from './pairs-records';
import { labelField, pairOf, quoted, shapeOf, sideOf, textOf, word, type Shape } from './pairs-shapes';

export type { TextFile } from './pairs-container';

export interface PairsReading {
  /** What the text was understood as. */
  format: Message;
  pairs: ContrastPair[];
  /** Names of the two ends, where the file gives them. */
  ends: { positive: string; negative: string } | null;
  /** What was joined, paired by order, or left out. */
  notes: Message[];
  /** Fields that were not read, in the order in which they come. */
  notRead: string[];
  /** The concepts of a file that holds several; `pairs` are those of `concept`. Empty elsewhere. */
  concepts: { name: string; pairs: number }[];
  concept: string | null;
  /** Whether `\n` was read as a line break; null where no text has a backslash before n or another backslash. */
  escapes: boolean | null;
}

/** What may be chosen about a reading. */
export interface PairsChoice {
  /** Which concept of a file with several; null: the first. */
  concept: string | null;
  /** Of two files of unequal counts: take as many as the shorter has, from the beginning. */
  shorter: boolean;
  /** Whether `\n` in a text is a line break; null: where a line is a text, as in the page's own form. */
  escapes: boolean | null;
}

export const AS_WRITTEN: PairsChoice = { concept: null, shorter: false, escapes: null };

/** Most pairs that an experiment takes. */
export const MAX_PAIRS = 2000;
/** Longest text that is looked at, in characters. */
export const MAX_TEXT = 5_000_000;

/**
 * Reads contrast pairs from one file, or item by item from two (the positive one first, unless they tell).
 * @throws LabError `pairs-format`, `pairs-one-sided`, `pairs-too-few`, with `params.line` or `params.place` where there is
 *   one; `pairs-one-sided.files` for two files of unequal counts, which `choice.shorter` reads all the same
 */
export function parsePairs(files: readonly TextFile[], choice: Partial<PairsChoice> = {}): PairsReading {
  const chosen = { ...AS_WRITTEN, ...choice };
  if (files.length === 0 || files.length > 2) throw new LabError('pairs-format.files', { count: files.length });
  for (const { name, text } of files)
    if (text.length > MAX_TEXT)
      throw new LabError('pairs-format.file-length', {
        name,
        characters: text.length,
        most: MAX_TEXT,
        pairs: MAX_PAIRS,
      });
  const containers = files.map(({ name, text }) =>
    readContainer(
      { name, text: text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n') },
      chosen.escapes,
      files.length === 1,
    ),
  );
  const [first, second] = containers;
  const read = second ? twoFiles(first, second, chosen.shorter) : oneFile(first, chosen.concept);
  const notes = [...read.notes];
  const escaped = containers.filter(({ escaped: count }) => count > 0);
  const asBreaks = escaped.map(({ kind }) => chosen.escapes ?? kind === 'lines');
  const escapes = escaped.length === 0 ? null : asBreaks.every(Boolean);
  if (escapes !== null) {
    const count = escaped.reduce((sum, file) => sum + file.escaped, 0);
    const how = escapes ? 'breaks' : asBreaks.some(Boolean) ? 'both' : 'kept';
    notes.push(message('pairs.note.escapes', { count, how }));
  }
  const trimmed = containers.reduce((sum, file) => sum + file.trimmed, 0);
  return checked({ ...read, notes, escapes }, trimmed);
}

interface Placed extends Place {
  pair: ContrastPair;
}

interface Found extends Omit<PairsReading, 'pairs' | 'escapes'> {
  placed: Placed[];
}

const found = (format: Message, placed: Placed[], more: Partial<Omit<Found, 'format' | 'placed'>> = {}): Found => ({
  format,
  placed,
  ends: null,
  notes: [],
  notRead: [],
  concepts: [],
  concept: null,
  ...more,
});

const containerName = ({ kind }: Container): Message => message(`pairs.container.${kind}`);

function oneFile(file: Container, concept: string | null): Found {
  const { name, lists, table } = file;
  if (lists) return twoLists(file, lists);
  if (table) return withoutHeading(file, table);
  if (file.kind === 'lines') throw new LabError('pairs-format.one-column', { name });
  if (file.items.length === 0) throw new LabError('pairs-too-few.none', { name });
  const records = file.items.map(({ value, ...place }): PairRecord => {
    if (typeof value === 'string') throw new LabError('pairs-format.item', { name, at: place.at });
    return { fields: value, ...place };
  });
  const shapes = records.map((record) => shapeOf(record, name));
  const paired = (shape: Shape): shape is 'pairs' | 'answers' => shape === 'pairs' || shape === 'answers';
  const other = shapes.findIndex((shape) => shape !== shapes[0] && !(paired(shape) && paired(shapes[0])));
  if (other > 0)
    throw new LabError('pairs-format.mixed', { name, first: placeOf(records[0]), other: placeOf(records[other]) });
  if (shapes[0] === 'concepts') return byConcept(file, records, concept);
  if (shapes[0] === 'labels') return byLabel(file, records);
  const unread = new Unread(file.beside);
  const prompts = new Set<string>();
  const placed = records.map((record, i): Placed => {
    const { pair, prompts: own, used } = pairOf(record, shapes[i] as 'pairs' | 'answers', name);
    unread.see(record.fields, used);
    own.forEach((field) => prompts.add(field));
    return { pair, line: record.line, at: record.at };
  });
  const shape = shapes.every((each) => each === 'pairs')
    ? 'pairs'
    : shapes.every((each) => each === 'answers')
      ? records.some(({ fields }) => 'statement' in fields)
        ? 'evals'
        : 'caa'
      : 'both';
  const joined = quoted([...prompts]);
  return found(
    message(`pairs.format.${shape}`, {
      container: containerName(file),
      prompts: joined,
      count: prompts.size,
    }),
    placed,
    {
      ends: file.ends,
      notes: joined === '' ? [] : [message('pairs.note.joined', { fields: joined, count: prompts.size })],
      notRead: unread.fields,
    },
  );
}

/** Fields of records that nothing was made of. */
class Unread {
  #fields: Set<string>;

  constructor(beside: readonly string[] = []) {
    this.#fields = new Set(beside);
  }

  see(fields: Readonly<Record<string, unknown>>, used: readonly string[]): void {
    for (const field of Object.keys(fields)) if (!used.includes(field)) this.#fields.add(field);
  }

  get fields(): string[] {
    return [...this.#fields];
  }
}

function withoutHeading(file: Container, { rows }: NonNullable<Container['table']>): Found {
  if (rows.some(({ cells }) => cells.length !== 2))
    throw new LabError('pairs-format.heading', {
      name: file.name,
      line: rows[0].line,
      cells: quoted(rows[0].cells).slice(0, 200),
    });
  return found(
    message('pairs.format.no-heading', { container: containerName(file) }),
    rows.map(({ cells: [positive, negative], line }) => ({ pair: { positive, negative }, line, at: line })),
    { notes: [message('pairs.note.no-heading')] },
  );
}

interface SideText extends Place {
  text: string;
}

/** The texts of items of one side; what else the records hold is noted as not read. */
function textsOf(items: readonly PairItem[], name: string, unread: Unread): SideText[] {
  return items.map((item) => {
    const { text, field } = textOf(item, name);
    if (field !== null && typeof item.value !== 'string') unread.see(item.value, [field]);
    return { text, line: item.line, at: item.at };
  });
}

function twoLists(file: Container, lists: NonNullable<Container['lists']>): Found {
  const unread = new Unread(file.beside);
  const [positive, negative] = [lists.positive, lists.negative].map((items) => textsOf(items, file.name, unread));
  return { ...unpaired(message('pairs.format.lists'), positive, negative), notRead: unread.fields };
}

function byLabel(file: Container, records: readonly PairRecord[]): Found {
  const label = labelField(records[0]);
  const unread = new Unread(file.beside);
  const format = message('pairs.format.labels', { container: containerName(file), label });
  const { positive, negative } = sides(records, file.name, unread);
  return { ...unpaired(format, positive, negative), notRead: unread.fields };
}

/** Texts by side, each by its own label. @throws LabError `pairs-format` for a label that is neither */
function sides(
  records: readonly PairRecord[],
  name: string,
  unread: Unread,
  key: string[] = [],
): Record<'positive' | 'negative', SideText[]> {
  const out: Record<'positive' | 'negative', SideText[]> = { positive: [], negative: [] };
  for (const record of records) {
    // Of a concept's lines the kind is the side.
    const label = key.length > 0 ? 'kind' : labelField(record);
    unread.see(record.fields, [label, 'text', ...key]);
    const text = word(record, 'text', name);
    out[sideOf(record, label, name)].push({ text, line: record.line, at: record.at });
  }
  return out;
}

function byConcept(file: Container, records: readonly PairRecord[], concept: string | null): Found {
  const groups = new Map<string, PairRecord[]>();
  for (const record of records) {
    const key = word(record, 'concept', file.name);
    const members = groups.get(key);
    if (members) members.push(record);
    else groups.set(key, [record]);
  }
  const unread = new Unread(file.beside);
  const chosen = concept !== null && groups.has(concept) ? concept : groups.keys().next().value!;
  const lists = [...groups].map(([key, members]) => ({ key, ...sides(members, file.name, unread, ['concept']) }));
  const { positive, negative } = lists.find(({ key }) => key === chosen)!;
  return {
    ...unpaired(message('pairs.format.concepts', { container: containerName(file) }), positive, negative),
    notRead: unread.fields,
    concept: chosen,
    concepts: lists.map(({ key, ...list }) => ({
      name: key,
      pairs: Math.min(list.positive.length, list.negative.length),
    })),
  };
}

/** Texts without partners: the first of one side goes with the first of the other, and so on. */
function unpaired(format: Message, positive: readonly SideText[], negative: readonly SideText[]): Found {
  const n = Math.min(positive.length, negative.length);
  if (n === 0 && positive.length + negative.length > 0) {
    const [has, lacks] = positive.length > 0 ? ['positive', 'negative'] : ['negative', 'positive'];
    throw new LabError('pairs-one-sided.lacking', { has, lacks, count: Math.max(positive.length, negative.length) });
  }
  const surplus = Math.max(positive.length, negative.length) - n;
  const notes = [message('pairs.note.by-order')];
  if (surplus > 0)
    notes.push(message('pairs.note.surplus', { count: surplus, side: positive.length > n ? 'positive' : 'negative' }));
  return found(format, matched(positive, negative), { notes });
}

const matched = (positive: readonly SideText[], negative: readonly SideText[]): Placed[] =>
  Array.from({ length: Math.min(positive.length, negative.length) }, (_, i) => ({
    pair: { positive: positive[i].text, negative: negative[i].text },
    line: negative[i].line === null ? null : positive[i].line,
    at: positive[i].at,
  }));

const NAME_TELLS: readonly [RegExp, RegExp] = [
  /(^|[^a-z])(pos|positive)([^a-z]|$)/i,
  /(^|[^a-z])(neg|negative)([^a-z]|$)/i,
];

/** Whether a file says that it is of this side: by its name, or by the field that its texts are in. */
function tells({ name, items }: Container, side: 0 | 1): boolean {
  const field = side === 0 ? 'positive' : 'negative';
  return NAME_TELLS[side].test(name) || items.every(({ value }) => typeof value !== 'string' && field in value);
}

/**
 * Item i of one file with item i of the other, whatever the form of either.
 * @throws LabError `pairs-one-sided.files` with both counts where one has fewer and `shorter` was not chosen
 */
function twoFiles(a: Container, b: Container, shorter: boolean): Found {
  const [up, down] = tells(a, 1) || tells(b, 0) ? [b, a] : [a, b];
  for (const file of [up, down]) if (file.lists) throw new LabError('pairs-format.whole-lists', { name: file.name });
  let [positive, negative] = [up.items, down.items];
  const notes = [message('pairs.note.sides', { up: up.name, down: down.name })];
  const headed = [up, down].filter(({ heading }) => heading).map(({ name }) => name);
  if (headed.length > 0) notes.push(message('pairs.note.heading', { names: headed.join(', '), count: headed.length }));
  const blanks = [positive, negative].map((items) => items.filter(({ blank }) => blank).length);
  if (positive.length === negative.length) {
    const both = (i: number): boolean => positive[i].blank === true && negative[i].blank === true;
    [positive, negative] = [positive, negative].map((items) => items.filter((_, i) => !both(i)));
  } else if (blanks[0] + blanks[1] > 0) {
    [positive, negative] = [positive, negative].map((items) => items.filter(({ blank }) => !blank));
    notes.push(message('pairs.note.blank', { count: blanks[0] + blanks[1] }));
  }
  const unread = new Unread([...up.beside, ...down.beside]);
  const texts = [textsOf(positive, up.name, unread), textsOf(negative, down.name, unread)];
  const counts = texts.map(({ length }) => length);
  const n = Math.min(...counts);
  if (counts[0] !== counts[1]) {
    const params = { up: up.name, upCount: counts[0], down: down.name, downCount: counts[1], shorter: n };
    if (!shorter || n === 0) throw new LabError('pairs-one-sided.files', params);
    const [longer, left] = counts[0] > n ? [up.name, counts[0] - n] : [down.name, counts[1] - n];
    notes.push(message('pairs.note.shorter', { count: n, name: longer, left }));
  }
  const lines = up.kind === 'lines' && down.kind === 'lines';
  const format = lines
    ? message('pairs.format.two-lines')
    : message('pairs.format.two-files', {
        up: containerName(up),
        down: containerName(down),
        same: up.kind === down.kind,
      });
  return found(format, matched(texts[0], texts[1]), { notes, notRead: unread.fields });
}

/** A space around a text, which a line of the page's form does not keep. */
const SPACED = /^[^\S\n]|[^\S\n]$/;

/** Every pair has two sides that differ and are not too long; at least two pairs, at most as many as an experiment takes. */
function checked({ placed, ...reading }: Found & { escapes: boolean | null }, trimmed: number): PairsReading {
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
  const notes = [...reading.notes];
  const { notRead } = reading;
  const spaced = placed.flatMap(({ pair }) => [pair.positive, pair.negative]).filter((text) => SPACED.test(text));
  if (trimmed + spaced.length > 0) notes.push(message('pairs.note.spaces', { count: trimmed + spaced.length }));
  if (notRead.length > 0)
    notes.push(message('pairs.note.not-read', { fields: quoted(notRead), count: notRead.length }));
  if (placed.length > MAX_PAIRS) notes.push(message('pairs.note.first', { count: placed.length, taken: MAX_PAIRS }));
  return { ...reading, notes, pairs: placed.slice(0, MAX_PAIRS).map(({ pair }) => pair) };
}
