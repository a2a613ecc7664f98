/** Scores a continuation by a preset's scorer: which side of the concept is it on? */
import { LabError } from '../experiment/errors';
import type { Scorer } from '../experiment/schema';

/** 1 positive, −1 negative, 0 undecided. */
export type Side = 1 | 0 | -1;

/** @param prompt the text the model was given  @param continuation what it wrote */
export type ScoreFunction = (prompt: string, continuation: string) => Side;

/**
 * Makes a scoring function.
 * - lexicon: counts whole lower-case words of both lists in the continuation; the larger count wins.
 * - relation: reads from prompt + continuation who is older and who gives; positive when the older one gives.
 * @throws LabError `settings-invalid` for a pattern that is not a regular expression
 */
export function makeScorer(scorer: Scorer): ScoreFunction {
  if (scorer.type === 'lexicon') {
    const positive = new Set(scorer.positive.map((word) => word.toLowerCase()));
    const negative = new Set(scorer.negative.map((word) => word.toLowerCase()));
    return (_prompt, continuation) => {
      let balance = 0;
      for (const word of wordsOf(continuation)) balance += Number(positive.has(word)) - Number(negative.has(word));
      return Math.sign(balance) as Side;
    };
  }
  const older = scorer.olderPatterns.map((p) => ({ ...p, regex: compile(p.regex) }));
  const gives = scorer.givePatterns.map((p) => ({ ...p, regex: compile(p.regex) }));
  return (prompt, continuation) => {
    const text = prompt + continuation;
    let elder: string | null = null;
    for (const p of older) elder ??= p.regex.exec(text)?.[p.older] ?? null;
    // The first gift that the model wrote, not one that the prompt already tells of.
    const after = text.slice(prompt.length);
    let giver: string | null = null;
    for (const p of gives) giver ??= p.regex.exec(after)?.[p.giver] ?? p.regex.exec(text)?.[p.giver] ?? null;
    if (!elder || !giver) return 0;
    return giver === elder ? 1 : -1;
  };
}

/** Lower-case words: runs of letters, in any script. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}

function compile(source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch (error) {
    throw new LabError('settings-invalid.pattern', { pattern: source, reason: (error as Error).message }, error);
  }
}
