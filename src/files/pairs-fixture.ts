/** For the tests of contrast pairs: a reading with its format and notes in words. */
import { wordsOf } from '../i18n/text';
import { parsePairs, type PairsChoice, type PairsReading, type TextFile } from './pairs';

export interface Said extends Omit<PairsReading, 'format' | 'notes'> {
  format: string;
  notes: string[];
}

export function said(files: readonly TextFile[], choice: Partial<PairsChoice> = {}): Said {
  const { say } = wordsOf('en');
  const { format, notes, ...reading } = parsePairs(files, choice);
  return { ...reading, format: say(format), notes: notes.map(say) };
}
