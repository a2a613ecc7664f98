import { expect, test } from 'vitest';
import { en } from '../i18n/en';
import {
  ARM_SPECS,
  armOf,
  armSpec,
  ARMS,
  DOSED_ARMS,
  DRAWING_ORDER,
  isCore,
  isReplayable,
  REPORT_ORDER,
  TESTED,
  unsteeredArm,
  type KnownArm,
} from './arms';

const specs: readonly KnownArm[] = ARM_SPECS;

test('every arm has a name of its own, a mark that no other of its colour has, and words', () => {
  expect(new Set(ARMS).size).toBe(ARMS.length);
  const looks = specs.map(({ symbol, color }) => `${symbol} ${color.light} ${color.dark}`);
  expect(new Set(looks).size).toBe(looks.length);
  expect(new Set(specs.map(({ symbol }) => symbol)).size).toBe(specs.length);
  for (const { id, color } of specs) {
    for (const word of ['name', 'short', 'help'] as const) expect(en.texts[`arms.${id}.${word}`]).toMatch(/\w/);
    expect(color.light).toMatch(/^#[0-9a-f]{6}$/);
    expect(color.dark).toMatch(/^#[0-9a-f]{6}$/);
  }
});

test('a dosed arm is compared with the unsteered arm of its own model; there is one of each role but the controls', () => {
  for (const { id, role, model, base, continuations } of specs) {
    if (role === 'unsteered') {
      expect([base, continuations.choose, unsteeredArm(model)]).toEqual([null, 0, id]);
    } else {
      expect(base, id).toBe(unsteeredArm(model));
      if (role !== 'control') expect(armOf(role)).toBe(id);
    }
  }
});

test('an arm under no control is neither drawn at random nor left out of the dose curve', () => {
  for (const { control, draws, seeded, continuations, base } of specs.filter((spec) => spec.base !== null)) {
    expect(draws !== null && !control).toBe(false);
    expect(seeded && draws === null).toBe(false);
    expect(continuations.report).toBeGreaterThan(0);
    if (!control) expect(continuations.choose).toBeGreaterThan(0);
    expect(base).not.toBeNull();
  }
});

test('the derived lists hold every arm once', () => {
  expect([...REPORT_ORDER].sort()).toEqual([...ARMS].sort());
  expect([...DRAWING_ORDER].sort()).toEqual([...DOSED_ARMS].sort());
  expect(DRAWING_ORDER[DRAWING_ORDER.length - 1]).toBe(TESTED);
  expect(REPORT_ORDER.map((id) => armSpec(id).base === null)).toEqual(
    REPORT_ORDER.map((_, i) => i < ARMS.length - DOSED_ARMS.length),
  );
});

test('a link carries or can make again the directions of the arms that every run has', () => {
  for (const id of ARMS.filter(isCore)) expect(isReplayable(id), id).toBe(true);
});
