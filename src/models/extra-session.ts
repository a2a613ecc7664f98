/** Whether one more session of a model, in another runtime beside the lab's, fits into memory. */
import { MACHINE_SHARE, WASM_HEAP, WASM_RUNTIME } from './memory-plan';

export interface ExtraSession {
  /** Bytes of the graph and its external weights. */
  weightBytes: number;
  vocabSize: number;
  /** Tokens of the prompt, for each of which the graph may give logits. */
  promptTokens: number;
}

/** Bytes needed and bytes that there are, of what is short: the WASM heap or the machine's memory. */
export type ExtraPlan = { fits: true } | { fits: false; short: 'heap' | 'machine'; need: number; budget: number };

/**
 * The session is on WASM, in a heap of its own.
 * @param held bytes that the lab takes already
 * @param deviceMemory what the browser says of the machine, in bytes; null where it says nothing: then it is tried
 */
export function planExtraSession(
  { weightBytes, vocabSize, promptTokens }: ExtraSession,
  held: number,
  deviceMemory: number | null,
): ExtraPlan {
  const inHeap = weightBytes + WASM_RUNTIME + 4 * vocabSize * promptTokens;
  if (inHeap > WASM_HEAP) return { fits: false, short: 'heap', need: inHeap, budget: WASM_HEAP };
  // The files as they were read stay beside the heap until the session is made.
  const need = held + inHeap + weightBytes;
  const budget = MACHINE_SHARE * (deviceMemory ?? Infinity);
  return need <= budget ? { fits: true } : { fits: false, short: 'machine', need, budget };
}
