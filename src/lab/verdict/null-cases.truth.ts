/**
 * `npm run truth`: how often the verdict says that something transfers where nothing can. Runs every kind of null case on
 * the bundled family, as many seeds as are asked for, and writes what came out to fixtures/truth/null-cases.json.
 *
 * LRT_TRUTH_SEEDS (default 20), LRT_TRUTH_KINDS and LRT_TRUTH_CONCEPTS (lists with commas) narrow it; what is already in
 * the file is kept and not run again.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { defaultExperiment } from '../../experiment/defaults';
import type { Experiment, Preset } from '../../experiment/schema';
import { wordsIn } from '../../metrics/words';
import { Pipeline } from '../pipeline';
import { fixtureContext } from '../pipeline-fixture';
import { NULL_CASES, NULL_KINDS, type NullKind, type NullMaterial } from './null-cases';
import { nodeOrt, realRuntime } from './real-models-fixture';
import { thresholdsOf } from '../../experiment/thresholds';
import { TRUTH_FILE, type Truth } from './truth-fixture';

vi.mock('../../runtime/ort', async (original) => ({
  ...(await original<typeof import('../../runtime/ort')>()),
  loadOrt: async () => nodeOrt(),
}));

const listOf = (name: string, all: readonly string[]): string[] => process.env[name]?.split(',') ?? [...all];
const SEEDS = Number(process.env.LRT_TRUTH_SEEDS ?? 20);
const KINDS = listOf('LRT_TRUTH_KINDS', NULL_KINDS) as NullKind[];
const CONCEPTS = listOf('LRT_TRUTH_CONCEPTS', ['mood', 'language']);

const read = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../public/${path}`, import.meta.url), 'utf8'));

/** Default settings but for the blocks, which are those that the lab chooses by itself, and fewer stops. */
function baseOf(concept: string): Experiment {
  const base = defaultExperiment(concept);
  return {
    ...base,
    corpus: { ...base.corpus, maxTokens: 8000 },
    map: { ...base.map, sourceLayer: 2, targetLayer: 3 },
    dose: { ...base.dose, stops: [0.5, 0.7, 1], edgeDoses: 0 },
    generation: { ...base.generation, randomVectors: 1, neutralTexts: 4 },
    verdict: { ...thresholdsOf(base), nullDirections: 0 },
  };
}

const known: Truth = existsSync(TRUTH_FILE)
  ? (JSON.parse(readFileSync(TRUTH_FILE, 'utf8')) as Truth)
  : { thresholds: thresholdsOf({}), cases: [] };

test('null cases', async () => {
  const { texts } = await fixtureContextCorpus();
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of wordsIn(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts].toSorted((a, b) => b[1] - a[1]).map(([word]) => word);
  const family = read('family.json') as { models: { id: string; role: string; hiddenSize: number }[] };
  const modelOf = (role: string) => family.models.find((model) => model.role.startsWith(role))!;
  const plain = await realRuntime();
  const pipeline = new Pipeline();
  for (const concept of CONCEPTS) {
    const base = baseOf(concept);
    const material: NullMaterial = {
      base,
      preset: read(`presets/${concept}.json`) as Preset,
      other: read(`presets/${concept === 'mood' ? 'tense' : 'mood'}.json`) as Preset,
      texts,
      words,
      stranger: modelOf('Stranger').id,
      width: modelOf('S').hiddenSize,
      block: Number(base.map.sourceLayer),
    };
    for (const kind of KINDS)
      for (let seed = 1; seed <= SEEDS; seed++) {
        if (known.cases.some((one) => one.kind === kind && one.concept === concept && one.seed === seed)) continue;
        const { experiment, shuffledSource } = NULL_CASES[kind](material, seed);
        const runtime =
          shuffledSource === null
            ? plain
            : await realRuntime({ id: experiment.models.source.id, seed: shuffledSource });
        const own = shuffledSource === null ? pipeline : new Pipeline();
        const started = Date.now();
        const run = await own.run(experiment, 'evidence', fixtureContext({ runtime }));
        const chain = run!.evidence.verdict.chain!;
        known.cases.push({
          kind,
          concept,
          seed,
          outcome: chain.outcome,
          earlier: run!.evidence.verdict.outcome,
          r: chain.r,
        });
        console.log(
          `${concept} ${kind} ${seed}: ${chain.outcome}, earlier rule ${run!.evidence.verdict.outcome}, ${Math.round((Date.now() - started) / 1000)} s`,
        );
        if (own !== pipeline) {
          await own.dispose();
          await runtime.dispose();
        }
        mkdirSync(new URL('.', TRUTH_FILE), { recursive: true });
        writeFileSync(TRUTH_FILE, `${JSON.stringify(known, null, 1)}\n`);
      }
  }
  await pipeline.dispose();
  await plain.dispose();
  const wrong = known.cases.filter(({ outcome }) => outcome === 'transfers');
  console.log(`${wrong.length} of ${known.cases.length} null cases are said to transfer.`);
  expect(known.cases.length).toBeGreaterThan(0);
});

async function fixtureContextCorpus() {
  await realRuntime().then((runtime) => runtime.dispose());
  return fixtureContext().resources.corpus(defaultExperiment('mood').corpus.id);
}
