import { describe, expect, test } from 'vitest';
import { wordsOf } from '../../i18n/text';
import { LabError } from '../../experiment/errors';
import { scorerSchema, type Scorer } from '../../experiment/schema';
import { JUDGE_SETTINGS } from '../../experiment/judges';
import { judgeOf, type JudgeContext, type Side } from '.';

const nobody = {} as JudgeContext;
const judged =
  (scorer: Scorer) =>
  async (prompt: string, text: string): Promise<Side> =>
    (await judgeOf(scorer)([{ prompt, text }], nobody))[0];

test('every judge that settings may name is there, and the schema reads it', () => {
  const types = JUDGE_SETTINGS.map(({ shape }) => shape.type.value);
  expect(types).toEqual(['lexicon', 'relation']);
  for (const type of types) expect(scorerSchema.safeParse({ type }).error?.issues[0].path[0]).not.toBe('type');
  expect(scorerSchema.safeParse({ type: 'oracle' }).error?.issues[0].path).toEqual(['type']);
});

describe('the lexicon', () => {
  const judge = judged({ type: 'lexicon', positive: ['glad', 'alegría'], negative: ['sad', 'niño'] });

  test('counts whole words of any script and ignores the prompt', async () => {
    expect(await judge('so sad, sad, sad', ' She was GLAD.')).toBe(1);
    expect(await judge('', 'The niño wept; sadness is not a hit.')).toBe(-1);
    expect(await judge('', 'glad and sad')).toBe(0);
    expect(await judge('', 'nothing here')).toBe(0);
  });

  test('judges a batch in its order', async () => {
    const batch = ['sad', 'glad', 'x'].map((text) => ({ prompt: '', text }));
    expect(await judgeOf({ type: 'lexicon', positive: ['glad'], negative: ['sad'] })(batch, nobody)).toEqual([
      -1, 1, 0,
    ]);
  });
});

describe('the relation', () => {
  const settings: Extract<Scorer, { type: 'relation' }> = {
    type: 'relation',
    olderPatterns: [
      { regex: '(\\p{Lu}\\p{L}+) was older than (\\p{Lu}\\p{L}+)', older: 1, younger: 2 },
      { regex: '(\\p{Lu}\\p{L}+) was younger than (\\p{Lu}\\p{L}+)', older: 2, younger: 1 },
    ],
    givePatterns: [{ regex: '(\\p{Lu}\\p{L}+) gave (\\p{Lu}\\p{L}+)', giver: 1, receiver: 2 }],
  };

  test('reads who is older from the prompt and who gives from the continuation', async () => {
    const judge = judged(settings);
    expect(await judge('Leo was older than Vera.', ' Leo gave Vera a shell.')).toBe(1);
    expect(await judge('Leo was younger than Vera.', ' Leo gave Vera a shell.')).toBe(-1);
    expect(await judge('Leo was older than Vera. Vera gave Leo a pen.', ' Leo gave Vera a shell.')).toBe(1);
    expect(await judge('Leo was older than Vera.', ' They slept.')).toBe(0);
  });

  test('a pattern that is no regular expression is a named error, before anything is judged', () => {
    const make = (): unknown => judgeOf({ ...settings, olderPatterns: [{ regex: '(', older: 1, younger: 2 }] });
    let thrown: unknown;
    try {
      make();
    } catch (error) {
      thrown = error;
    }
    expect((thrown as LabError).code).toBe('settings-invalid');
    expect(wordsOf('en').error((thrown as LabError).toJSON()).what).toMatch(/not a regular expression/);
  });
});
