/** The decode loop: sample, report, step, until every row has ended or has its tokens. */
import { tokenLogProb } from '../math/information';
import { yieldToEventLoop } from '../base/yield';
import { throwIfAborted } from '../experiment/errors';
import { groupByLength } from './batch';
import { Sampler } from './sampling';
import { canMixLengths, TokenStream, type StreamContext } from './stream';
import type { Decoded, DecodeOptions, SteeredRow } from './types';

/** Rows that are stepped together, with their numbers in the whole batch. */
interface Group {
  members: number[];
  stream: TokenStream;
  logits: Float32Array;
}

/** Ended rows are dropped once they are this share of a group: dropping moves the cache of the others. */
const DROP_SHARE = 0.2;

/**
 * Continues every row. Ended rows are dropped from time to time where the cache can, and run on unseen where it cannot.
 * @param endIds any of these ends a row and is not part of its tokens
 * @throws LabError `cancelled` between two steps
 */
export async function decodeRows(
  context: StreamContext,
  rows: readonly SteeredRow[],
  options: DecodeOptions,
  endIds: ReadonlySet<number>,
): Promise<Decoded[]> {
  const { maxNewTokens, sampling, likelihoods = false, signal, onStep } = options;
  const results: Decoded[] = rows.map(() => ({ ids: [], ended: false, ...(likelihoods ? { logProb: 0 } : {}) }));
  if (maxNewTokens < 1) return results;
  const sampler = new Sampler(
    sampling,
    rows.map((row, i) => row.stream ?? i),
  );
  const vocab = context.info.vocabSize;
  const groups: Group[] = [];
  try {
    await openGroups(context, rows, maxNewTokens, groups, signal);
    for (let step = 0; ; step++) {
      const tokens: (number | null)[] = rows.map(() => null);
      for (const { members, logits } of groups) {
        members.forEach((row, i) => {
          if (results[row].ended) return;
          const own = logits.subarray(i * vocab, (i + 1) * vocab);
          const token = sampler.next(row, own);
          const result = results[row];
          if (endIds.has(token)) result.ended = true;
          else {
            result.ids.push((tokens[row] = token));
            if (result.logProb !== undefined) result.logProb += tokenLogProb(own, token);
          }
        });
      }
      onStep?.(step, tokens);
      await yieldToEventLoop();
      throwIfAborted(signal);
      if (step === maxNewTokens - 1 || results.every((result) => result.ended)) return results;
      for (const group of groups) {
        const alive = group.members.flatMap((row, i) => (results[row].ended ? [] : [i]));
        if (alive.length === 0) continue;
        if (alive.length <= (1 - DROP_SHARE) * group.members.length && group.stream.keep(alive))
          group.members = alive.map((i) => group.members[i]);
        group.logits = await group.stream.step(group.members.map((row) => tokens[row] ?? 0));
      }
    }
  } finally {
    for (const group of groups) group.stream.dispose();
  }
}

/** Logits after the last token of each row, [rows × vocabSize]. */
export async function lastLogits(context: StreamContext, rows: readonly SteeredRow[]): Promise<Float32Array> {
  const vocab = context.info.vocabSize;
  const out = new Float32Array(rows.length * vocab);
  const groups: Group[] = [];
  try {
    await openGroups(context, rows, 0, groups);
    for (const { members, logits } of groups)
      members.forEach((row, i) => out.set(logits.subarray(i * vocab, (i + 1) * vocab), row * vocab));
    return out;
  } finally {
    for (const group of groups) group.stream.dispose();
  }
}

/** Reads the prompts of all rows, in one group where lengths may mix. Fills `groups` as it goes, so that a failure leaves nothing undisposed. */
async function openGroups(
  context: StreamContext,
  rows: readonly SteeredRow[],
  newTokens: number,
  groups: Group[],
  signal?: AbortSignal,
): Promise<void> {
  const memberships = canMixLengths(context.info)
    ? [rows.map((_, row) => row)]
    : groupByLength(rows.map((row) => row.ids));
  for (const members of memberships) {
    throwIfAborted(signal);
    const stream = new TokenStream(
      context,
      members.map((row) => rows[row]),
      newTokens,
    );
    const group: Group = { members, stream, logits: new Float32Array(0) };
    groups.push(group);
    group.logits = await stream.prefill();
  }
}
