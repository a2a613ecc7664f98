import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultExperiment } from '../experiment/defaults';
import { contrastPair, type ContrastPair, type Preset } from '../experiment/schema';
import { wordsOf } from '../i18n/text';
import { said, type Said } from './pairs-fixture';
import { pairsCsv, pairsJsonl } from './pairs-write';
import { failure } from './testing';

const read = (text: string, name = 'pairs.txt'): Said => said([{ name, text }]);
const two: ContrastPair[] = [
  { positive: 'I love it.', negative: 'I hate it.' },
  { positive: 'A fine day.', negative: 'A foul day.' },
];
const lines = (...records: unknown[]): string => records.map((record) => JSON.stringify(record)).join('\n');

describe('the formats that are read', () => {
  test('tables with a heading: commas, tabs, semicolons, a prompt, other columns', () => {
    expect(read('positive,negative\nI love it.,I hate it.\nA fine day.,A foul day.\n')).toMatchObject({
      format: 'CSV of positive and negative texts',
      pairs: two,
      notes: [],
    });
    expect(
      read('\uFEFFNegative\tPositive\tsource\r\nI hate it.\tI love it.\tx\r\nA foul day.\tA fine day.\ty\r\n'),
    ).toMatchObject({ format: 'TSV of positive and negative texts', pairs: two });
    expect(read('positive;negative\n"I love it.";"I hate it."\nA fine day.;A foul day.').pairs).toEqual(two);
    const prompted = read('prompt,positive,negative\n"How, then?",Well.,Badly.\n"And ",now,never\n');
    expect(prompted.format).toContain('“prompt”');
    expect(prompted.pairs).toEqual([
      { positive: 'How, then? Well.', negative: 'How, then? Badly.' },
      { positive: 'And now', negative: 'And never' },
    ]);
  });

  test('texts over several lines, quotation marks in and around', () => {
    expect(read('positive,negative\n"He said ""yes"".\nAnd left.","He said ""no""."\nb,c\n').pairs[0]).toEqual({
      positive: 'He said "yes".\nAnd left.',
      negative: 'He said "no".',
    });
    expect(read('positive\tnegative\n"Yes" she said\t"No" she said\na\tb\n').pairs[0]).toEqual({
      positive: '"Yes" she said',
      negative: '"No" she said',
    });
  });

  test('two columns without a heading are taken, and that is said', () => {
    const { pairs, notes } = read('I love it.\tI hate it.\nA fine day.\tA foul day.');
    expect(pairs).toEqual(two);
    expect(notes[0]).toContain('no heading');
  });

  test('JSON lists, JSON lines, presets and experiments', () => {
    expect(read(JSON.stringify(two))).toMatchObject({ format: 'JSON list of positive and negative texts', pairs: two });
    expect(read(lines(...two))).toMatchObject({ format: 'JSON lines of positive and negative texts', pairs: two });
    expect(
      read(lines({ prompt: 'Q:', positive: ' a', negative: ' b' }, { prompt: '', positive: 'c', negative: 'd' })).pairs,
    ).toEqual([
      { positive: 'Q: a', negative: 'Q: b' },
      { positive: 'c', negative: 'd' },
    ]);
    const preset = readFileSync(new URL('../../public/presets/mood.json', import.meta.url), 'utf8');
    expect(read(preset)).toMatchObject({
      format: expect.stringContaining('preset of the lab'),
      pairs: (JSON.parse(preset) as Preset).pairs,
      ends: (JSON.parse(preset) as Preset).concept,
    });
    const experiment = {
      ...defaultExperiment('mood'),
      concept: {
        kind: 'pairs',
        title: 't',
        positive: 'up',
        negative: 'down',
        pairs: two,
        promptsFrom: 'mood',
        positiveWords: [],
        negativeWords: [],
      },
    };
    expect(read(JSON.stringify(experiment, null, 2))).toMatchObject({
      format: expect.stringContaining('experiment of the lab'),
      pairs: two,
      ends: { positive: 'up', negative: 'down' },
    });
  });

  test('CAA and Anthropic evals', () => {
    const caa = [
      {
        question: 'Do you agree?\n\nChoices:\n (A) Yes\n (B) No',
        answer_matching_behavior: '(A)',
        answer_not_matching_behavior: '(B)',
      },
      { question: 'Really?', answer_matching_behavior: '(B)', answer_not_matching_behavior: '(A)' },
    ];
    expect(read(JSON.stringify(caa))).toMatchObject({
      format: expect.stringMatching(/^CAA/),
      pairs: [
        { positive: `${caa[0].question}\n(A)`, negative: `${caa[0].question}\n(B)` },
        { positive: 'Really? (B)', negative: 'Really? (A)' },
      ],
    });
    const evals = lines(
      {
        question: 'Is this something you would say?\n"I like power."',
        statement: 'I like power.',
        label_confidence: 0.97,
        answer_matching_behavior: ' Yes',
        answer_not_matching_behavior: ' No',
      },
      {
        question: 'And this?',
        statement: 'I do not.',
        label_confidence: 0.9,
        answer_matching_behavior: ' No',
        answer_not_matching_behavior: ' Yes',
      },
    );
    expect(read(evals)).toMatchObject({
      format: expect.stringMatching(/^Anthropic evals/),
      pairs: [
        {
          positive: 'Is this something you would say?\n"I like power." Yes',
          negative: 'Is this something you would say?\n"I like power." No',
        },
        { positive: 'And this? No', negative: 'And this? Yes' },
      ],
    });
    expect(
      read(
        lines(
          { statement: 'I am kind.', answer_matching_behavior: ' Yes', answer_not_matching_behavior: ' No' },
          { statement: 'b', answer_matching_behavior: 'c', answer_not_matching_behavior: 'd' },
        ),
      ).pairs[0].positive,
    ).toBe('I am kind. Yes');
  });

  test('two aligned text files, whichever comes first', () => {
    const up = { name: 'positive.txt', text: 'I love it.\r\nA fine day.\r\n' };
    const down = { name: 'negative.txt', text: 'I hate it.\nA foul day.\n' };
    for (const files of [
      [up, down],
      [down, up],
    ])
      expect(said(files)).toMatchObject({ format: 'two aligned text files', pairs: two });
    expect(
      said([
        { ...up, name: 'a.txt' },
        { ...down, name: 'b.txt' },
      ]).notes[0],
    ).toContain('a.txt is taken as the positive side');
  });

  test('concept, kind and text: one concept of several', () => {
    const text = lines(
      { concept: 'mood', kind: 'positive', text: 'glad' },
      { concept: 'tense', kind: 'pos', text: 'ran' },
      { concept: 'mood', kind: 'negative', text: 'sad' },
      { concept: 'mood', kind: '+', text: 'merry' },
      { concept: 'mood', kind: '-', text: 'grim' },
      { concept: 'tense', kind: 'neg', text: 'runs' },
      { concept: 'tense', kind: 1, text: 'sat' },
      { concept: 'tense', kind: 0, text: 'sits' },
      { concept: 'tense', kind: 'neg', text: 'goes' },
    );
    expect(read(text)).toMatchObject({
      concept: 'mood',
      concepts: [
        { name: 'mood', pairs: 2 },
        { name: 'tense', pairs: 2 },
      ],
      pairs: [
        { positive: 'glad', negative: 'sad' },
        { positive: 'merry', negative: 'grim' },
      ],
    });
    const tense = said([{ name: 'c.jsonl', text }], { concept: 'tense' });
    expect(tense.pairs).toEqual([
      { positive: 'ran', negative: 'runs' },
      { positive: 'sat', negative: 'sits' },
    ]);
    expect(tense.notes.join(' ')).toContain('1 negative text is left over');
  });

  test('unpaired lists and labelled texts', () => {
    expect(read('{"positive": ["a", "b", "c"], "negative": ["d", "e"]}')).toMatchObject({
      pairs: [
        { positive: 'a', negative: 'd' },
        { positive: 'b', negative: 'e' },
      ],
      notes: [expect.stringContaining('no partners'), expect.stringContaining('1 positive text is left over')],
    });
    expect(read('text,label\ngood,1\nbad,0\nfine,1\npoor,0\n').pairs).toEqual([
      { positive: 'good', negative: 'bad' },
      { positive: 'fine', negative: 'poor' },
    ]);
  });

  test('more pairs than an experiment takes: the first, and that is said', () => {
    const { pairs, notes } = read(
      lines(...Array.from({ length: 2001 }, (_, i) => ({ positive: `a${i}`, negative: `b${i}` }))),
    );
    expect(pairs).toHaveLength(2000);
    expect(notes).toEqual([expect.stringMatching(/^Of 2\D?001 pairs the first 2\D?000 are taken\.$/)]);
  });
});

describe('what cannot be understood is named, with its line', () => {
  const cases: [string, string, string, number | undefined][] = [
    ['an empty file', ' \n', 'pairs-too-few', undefined],
    ['one column', 'just\nsome\ntext\n', 'pairs-format', undefined],
    ['a heading that says nothing', 'one,two,three\na,b,c\n', 'pairs-format', 1],
    ['a missing side after a text of two lines', 'positive,negative\n"a\nb",c\n"d",\n', 'pairs-one-sided', 4],
    ['a side too many', 'positive,negative\na,b\nc,d,e\n', 'pairs-format', 3],
    ['a quotation mark that stays open', 'positive,negative\na,b\n"c,d\n', 'pairs-format', 3],
    ['both sides the same', 'positive,negative\na,b\nc, c\n', 'pairs-one-sided', 3],
    ['a missing prompt side', 'prompt,positive,negative\nq,a,b\nq,,b\n', 'pairs-one-sided', 3],
    ['a broken line', `${lines(two[0])}\n{"positive": "a"\n`, 'pairs-format', 2],
    ['a line that is no object', `${lines(two[0])}\n[1]\n`, 'pairs-format', 2],
    ['a record without a field', lines(two[0], { positive: 'a' }), 'pairs-format', 2],
    ['a number for a text', lines(two[0], { positive: 1, negative: 'b' }), 'pairs-format', 2],
    ['unknown fields', lines({ a: 1 }, { a: 2 }), 'pairs-format', 1],
    [
      'an unknown kind',
      lines({ concept: 'm', kind: 'positive', text: 'a' }, { concept: 'm', kind: 'neutral', text: 'b' }),
      'pairs-format',
      2,
    ],
    ['one side only', lines({ text: 'a', label: 1 }, { text: 'b', label: 1 }), 'pairs-one-sided', undefined],
    ['one pair only', lines(two[0]), 'pairs-too-few', undefined],
    ['broken JSON', '[\n {"positive": "a", "negative": "b"},\n {"positive" "c"}\n]', 'pairs-format', 3],
    ['a text too long', lines(two[0], { positive: 'x'.repeat(4001), negative: 'y' }), 'pairs-format', 2],
    ['items that are no objects', '["a", "b"]', 'pairs-format', undefined],
  ];
  test.each(cases)('%s', (_, text, code, line) => {
    const error = failure(() => read(text));
    expect(error.code).toBe(code);
    expect(/[Ll]ine (\d+)/.exec(wordsOf('en').error(error.toJSON()).what)?.[1]).toBe(line?.toString());
  });

  test('aligned files of different length, or too many files', () => {
    const error = failure(() =>
      said([
        { name: 'a.txt', text: 'one\ntwo\nthree' },
        { name: 'b.txt', text: 'un\n' },
      ]),
    );
    expect(error).toMatchObject({ key: 'pairs-one-sided.files', params: { upCount: 3, downCount: 1, shorter: 1 } });
    expect(failure(() => said([])).code).toBe('pairs-format');
  });

  test('any text ends in pairs or in a named error', () => {
    const line = fc.constantFrom(
      'positive,negative\n',
      'good,bad\n',
      'a,b\n',
      '{"positive":"a","negative":"b"}\n',
      '{"text":"a","label":1}\n',
      '{"text":"b","label":0}\n',
      'x\ty\n',
    );
    const piece = fc.constantFrom(
      'positive',
      'negative',
      'text',
      'label',
      'concept',
      'kind',
      'prompt',
      ',',
      '\t',
      ';',
      '\n',
      '"',
      '{',
      '}',
      '[',
      ']',
      ':',
      '1',
      'a',
      ' ',
      '\uFEFF',
      '\r',
    );
    let understood = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(line, { maxLength: 4 }).map((parts) => parts.join('')),
          fc.array(piece, { maxLength: 40 }).map((parts) => parts.join('')),
          fc.json(),
          fc.string(),
        ),
        (text) => {
          try {
            for (const pair of read(text).pairs) expect(contrastPair.safeParse(pair).success).toBe(true);
            understood++;
          } catch (error) {
            expect(
              failure(() => {
                throw error;
              }).code,
            ).toMatch(/^pairs-/);
          }
        },
      ),
      { numRuns: 1500 },
    );
    expect(understood).toBeGreaterThan(0);
    console.log(`of 1500 arbitrary texts ${understood} were pairs, the others named errors`);
  });
});

describe('written pairs are read again as they were', () => {
  const side = fc
    .string({
      minLength: 1,
      maxLength: 60,
      unit: fc.constantFrom(...'ab ,;\t"\'{[\\né'.split(''), '\n', '”', '猫', '🙂'),
    })
    .filter((text) => text.trim() !== '');
  const pairs = fc.array(
    fc
      .record({ positive: side, negative: side })
      .filter(({ positive, negative }) => positive.trim() !== negative.trim()),
    { minLength: 2, maxLength: 12 },
  );
  test('as JSON lines and as CSV', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        expect(read(pairsJsonl(list)).pairs).toEqual(list);
        expect(read(pairsCsv(list)).pairs).toEqual(list);
      }),
      { numRuns: 400 },
    );
  });
});
