import { describe, expect, test } from 'vitest';
import { message } from '../../experiment/message';
import type { Chain, Stability } from '../../experiment/run';
import { chainSchema } from '../../experiment/run/chain';
import { DEFAULT_THRESHOLDS } from '../../experiment/thresholds';
import { wordsOf } from '../../i18n/text';
import { Random } from '../../math/random';
import type { Side } from '../judges';
import { concludeChain, type ChainInput } from './chain';
import type { JudgedDraw } from './compared';
import { answerOf, liftOf, morePrompts, type Judged, type Unsteered } from './effects';

const { say } = wordsOf('en');
const PROMPTS = 48;
const N = 64;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, k) => k % PROMPTS);
const stable: Stability = { pairs: 48, norm: 1, p: 0.0005, flips: 2000, splitHalf: null };

/** Sides that are the wanted one with a share. */
const sides = (random: Random, count: number, positive: number): Side[] =>
  Array.from({ length: count }, () => (random.uniform() < positive ? 1 : -1));

/** An arm that is on the positive side with one share steered up, and with another steered down. */
function arm(seed: number, up: number, down: number, count = N): Judged {
  const random = new Random(seed);
  return { prompts: numbers(count), up: sides(random, count, up), down: sides(random, count, down) };
}
/** Shares that are what they are said to be, spread evenly over the prompts. */
const exact = (up: number, down: number): Judged => {
  const on = (share: number): Side[] => Array.from({ length: N }, (_, k) => ((k * 0.618034) % 1 < share ? 1 : -1));
  return { prompts: numbers(N), up: on(up), down: on(down) };
};
const unsteered = (positive: number, seed = 1): Unsteered => ({
  prompts: numbers(2 * N),
  sides: sides(new Random(seed), 2 * N, positive),
});
const draw = (name: JudgedDraw['arm'], number: number, judged: Judged | null): JudgedDraw => ({
  arm: name,
  draw: number,
  judged,
});

const weak = [
  draw('token-means', 1, arm(11, 0.6, 0.4)),
  ...[1, 2, 3].map((k) => draw('within-token-shuffled', k, arm(20 + k, 0.6, 0.4))),
  ...[1, 2, 3].map((k) => draw('random-source', k, arm(30 + k, 0.55, 0.45))),
  ...[1, 2, 3].map((k) => draw('random-direction', k, arm(40 + k, 0.5, 0.5))),
];

const input = (change: Partial<ChainInput> = {}): ChainInput => ({
  concept: { positive: 'cheerful', negative: 'gloomy' },
  targetTitle: 'Large',
  r: 0.7,
  thresholds: DEFAULT_THRESHOLDS,
  stability: { source: stable, target: stable },
  base: unsteered(0.5),
  mapped: arm(2, 0.95, 0.05),
  native: arm(3, 0.97, 0.03),
  perplexityRatio: { positive: 1.4, negative: 1.6 },
  compared: { draws: weak, missing: [], nulls: Array.from({ length: 20 }, (_, k) => arm(100 + k, 0.5, 0.5, 16)) },
  seed: 7,
  ...change,
});
const answers = ({ steps }: Chain): string => steps.map(({ answer }) => answer).join(' ');

describe('the chain', () => {
  test('transfers where every question is answered yes; all of it is in the run, in words', () => {
    const chain = concludeChain(input());
    expect(chainSchema.parse(JSON.parse(JSON.stringify(chain)))).toEqual(chain);
    expect(answers(chain)).toBe('yes yes yes yes yes yes yes');
    expect(chain).toMatchObject({ outcome: 'transfers', provisional: false, sides: ['positive', 'negative'], r: 0.7 });
    expect(say(chain.sentence)).toMatch(
      /^Cheerful ↔ gloomy transfers both ways: at r = 0.7 the vector found in the small model steers Large\. cheerful: \d+ of 64, \d+ points above no steering/,
    );
    expect(say(chain.sentence)).toMatch(/It does more than every control\.$/);
    expect(chain.compared).toHaveLength(10);
    expect(chain.compared.every(({ difference }) => difference.interval[0] > 0)).toBe(true);
    expect(chain.share!.ratio!.value).toBeGreaterThan(0.8);
    expect(chain.share!.band!.directions).toBe(20);
    for (const { sentence, figures } of chain.steps)
      for (const text of [say(sentence), ...figures.map(({ label }) => say(label))])
        expect(text).not.toMatch(/[{}]|run\./);
  });

  test('before the controls it is provisional, and says so', () => {
    const chain = concludeChain(input({ compared: null }));
    expect(chain).toMatchObject({ outcome: 'transfers', provisional: true });
    expect(say(chain.sentence)).toContain('Provisional: the controls are still to come.');
    const missing = [{ arm: 'random-source' as const, reason: message('run.chain.missing.memory') }];
    const partly = concludeChain(
      input({ compared: { draws: weak.filter(({ arm: name }) => name !== 'random-source'), missing, nulls: [] } }),
    );
    expect(partly).toMatchObject({ outcome: 'transfers', provisional: true });
    expect(say(partly.steps[5].sentence)).toContain('one model at a time fits in memory');
  });

  test('pairs without a direction end it, whatever the vector does', () => {
    const chain = concludeChain(input({ stability: { source: stable, target: { ...stable, p: 0.2 } } }));
    expect(chain.outcome).toBe('cannot-judge');
    expect(answers(chain)).toBe('no unasked unasked unasked unasked unasked unasked');
    expect(say(chain.sentence)).toContain('no stable direction in the large model');
  });

  test('lopsided words: a side that is there without steering is not judged (F2)', () => {
    const always = concludeChain(
      input({ base: unsteered(1), mapped: arm(2, 1, 0.98), native: arm(3, 1, 0.97), compared: null }),
    );
    expect(always.steps[1].answer).toBe('one');
    expect(always.outcome).not.toBe('transfers');
    const none = concludeChain(input({ thresholds: { ...DEFAULT_THRESHOLDS, minHeadroom: 0.6 } }));
    expect(none.outcome).toBe('cannot-judge');
    expect(say(none.sentence)).toMatch(/^Cannot be judged: \d+ % of continuations are cheerful without steering/);
  });

  test('a target that its own vector does not move is not said to fail (F3)', () => {
    const chain = concludeChain(input({ mapped: arm(2, 0.5, 0.5), native: arm(3, 0.5, 0.5), base: unsteered(0.5) }));
    expect(['not-steerable', 'undecided']).toContain(chain.outcome);
    const clear = concludeChain(
      input({
        base: { prompts: numbers(960), sides: sides(new Random(1), 960, 0.5) },
        mapped: arm(2, 0.5, 0.5, 960),
        native: arm(3, 0.5, 0.5, 960),
      }),
    );
    expect(clear.outcome).toBe('not-steerable');
    expect(say(clear.sentence)).toContain('nothing can be said of transfer');
  });

  test('where native moves it and mapped does not, no effect is shown', () => {
    const base = { prompts: numbers(960), sides: sides(new Random(1), 960, 0.5) };
    const chain = concludeChain(input({ base, mapped: arm(2, 0.5, 0.5, 960), native: arm(3, 0.95, 0.05, 960) }));
    expect(chain.outcome).toBe('no-effect');
    expect(chain.compared).toEqual([]);
  });

  test('what the mapped vector alone moves is steerable', () => {
    const chain = concludeChain(input({ native: arm(3, 0.5, 0.5) }));
    expect(chain.outcome).toBe('transfers');
    expect(chain.steps[2].answer).not.toBe('yes');
    expect(chain.share!.ratio).toBeNull();
    expect(chain.steps[6].answer).toBe('unmeasured');
  });

  test('a lift between yes and no is undecided, and says how many prompts would decide it', () => {
    const chain = concludeChain(input({ mapped: exact(0.62, 0.38), native: arm(3, 0.95, 0.05) }));
    expect(chain.outcome).toBe('undecided');
    expect(say(chain.sentence)).toMatch(/\d+ more prompts? would decide it/);
  });

  test('broken text shows no effect; fluency that was not measured ends nothing (F10)', () => {
    const broken = concludeChain(input({ perplexityRatio: { positive: 1.4, negative: 28 } }));
    expect(broken.outcome).toBe('no-effect');
    expect(say(broken.sentence)).toContain('28.00 times');
    const unmeasured = concludeChain(input({ perplexityRatio: { positive: NaN, negative: NaN } }));
    expect([unmeasured.steps[4].answer, unmeasured.outcome]).toEqual(['unmeasured', 'transfers']);
  });

  test('a table of tokens that does as well leaves no evidence for transfer (F1)', () => {
    const draws = weak.map((each) => (each.arm === 'token-means' ? draw('token-means', 1, arm(50, 0.96, 0.04)) : each));
    const chain = concludeChain(input({ compared: { draws, missing: [], nulls: [] } }));
    expect(chain.outcome).toBe('steers');
    expect(say(chain.sentence)).toMatch(/^Steers, no evidence for transfer: “Token table”/);
    // One draw of three is enough, and draws are not pooled.
    const one = weak.map((each) =>
      each.arm === 'random-source' && each.draw === 2 ? draw('random-source', 2, arm(51, 0.97, 0.02)) : each,
    );
    expect(concludeChain(input({ compared: { draws: one, missing: [], nulls: [] } })).outcome).toBe('steers');
  });

  test('a control without a direction has no effect, and is beaten by one that has', () => {
    const draws = weak.map((each) => (each.arm === 'token-means' ? draw('token-means', 1, null) : each));
    const chain = concludeChain(input({ compared: { draws, missing: [], nulls: [] } }));
    expect(chain.outcome).toBe('transfers');
    expect(chain.compared[0]).toMatchObject({ n: 0, effect: 0 });
  });

  test('one side that moves is spoken of alone, and compared alone', () => {
    const base = { prompts: numbers(960), sides: sides(new Random(1), 960, 0.5) };
    const big = (seed: number, up: number, down: number) => arm(seed, up, down, 480);
    const draws = weak.map(({ arm: name, draw: k }) => draw(name, k, big(60 + k, 0.6, 0.05)));
    const chain = concludeChain(
      input({
        base,
        mapped: big(2, 0.95, 0.5),
        native: big(3, 0.95, 0.5),
        compared: { draws, missing: [], nulls: [] },
      }),
    );
    expect(chain).toMatchObject({ outcome: 'transfers', sides: ['positive'] });
    expect(say(chain.sentence)).toContain('transfers toward cheerful');
  });

  test('effects near 1 are said to be saturated (F6)', () => {
    const chain = concludeChain(input({ mapped: arm(2, 1, 0), native: arm(3, 1, 0) }));
    expect(chain.share!.saturated).toBe(true);
    expect(say(chain.steps[6].sentence)).toContain('saturated');
  });

  test('is the same of the same run', () => {
    expect(concludeChain(input())).toEqual(concludeChain(input()));
  });
});

describe('lifts', () => {
  test('are taken against the unsteered share of the same prompts', () => {
    // Prompt 0 is on the side by itself, prompt 1 never; the arm is asked prompt 0 twice.
    const base: Unsteered = { prompts: [0, 1, 0, 1], sides: [1, -1, 1, -1] };
    const steered: Judged = { prompts: [0, 1, 0], up: [1, 1, 1], down: [-1, -1, -1] };
    const { estimate, base: share, count, of } = liftOf(steered, base, 'positive', { seed: 1 });
    expect(share).toBeCloseTo(2 / 3, 12);
    expect(estimate).toBeCloseTo(1 / 3, 12);
    expect([count, of]).toEqual([3, 3]);
  });

  test.each([
    [0.3, 0.1, 0.5, 'lifts'],
    [0.15, 0.05, 0.25, 'undecided'],
    [0.15, 0.12, 0.18, 'none'],
    [0.25, -0.01, 0.5, 'undecided'],
    [-0.1, -0.3, 0.1, 'none'],
  ] as const)('%f (%f to %f) is %s', (estimate, low, high, expected) => {
    expect(answerOf({ estimate, low, high }, 0.2)).toBe(expected);
  });

  test('half the width takes four times the prompts', () => {
    const lift = { estimate: 0.1, low: -0.1, high: 0.3, count: 0, of: 0, base: 0, prompts: 48 };
    expect(morePrompts(lift, 0.2)).toBe(4 * 48 - 48);
    expect(morePrompts({ ...lift, estimate: 0.1999 }, 0.2)).toBeNull();
  });
});
