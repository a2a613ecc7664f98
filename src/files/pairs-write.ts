/** Contrast pairs out: JSON lines and CSV, in the form in which they are read again. */
import Papa from 'papaparse';
import type { ContrastPair } from '../experiment/schema';

/** One `{"positive": …, "negative": …}` a line. */
export function pairsJsonl(pairs: readonly ContrastPair[]): string {
  return pairs.map(({ positive, negative }) => `${JSON.stringify({ positive, negative })}\n`).join('');
}

/** A table with the columns positive and negative; texts with commas, quotation marks or line breaks are quoted. */
export function pairsCsv(pairs: readonly ContrastPair[]): string {
  return `${Papa.unparse([['positive', 'negative'], ...pairs.map(({ positive, negative }) => [positive, negative])], { newline: '\n' })}\n`;
}
