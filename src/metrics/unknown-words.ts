import { metric, type MetricInput } from './metric';
import { wordsIn } from './words';

/** A letter that nothing follows: the word goes on past the limit on new tokens, for all that can be told. */
const OPEN_END = /\p{L}$/u;

/**
 * Share of the words of all texts together that the corpus does not have; NaN of no words. The last word of a text that
 * the limit on new tokens cut within it is left out.
 */
export function unknownShare({ texts, cut, knownWords }: Pick<MetricInput, 'texts' | 'cut' | 'knownWords'>): number {
  let words = 0;
  let unknown = 0;
  texts.forEach((text, i) => {
    const all = wordsIn(text);
    const whole = cut[i] && OPEN_END.test(text) ? all.slice(0, -1) : all;
    words += whole.length;
    unknown += whole.filter((word) => !knownWords.has(word)).length;
  });
  return unknown / words;
}

/** Words that the texts of the fit do not have, as a share of the words of all continuations. */
export const unknownWords = metric({
  id: 'unknownWords',
  column: 'unknown_words',
  unit: 'share',
  digits: 3,
  costly: 'higher',
  shown: true,
  limit: { setting: 'maxUnknownWords', of: 'fluency', breaks: (value, limit) => value > limit },
  of: unknownShare,
});
