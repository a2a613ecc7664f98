/** Texts made ready for collection: token ids of each model, the positions that make the rows of the fit, and the split by whole texts. */
import { LabError } from '../experiment/errors';
import type { AlignmentReport } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { Random } from '../math/random';
import { alignByCharacters } from '../models';
import type { ModelTokenizer, Tokenizer } from '../runtime/types';
import type { PreparedText, ReadText } from './rows';

export type ModelTokenizers = Record<'source' | 'target', ModelTokenizer>;
export type Alignment = Experiment['models']['alignment'];

/** One text as both models read it, its positions paired. */
export interface PairedText {
  source: ReadText;
  target: ReadText;
  /** Positions that each would give by itself. */
  readable: { source: number; target: number };
}

export interface Prepared {
  texts: PreparedText[];
  /** How the positions were paired, and what share of each side's positions has a partner. */
  alignment: AlignmentReport;
}

/**
 * A text's tokens in both models. By tokens the two read the ids of the source's tokenizer, position by position; by
 * characters each reads its own, and positions are paired after which both have read the same characters.
 * @throws LabError `model-invalid` where a tokenizer rewrites texts in a way that characters cannot be followed through
 */
export function pairText(
  text: string,
  tokenizers: ModelTokenizers,
  alignment: Alignment,
  positions: Experiment['corpus']['positions'],
): PairedText {
  if (alignment === 'tokens') {
    const ids = tokenizers.source.encode(text);
    const read = { ids, positions: readPositions(ids, tokenizers.source, positions) };
    return { source: read, target: read, readable: { source: read.positions.length, target: read.positions.length } };
  }
  const source = tokenizers.source.encodeWithOffsets(text);
  const target = tokenizers.target.encodeWithOffsets(text);
  const readable = {
    source: new Set(readPositions(source.ids, tokenizers.source, positions)),
    target: new Set(readPositions(target.ids, tokenizers.target, positions)),
  };
  const pairs = alignByCharacters(source.offsets, target.offsets).pairs.filter(
    ([s, t]) => readable.source.has(s) && readable.target.has(t),
  );
  return {
    source: { ids: source.ids, positions: pairs.map(([s]) => s) },
    target: { ids: target.ids, positions: pairs.map(([, t]) => t) },
    readable: { source: readable.source.size, target: readable.target.size },
  };
}

/**
 * Tokenises the corpus in a seeded order and splits it by whole texts, so that held-out tokens never share a story
 * with training tokens.
 * @param folds of the cross-validation: the training texts are dealt out to them in turn
 * @throws LabError `corpus-empty` when fewer than two texts or fewer than 64 paired positions are left, or fewer texts than folds; `model-invalid` of `pairText`
 */
export function prepareTexts(
  texts: readonly string[],
  tokenizers: ModelTokenizers,
  alignment: Alignment,
  corpus: Experiment['corpus'],
  folds = 1,
): Prepared {
  const order = new Random(corpus.seed).permutation(texts.length);
  const prepared: PreparedText[] = [];
  const readable = { source: 0, target: 0 };
  let paired = 0;
  let rows = 0;
  for (const text of order) {
    if (rows >= corpus.maxTokens) break;
    const pair = pairText(texts[text], tokenizers, alignment, corpus.positions);
    readable.source += pair.readable.source;
    readable.target += pair.readable.target;
    paired += pair.source.positions.length;
    const cut = ({ ids, positions }: ReadText): ReadText => ({
      ids,
      positions: positions.slice(0, corpus.maxTokens - rows),
    });
    const source = cut(pair.source);
    const target = pair.target === pair.source ? source : cut(pair.target);
    if (source.positions.length === 0) continue;
    rows += source.positions.length;
    prepared.push({ text, source, target, heldOut: false, fold: 0 });
  }
  if (prepared.length < 2 || rows < 64) {
    throw new LabError(alignment === 'tokens' ? 'corpus-empty.tokens' : 'corpus-empty.characters', {
      rows,
      texts: prepared.length,
    });
  }
  // Every k-th text is held out: both splits then run through the whole collection. Of fewer than k texts, the last.
  const every = Math.min(prepared.length, Math.max(2, Math.round(1 / corpus.heldOutFraction)));
  prepared.forEach((item, i) => (item.heldOut = i % every === every - 1));
  const training = prepared.filter((item) => !item.heldOut);
  if (folds > training.length) {
    throw new LabError('corpus-empty.folds', { folds, texts: training.length });
  }
  training.forEach((item, i) => (item.fold = i % folds));
  return {
    texts: prepared,
    alignment: {
      by: alignment,
      paired,
      readable,
      share: { source: paired / readable.source, target: paired / readable.target },
    },
  };
}

/** `content`: neither the first position (an attention sink in most models) nor special tokens. */
export function readPositions(
  ids: readonly number[],
  tokenizer: Pick<Tokenizer, 'specialIds'>,
  positions: Experiment['corpus']['positions'],
): number[] {
  const all = ids.map((_, i) => i);
  if (positions === 'all') return all;
  return all.filter((i) => i > 0 && !tokenizer.specialIds.has(ids[i]));
}
