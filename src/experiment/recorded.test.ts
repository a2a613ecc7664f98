/** The recorded runs of the site, their index, and what is left out of them. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { defaultExperiment } from './defaults';
import { digestOf } from './digest';
import { liveSteeringOf } from './live';
import { forTheSite, parseRecordedIndex, RECORDED_INDEX, recordedEntry, recordedPath } from './recorded';
import type { Run } from './run';
import { parseRun } from './run-schema';
import { parsePreset } from './schema';

const url = (path: string): URL => new URL(`../../public/${path}`, import.meta.url);
const site = (path: string): string => readFileSync(url(path), 'utf8');
const presetIds = JSON.parse(site('presets/index.json')) as string[];
const index = parseRecordedIndex(JSON.parse(site(RECORDED_INDEX)));

describe('the index of the site', () => {
  test('names presets of the site, in their order, the first of the page among them', () => {
    const ids = index.runs.map(({ id }) => id);
    expect(ids).toEqual(presetIds.filter((id) => ids.includes(id)));
    expect(ids).toContain('mood');
    const recorded = presetIds.filter((id) => existsSync(url(recordedPath(id))));
    expect(ids).toEqual(recorded);
  });

  test.each(index.runs.map((entry) => [entry.id, entry] as const))(
    'says of %s what its run says: it is of the default settings and the present preset, small, and can be steered live',
    (id, entry) => {
      const text = site(recordedPath(id));
      const run = parseRun(JSON.parse(text));
      expect(recordedEntry(id, run, new TextEncoder().encode(text).length)).toEqual(entry);
      expect(entry.experimentDigest).toBe(digestOf(defaultExperiment(id)));
      expect(run.inputs!.preset).toEqual({
        id,
        sha256: digestOf(parsePreset(JSON.parse(site(`presets/${id}.json`)), id)),
      });
      expect(liveSteeringOf(run)).not.toBeNull();
      expect(entry.bytes).toBeLessThanOrEqual(320_000);
    },
  );

  test('one with wrong fields is refused by name', () => {
    const [entry] = index.runs;
    const wrong = { ...index, runs: [{ ...entry, outcome: 'perhaps' }] };
    expect(() => parseRecordedIndex(wrong)).toThrow(expect.objectContaining({ key: 'run-invalid.index' }));
  });
});

test('a run for the site keeps its figures, vectors and settings, and fewer points to four digits', () => {
  const run = parseRun(JSON.parse(site(recordedPath('mood'))));
  const cloud = Array.from({ length: 401 }, (_, i): [number, number] => [i + 0.123456, -1 / (i + 7)]);
  const labels = cloud.map((_, i) => ({ token: String(i), text: 0, position: i }));
  const panel = { points: cloud, explained: [0.5, 0.25] as [number, number] };
  const full: Run = {
    ...run,
    activations: { ...run.activations, labels, pca: { source: [panel], target: [panel, panel] } },
    map: { ...run.map, mappedPca: { source: cloud, mapped: cloud, target: cloud } },
    evidence: {
      ...run.evidence,
      arms: run.evidence.arms.map((arm) => ({ ...arm, samples: Array.from({ length: 30 }, (_, i) => String(i)) })),
    },
  };
  const small = forTheSite(full);
  const kept = small.activations.labels.map(({ position }) => position);
  expect([kept.length, kept[0], new Set(kept).size]).toEqual([200, 0, 200]);
  for (const { points } of [...small.activations.pca.source, ...small.activations.pca.target]) {
    expect(points.map(([x]) => x)).toEqual(kept.map((i) => Number((i + 0.123456).toPrecision(4))));
    expect(points[1][1]).toBe(Number(cloud[kept[1]][1].toPrecision(4)));
  }
  for (const points of Object.values(small.map.mappedPca))
    expect(points).toEqual(small.activations.pca.source[0].points);
  expect(small.evidence.arms.every(({ samples }) => samples.length === 20)).toBe(true);
  expect(parseRun(JSON.parse(JSON.stringify(small))).steer).toEqual(run.steer);
  expect({ ...small.evidence, arms: null }).toEqual({ ...full.evidence, arms: null });
  expect({ ...small.map, mappedPca: null }).toEqual({ ...full.map, mappedPca: null });
  expect([small.models, small.experiment, small.inputs]).toEqual([run.models, run.experiment, run.inputs]);
  // Once is enough.
  expect(forTheSite(small)).toEqual(small);
});
