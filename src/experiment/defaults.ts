/** The experiment that a visitor starts from, and its quick variant. */
import { EXPERIMENT_SCHEMA } from './migrations';
import type { Experiment } from './schema';
import { DEFAULT_THRESHOLDS } from './thresholds';

/** Dose stops in r = α / median‖h‖, from hardly any change to broken text; the edge between is searched for by itself. */
export const DEFAULT_STOPS = [0.25, 0.5, 0.7, 1, 1.5];

/** The default experiment on the bundled family for one preset: Stories S → Stories L. */
export function defaultExperiment(presetId: string): Experiment {
  return {
    schema: EXPERIMENT_SCHEMA,
    title: `Stories S → Stories L: ${presetId}`,
    models: {
      source: { id: 'lrt-stories-s', dtype: 'fp32' },
      target: { id: 'lrt-stories-l', dtype: 'fp32' },
      alignment: 'tokens',
    },
    corpus: { id: 'stories', maxTokens: 16_000, heldOutFraction: 0.2, positions: 'content', seed: 1 },
    map: {
      sourceLayer: 'auto',
      targetLayer: 'auto',
      lambda: 'auto',
      lambdaRule: 'held-out',
      folds: 5,
      kind: 'ridge',
      rank: 16,
    },
    concept: { kind: 'preset', id: presetId },
    prompting: { template: 'plain', system: '' },
    vector: { method: 'difference-of-means', readPosition: 'mean', maxPairs: 64 },
    transfer: { addBias: false, operation: 'add', capPercentile: 75, scope: 'all', scopeTokens: 1, also: [] },
    dose: {
      stops: [...DEFAULT_STOPS],
      chosen: 'auto',
      wantedRate: 0.85,
      maxPerplexityRatio: 1.5,
      maxUnknownWords: 0.01,
      maxRep3: 0.3,
      maxP95Kl: 1,
      edgeDoses: 3,
    },
    generation: {
      continuations: 64,
      chooseContinuations: 16,
      maxNewTokens: 32,
      temperature: 0.8,
      topP: 0.95,
      randomVectors: 5,
      controlDraws: 3,
      neutralTexts: 10,
      seed: 7,
    },
    verdict: { ...DEFAULT_THRESHOLDS },
  };
}

/** A smaller form of an experiment for software WebGPU: S → M, fewer tokens, pairs and continuations. */
export function quickVariant(experiment: Experiment): Experiment {
  return {
    ...experiment,
    title: `Stories S → Stories M: ${experiment.concept.kind === 'preset' ? experiment.concept.id : experiment.concept.title}, quick`,
    models: {
      ...experiment.models,
      source: { id: 'lrt-stories-s', dtype: 'fp32' },
      target: { id: 'lrt-stories-m', dtype: 'fp32' },
    },
    corpus: { ...experiment.corpus, maxTokens: 2_500 },
    vector: { ...experiment.vector, maxPairs: 8 },
    dose: { ...experiment.dose, stops: [0.5, 1] },
    generation: {
      ...experiment.generation,
      continuations: 8,
      chooseContinuations: 4,
      maxNewTokens: 12,
      randomVectors: 1,
      controlDraws: 1,
      neutralTexts: 2,
    },
    verdict: { ...experiment.verdict, nullDirections: 2 },
  };
}
