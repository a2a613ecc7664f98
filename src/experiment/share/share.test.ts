/** Links: what is put in comes out, and nothing else ever does. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { canonicalJson, sha256Hex } from '../digest';
import { LabError, type ErrorCode } from '../errors';
import { fromBase64Url, toBase64Url } from './base64url';
import { decodeLink, documentDigest, encodeFragment, MAX_PAYLOAD, MAX_UNPACKED } from './codec';
import { LINK_SCHEMA } from './document';
import { separatorOf } from './fragment';
import { documents } from './testing';
import { saidBy } from '../../i18n/testing';

/** What came of a link: its digest, or the code of its error. Anything but a LabError fails the test. */
function outcome(link: string): { digest: string } | { code: ErrorCode } {
  try {
    return { digest: decodeLink(link).digest };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return { code: error.code };
  }
}

const codeOf = (link: string): string => {
  const result = outcome(link);
  return 'code' in result ? result.code : 'read';
};

/** A fragment made by hand: any text, packed as a link is. */
const packed = (text: string, major: string | number = LINK_SCHEMA): string => {
  const bytes = Buffer.from(text);
  return `#/x/${major}/${toBase64Url(deflateRawSync(bytes))}${separatorOf(Number(major))}${sha256Hex(bytes).slice(0, 16)}`;
};

const LINK_CODES = ['link-length', 'link-version', 'link-damaged', 'link-digest', 'link-invalid', 'link-size'];
const [sample] = fc.sample(documents, { numRuns: 1, seed: 11 });
const link = encodeFragment(sample);

describe('a link', () => {
  test('carries any valid document, and gives back the same', () => {
    let cases = 0;
    fc.assert(
      fc.property(documents, (document) => {
        const decoded = decodeLink(`https://example.org/lab/${encodeFragment(document)}`);
        expect(decoded.document).toEqual(document);
        expect(decoded.digest).toBe(documentDigest(document));
        expect(decoded.migrated).toEqual([]);
        cases++;
      }),
      { numRuns: 1000 },
    );
    console.log(`links: ${cases} documents came back the same`);
  });

  test('flipped, inserted, doubled, swapped or cut: a clear error or the same experiment, never another', () => {
    const links = fc
      .sample(documents, { numRuns: 40, seed: 5 })
      .map((document) => ({ link: encodeFragment(document), digest: documentDigest(document) }));
    // Evenly over the link: fast-check would otherwise harm its ends most.
    const place = fc.noBias(fc.integer({ min: 0, max: 999_999 }).map((n) => n / 1e6));
    const character = fc.constantFrom(...'ABCabc019-_~/#.%+= é\u0000');
    const counts = new Map<string, number>();
    fc.assert(
      fc.property(
        fc.nat({ max: links.length - 1 }),
        fc.constantFrom('flip', 'insert', 'cut', 'remove', 'double', 'swap'),
        place,
        place,
        character,
        (which, harm, at, to, c) => {
          const { link: whole, digest } = links[which];
          const i = Math.floor(at * whole.length);
          const j = Math.min(whole.length, i + 1 + Math.floor(to * 8));
          const mutated = {
            flip: whole.slice(0, i) + c + whole.slice(i + 1),
            insert: whole.slice(0, i) + c + whole.slice(i),
            cut: whole.slice(0, i),
            remove: whole.slice(0, i) + whole.slice(j),
            double: whole.slice(0, j) + whole.slice(i),
            swap: whole.slice(0, i) + whole.slice(i + 1, j) + (whole[i] ?? '') + whole.slice(j),
          }[harm];
          const result = outcome(mutated);
          if ('digest' in result) expect(result.digest).toBe(digest);
          else expect(LINK_CODES).toContain(result.code);
          const name =
            'digest' in result
              ? mutated === whole
                ? 'unchanged'
                : mutated.endsWith(whole)
                  ? 'text in front of it'
                  : 'same experiment'
              : result.code;
          counts.set(name, (counts.get(name) ?? 0) + 1);
        },
      ),
      { numRuns: 12_000 },
    );
    console.log(`links mutated: ${[...counts].map(([name, n]) => `${name} ${n}`).join(', ')}`);
    // A back-reference of the compression can be mutated into another to the same text; then nothing was mutated.
    expect(counts.get('same experiment') ?? 0).toBeLessThan(12);
  });

  test('with a byte changed under the compression is caught by its digest', () => {
    const bytes = Buffer.from(canonicalJson(sample));
    const prefix = link.slice(link.lastIndexOf('/'));
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (i, change) => {
        const changed = Buffer.from(bytes);
        changed[i] ^= change;
        expect(codeOf(`#/x/${LINK_SCHEMA}/${toBase64Url(deflateRawSync(changed))}${prefix}`)).toBe('link-digest');
      }),
      { numRuns: 2000 },
    );
  });

  test('of any text at all is an error with a name', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((s) => `#/x/${s}`),
          fc.string().map((s) => `#/x/1/${s}`),
          fc.json().map((s) => packed(s)),
          fc.uint8Array().map((b) => `#/x/1/${toBase64Url(b)}~0123456789abcdef`),
          fc.uint8Array().map((b) => `#/x/2/${toBase64Url(b)}/0123456789abcdef`),
        ),
        (text) => {
          expect(LINK_CODES).toContain(codeOf(text));
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('that is too long, too large, of a later version, or no link is named for what it is', () => {
    expect(codeOf(`#/x/1/${'A'.repeat(MAX_PAYLOAD + 65)}`)).toBe('link-length');
    expect(codeOf(packed(`"${' '.repeat(MAX_UNPACKED)}"`))).toBe('link-size');
    expect(codeOf(link.replace('#/x/2/', '#/x/3/'))).toBe('link-version');
    expect(codeOf(link.replace('#/x/2/', '#/x/02/'))).toBe('link-damaged');
    expect(codeOf(link.slice(0, link.lastIndexOf('/')))).toBe('link-damaged');
    expect(codeOf('https://example.org/')).toBe('link-damaged');
    expect(codeOf(`${link.slice(0, -1)}${link.endsWith('0') ? '1' : '0'}`)).toBe('link-digest');
  });

  test('keeps what came in its error', () => {
    try {
      decodeLink(link.slice(0, 200));
      expect.unreachable();
    } catch (error) {
      expect((error as LabError).params.payload).toBe(link.slice(0, 200));
    }
  });

  test('made by hand: fields missing, unknown, wrong or in another order are refused, with the field', () => {
    const json = JSON.parse(canonicalJson(sample)) as Record<string, unknown>;
    const problem = (value: unknown): string => {
      try {
        decodeLink(packed(canonicalJson(value)));
        return 'read';
      } catch (error) {
        return `${(error as LabError).code} ${saidBy(error)}`;
      }
    };
    expect(problem(json)).toBe('read');
    expect(codeOf(packed(JSON.stringify({ view: json.view, ...json }, null, 1)))).toBe('link-invalid');
    const { note: _, ...without } = json;
    expect(problem(without)).toMatch(/^link-invalid .*note/);
    expect(problem({ ...json, extra: 1 })).toMatch(/^link-invalid .*extra/);
    expect(problem({ ...json, schema: 3 })).toMatch(/^link-invalid .*version 3/);
    expect(problem({ ...json, view: { mode: 'review', hidden: ['everything'], lesson: null } })).toMatch(
      /^link-invalid .*view\.hidden/,
    );
    expect(
      problem({ ...json, claims: [{ id: 'anything', value: 1, tolerance: { value: 1, basis: 'exact' } }] }),
    ).toMatch(/^link-invalid .*claims\.0/);
    const experiment = { ...(json.spec as { experiment: object }).experiment, map: undefined };
    expect(problem({ ...json, spec: { ...(json.spec as object), experiment } })).toMatch(/^link-invalid .*map/);
    expect(problem({ ...json, spec: { ...(json.spec as object), experiment: { ...experiment, schema: 99 } } })).toMatch(
      /^link-invalid .*version 99/,
    );
    expect(
      problem({
        schema: LINK_SCHEMA,
        kind: 'address',
        title: 't',
        url: 'javascript:alert(1)',
        sha256: 'a'.repeat(64),
        bytes: 10,
      }),
    ).toMatch(/^link-invalid .*url/);
    expect(
      problem({
        schema: LINK_SCHEMA,
        kind: 'address',
        title: 't',
        url: 'https://example.org/a.lrt.json',
        sha256: 'a'.repeat(64),
        bytes: 10,
      }),
    ).toBe('read');
  });
});

test('base64url is read strictly: one text for every sequence of bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => void expect([...fromBase64Url(toBase64Url(bytes))]).toEqual([...bytes])),
    { numRuns: 500 },
  );
  fc.assert(
    fc.property(
      fc.uint8Array(),
      (bytes) => void expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString('base64url')),
    ),
    { numRuns: 500 },
  );
  for (const text of ['A', 'AB', 'A+', 'AA=', 'AAB', 'A A'])
    expect(() => fromBase64Url(text), text).toThrow(RangeError);
});

/** Links of every released version of the format. Nothing here is ever changed or taken out. */
interface Golden {
  name: string;
  link: string;
  digest: string;
  title: string;
  /** Ids of source and target. */
  models: string[];
  /** Of the corpus and of generation. */
  seeds: number[];
  migrated: string[];
  claims: number;
}

test('links of released versions are read for ever', () => {
  const golden = JSON.parse(
    readFileSync(new URL('../../../fixtures/links/golden.json', import.meta.url), 'utf8'),
  ) as Golden[];
  expect(golden.length).toBeGreaterThanOrEqual(3);
  expect(new Set(golden.map(({ link: each }) => /#\/x\/(\d+)\//.exec(each)![1]))).toEqual(
    new Set(Array.from({ length: LINK_SCHEMA }, (_, i) => String(i + 1))),
  );
  for (const { name, link: each, digest, title, models, seeds, migrated, claims } of golden) {
    const decoded = decodeLink(each);
    if (decoded.document.kind !== 'run') throw new Error(`${name} is no run`);
    expect(decoded.digest, name).toBe(digest);
    const { experiment } = decoded.document.spec;
    expect(experiment.title, name).toBe(title);
    expect([experiment.models.source.id, experiment.models.target.id], name).toEqual(models);
    expect([experiment.corpus.seed, experiment.generation.seed], name).toEqual(seeds);
    expect(
      decoded.migrated.filter((step) => migrated.includes(step)),
      name,
    ).toEqual(migrated);
    expect(decoded.migrated.length > 0, name).toBe(!each.includes(`#/x/${LINK_SCHEMA}/`) || migrated.length > 0);
    expect(decoded.document.claims.length, name).toBe(claims);
  }
});
