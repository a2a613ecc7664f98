/** What a verdict says, whether it is a chain of questions or that of a run made before there was one. */
import { message, type Message } from './message';
import type { Verdict } from './run';

/** The outcome as a short name. */
export const outcomeName = ({ chain, outcome }: Verdict): Message =>
  chain ? message(`evidence.chain.outcome.${chain.outcome}`) : message(`evidence.outcome.${outcome}`);

/** Whether it speaks for transfer. */
export const isTransfer = ({ chain, outcome }: Verdict): boolean =>
  chain ? chain.outcome === 'transfers' : outcome === 'steers';

export const sentenceOf = ({ chain, sentence }: Verdict): Message => chain?.sentence ?? sentence;

/** Share of the native vector's effect; null where it is not given. */
export const nativeShareOf = ({ chain, transferRatio }: Verdict): Verdict['transferRatio'] =>
  chain ? (chain.share?.ratio ?? null) : transferRatio;

/** Reasons of the earlier rule that the chain asks about by itself, and better. */
const SUPERSEDED = new Set([
  'run.reason.rates',
  'run.reason.random',
  'run.reason.random-drifts',
  'run.reason.transfer',
  'run.reason.no-native-effect',
]);

/** Why the dose was chosen, and what it costs; of a run without a chain all reasons. */
export const reasonsOf = ({ chain, reasons }: Verdict): Message[] =>
  chain ? reasons.filter(({ key }) => !SUPERSEDED.has(key)) : reasons;
