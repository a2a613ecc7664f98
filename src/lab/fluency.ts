/**
 * Whether steered text is still text: how likely the model without steering finds it. Steering can break a text without
 * repeating itself and without disturbing neutral texts, so that only the text itself tells.
 */
import { tokenLogProb } from '../math/information';
import { wordsIn } from '../metrics/words';
import type { LanguageModel } from '../runtime/types';
import { yieldToEventLoop } from './context';
import type { Continuation } from './generate';
import type { Corpus } from './resources';

/** Rows of one pass: between two, the worker reads its messages. */
const PASS_ROWS = 48;

/** What a model makes of one continuation. */
export interface Likelihood {
  /** Sum of ln p over its tokens, nats. */
  logProb: number;
  tokens: number;
}

type Given = Pick<Continuation, 'ids' | 'promptIds'>;

/**
 * Likelihoods of continuations under a model that is not steered, each token given its prompt and the tokens before it
 * (teacher forcing). The tokens of the prompts do not count.
 * @returns one entry a continuation, in order @throws LabError `cancelled` between two passes
 */
export async function likelihoods(
  model: LanguageModel,
  continuations: readonly Given[],
  signal?: AbortSignal,
  onDone?: (count: number) => void,
): Promise<Likelihood[]> {
  const V = model.info.vocabSize;
  const found: Likelihood[] = continuations.map(() => ({ logProb: 0, tokens: 0 }));
  // Rows of a length together, so that little of a pass is padding. The last token of a row predicts none of them.
  const rowOf = ({ promptIds, ids }: Given): number[] => [...promptIds, ...ids.slice(0, -1)];
  const order = continuations.map((_, i) => i).filter((i) => continuations[i].ids.length > 0);
  order.sort((a, b) => rowLength(continuations[a]) - rowLength(continuations[b]) || a - b);
  onDone?.(continuations.length - order.length);
  for (let start = 0; start < order.length; start += PASS_ROWS) {
    const pass = order.slice(start, start + PASS_ROWS);
    const logits = await model.logits({ rows: pass.map((i) => ({ ids: rowOf(continuations[i]) })), sites: [] });
    pass.forEach((i, k) => {
      const { ids, promptIds } = continuations[i];
      let logProb = 0;
      ids.forEach((id, t) => {
        const at = promptIds.length - 1 + t;
        logProb += tokenLogProb(logits[k].subarray(at * V, (at + 1) * V), id);
      });
      found[i] = { logProb, tokens: ids.length };
    });
    onDone?.(pass.length);
    await yieldToEventLoop(signal);
  }
  return found;
}

const rowLength = ({ promptIds, ids }: Given): number => promptIds.length + ids.length;

/** exp(−Σ ln p / tokens), all tokens of all texts pooled; NaN of none. */
export function perplexityOf(rows: readonly Likelihood[]): number {
  let logProb = 0;
  let tokens = 0;
  for (const row of rows) {
    logProb += row.logProb;
    tokens += row.tokens;
  }
  return Math.exp(-logProb / tokens);
}

const words = new WeakMap<Corpus, ReadonlySet<string>>();

/** The lower-case words of a corpus' texts. Remembered for the corpus. */
export function wordsOfCorpus(corpus: Corpus): ReadonlySet<string> {
  let known = words.get(corpus);
  if (!known) {
    known = new Set(corpus.texts.flatMap(wordsIn));
    words.set(corpus, known);
  }
  return known;
}
