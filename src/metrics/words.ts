/** Words of generated text, for measures and judges. */

/** Lower-case words: runs of letters, in any script. */
export function wordsIn(text: string): string[] {
  return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}

/** Words as numbers, so that n-grams of words can be counted by the numeric helpers. */
export function wordIds(text: string): number[] {
  const ids = new Map<string, number>();
  return wordsIn(text).map((word) => {
    const id = ids.get(word) ?? ids.size;
    ids.set(word, id);
    return id;
  });
}

/** Mean over the texts; NaN of none. */
export function meanOver(texts: readonly string[], of: (text: string) => number): number {
  return texts.reduce((sum, text) => sum + of(text), 0) / texts.length;
}
