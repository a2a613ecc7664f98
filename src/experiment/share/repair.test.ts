/** Links that were changed on the way: opened where their digest proves the repair, never as another document. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LabError } from '../errors';
import { looksLikeLink } from './fragment';
import { openLink } from './open';

interface Golden {
  name: string;
  link: string;
  digest: string;
}

const golden = JSON.parse(
  readFileSync(new URL('../../../fixtures/links/golden.json', import.meta.url), 'utf8'),
) as Golden[];
const links = golden.map(({ link, digest }) => ({
  link: `https://example.org/lab/${link.slice(link.indexOf('#'))}`,
  digest,
}));

const every = (text: string, n: number, mark: string): string =>
  text.replaceAll(new RegExp(`(.{${n}})`, 'g'), `$1${mark}`);
/** The separator before the digest made another: of version 1 a tilde, since version 2 the last slash. */
const separator =
  (how: string, slash = how) =>
  (link: string) =>
    link.includes('~') ? link.replace('~', how) : link.replace(/\/(?=[^/]*$)/, slash);

/** What mail programs, chat programs, editors and people do to a link. */
const CHANGES: Record<string, (link: string) => string> = {
  'percent-encoded separator': separator('%7E', '%2F'),
  'percent-encoded separator in lower case': separator('%7e', '%2f'),
  'percent-encoded hash': (link) => link.replace('#', '%23'),
  'wholly encoded': encodeURIComponent,
  'encoded twice': (link) => encodeURIComponent(encodeURIComponent(link)),
  'a full stop behind': (link) => `${link}.`,
  'a comma and a word behind': (link) => `${link}, please`,
  'brackets around': (link) => `(see ${link})`,
  'angle brackets': (link) => `<${link}>`,
  'a chat program’s name for it': (link) => `<${link}|run>`,
  'tracking parameters behind': (link) => `${link}?fbclid=IwAR0abcdef&utm_source=mail`,
  'tracking parameters before': (link) => link.replace('/#', '/?utm_source=mail#'),
  'in the query of another address': (link) => `https://go.example/?target=${encodeURIComponent(link)}&t=1`,
  'in a filter of mails': (link) =>
    `https://nam02.safelinks.protection.outlook.com/?url=${encodeURIComponent(link)}&data=05%7C01%7C&reserved=0`,
  'in another filter of mails': (link) =>
    `https://urldefense.proofpoint.com/v2/url?u=${encodeURIComponent(link).replaceAll('~', '%7E').replaceAll('_', '%5F').replaceAll('-', '%2D').replaceAll('%', '-').replaceAll('-2F', '_')}&d=DwMF`,
  'in the third form of it': (link) =>
    `https://urldefense.com/v3/__${link.replace('#', '*').replace('~', '*')}__;I34!!abc$`,
  'wrapped at 76': (link) => every(link, 76, '\n'),
  'wrapped and quoted': (link) => `> ${every(link, 70, '\n> ')}`,
  'wrapped with carriage returns': (link) => every(link, 78, '\r\n'),
  'quoted-printable': (link) => every(link.replaceAll('=', '=3D'), 75, '=\r\n'),
  'zero-width spaces': (link) => every(link, 40, '\u200b'),
  'soft hyphens': (link) => every(link, 33, '\u00ad'),
  'tags that allow a break': (link) => every(link, 50, '<wbr>'),
  'Markdown escapes': (link) => link.replaceAll('_', '\\_').replaceAll('~', '\\~'),
  'Markdown link': (link) => `[the run](${link} "a run")`,
  'HTML entities': (link) => link.replaceAll('~', '&#126;').replaceAll('#', '&num;'),
  'two hyphens made a dash': (link) => link.replaceAll('--', '–'),
  'the separator lost': separator(''),
  'a byte order mark': (link) => `\ufeff${link}`,
  'spaces around': (link) => `  ${link}\t`,
};

describe('a link that was changed on the way', () => {
  test.each(Object.entries(CHANGES))('%s: opened', (_, change) => {
    for (const { link, digest } of links) expect(openLink(change(link)).digest).toBe(digest);
  });

  test('any two changes, one after the other: opened, or a named error, and never another document', () => {
    const counts = { opened: 0, named: 0 };
    const names = fc.constantFrom(...Object.keys(CHANGES));
    fc.assert(
      fc.property(fc.nat(links.length - 1), names, names, (which, first, second) => {
        const { link, digest } = links[which];
        try {
          expect(openLink(CHANGES[second](CHANGES[first](link))).digest).toBe(digest);
          counts.opened++;
        } catch (error) {
          if (!(error instanceof LabError)) throw error;
          expect(error.code).toMatch(/^link-/);
          counts.named++;
        }
      }),
      { numRuns: 600 },
    );
    console.log(`links changed twice: opened ${counts.opened}, named ${counts.named}`);
    expect(counts.opened).toBeGreaterThan(500);
  });

  test('what cannot be put right is named for what it is', () => {
    const code = (text: string): string => {
      try {
        openLink(text);
        return 'opened';
      } catch (error) {
        return (error as LabError).code;
      }
    };
    const [{ link }] = links;
    expect(code(link.slice(0, -30))).toBe('link-damaged');
    expect(code(link.toLowerCase())).toMatch(/^link-(damaged|digest)$/);
    expect(code(link.replace(/~.*/, '~0123456789abcdef'))).toBe('link-digest');
    const last = links.at(-1)!.link;
    expect(code(last.replace(/[0-9a-f]{16}$/, '0123456789abcdef'))).toBe('link-digest');
    expect(code(last.replace(/\/[0-9a-f]{16}$/, ''))).toBe('link-damaged');
    expect(code('no link at all')).toBe('link-damaged');
    expect(code(link.replace('/x/1/', '/x/999/'))).toBe('link-version');
    expect(code('#/x/1/'.repeat(20_000))).toMatch(/^link-/);
  });

  test('the page knows a link by its beginning, escaped or not', () => {
    for (const fragment of ['#/x/1/abc', '#%2Fx%2F1%2Fabc', '#%2fx%2f1']) expect(looksLikeLink(fragment)).toBe(true);
    for (const fragment of ['#/steer', '#/xy', '#x', '', '#/x']) expect(looksLikeLink(fragment)).toBe(false);
  });
});
