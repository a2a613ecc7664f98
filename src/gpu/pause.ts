/** What the steps of float64 work beside the GPU's are interrupted by. */
import { yieldToEventLoop } from '../base/yield';
import { throwIfAborted } from '../experiment/errors';
import type { Pause } from '../math/subspace';

/**
 * Lets messages through between two steps.
 * @throws LabError cancelled (from the pause) once the signal has been aborted
 */
export function pauseBetween(signal?: AbortSignal): Pause {
  return async () => {
    await yieldToEventLoop();
    throwIfAborted(signal);
  };
}
