/** The numbers behind decoding: every row of a steered batch, at every step, against that row recomputed alone without a cache. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openModel } from '../models';
import { adds, inspectDecoder, readDecoder, type SteerSite } from '../onnx';
import { OPERATIONS } from '../experiment/schema';
import { BACKENDS, bundled, maxDifference, testDevice, waveVector } from './fixtures';
import { loadOrt } from './ort';
import { padRows } from './batch';
import { wholeFeeds } from './feeds';
import { addition } from './interventions';
import { SessionPool } from './sessions';
import { TokenStream, type StreamContext } from './stream';
import { floatData } from './tensors';
import type { Intervention, SteeredRow } from './types';

const LAYER = 1;
const PROMPTS = [[1, 40, 300, 77, 512, 99, 1030], [1, 9, 8, 700, 6], [1]];
const FORCED = [
  [11, 22, 33],
  [44, 55, 66],
  [77, 88, 99],
];
const EQUAL = [PROMPTS[0], PROMPTS[0].toReversed(), PROMPTS[0].map((id) => id + 1)];

function unitWave(width: number, phase: number): Float32Array {
  const wave = waveVector(width, phase, 1);
  const length = Math.hypot(...wave);
  return wave.map((x) => x / length);
}

describe.each(BACKENDS)('on %s', (backend) => {
  describe.each(['lrt-stories-s', 'lrt-stories-s-plain'])('%s', (id) => {
    let context: Omit<StreamContext, 'open' | 'prompt' | 'staticCache'> & {
      poolOf: ConstructorParameters<typeof SessionPool>;
    };

    beforeAll(async () => {
      const device = backend === 'webgpu' ? await testDevice() : null;
      const ort = await loadOrt(backend);
      const files = await openModel(bundled(id));
      const decoder = readDecoder(files.graph);
      const info = inspectDecoder(decoder);
      const poolOf: typeof context.poolOf = [ort, files, decoder, info, id, backend, device];
      context = { ort, info, device, pool: new SessionPool(...poolOf), poolOf };
    });
    afterAll(() => context.pool.dispose());

    const vectors = (width: number): Intervention[][] => [
      addition(LAYER, waveVector(width, 0.3, 0.5)),
      [],
      addition(LAYER, waveVector(width, 2, 1.5)),
    ];

    /** Logits after the prompt and after each forced token, [step][row]. */
    const streamed = (
      rows: SteeredRow[],
      staticCache: boolean,
      sites: readonly SteerSite[] = adds(LAYER),
    ): Promise<Float32Array[][]> =>
      context.pool.use({ kind: 'decode', sites }, async (open) => {
        const { vocabSize } = context.info;
        const split = (logits: Float32Array): Float32Array[] =>
          rows.map((_, r) => logits.slice(r * vocabSize, (r + 1) * vocabSize));
        const stream = new TokenStream({ ...context, open, prompt: open, staticCache }, rows, FORCED[0].length);
        try {
          const steps = [split(await stream.prefill())];
          for (let step = 0; step < FORCED[0].length; step++)
            steps.push(split(await stream.step(rows.map((_, r) => (FORCED[r] ?? FORCED[0])[step]))));
          return steps;
        } finally {
          stream.dispose();
        }
      });

    /** The same numbers for one row, from one run over prompt and forced tokens together. */
    const alone = (
      row: SteeredRow,
      forced: number[],
      sites: readonly SteerSite[] = adds(LAYER),
    ): Promise<Float32Array[]> =>
      context.pool.use({ kind: 'logits', sites }, async (open) => {
        const ids = [...row.ids, ...forced];
        const outputs = await context.pool.run(
          open,
          wholeFeeds(context.ort, context.info, open, padRows([ids], 'right'), [{ ...row, ids }]),
        );
        const all = floatData(outputs.logits);
        const { vocabSize } = context.info;
        return [0, ...forced].map((_, step) =>
          all.slice((row.ids.length - 1 + step) * vocabSize, (row.ids.length + step) * vocabSize),
        );
      });

    test('rows of different lengths and vectors equal each row recomputed alone', async () => {
      const rows = PROMPTS.map((ids, r) => ({ ids, interventions: vectors(context.info.width)[r] }));
      const steps = await streamed(rows, true);
      for (const [r, row] of rows.entries()) {
        const reference = await alone(row, FORCED[r]);
        for (const [step, logits] of reference.entries())
          expect(maxDifference(steps[step][r], logits), `row ${r}, step ${step}`).toBeLessThanOrEqual(1e-4);
      }
      expect(maxDifference(steps[0][0], steps[0][1])).toBeGreaterThan(0.1);
    });

    test.each(OPERATIONS)('%s: rows steered in part, whole and not at all, at two blocks', async (op) => {
      const { width } = context.info;
      const sites = [
        { block: 0, op },
        { block: LAYER, op },
      ];
      const steer = (phase: number): Intervention[] =>
        sites.map(({ block }) => ({ block, op, vector: unitWave(width, phase + block), value: op === 'cap' ? -2 : 2 }));
      const [from, all, generated] = [2, 0, 7];
      const rows: SteeredRow[] = [
        { ids: PROMPTS[0], interventions: steer(0.3), from },
        { ids: PROMPTS[1], interventions: steer(2), from: all },
        { ids: PROMPTS[0], interventions: steer(1), from: generated },
        { ids: PROMPTS[1] },
      ];
      const steps = await streamed(rows, true, sites);
      const forced = rows.map((_, r) => FORCED[r] ?? FORCED[0]);
      const untouched = await alone({ ids: PROMPTS[0] }, forced[2], sites);
      for (const [r, row] of rows.entries()) {
        const reference = await alone(row, forced[r], sites);
        for (const [step, logits] of reference.entries())
          expect(maxDifference(steps[step][r], logits), `row ${r}, step ${step}`).toBeLessThanOrEqual(2e-4);
      }
      // What is generated is steered, the prompt before it is not.
      const last = await alone(rows[2], forced[2], sites);
      expect(maxDifference(last[0], untouched[0])).toBe(0);
      expect(maxDifference(last[1], untouched[1])).toBeGreaterThan(1e-3);
      // A row that is not steered has the very bits of the untouched model, whose session no steered one may stand for.
      const own = new SessionPool(...context.poolOf);
      const fresh = await own.use({ kind: 'logits', sites: [] }, async (open) => {
        expect(open.steers).toEqual([]);
        const batch = padRows([PROMPTS[1]], 'right');
        return floatData((await own.run(open, wholeFeeds(context.ort, context.info, open, batch, []))).logits).slice();
      });
      await own.dispose();
      const [neutral] = await alone({ ids: PROMPTS[1] }, [], sites);
      expect(maxDifference(neutral, fresh.slice(-context.info.vocabSize))).toBe(0);
    });

    test('rows of equal length are bit-equal to each row streamed alone', async () => {
      const rows = EQUAL.map((ids, r) => ({ ids, interventions: vectors(context.info.width)[r] }));
      const together = await streamed(rows, true);
      const single = await streamed([rows[2]], true);
      // The forced tokens of a row depend on its place in the batch, so only the prompt and the first step's cache are shared.
      expect(maxDifference(together[0][2], single[0][0])).toBe(0);
      const first = await streamed([rows[0]], true);
      for (const [step, [logits]] of first.entries())
        expect(maxDifference(together[step][0], logits), `step ${step}`).toBe(0);
    });

    // Only this backend and style have such a cache.
    if (backend === 'webgpu' && id === 'lrt-stories-s')
      test('buffers allocated once give the bits of a growing cache', async () => {
        const rows = PROMPTS.map((ids, r) => ({ ids, interventions: vectors(context.info.width)[r] }));
        const [fixed, growing] = [await streamed(rows, true), await streamed(rows, false)];
        for (const [step, logits] of growing.entries())
          for (const [r, row] of logits.entries())
            expect(maxDifference(fixed[step][r], row), `row ${r}, step ${step}`).toBe(0);
      });

    test('dropping a row leaves the others as they were, where the cache can drop', async () => {
      const rows = PROMPTS.map((ids, r) => ({ ids, interventions: vectors(context.info.width)[r] }));
      const kept = [0, 2];
      const { vocabSize } = context.info;
      await context.pool.use({ kind: 'decode', sites: adds(LAYER) }, async (open) => {
        const stream = new TokenStream({ ...context, open, prompt: open, staticCache: true }, rows, FORCED[0].length);
        try {
          await stream.prefill();
          await stream.step(FORCED.map((forced) => forced[0]));
          expect(stream.keep(kept)).toBe(backend === 'wasm' && id === 'lrt-stories-s');
          if (backend === 'webgpu' || id !== 'lrt-stories-s') return;
          for (const step of [1, 2]) {
            const logits = await stream.step(kept.map((r) => FORCED[r][step]));
            for (const [i, r] of kept.entries()) {
              const reference = (await alone(rows[r], FORCED[r]))[step + 1];
              expect(maxDifference(logits.slice(i * vocabSize, (i + 1) * vocabSize), reference)).toBeLessThanOrEqual(
                1e-4,
              );
            }
          }
        } finally {
          stream.dispose();
        }
      });
    });

    test('a zero vector changes no bit, another changes the logits', async () => {
      const ids = PROMPTS[0];
      const zero = await streamed(
        [{ ids, interventions: addition(LAYER, new Float32Array(context.info.width)) }],
        true,
      );
      const none = await streamed([{ ids }], true);
      const plain = await context.pool.use({ kind: 'decode', sites: [] }, async (open) => open.steers[0]?.name);
      expect(plain, 'an unsteered use shares the steered session').toBe(`steer.${LAYER}`);
      for (const step of zero.keys()) expect(maxDifference(zero[step][0], none[step][0])).toBe(0);
      const steered = await streamed(
        [{ ids, interventions: addition(LAYER, waveVector(context.info.width, 1, 1)) }],
        true,
      );
      expect(maxDifference(steered[0][0], none[0][0])).toBeGreaterThan(0.1);
    });
  });
});
