import { expect, test, vi } from 'vitest';
import { LabError } from '../experiment/errors';
import { Channel, serve, type Handlers, type ServeOptions, type WorkerScope } from './channel';

interface Table {
  double: { in: number; out: number };
  wait: { in: { gate: string }; out: string; event: { step: number } };
  hand: { in: Float32Array; out: Float32Array };
  fail: { in: { code: 'settings-invalid' | 'thrown' }; out: null };
}

/** A worker in this thread: messages are cloned, transfers take the sender's memory, and they arrive in tasks of their own. */
function threadless(handlers: Handlers<Table>, options?: ServeOptions<Table>) {
  const started: { end: () => void; crash: (message: string) => void; notify: (notice: string) => void }[] = [];
  const start = (): Worker => {
    const scope: WorkerScope = { onmessage: null, postMessage: () => undefined };
    let alive = true;
    const page = {
      onmessage: null as ((event: MessageEvent) => void) | null,
      onerror: null as ((event: ErrorEvent) => void) | null,
      postMessage: (message: unknown, transfer: Transferable[] = []) => {
        const data: unknown = structuredClone(message, { transfer: transfer as ArrayBuffer[] });
        setTimeout(() => alive && scope.onmessage?.({ data } as MessageEvent), 0);
      },
      terminate: () => void (alive = false),
    };
    scope.postMessage = (message, transfer = []) => {
      const data: unknown = structuredClone(message, { transfer: transfer as ArrayBuffer[] });
      setTimeout(() => alive && page.onmessage?.({ data } as MessageEvent), 0);
    };
    const notify = serve<Table, string>(scope, handlers, options);
    started.push({
      end: page.terminate,
      crash: (message) => page.onerror?.({ message, preventDefault: () => undefined } as ErrorEvent),
      notify: (notice) => notify(notice),
    });
    return page as unknown as Worker;
  };
  return { start, started };
}

const gates = new Map<string, () => void>();
const order: string[] = [];

const handlers: Handlers<Table> = {
  double: (n) => 2 * n,
  wait: async ({ gate }, { signal, emit }) => {
    order.push(gate);
    emit({ step: 1 });
    await new Promise<void>((resolve, reject) => {
      gates.set(gate, resolve);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
    return gate;
  },
  hand: (values, { transfer }) => {
    const doubled = values.map((x) => 2 * x);
    transfer(doubled.buffer);
    return doubled;
  },
  fail: ({ code }) => {
    if (code === 'thrown') throw new RangeError('no such thing');
    throw new LabError('cancelled', { why: code });
  },
};

const crashed = (message: string): LabError => new LabError('internal', { message });
const settled = (): Promise<void> => vi.waitFor(() => undefined);
const opened = async (gate: string): Promise<void> => {
  await vi.waitFor(() => expect(gates.has(gate)).toBe(true));
  gates.get(gate)!();
  gates.delete(gate);
};

test('a request ends in its answer, with what it told meanwhile', async () => {
  const { start, started } = threadless(handlers);
  const channel = new Channel<Table, string>(start, { crashed });
  expect(await Promise.all([channel.request('double', 21), channel.request('double', 4)])).toEqual([42, 8]);
  const events: { step: number }[] = [];
  const waiting = channel.request('wait', { gate: 'a' }, { onEvent: (event) => events.push(event) });
  await opened('a');
  expect(await waiting).toBe('a');
  expect(events).toEqual([{ step: 1 }]);
  expect(started).toHaveLength(1);
});

test('errors keep their name; what is no error of the lab is internal, with its message', async () => {
  const channel = new Channel<Table>(threadless(handlers).start, { crashed });
  await expect(channel.request('fail', { code: 'settings-invalid' })).rejects.toMatchObject({
    code: 'cancelled',
    params: { why: 'settings-invalid' },
  });
  await expect(channel.request('fail', { code: 'thrown' })).rejects.toMatchObject({
    code: 'internal',
    params: { message: 'no such thing' },
  });
});

test('memory that is handed over leaves its owner, and what is only sent stays', async () => {
  const channel = new Channel<Table>(threadless(handlers).start, { crashed });
  const [kept, given] = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
  expect(await channel.request('hand', kept)).toEqual(Float32Array.of(2, 4));
  expect(kept).toHaveLength(2);
  expect(await channel.request('hand', given, { transfer: [given.buffer] })).toEqual(Float32Array.of(6, 8));
  expect(given).toHaveLength(0);
});

test('cancelling ends one request and leaves the others; a signal that is already aborted sends nothing', async () => {
  const { start, started } = threadless(handlers);
  const channel = new Channel<Table>(start, { crashed });
  await expect(channel.request('double', 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'cancelled',
  });
  expect(started).toHaveLength(0);
  const controller = new AbortController();
  const [stopped, other] = [
    channel.request('wait', { gate: 'b' }, { signal: controller.signal }),
    channel.request('wait', { gate: 'c' }),
  ];
  await vi.waitFor(() => expect(gates.has('b')).toBe(true));
  controller.abort();
  await expect(stopped).rejects.toMatchObject({ code: 'cancelled' });
  await opened('c');
  expect(await other).toBe('c');
});

test('sequential requests wait for one another, in order, and one that fails lets the next begin', async () => {
  order.length = 0;
  const channel = new Channel<Table>(threadless(handlers, { sequential: (type) => type !== 'double' }).start, {
    crashed,
  });
  const first = channel.request('wait', { gate: '1' });
  const broken = channel.request('fail', { code: 'thrown' }).catch((error: LabError) => error.code);
  const second = channel.request('wait', { gate: '2' });
  expect(await channel.request('double', 3)).toBe(6);
  await settled();
  expect(order).toEqual(['1']);
  await opened('1');
  expect(await first).toBe('1');
  expect(await broken).toBe('internal');
  await opened('2');
  expect(await second).toBe('2');
  expect(order).toEqual(['1', '2']);
});

test('a worker that dies rejects what is at work, tells of it, and the next request starts another', async () => {
  const { start, started } = threadless(handlers);
  const lost: string[] = [];
  const channel = new Channel<Table, string>(start, {
    crashed,
    onNotice: (notice) => (notice === 'lost' ? new LabError('internal', { message: notice }) : null),
    onLost: ({ code }) => lost.push(code),
  });
  const waiting = channel.request('wait', { gate: 'd' });
  await vi.waitFor(() => expect(gates.has('d')).toBe(true));
  started[0].crash('stopped');
  await expect(waiting).rejects.toMatchObject({ code: 'internal', params: { message: 'stopped' } });
  expect(await channel.request('double', 5)).toBe(10);
  expect(started).toHaveLength(2);
  started[1].notify('harmless');
  expect(await channel.request('double', 6)).toBe(12);
  started[1].notify('lost');
  await vi.waitFor(() => expect(lost).toHaveLength(2));
  expect(await channel.request('double', 7)).toBe(14);
  channel.terminate();
  expect(lost).toHaveLength(2);
});
