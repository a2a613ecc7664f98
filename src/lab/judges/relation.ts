import { LabError } from '../../experiment/errors';
import type { Scorer } from '../../experiment/schema';
import { oneByOne, type Judge } from './judge';

/**
 * Reads from prompt and continuation who is older and who gives; positive when the older one gives.
 * @throws LabError `settings-invalid` for a pattern that is not a regular expression
 */
export function relation({ olderPatterns, givePatterns }: Extract<Scorer, { type: 'relation' }>): Judge {
  const older = olderPatterns.map((p) => ({ ...p, regex: compile(p.regex) }));
  const gives = givePatterns.map((p) => ({ ...p, regex: compile(p.regex) }));
  return oneByOne(({ prompt, text }) => {
    const whole = prompt + text;
    let elder: string | null = null;
    for (const p of older) elder ??= p.regex.exec(whole)?.[p.older] ?? null;
    // The first gift that the model wrote, not one that the prompt already tells of.
    let giver: string | null = null;
    for (const p of gives) giver ??= p.regex.exec(text)?.[p.giver] ?? p.regex.exec(whole)?.[p.giver] ?? null;
    if (!elder || !giver) return 0;
    return giver === elder ? 1 : -1;
  });
}

function compile(source: string): RegExp {
  try {
    return new RegExp(source, 'u');
  } catch (error) {
    throw new LabError('settings-invalid.pattern', { pattern: source, reason: (error as Error).message }, error);
  }
}
