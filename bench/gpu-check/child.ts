/** One process of the check: it was started with the driver's environment, gets one question and answers by messages. */
import { installDawn } from '../dawn/install';
import { softwareAdapter } from '../../src/gpu/device';
import { type NamedError, namedError, type StageData, type StageName } from '../../tools/gpu-check/report';
import { RUN, type StageContext, type Told } from './stages';

export type ChildAsk = { what: 'probe' } | { what: 'stage'; stage: StageName; context: StageContext };

export type ChildMessage =
  | { kind: 'adapter'; name: string; software: boolean }
  | { kind: 'data'; data: StageData[StageName] }
  | { kind: 'done' }
  | { kind: 'failed'; error: NamedError };

/** Resolves when the message has left this process. */
const send = (message: ChildMessage): Promise<void> =>
  new Promise((resolve) => process.send?.(message, undefined, undefined, () => resolve()));

async function answer(ask: ChildAsk): Promise<void> {
  const name = await installDawn();
  if (ask.what === 'probe') {
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter) await send({ kind: 'adapter', name, software: softwareAdapter(adapter.info) });
    return;
  }
  const { stage, context } = ask;
  const run = RUN[stage] as (context: StageContext, told: Told<StageName>) => Promise<void>;
  await run(context, (data) => void send({ kind: 'data', data }));
}

// The supervisor is gone: nobody would hear the answer.
process.once('disconnect', () => process.exit(1));

process.once('message', (ask: ChildAsk) => {
  void answer(ask)
    .then(
      () => send({ kind: 'done' }),
      (error: unknown) => send({ kind: 'failed', error: namedError(error) }),
    )
    // Dawn may hold the process open, or take long to end it.
    .then(() => process.exit(0));
});
