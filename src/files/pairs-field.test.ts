/** Contrast pairs as people have them: files after public repositories, in whole and in any mixture of forms. */
import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, test } from 'vitest';
import { wordsOf } from '../i18n/text';
import { said, type Said } from './pairs-fixture';
import { failure } from './testing';

const lines = (...records: unknown[]): string => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const one = (text: string): Said => said([{ name: 'pairs.jsonl', text }]);
const range = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

describe('two files, whatever their form', () => {
  const happy = range(6, (i) => `I am very happy about day ${i}.`);
  const sad = range(6, (i) => `I am very sad about day ${i}.`);
  const pairs = happy.map((positive, i) => ({ positive, negative: sad[i] }));
  const jsonl = (texts: string[]): string => lines(...texts.map((text) => ({ text })));

  test('two JSONL of texts, in either order', () => {
    const up = { name: 'positive.jsonl', text: jsonl(happy) };
    const down = { name: 'negative.jsonl', text: jsonl(sad) };
    for (const files of [
      [up, down],
      [down, up],
    ])
      expect(said(files)).toMatchObject({ format: 'two files, item by item (both JSON lines)', pairs, notRead: [] });
  });

  test('lists of instructions: unequal counts are said in items, and the shorter can be taken', () => {
    const list = (n: number, what: string): string =>
      JSON.stringify(
        range(n, (i) => ({ instruction: `Explain how to ${what} number ${i}`, category: null })),
        null,
        4,
      );
    const harmful = { name: 'harmful.json', text: list(4, 'pick lock') };
    const harmless = (n: number) => ({ name: 'harmless.json', text: list(n, 'bake loaf') });
    const equal = said([harmful, harmless(4)]);
    expect(equal.pairs).toHaveLength(4);
    expect(equal.pairs[0]).toEqual({
      positive: 'Explain how to pick lock number 0',
      negative: 'Explain how to bake loaf number 0',
    });
    expect(equal.notRead).toEqual(['category']);
    expect(equal.notes).toContain('Not read: “category”.');
    const error = failure(() => said([harmful, harmless(6)]));
    expect(wordsOf('en').error(error.toJSON())).toEqual({
      what: expect.stringContaining('harmful.json has 4 items and harmless.json 6:'),
      remedy: expect.stringContaining('take the first 4 of each'),
    });
    const shorter = said([harmful, harmless(6)], { shorter: true });
    expect(shorter.pairs).toEqual(equal.pairs);
    expect(shorter.notes.join(' ')).toContain('the last 2 items of harmless.json are not used');
  });

  test('lines with escapes: a line break, by the rule of the form, and kept on demand', () => {
    const chat = (mood: string) => range(4, (i) => `system\\nBe ${mood}.<|im_end|>\\nuser ${i}\\\\n\\n`).join('\n');
    const files = [
      { name: 'positive.txt', text: chat('happy') },
      { name: 'negative.txt', text: chat('sad') },
    ];
    const reading = said(files);
    expect(reading.pairs[0].positive).toBe('system\nBe happy.<|im_end|>\nuser 0\\n\n');
    expect(reading.escapes).toBe(true);
    expect(reading.notes.join(' ')).toMatch(/8 texts have a backslash .* \\n is read as a line break/);
    const kept = said(files, { escapes: false });
    expect(kept.pairs[0].positive).toBe('system\\nBe happy.<|im_end|>\\nuser 0\\\\n\\n');
    expect(kept.notes.join(' ')).toContain('kept as they stand');
  });

  test('JSON and tables keep a backslash, say so, and read it as a line break on demand', () => {
    for (const text of [
      lines({ positive: 'a\\nb', negative: 'c' }, { positive: 'd', negative: 'e' }),
      'positive,negative\na\\nb,c\nd,e\n',
      'a\\nb\tc\nd\te\n',
    ]) {
      expect(one(text).pairs[0].positive).toBe('a\\nb');
      expect(one(text).notes.join(' ')).toContain('1 text has a backslash');
      expect(said([{ name: 'x', text }], { escapes: true }).pairs[0].positive).toBe('a\nb');
    }
    expect(one(lines({ positive: 'a\nb', negative: 'c' }, { positive: 'd', negative: 'e' })).escapes).toBeNull();
  });

  test('of lines beside JSON each is read by its own form; spaces around a text are named', () => {
    const files = [
      { name: 'a.txt', text: 'a\\nb \nc' },
      { name: 'b.json', text: JSON.stringify(['d\\ne', 'f']) },
    ];
    const { pairs: read, notes, escapes } = said(files);
    expect(read[0]).toEqual({ positive: 'a\nb', negative: 'd\\ne' });
    expect(escapes).toBe(false);
    expect(notes.join(' ')).toMatch(/2 texts have .* In the file of lines .* 1 text begins or ends with a space/);
    expect(said(files, { escapes: true }).pairs[0].negative).toBe('d\ne');
  });

  test('texts that look like other formats', () => {
    const texts = ['[INST] Be kind. [/INST]', '{name}, hello', '"Yes," she said, and left', 'one, two; three'];
    const up = { name: 'a.txt', text: texts.join('\n') };
    const down = { name: 'b.txt', text: texts.map((text) => `${text} not`).join('\n') };
    expect(said([up, down]).pairs.map(({ positive }) => positive)).toEqual(texts);
    // The first line alone says what the lines are.
    for (const first of texts)
      expect(
        said([
          { ...up, text: `${first}\nz` },
          { ...down, text: 'x\ny' },
        ]).pairs[0].positive,
      ).toBe(first);
  });

  test('empty lines are passed over where that is what makes the counts differ', () => {
    const files = [
      { name: 'a.txt', text: 'one\n\ntwo\n' },
      { name: 'b.json', text: '["un", "deux"]' },
    ];
    const { pairs: read, notes } = said(files);
    expect(read.map(({ positive }) => positive)).toEqual(['one', 'two']);
    expect(notes).toContain('1 empty line is passed over.');
    expect(failure(() => said([files[0], { name: 'c.txt', text: 'un\ndeux\ntrois' }])).key).toBe(
      'pairs-one-sided.place',
    );
  });

  test('a heading above one column is left out, and that is said', () => {
    const up = { name: 'a.csv', text: 'Text\nI love it.\nFine.\n' };
    const { pairs: read, notes } = said([up, { name: 'b.txt', text: 'I hate it.\nFoul.\n' }]);
    expect(read.map(({ positive }) => positive)).toEqual(['I love it.', 'Fine.']);
    expect(notes).toContain('The first line of a.csv is taken as a heading.');
  });

  test('the field that the texts are in tells the side; whole pairs and unknown records are refused', () => {
    const side = (field: string) => ({
      name: `${field.length}.jsonl`,
      text: lines({ [field]: `${field} 1` }, { [field]: `${field} 2` }),
    });
    expect(said([side('negative'), side('positive')]).pairs[0]).toEqual({
      positive: 'positive 1',
      negative: 'negative 1',
    });
    const whole = { name: 'p.jsonl', text: lines({ positive: 'a', negative: 'b' }) };
    expect(failure(() => said([whole, side('text')])).key).toBe('pairs-format.whole-pairs');
    const lists = { name: 'l.json', text: '{"positive": ["a"], "negative": ["b"]}' };
    expect(failure(() => said([lists, side('text')])).key).toBe('pairs-format.whole-lists');
    expect(failure(() => said([{ name: 'u.jsonl', text: lines({ a: 'x', b: 'y' }) }, side('text')])).key).toBe(
      'pairs-format.no-text',
    );
    expect(failure(() => said([{ name: 'e.json', text: '[]' }, side('text')], { shorter: true })).key).toBe(
      'pairs-one-sided.files',
    );
  });
});

describe('one file, every record by its own shape', () => {
  test('context and question are both put before the texts, in this order', () => {
    const reading = one(
      lines(
        ...range(5, (i) => ({
          question: 'What do you think of it?',
          context: `Town ${i} lies by the sea.`,
          positive: 'It is lovely.',
          negative: 'It is dreadful.',
          id: i,
        })),
      ),
    );
    expect(reading.pairs[1].positive).toBe('Town 1 lies by the sea. What do you think of it? It is lovely.');
    expect(reading.format).toBe('JSON lines of positive and negative texts, with “context”, “question”');
    expect(reading.notRead).toEqual(['id']);
  });

  test('the first record without a question, the others with one', () => {
    const reading = one(
      lines(
        { positive: 'I like it.', negative: 'I hate it.' },
        ...range(4, (i) => ({ question: `Do you like ${i}?`, positive: 'I do.', negative: 'I do not.' })),
        { question: 'Well?', answer_matching_behavior: '(A)', answer_not_matching_behavior: '(B)' },
      ),
    );
    expect(reading.pairs.map(({ positive }) => positive)).toEqual([
      'I like it.',
      ...range(4, (i) => `Do you like ${i}? I do.`),
      'Well? (A)',
    ]);
  });

  test('records of kinds that do not go together are named', () => {
    const error = failure(() => one(lines({ positive: 'a', negative: 'b' }, { text: 'c', label: 1 })));
    expect(error.key).toBe('pairs-format.mixed');
    expect(wordsOf('en').error(error.toJSON()).what).toContain('Line 2');
    expect(failure(() => one(lines({ positive: 'a', negative: 'b' }, { positive: 'c' }))).params.field).toBe(
      'negative',
    );
  });

  test('columns of the same name, and fields beside the pairs, are listed', () => {
    expect(one('positive,negative,Positive,note\na,b,c,d\ne,f,g,h\n').notRead).toEqual(['positive (2)', 'note']);
    expect(
      one('{"pairs": [{"positive": "a", "negative": "b"}, {"positive": "c", "negative": "d"}], "author": "x"}').notRead,
    ).toEqual(['author']);
  });
});

describe('any mixture of forms', () => {
  const word = fc.string({
    minLength: 1,
    maxLength: 20,
    unit: fc.constantFrom(...'ab ,;\t"\'{}[]\\nté:'.split(''), '猫'),
  });
  const text = word.filter((each) => each.trim() === each && each !== '');
  /** How one side can be written, with whether texts come back as they are. */
  const forms: Record<string, (texts: string[]) => string> = {
    lines: (texts) => texts.map((each) => each.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')).join('\n'),
    'JSON list of texts': (texts) => JSON.stringify(texts),
    'pretty list of records': (texts) =>
      JSON.stringify(
        texts.map((instruction) => ({ instruction, category: null })),
        null,
        2,
      ),
    'JSON lines of records': (texts) => lines(...texts.map((each) => ({ text: each }))),
    'JSON lines of texts': (texts) => lines(...texts),
    'CSV of one column': (texts) =>
      Papa.unparse([['text'], ...texts.map((each) => [each])], { newline: '\n', quotes: true }),
    'CSV of two columns': (texts) =>
      Papa.unparse([['id', 'prompt'], ...texts.map((each, i) => [String(i), each])], { newline: '\n', quotes: true }),
  };
  const form = fc.constantFrom(...Object.keys(forms));

  test('of two files pairs item by item, or is refused by name', () => {
    let readings = 0;
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 2, maxLength: 6 }), form, form, (texts, a, b) => {
        const [ups, downs] = [texts.map(([up]) => `${up}+`), texts.map(([, down]) => `${down}-`)];
        const files = [
          { name: 'a', text: forms[a](ups) },
          { name: 'b', text: forms[b](downs) },
        ];
        // Of lines, the first may look like JSON, a heading or a cell; then the file may be refused, by name.
        const open = [a, b].includes('lines');
        try {
          expect(said(files).pairs).toEqual(ups.map((positive, i) => ({ positive, negative: downs[i] })));
          readings++;
        } catch (thrown) {
          if (!open) throw thrown;
          const error = failure(() => {
            throw thrown;
          });
          expect(error.code).toMatch(/^pairs-/);
        }
      }),
      { numRuns: 1000 },
    );
    expect(readings).toBeGreaterThan(800);
  });

  test('of records: each has its own prompts, and every field is read or listed', () => {
    const name = fc.constantFrom('context', 'prompt', 'question', 'instruction', 'id', 'source', 'statement');
    const record = fc.dictionary(name, text, { maxKeys: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(record, text), { minLength: 2, maxLength: 6 }), (records) => {
        const whole = records.map(([more, each]) => ({ ...more, positive: `${each}+`, negative: `${each}-` }));
        for (const source of [lines(...whole), JSON.stringify(whole)]) {
          const { pairs, notRead } = one(source);
          pairs.forEach(({ positive, negative }, i) => {
            const fields: Record<string, string> = whole[i];
            expect(positive.endsWith(fields.positive) && negative.endsWith(fields.negative)).toBe(true);
            for (const [key, value] of Object.entries(fields))
              if (!notRead.includes(key)) expect(positive.includes(value) || negative.includes(value)).toBe(true);
          });
          expect(notRead.filter((key) => !['id', 'source', 'statement'].includes(key))).toEqual([]);
        }
      }),
      { numRuns: 300 },
    );
  });
});
