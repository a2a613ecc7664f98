/**
 * Recorded runs: files of the site that the page shows before anything has been run. One a preset, with an index that
 * says which there are and what came out, so that presets can be offered with it before their runs are fetched.
 */
import { z } from 'zod';
import { TESTED } from './arms';
import { LabError } from './errors';
import { problemList, problemsOf } from './problems';
import type { PcaPanel, Run } from './run';
import { CHAIN_OUTCOMES } from './run/chain';
import { OUTCOMES } from './run/evidence';
import { measured, sha256 } from './run/parts';

/** Folder of the recorded runs and their index, relative to the site's folder. */
export const RECORDED_FOLDER = 'recorded';
export const RECORDED_INDEX = `${RECORDED_FOLDER}/index.json`;
export const recordedPath = (preset: string): string => `${RECORDED_FOLDER}/${encodeURIComponent(preset)}.json`;

const entrySchema = z.strictObject({
  /** Id of the preset. */
  id: z.string().min(1),
  experimentDigest: sha256,
  outcome: z.enum(OUTCOMES),
  /** What its chain of questions came to; absent of a run made before there was one. */
  chain: z.enum(CHAIN_OUTCOMES).optional(),
  /** Titles of the two models. */
  source: z.string(),
  target: z.string(),
  /** Share of the tested arm's continuations on the wanted side at the chosen dose, towards either side. */
  rates: z.strictObject({ positive: measured, negative: measured }),
  bytes: z.int().min(1),
});
const indexSchema = z.strictObject({ schema: z.literal(1), runs: z.array(entrySchema) });

export type RecordedEntry = z.infer<typeof entrySchema>;
export type RecordedIndex = z.infer<typeof indexSchema>;

/** Reads the index strictly. @throws LabError `run-invalid.index` */
export function parseRecordedIndex(value: unknown): RecordedIndex {
  const parsed = indexSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new LabError('run-invalid.index', { problems: problemList(problemsOf(parsed.error, value)) });
}

/** The line of the index for a run of a preset. @param bytes of its file */
export function recordedEntry(id: string, run: Run, bytes: number): RecordedEntry {
  const { outcome, chain } = run.evidence.verdict;
  const rate = (direction: 'positive' | 'negative'): number =>
    run.evidence.arms.find((arm) => arm.name === TESTED && arm.direction === direction)!.conceptRate.value;
  return {
    id,
    experimentDigest: run.experimentDigest,
    outcome,
    ...(chain ? { chain: chain.outcome } : {}),
    source: run.models.source.title,
    target: run.models.target.title,
    rates: { positive: rate('positive'), negative: rate('negative') },
    bytes,
  };
}

/** Points of a cloud: enough to see its form. */
const SHOWN_POINTS = 200;
/** Digits that a coordinate is drawn with. */
const COORDINATE_DIGITS = 4;
/** Texts of one set of continuations that the page shows. */
const SHOWN_TEXTS = 20;

/**
 * A run as it is bundled with the site: fewer points of its clouds, evenly taken and the same in all of them, to four digits,
 * and no more texts than the page shows. Figures, vectors and settings are those of the run.
 */
export function forTheSite(run: Run): Run {
  const { activations, map, evidence } = run;
  const some = <T>(all: readonly T[]): T[] =>
    all.length <= SHOWN_POINTS
      ? [...all]
      : Array.from({ length: SHOWN_POINTS }, (_, i) => all[Math.floor((i * all.length) / SHOWN_POINTS)]);
  const points = (all: readonly [number, number][]): [number, number][] =>
    some(all).map(([x, y]) => [shortened(x), shortened(y)]);
  const panels = (list: PcaPanel[]): PcaPanel[] => list.map((panel) => ({ ...panel, points: points(panel.points) }));
  const { source, mapped, target } = map.mappedPca;
  return {
    ...run,
    activations: {
      ...activations,
      pca: { source: panels(activations.pca.source), target: panels(activations.pca.target) },
      labels: some(activations.labels),
    },
    map: { ...map, mappedPca: { source: points(source), mapped: points(mapped), target: points(target) } },
    evidence: {
      ...evidence,
      arms: evidence.arms.map((arm) => ({ ...arm, samples: arm.samples.slice(0, SHOWN_TEXTS) })),
    },
  };
}

const shortened = (x: number): number => (Number.isFinite(x) ? Number(x.toPrecision(COORDINATE_DIGITS)) : x);
