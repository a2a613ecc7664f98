/** Work that may wait is done one piece an idle period, so that no piece holds the thread for long. */

const waiting: (() => void)[] = [];
let scheduled = false;

const later: (callback: () => void) => void =
  'requestIdleCallback' in globalThis
    ? (callback) => void requestIdleCallback(callback, { timeout: 600 })
    : (callback) => void setTimeout(callback, 40);

function next(): void {
  scheduled = false;
  waiting.shift()?.();
  schedule();
}

function schedule(): void {
  if (scheduled || waiting.length === 0) return;
  scheduled = true;
  later(next);
}

/** Queues a piece of work; the returned function takes it back. */
export function whenIdle(work: () => void): () => void {
  waiting.push(work);
  schedule();
  return () => {
    const at = waiting.indexOf(work);
    if (at >= 0) waiting.splice(at, 1);
  };
}
