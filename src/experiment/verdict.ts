/** What a verdict says, whether it is a chain of questions or that of a run made before there was one. */
import { message, type Message } from './message';
import type { EvidenceResult, Verdict } from './run';
import { reasonsOf as earlierReasonsOf, transferRatioOf } from './transfer-ratio';

/** What a verdict came to, by either rule. */
type Outcome = Pick<Verdict, 'outcome'> & { chain?: Pick<NonNullable<Verdict['chain']>, 'outcome'> };

/** The outcome as a short name. */
export const outcomeName = ({ chain, outcome }: Outcome): Message =>
  chain ? message(`evidence.chain.outcome.${chain.outcome}`) : message(`evidence.outcome.${outcome}`);

/** Whether it speaks for transfer. */
export const isTransfer = ({ chain, outcome }: Outcome): boolean =>
  chain ? chain.outcome === 'transfers' : outcome === 'steers';

export const sentenceOf = ({ chain, sentence }: Verdict): Message => chain?.sentence ?? sentence;

type Judged = Pick<EvidenceResult, 'arms' | 'verdict'>;

/** Share of the native vector's effect; null where it is not given, or cannot be estimated. */
export function nativeShareOf(evidence: Judged): Verdict['transferRatio'] {
  const { chain } = evidence.verdict;
  return chain ? (chain.share?.ratio ?? null) : transferRatioOf(evidence);
}

/** Reasons of the earlier rule that the chain asks about by itself, and better. */
const SUPERSEDED = new Set([
  'run.reason.rates',
  'run.reason.random',
  'run.reason.random-drifts',
  'run.reason.transfer',
  'run.reason.no-native-effect',
]);

/** Why the dose was chosen, and what it costs; of a run without a chain all reasons, as they are shown. */
export function reasonsOf(evidence: Judged): Message[] {
  const { chain, reasons } = evidence.verdict;
  return chain ? reasons.filter(({ key }) => !SUPERSEDED.has(key)) : earlierReasonsOf(evidence);
}
