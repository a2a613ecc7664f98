import type { Scorer } from '../../experiment/schema';
import { wordsIn } from '../../metrics/words';
import { oneByOne, type Judge, type Side } from './judge';

/** Counts whole lower-case words of both lists in the continuation; the larger count wins. */
export function lexicon({ positive, negative }: Extract<Scorer, { type: 'lexicon' }>): Judge {
  const [up, down] = [positive, negative].map((words) => new Set(words.map((word) => word.toLowerCase())));
  return oneByOne(({ text }) => {
    let balance = 0;
    for (const word of wordsIn(text)) balance += Number(up.has(word)) - Number(down.has(word));
    return Math.sign(balance) as Side;
  });
}
