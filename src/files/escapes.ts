/**
 * The one rule for texts that are written one a line, in a file and in the page's own form: `\n` is a line break and `\\`
 * a backslash; any other letter after a backslash stays as it stands. llama.cpp's cvector-generator reads its prompt
 * files so.
 */

/** A text as one line: what {@link unescapeLine} makes the text of again. */
export const escapeLine = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('\r', '').replaceAll('\n', '\\n');

/** A line as the text that it stands for. */
export const unescapeLine = (line: string): string =>
  line.replaceAll(/\\([\\n])/g, (_, letter: string) => (letter === 'n' ? '\n' : '\\'));
