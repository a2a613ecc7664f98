/** From links and bundles to documents; and a QR code that another reader reads. */
import { readFileSync } from 'node:fs';
import encodeQR from 'qr';
import decodeQR from 'qr/decode.js';
import { expect, test } from 'vitest';
import { writeBundle } from '../../experiment/bundle';
import type { LabError } from '../../experiment/errors';
import type { Run } from '../../experiment/run';
import { documentDigest, encodeFragment } from '../../experiment/share/codec';
import { LINK_SCHEMA, type RunDocument } from '../../experiment/share/document';
import { documentOf, linksOf } from '../../experiment/share/make';
import { openBundle, openLink } from '../../experiment/share/open';
import { strangeHosts } from './hosts';

const run = JSON.parse(readFileSync(new URL('../../../public/recorded/mood.json', import.meta.url), 'utf8')) as Run;
const document = documentOf(run);
const item = { name: 'a', created: new Date(0), parent: null, experiment: run.experiment };
const codeOf = (open: () => unknown): string => {
  try {
    open();
    return 'opened';
  } catch (error) {
    return (error as LabError).code;
  }
};

test('a bundle opens with the document that it has, or with one made from its run', () => {
  const shared = openBundle(writeBundle([{ ...item, run, share: { ...document, note: 'read this' } }], '0').text);
  expect(shared.document.note).toBe('read this');
  expect(shared.digest).toBe(documentDigest(shared.document));
  expect(openBundle(writeBundle([{ ...item, run, share: null }], '0').text).document).toEqual(document);
  expect(codeOf(() => openBundle(writeBundle([{ ...item, run: null, share: null }], '0').text))).toBe('link-bundle');
  const { text } = writeBundle([{ ...item, run, share: document }], '0');
  expect(codeOf(() => openBundle(text.replace('"steers"', '"fails"')))).toBe('bundle-digest');
  expect(codeOf(() => openBundle(text.slice(0, 5000)))).toBe('bundle-invalid');
});

test('a lesson that there is not is named, not replaced', () => {
  expect(
    codeOf(() => openLink(encodeFragment({ ...document, view: { ...document.view, lesson: 'first steps' } }))),
  ).toBe('link-invalid');
  expect(codeOf(() => openLink(encodeFragment(document)))).toBe('opened');
});

test('hosts outside the list are asked about, once each', () => {
  const at = (host: string): RunDocument => {
    const location = { kind: 'hub' as const, host, commit: 'a'.repeat(40) };
    const { experiment, pins } = document.spec;
    const ref = { id: 'a/b', dtype: 'fp32' as const, location };
    return {
      ...document,
      spec: { pins, experiment: { ...experiment, models: { ...experiment.models, source: ref, target: ref } } },
    };
  };
  expect(strangeHosts(document, 'lab.example')).toEqual([]);
  for (const host of [
    'https://huggingface.co',
    'http://127.0.0.1:4000',
    'http://localhost',
    'https://lab.example/models',
  ])
    expect(strangeHosts(at(host), 'lab.example'), host).toEqual([]);
  for (const host of [
    'https://huggingface.co.evil.example',
    'https://evil.example/huggingface.co',
    'http://127.0.0.1.evil.example',
    'https://huggingface.co@evil.example',
  ]) {
    expect(strangeHosts(at(host), 'lab.example'), host).toHaveLength(1);
    expect(strangeHosts(at(host), 'lab.example')[0], host).toMatch(/evil\.example$/);
  }
  expect(
    strangeHosts(
      {
        schema: LINK_SCHEMA,
        kind: 'address',
        title: 't',
        url: 'https://evil.example/x',
        sha256: 'a'.repeat(64),
        bytes: 1,
      },
      'lab.example',
    ),
  ).toEqual(['evil.example']);
});

test('the QR code of a short link is read back as the link', () => {
  const [{ link }] = linksOf(document, 'https://example.org/lrt-lab/');
  const modules = encodeQR(link, 'raw', { ecc: 'low', border: 4 });
  const scale = 4;
  const side = modules.length * scale;
  const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
  modules.forEach((row, y) =>
    row.forEach((dark, x) => {
      if (!dark) return;
      for (let dy = 0; dy < scale; dy++)
        for (let dx = 0; dx < scale; dx++)
          pixels.fill(
            0,
            4 * ((y * scale + dy) * side + x * scale + dx),
            4 * ((y * scale + dy) * side + x * scale + dx) + 3,
          );
    }),
  );
  expect(decodeQR({ width: side, height: side, data: pixels })).toBe(link);
});
