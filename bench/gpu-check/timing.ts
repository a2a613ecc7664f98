/** Times of work on a GPU: warmed up, many in one submission where one is short, until the queue says that all is done. */
import { median } from '../../src/math/stats';

export interface Timing {
  /** Seconds of one piece of work. */
  median: number;
  least: number;
  greatest: number;
  rounds: number;
}

/** Shortest submission: below it, the wait for the queue is most of what is measured. */
const SHORTEST = 0.02;
const MAX_REPEATS = 256;

export interface TimingOptions {
  rounds?: number;
  /** Seconds after which no new round begins. */
  budget?: number;
  now?: () => number;
}

/**
 * @param submit does the work `repeats` times and hands it to the queue
 * @param done resolves when the queue is empty
 * @param options now: milliseconds
 */
export async function timed(
  submit: (repeats: number) => void,
  done: () => Promise<unknown>,
  { rounds = 7, budget = 4, now = () => performance.now() }: TimingOptions = {},
): Promise<Timing> {
  const once = async (repeats: number): Promise<number> => {
    const start = now();
    submit(repeats);
    await done();
    return (now() - start) / 1000 / repeats;
  };
  const end = now() + 1000 * budget;
  await once(1); // compiles, allocates, wakes the GPU
  const guess = await once(1);
  const repeats = Math.min(MAX_REPEATS, Math.max(1, Math.ceil(SHORTEST / Math.max(guess, 1e-6))));
  const times: number[] = [];
  while (times.length === 0 || (times.length < rounds && now() < end)) times.push(await once(repeats));
  return { median: median(times), least: Math.min(...times), greatest: Math.max(...times), rounds: times.length };
}

/** Peaks in operations a second that a rate is set beside; null where it is not known. */
export interface Peaks {
  /** Of the data sheet. */
  sheet: number | null;
  /** Measured, multiply-adds in registers. */
  registers: number | null;
}

/** A rate (operations a second), and its shares of the peaks. */
export const rateOf = (
  flops: number,
  { sheet, registers }: Peaks,
): { flops: number; fractionOfPeak: number | null; fractionOfRegisters: number | null } => ({
  flops,
  fractionOfPeak: sheet === null ? null : flops / sheet,
  fractionOfRegisters: registers === null ? null : flops / registers,
});
