import { expect, test } from 'vitest';
import { message } from '../../experiment/message';
import type { LabContext } from '../context';
import type { Controls } from '../control-arms';
import type { SteeringArm } from '../vectors';
import type { Writer } from '../writing';
import { runControls, runOn } from './run-controls';

/** An arm that is known by its first number. */
const armOf = (id: number): SteeringArm => ({ directions: [Float32Array.of(id)] }) as SteeringArm;
const context = { progress: () => {} } as unknown as LabContext;
const missing = [{ arm: 'random-source' as const, reason: message('run.chain.missing.memory') }];
const controls: Controls = {
  tested: armOf(0),
  nulls: (count) => Array.from({ length: count }, (_, k) => armOf(100 + k)),
  draws: async () => ({
    draws: [
      { arm: 'token-means', draw: 1, steering: null },
      { arm: 'within-token-shuffled', draw: 1, steering: armOf(1) },
      { arm: 'within-token-shuffled', draw: 2, steering: armOf(2) },
    ],
    missing,
  }),
};

function writerOf() {
  const calls: { arm: number; prompts: readonly string[]; from: number; doses: readonly number[] }[] = [];
  const writer = {
    sides: async (arm: SteeringArm, prompts: readonly string[], from: number, doses: readonly number[]) => {
      calls.push({ arm: arm.directions[0][0], prompts, from, doses });
      return doses.map((r) => prompts.map(() => Math.sign(r)));
    },
  };
  return { calls, writer: writer as unknown as Writer };
}

const PROMPTS = ['a', 'b', 'c'];
const asked = ['a', 'b', 'c', 'a'];
const numbers = [0, 1, 2, 0];

test('every draw is asked the prompts of the arm under test, both ways; null directions a quarter of them', async () => {
  const { calls, writer } = writerOf();
  const found = await runControls(context, controls, writer, asked, numbers, 0.7, 2);
  expect(calls.map(({ arm }) => arm)).toEqual([1, 2, 100, 101]);
  expect(calls[0]).toEqual({ arm: 1, prompts: asked, from: 0, doses: [0.7, -0.7] });
  expect(calls[2].prompts).toEqual(['a']);
  expect(found.missing).toBe(missing);
  expect(found.draws.map(({ arm, draw, judged }) => [arm, draw, judged?.up ?? null])).toEqual([
    ['token-means', 1, null],
    ['within-token-shuffled', 1, [1, 1, 1, 1]],
    ['within-token-shuffled', 2, [1, 1, 1, 1]],
  ]);
  expect(found.nulls.map(({ prompts, down }) => [prompts, down])).toEqual([
    [[0], [-1]],
    [[0], [-1]],
  ]);
});

test('what is left open is run on from where it stopped, with the arm under test; the rest stays', async () => {
  const { writer } = writerOf();
  const first = await runControls(context, controls, writer, asked, numbers, 0.7, 0);
  const { calls, writer: again } = writerOf();
  const mapped = { prompts: numbers, up: [1, 1, 1, 1] as const, down: [-1, -1, -1, -1] as const };
  const open = new Set([first.draws[2]]);
  const more = await runOn(context, controls, again, PROMPTS, 0.7, first, mapped, open);
  const further = ['b', 'c', 'a', 'b', 'c', 'a', 'b', 'c'];
  expect(calls).toEqual([
    { arm: 0, prompts: further, from: 4, doses: [0.7, -0.7] },
    { arm: 2, prompts: further, from: 4, doses: [0.7, -0.7] },
  ]);
  expect(more.mapped!.prompts).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
  expect(more.mapped!.up).toHaveLength(12);
  expect(more.draws.map(({ judged }) => judged?.prompts.length ?? 0)).toEqual([0, 4, 12]);
});
