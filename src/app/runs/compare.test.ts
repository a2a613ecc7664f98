/** What the comparison of two runs says: settings that differ, numbers, and whether intervals meet. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultExperiment, quickVariant } from '../../experiment/defaults';
import type { Run } from '../../experiment/run';
import type { Experiment } from '../../experiment/schema';
import { wordsOf } from '../../i18n/text';
import { settingDifferences } from './differences';
import { headlines, meetingOf } from './headline';

const recorded = JSON.parse(
  readFileSync(new URL('../../../public/recorded/mood.json', import.meta.url), 'utf8'),
) as Run;
const mood = defaultExperiment('mood');

describe('settings that differ', () => {
  test('the same experiment has none', () => {
    expect(settingDifferences(wordsOf('en'), mood, structuredClone(mood))).toEqual([]);
  });

  test('are named as the form names them, in the order of the stages', () => {
    const other: Experiment = {
      ...mood,
      map: { ...mood.map, lambda: 0.01, kind: 'orthogonal' },
      vector: { ...mood.vector, readPosition: 'last' },
      transfer: { ...mood.transfer, addBias: true },
      dose: { ...mood.dose, stops: [0.5, 1] },
    };
    expect(
      settingDifferences(wordsOf('en'), mood, other).map(({ stage, label, values }) => [stage, label, ...values]),
    ).toEqual([
      ['map', 'Ridge weight λ', 'automatic', '0.01'],
      ['map', 'Kind of map', expect.any(String), expect.any(String)],
      ['steer', 'Read at', 'mean of all tokens', 'last token'],
      ['steer', 'Add the bias p', 'no', 'yes'],
      ['steer', 'Dose stops, r', '0.25, 0.5, 0.7, 1, 1.5', '0.5, 1'],
    ]);
  });

  test('no path of an experiment goes unnoticed', () => {
    const quick = quickVariant(mood);
    const labels = settingDifferences(wordsOf('en'), mood, quick).map(({ label }) => label);
    expect(labels).toEqual(
      expect.arrayContaining([
        'Title',
        'Large model',
        'Tokens at most',
        'Pairs at most',
        'Dose stops, r',
        'Continuations, reported',
        'New tokens',
        'Random vectors',
        'Neutral texts',
      ]),
    );
    // Every leaf that is changed alone gives one difference.
    const leaves = (node: object, at: string[] = []): string[][] =>
      Object.entries(node).flatMap(([key, value]) =>
        value !== null && typeof value === 'object' && !Array.isArray(value)
          ? leaves(value as object, [...at, key])
          : [[...at, key]],
      );
    for (const path of leaves(mood)) {
      const changed = structuredClone(mood) as unknown as Record<string, never>;
      const last = path.at(-1)!;
      const parent = path
        .slice(0, -1)
        .reduce<Record<string, unknown>>((node, key) => node[key] as Record<string, unknown>, changed);
      parent[last] = 'something else';
      expect(settingDifferences(wordsOf('en'), mood, changed as unknown as Experiment), path.join('.')).toHaveLength(1);
    }
  });

  test('typed concepts of one name differ by their pairs', () => {
    const typed = (positive: string): Experiment => ({
      ...mood,
      concept: {
        kind: 'pairs',
        title: 'Mine',
        positive: 'yes',
        negative: 'no',
        pairs: [
          { positive: 'a', negative: 'b' },
          { positive, negative: 'd' },
        ],
        promptsFrom: 'mood',
        positiveWords: [],
        negativeWords: [],
      },
    });
    expect(settingDifferences(wordsOf('en'), typed('c'), typed('e'))).toEqual([
      {
        stage: 'steer',
        label: 'Concept',
        values: ['“Mine”, 2 pairs of your own', '“Mine”, 2 pairs of your own, 1 of them in both'],
      },
    ]);
  });

  test('the place of a model from a hub is part of its name', () => {
    const hub = {
      id: 'a/b',
      dtype: 'fp32' as const,
      location: { kind: 'hub' as const, host: 'https://models.example', commit: 'a'.repeat(40) },
    };
    const other = { ...mood, models: { ...mood.models, target: hub } };
    expect(settingDifferences(wordsOf('en'), mood, other)[0]).toMatchObject({
      label: 'Large model',
      values: ['lrt-stories-l, fp32', 'a/b, fp32 from models.example, aaaaaaa'],
    });
  });
});

describe('numbers', () => {
  test('intervals that touch overlap, others are apart, and what has none is not judged', () => {
    expect(meetingOf([0.1, 0.3], [0.3, 0.4])).toBe('overlap');
    expect(meetingOf([0.1, 0.9], [0.3, 0.4])).toBe('overlap');
    expect(meetingOf([0.1, 0.2], [0.3, 0.4])).toBe('apart');
    expect(meetingOf([0.3, 0.4], [0.1, 0.2])).toBe('apart');
    expect(meetingOf(null, [0, 1])).toBeNull();
    expect(meetingOf([Number.NaN, 1], [0, 1])).toBeNull();
  });

  test('are those of the runs; one that a run does not have is empty there', () => {
    const chain = recorded.evidence.verdict.chain!;
    const share = { ...chain.share!, ratio: { value: 9, interval: [8, 10] as [number, number] } };
    const other: Run = {
      ...recorded,
      map: { ...recorded.map, heldOutR2: Number.NaN },
      evidence: {
        ...recorded.evidence,
        arms: recorded.evidence.arms.filter((arm) => arm.name !== 'random'),
        verdict: { ...recorded.evidence.verdict, chain: { ...chain, share } },
      },
    };
    const rows = headlines(recorded, other);
    const costs = (id: string): number[] =>
      recorded.evidence.arms.filter(({ name }) => name === 'mapped').map(({ metrics }) => metrics[id]);
    const of = (name: string): (typeof rows)[number] => rows.find((row) => row.name === name)!;
    expect(of('Held-out R²')).toMatchObject({ a: { value: recorded.map.heldOutR2 }, b: null, meeting: null });
    expect(of('Transfer ratio')).toMatchObject({
      a: { value: chain.share!.ratio!.value },
      b: { value: 9 },
      meeting: 'apart',
    });
    const mapped = recorded.evidence.arms.find((arm) => arm.name === 'mapped' && arm.direction === 'positive')!;
    expect(of('Large + mapped, positive side')).toMatchObject({
      a: { value: mapped.conceptRate.value, interval: mapped.conceptRate.interval, n: mapped.conceptRate.n },
      meeting: 'overlap',
    });
    expect(of('Large + random, positive side').b).toBeNull();
    expect(of('p95 KL of mapped, nat')).toMatchObject({ a: { value: Math.max(...costs('p95Kl')) } });
    expect(of('rep-3 of mapped')).toMatchObject({ a: { value: Math.max(...costs('rep3')) } });
  });
});
