/** One turn of the event loop. */

/**
 * Lets messages, timers and painting happen before going on. ONNX Runtime's WASM runs block the thread and resolve as
 * microtasks: without a task of its own a worker would never see a cancel. A message, unlike a timer, is not slowed down
 * in a tab that is not on screen, nor after many of them.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}
