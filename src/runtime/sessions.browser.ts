/** Where memory is short a model keeps fewer sessions: what it computes is the same, and there are never more at once. */
import { expect, test } from 'vitest';
import { openModel } from '../models';
import { inspectDecoder, readDecoder } from '../onnx';
import { createRuntime } from './index';
import { loadOrt } from './ort';
import { SessionPool, type Purpose } from './sessions';
import { bundled } from './fixtures';
import { addition } from './interventions';
import { adds } from '../onnx';

const USES: Purpose[] = [
  { kind: 'collect' },
  { kind: 'states', block: 1, sites: [] },
  { kind: 'logits', sites: adds(1) },
  { kind: 'decode', sites: adds(1) },
];

test('no more sessions than allowed are alive, the new one counted; one in use stays', async () => {
  const ort = await loadOrt('wasm');
  const files = await openModel(bundled('lrt-stories-s'));
  const decoder = readDecoder(files.graph);
  const pool = new SessionPool(ort, files, decoder, inspectDecoder(decoder), 'lrt-stories-s', 'wasm', null, 2);
  const create = ort.InferenceSession.create;
  let [alive, most] = [0, 0];
  const counted = async (...given: Parameters<typeof create>): Promise<unknown> => {
    most = Math.max(most, ++alive);
    const session = await create.apply(ort.InferenceSession, given);
    const { release } = session;
    session.release = async () => {
      await release.call(session);
      alive--;
    };
    return session;
  };
  (ort.InferenceSession as { create: unknown }).create = counted;
  try {
    for (const use of [...USES, ...USES]) await pool.use(use, async () => expect(pool.size).toBeLessThanOrEqual(2));
    expect(most).toBe(2);
    // Two uses within a use: nothing can be let go, so all three are alive for a while.
    await pool.use(USES[0], () => pool.use(USES[1], () => pool.use(USES[2], async () => expect(alive).toBe(3))));
    await pool.use(USES[2], async () => expect(alive).toBe(2));
  } finally {
    (ort.InferenceSession as { create: unknown }).create = create;
    await pool.dispose();
  }
  expect(alive).toBe(0);
});

test('a model with one session computes what a model with all of them does', async () => {
  const runtime = await createRuntime({ backend: 'wasm', device: null, openModel });
  const all = await runtime.load(bundled('lrt-stories-s'));
  const one = await runtime.load(bundled('lrt-stories-s'), { liveSessions: 1 });
  const ids = all.tokenizer.encode('Once upon a time there was a fox.');
  const batch = {
    rows: [{ ids, interventions: addition(1, new Float32Array(all.info.hiddenSize).fill(0.1)) }],
    sites: adds(1),
  };
  const figures = async (model: typeof all): Promise<unknown> => [
    (await model.collect([ids])).blocks.map(({ data }) => data),
    await model.statesAt(2, batch),
    await model.logits(batch),
    await model.decode(batch, { maxNewTokens: 3, sampling: { temperature: 0, topP: 1, seed: 1 } }),
  ];
  const expected = await figures(all);
  expect(await figures(one)).toEqual(expected);
  expect(await figures(one)).toEqual(expected);
  await runtime.dispose();
});
