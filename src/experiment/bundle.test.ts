/** Bundles: what goes in comes out, and nothing that was changed on the way does. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { asJson, BUNDLE_SCHEMA, parseBundle, writeBundle, type BundleItem } from './bundle';
import { defaultExperiment } from './defaults';
import { digestOf } from './digest';
import { LabError } from './errors';
import type { Run } from './run';
import { parseRun } from './run-schema';
import { parseExperiment } from './schema';
import { saying } from '../i18n/testing';

const recorded = JSON.parse(readFileSync(new URL('../../public/recorded/mood.json', import.meta.url), 'utf8')) as Run;
const created = new Date('2026-11-22T20:00:00.000Z');
const item = (over: Partial<BundleItem> = {}): BundleItem => ({
  name: 'Mood',
  created,
  parent: null,
  experiment: defaultExperiment('mood'),
  run: null,
  share: null,
  ...over,
});

/** The document of a bundle with one change, and its whole digest made right again. */
function doctored(change: (document: Record<string, object>) => void): string {
  const { digest: _, ...document } = JSON.parse(
    writeBundle([item({ run: { a: 1 } })], '0.1.0', created).text,
  ) as Record<string, object>;
  change(document);
  return JSON.stringify({ ...document, digest: digestOf(document) });
}

function codeOf(text: string): string {
  try {
    parseBundle(text);
  } catch (error) {
    return error instanceof LabError ? error.code : `not named: ${String(error)}`;
  }
  return 'read';
}

describe('bundle', () => {
  test('a run, its experiment and its lineage come back as they were', () => {
    const parent = digestOf(defaultExperiment('tense'));
    const { text, digest } = writeBundle(
      [item({ experiment: recorded.experiment, run: recorded, parent }), item({ name: 'Only settings' })],
      '0.1.0',
      created,
    );
    const bundle = parseBundle(text);
    expect(bundle).toMatchObject({ digest, made: created, app: { name: 'lrt-lab', version: '0.1.0' } });
    expect(bundle.entries.map((entry) => [entry.name, entry.parent, entry.experimentDigest, entry.created])).toEqual([
      ['Mood', parent, digestOf(recorded.experiment), created],
      ['Only settings', null, digestOf(defaultExperiment('mood')), created],
    ]);
    expect(bundle.entries[0].run).toEqual(recorded);
    expect(bundle.entries[0].runDigest).toBe(digestOf(recorded));
    expect(parseRun(bundle.entries[0].run).evidence.verdict).toEqual(recorded.evidence.verdict);
    expect(bundle.entries[1].run).toBeNull();
  });

  test('the recorded run is a run; one with a field too many, too few or of another version is not', () => {
    expect(parseRun(recorded).experimentDigest).toBe(recorded.experimentDigest);
    expect(() => parseRun({ ...recorded, schema: 1 })).toThrow(saying(/version, 1/));
    expect(() => parseRun({ ...recorded, schema: 5 })).toThrow(saying(/version 5/));
    const { evidence: _, ...without } = recorded;
    expect(() => parseRun(without)).toThrow(saying(/evidence/));
    expect(() => parseRun({ ...recorded, extra: 1 })).toThrow(saying(/extra/));
    expect(() => parseRun({ ...recorded, map: { ...recorded.map, heldOutR2: '0.9' } })).toThrow(
      saying(/map\.heldOutR2/),
    );
    for (const nothing of [null, 3, 'run', [], {}]) expect(() => parseRun(nothing)).toThrow(LabError);
  });

  test('a number that could not be computed is NaN again', () => {
    const run = { ...recorded, map: { ...recorded.map, heldOutR2: Number.NaN } };
    const [entry] = parseBundle(writeBundle([item({ run })], '0.1.0').text).entries;
    expect(parseRun(entry.run).map.heldOutR2).toBeNaN();
  });

  test('the golden file of version 1 reads as it always has', () => {
    const bundle = parseBundle(
      readFileSync(new URL('../../fixtures/experiments/bundle-v1.lrt.json', import.meta.url), 'utf8'),
    );
    expect(bundle.digest).toBe('62e2f2499f5bc8d6def8d929de12c0ad13f0926bf77ae555927695158bf72b1b');
    const [first, second] = bundle.entries;
    expect(first).toMatchObject({
      name: 'Größer → „mood“',
      parent: null,
      run: { schema: 3, numbers: [0.1, 1e-7, -1e21, 0, null], text: '\u0001 \u{1f600} </script>' },
      share: { claims: [] },
    });
    expect(parseExperiment(first.experiment).concept).toEqual({ kind: 'preset', id: 'mood' });
    expect(second).toMatchObject({
      name: 'Settings alone',
      created: new Date('2026-11-22T20:00:01.500Z'),
      parent: 'a'.repeat(64),
      run: null,
      runDigest: null,
      share: null,
    });
  });

  test('what is wrong is named', () => {
    const whole = writeBundle([item()], '0.1.0').text;
    expect(codeOf(whole)).toBe('read');
    expect(codeOf('')).toBe('bundle-invalid');
    expect(codeOf('[1]')).toBe('bundle-invalid');
    expect(codeOf(JSON.stringify(defaultExperiment('mood')))).toBe('bundle-invalid');
    expect(codeOf(JSON.stringify({ ...JSON.parse(whole), schema: BUNDLE_SCHEMA + 1 }))).toBe('bundle-version');
    expect(codeOf(JSON.stringify({ ...JSON.parse(whole), extra: 1 }))).toBe('bundle-invalid');
    expect(codeOf(whole.replace(/"title":"[^"]*"/, `"title":${'['.repeat(200_000)}${']'.repeat(200_000)}`))).toBe(
      'bundle-invalid',
    );
    expect(codeOf(whole.replace('stories', 'stormes'))).toBe('bundle-digest');
    expect(codeOf(doctored(() => undefined))).toBe('read');
    // With the whole digest made right, each part still answers for itself.
    expect(codeOf(doctored((d) => Object.assign(Object.values(d.runs)[0] as object, { a: 2 })))).toBe('bundle-digest');
    expect(codeOf(doctored((d) => Object.assign(d, { runs: {} })))).toBe('bundle-invalid');
    expect(codeOf(doctored((d) => Object.assign(d, { shares: { [digestOf({ b: 1 })]: { b: 1 } } })))).toBe(
      'bundle-invalid',
    );
    expect(codeOf(doctored((d) => Object.assign(d.manifest, { entries: [] })))).toBe('bundle-invalid');
  });

  test('any settings come back as they were', () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            name: fc.string({ minLength: 1, maxLength: 200 }),
            experiment: json,
            run: fc.option(json),
            share: fc.option(json),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        (items) => {
          const { entries } = parseBundle(
            writeBundle(
              items.map((each) => item(each)),
              '0.1.0',
            ).text,
          );
          expect(entries.map(({ name, experiment, run, share }) => ({ name, experiment, run, share }))).toEqual(
            items.map((each) => ({
              name: each.name,
              experiment: asJson(each.experiment),
              run: each.run && asJson(each.run),
              share: each.share && asJson(each.share),
            })),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  test('a byte that is changed, put in or cut away is refused with a name, or changes nothing', () => {
    const { text } = writeBundle(
      [item({ run: { schema: 2, measured: [0.25, 1e-7, null], text: 'größer → „ja“' } })],
      '0.1.0',
      created,
    );
    const bytes = new TextEncoder().encode(text);
    const whole = parseBundle(text);
    const codes = new Map<string, number>();
    const judge = (damaged: Uint8Array): void => {
      const read = new TextDecoder().decode(damaged);
      const code = codeOf(read);
      codes.set(code, (codes.get(code) ?? 0) + 1);
      // The same value in other bytes (a space at the end) is the same bundle.
      if (code === 'read') expect(parseBundle(read)).toEqual(whole);
      else expect(code).toMatch(/^bundle-/);
    };
    const at = fc.integer({ min: 0, max: bytes.length - 1 });
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 255 }), (i, by) =>
        judge(bytes.map((byte, j) => (j === i ? byte ^ by : byte))),
      ),
      { numRuns: 6000 },
    );
    fc.assert(
      fc.property(at, fc.integer({ min: 0, max: 255 }), (i, byte) =>
        judge(Uint8Array.of(...bytes.slice(0, i), byte, ...bytes.slice(i))),
      ),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 40 }), (i, length) =>
        judge(Uint8Array.of(...bytes.slice(0, i), ...bytes.slice(i + length))),
      ),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(at, (length) => judge(bytes.slice(0, length))),
      { numRuns: 1000 },
    );
    console.log(`damaged bundles: ${[...codes].map(([code, n]) => `${code} ${n}`).join(', ')}`);
  });
});
