/** What records mean: which of their fields are the sides of a pair, a text, a label, or what stands before them. */
import { LabError } from '../experiment/errors';
import type { ContrastPair } from '../experiment/schema';
import { placeOf, type PairItem, type PairRecord } from './pairs-records';

const SIDES = ['positive', 'negative'] as const;
const ANSWERS = ['answer_matching_behavior', 'answer_not_matching_behavior'] as const;
/** What stands before both texts of a pair, in the order in which it is put there. */
const PROMPTS = ['context', 'instruction', 'input', 'prompt', 'question'] as const;
const LABELS = ['label', 'kind'] as const;
/** Fields that may hold the text of a record of one side; the first that is there is taken. */
const TEXTS = ['text', 'sentence', 'content', 'instruction', 'prompt', 'question', 'statement', 'goal', ...SIDES];

/** Names that tell a heading from a row of texts. */
export const KNOWN_FIELDS: ReadonlySet<string> = new Set([...SIDES, ...ANSWERS, ...PROMPTS, ...LABELS, ...TEXTS]);

export type Shape = 'pairs' | 'answers' | 'concepts' | 'labels';

/**
 * What a record is, by its own fields.
 * @throws LabError `pairs-format` for a record that is nothing known, or that lacks one of two fields that go together
 */
export function shapeOf(record: PairRecord, name: string): Shape {
  const fields = Object.keys(record.fields);
  const has = (...names: string[]): boolean => names.every((each) => fields.includes(each));
  if (has(...SIDES)) return 'pairs';
  if (has(...ANSWERS)) return 'answers';
  if (has('concept', 'kind', 'text')) return 'concepts';
  if (has('text') && LABELS.some((label) => has(label))) return 'labels';
  for (const both of [SIDES, ANSWERS]) {
    const lacking = both.find((field) => !has(field));
    if (both.some((field) => has(field)) && lacking)
      throw new LabError('pairs-format.no-field', { name, field: lacking, place: placeOf(record) });
  }
  throw new LabError('pairs-format.fields', {
    name,
    place: placeOf(record),
    count: fields.length,
    fields: quoted(fields).slice(0, 300),
  });
}

/** A pair, the fields that were put before both of its texts, and all that were read. */
export interface ReadPair {
  pair: ContrastPair;
  prompts: string[];
  used: readonly string[];
}

/** The pair of a record of this shape. @throws LabError `pairs-format` for a field that is missing or no text */
export function pairOf(record: PairRecord, shape: 'pairs' | 'answers', name: string): ReadPair {
  const [up, down] = shape === 'pairs' ? SIDES : ANSWERS;
  const here = (field: string): boolean => (record.fields[field] ?? null) !== null;
  let prompts: string[] = PROMPTS.filter(here);
  // A question of Anthropic's evals quotes its statement.
  if (shape === 'answers' && !here('question')) {
    if (!here('statement')) throw new LabError('pairs-format.answers', { name, place: placeOf(record) });
    prompts = [...prompts, 'statement'];
  }
  const before = prompts.map((field) => word(record, field, name)).reduce((text, next) => join(text, next), '');
  const side = (field: string): string => {
    const text = word(record, field, name);
    // A side that is missing must be found missing, whatever stands before it.
    return text.trim() === '' ? text : join(before, text);
  };
  return {
    pair: { positive: side(up), negative: side(down) },
    prompts: prompts.filter((field) => record.fields[field] !== ''),
    used: [up, down, ...prompts],
  };
}

/** Two texts as one: with a space, or a line break after several lines, unless one of them brings its own. */
function join(before: string, text: string): string {
  if (before === '' || text === '' || /\s$/.test(before) || /^\s/.test(text)) return before + text;
  return `${before}${before.includes('\n') ? '\n' : ' '}${text}`;
}

/** A field as text. @throws LabError `pairs-format` */
export function word(record: PairRecord, field: string, name: string): string {
  const value = record.fields[field];
  if (typeof value === 'string') return value;
  const place = placeOf(record);
  if (value === undefined || value === null) throw new LabError('pairs-format.no-field', { name, field, place });
  throw new LabError('pairs-format.field-type', { name, field, place });
}

/**
 * The text of an item of one side: the item itself, its field of a known name, or its only field that is a text.
 * @throws LabError `pairs-format` where there is none, or where the item is a whole pair
 */
export function textOf(item: PairItem, name: string): { text: string; field: string | null } {
  const { value, line, at } = item;
  if (typeof value === 'string') return { text: value, field: null };
  const record: PairRecord = { fields: value, line, at };
  const fields = Object.keys(value);
  if ([SIDES, ANSWERS].some((both) => both.every((field) => fields.includes(field))))
    throw new LabError('pairs-format.whole-pairs', { name, place: placeOf(item) });
  const texts = fields.filter((field) => typeof value[field] === 'string');
  const field = TEXTS.find((each) => fields.includes(each)) ?? (texts.length === 1 ? texts[0] : null);
  if (field === null)
    throw new LabError('pairs-format.no-text', {
      name,
      place: placeOf(item),
      count: fields.length,
      fields: quoted(fields).slice(0, 300),
    });
  return { text: word(record, field, name), field };
}

const POSITIVE = new Set(['positive', 'pos', '+', '1', 'true', 'yes']);
const NEGATIVE = new Set(['negative', 'neg', '-', '-1', '0', 'false', 'no']);

/** The field that says the side of a labelled text. */
export const labelField = (record: PairRecord): string => ('label' in record.fields ? 'label' : 'kind');

/** Which side a labelled record is of. @throws LabError `pairs-format` for a label that is neither */
export function sideOf(record: PairRecord, field: string, name: string): 'positive' | 'negative' {
  const value = record.fields[field];
  const label = (typeof value === 'object' ? JSON.stringify(value) : String(value)).trim().toLowerCase();
  if (POSITIVE.has(label)) return 'positive';
  if (NEGATIVE.has(label)) return 'negative';
  throw new LabError('pairs-format.label', { name, field, label: label.slice(0, 60), place: placeOf(record) });
}

export const quoted = (names: readonly string[]): string => names.map((each) => `“${each}”`).join(', ');
