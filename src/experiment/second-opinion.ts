/** The second opinion: what transformers.js writes after a prompt, beside what the lab's runtime does, unsteered and greedy. */
import { errorMessage, type LabErrorJson } from './errors';
import { message, type Message } from './message';
import type { ModelRef } from './model-ref';

/** Tokens that are compared. */
export const SECOND_OPINION_TOKENS = 20;

/**
 * `equal`: the same tokens. `tie`: they part where the lab's runtime holds both tokens as likely as float arithmetic can
 * tell. `differs`: they part where it does not. `not run`: there is nothing to compare, and `reason` or `error` says why.
 */
export const OPINION_OUTCOMES = ['equal', 'tie', 'differs', 'not run'] as const;
export type OpinionOutcome = (typeof OPINION_OUTCOMES)[number];

/** A greedy continuation. */
export interface Written {
  /** New tokens only, without the end token. */
  ids: number[];
  /** The text of each. */
  pieces: string[];
  /** True when the model ended the text itself. */
  ended: boolean;
}

export interface ModelOpinion {
  title: string;
  dtype: ModelRef['dtype'];
  outcome: OpinionOutcome;
  /** Why it was not tried; null where it was. */
  reason: Message | null;
  /** Why transformers.js could not do it; null where it could, or was not asked. */
  error: LabErrorJson | null;
  lab: Written | null;
  /** What transformers.js wrote. */
  other: Written | null;
  /** Number of tokens before the first that differs; null where none does. */
  partsAt: number | null;
  /** There, how many nats the lab's runtime holds its own token likelier than the other; null where no two tokens meet. */
  gap: number | null;
  /** Nats up to which a gap counts as a tie. */
  tolerance: number;
  milliseconds: number;
}

export interface SecondOpinion {
  prompt: string;
  /** Of transformers.js. */
  version: string;
  models: Record<'source' | 'target', ModelOpinion>;
}

/**
 * Where two continuations part.
 * @returns number of tokens they share; null where they are the same and end alike
 */
export function partingOf(lab: Pick<Written, 'ids' | 'ended'>, other: Pick<Written, 'ids' | 'ended'>): number | null {
  const shared = lab.ids.findIndex((id, at) => other.ids[at] !== id);
  const length = shared === -1 ? lab.ids.length : shared;
  return length === lab.ids.length && length === other.ids.length && lab.ended === other.ended ? null : length;
}

/** The outcome as a sentence. */
export function opinionMessage(opinion: ModelOpinion): Message {
  const { outcome, reason, error, lab, partsAt: at, gap, tolerance } = opinion;
  if (error) return message('second-opinion.failed', { what: errorMessage(error) });
  if (reason) return reason;
  if (at === null || outcome === 'equal') return message('second-opinion.equal', { n: lab?.ids.length ?? 0 });
  if (gap === null) return message('second-opinion.differs-in-length', { at });
  const key = outcome === 'tie' ? 'second-opinion.tie' : 'second-opinion.differs';
  return message(key, { at, gap: gap.toFixed(3), tolerance: tolerance.toFixed(2) });
}
