/** Stage 4: the steering vectors of all arms, their scales, and the dose axis. */
import { fromBase64, toBase64 } from '../experiment/base64';
import { LabError } from '../experiment/errors';
import type { DosedArm, SteerResult, VectorResult, RenderedPrompt } from '../experiment/run';
import type { ContrastPair, Experiment, Preset } from '../experiment/schema';
import { Random } from '../math/random';
import { auroc, chanceBand, cosine, mean, norm, variance } from '../math/stats';
import type { LanguageModel } from '../runtime/types';
import type { LabContext } from './context';
import {
  NEUTRAL_TOKENS,
  computeAxis,
  isoKlAlpha,
  neutralLogits,
  sideEffects,
  signedStops,
  type SideEffects,
} from './dose';
import { checkPairs, differenceOfMeans, collectPairStates, type PairStates } from './extract';
import { readText, writtenPrompt, writtenText } from './prompting';
import type { ProjectionScale } from './generate';
import { makeScorer, type ScoreFunction } from './score';
import type { ModelPair } from './model-pair';
import type { LoadedPair } from './stage-models';
import type { ActivationsState } from './stage-activations';
import { mapOfPair, type MapState } from './stage-map';
import { furtherSites } from './further-blocks';
import { DOSE_RULES, type Projections } from './operations';
import {
  type ArmDirections,
  type SteeringArm,
  equipArms,
  mapDirection,
  projectRow,
  randomDirections,
  unit,
} from './vectors';

/** Pairs held back from the vector, to judge it by: every fourth. */
const HELD_OUT_PAIR = 4;

/** The parts of a concept, wherever they came from. */
export interface Concept {
  title: string;
  positive: string;
  negative: string;
  pairs: ContrastPair[];
  evaluationPrompts: string[];
  neutralPrompts: string[];
  score: ScoreFunction;
  /** The small model's vector where it was brought along, with its block; null where the pairs give it. */
  given: { values: Float32Array; block: number } | null;
}

export interface SteerState {
  /** Who of the arms' models is in memory. */
  pair: ModelPair;
  concept: Concept;
  arms: SteeringArm[];
  scales: Map<LanguageModel, ProjectionScale>;
  sideEffects: Record<DosedArm, SideEffects[]>;
  isoKlAlpha: Record<DosedArm, number | null>;
  targetTitle: string;
  result: SteerResult;
}

/** Prompts in two halves: one chooses the dose, the other reports it. The first of the report half is the one on screen. */
export function halves(prompts: readonly string[]): { choose: string[]; report: string[] } {
  return {
    choose: prompts.filter((_, i) => i % 2 === 0),
    report: prompts.filter((_, i) => i % 2 === 1 || prompts.length === 1),
  };
}

/** A concept from a preset, or from the user's own pairs with the preset's prompts. */
export async function resolveConcept(context: LabContext, concept: Experiment['concept']): Promise<Concept> {
  const preset: Preset = await context.resources.preset(concept.kind === 'preset' ? concept.id : concept.promptsFrom);
  const { evaluationPrompts, neutralPrompts } = preset;
  if (concept.kind === 'preset') {
    return {
      title: preset.title,
      ...preset.concept,
      pairs: preset.pairs,
      evaluationPrompts,
      neutralPrompts,
      score: makeScorer(preset.scorer),
      given: null,
    };
  }
  if (concept.kind === 'vector') {
    const { title, positive, negative, values, block } = concept;
    return {
      title,
      positive,
      negative,
      pairs: preset.pairs,
      evaluationPrompts,
      neutralPrompts,
      score: makeScorer(preset.scorer),
      given: { values: givenVector(values), block },
    };
  }
  if (concept.positiveWords.length === 0 || concept.negativeWords.length === 0) {
    throw new LabError(
      'pairs-one-sided',
      `The concept “${concept.title}” has no words for its ${concept.positiveWords.length === 0 ? 'positive' : 'negative'} side, so its effect cannot be counted.`,
      'Give a few words that mark each side in a continuation.',
    );
  }
  const score = makeScorer({ type: 'lexicon', positive: concept.positiveWords, negative: concept.negativeWords });
  return {
    title: concept.title,
    positive: concept.positive,
    negative: concept.negative,
    pairs: concept.pairs,
    evaluationPrompts,
    neutralPrompts,
    score,
    given: null,
  };
}

/** @throws LabError `settings-invalid` for bytes that are no vector */
function givenVector(text: string): Float32Array {
  const values = atob(text).length % 4 === 0 ? fromBase64(text) : null;
  if (values?.every((x) => Number.isFinite(x)) && norm(values) > 0) return values;
  throw new LabError(
    'settings-invalid',
    'The concept’s vector is not a list of float32 numbers with a direction.',
    'Bring the vector in from its file again.',
    { field: 'concept.values' },
  );
}

/** A vector that was brought along must be of the small model, and of the block that the map begins at. */
function requireFit({ values, block }: NonNullable<Concept['given']>, source: LanguageModel, layer: number): void {
  const { hiddenSize } = source.info;
  if (values.length !== hiddenSize) {
    throw new LabError(
      'settings-invalid',
      `The concept’s vector has ${values.length} values, and the small model is ${hiddenSize} wide.`,
      'Choose the small model that the vector was made for, or a vector of this one.',
      { field: 'concept.values' },
    );
  }
  if (block !== layer) {
    throw new LabError(
      'settings-invalid',
      `The concept’s vector is of block ${block} of the small model, and the map begins at block ${layer}.`,
      `Set the map’s source layer to ${block}.`,
      { field: 'map.sourceLayer' },
    );
  }
}

/** Extracts, maps and scales the vectors and measures the axis. @throws LabError `pairs-*`, `unknown-preset`, `no-effect`, `chat-template` */
export async function steerStage(
  context: LabContext,
  experiment: Experiment,
  models: LoadedPair,
  activations: ActivationsState,
  map: MapState,
): Promise<SteerState> {
  const { source, target } = models;
  const { layers } = map;
  const { prompting } = experiment;
  const concept = await resolveConcept(context, experiment.concept);
  checkPairs(concept.pairs);
  if (concept.given) {
    requireFit(concept.given, source, layers.source);
    context.warn(
      `The small model’s vector was brought along (“${concept.title}”); the contrast pairs give the large model’s own vector, and judge both.`,
    );
  }
  const pairs = choosePairs(concept.pairs, experiment.vector.maxPairs, experiment.generation.seed);
  const { source: sourceStates, target: targetStates } = await models.pair.eachRole((role) =>
    collectPairStates(
      context,
      models[role],
      layers[role],
      pairs,
      experiment.vector.readPosition,
      prompting,
      `Reading the contrast pairs with the ${role === 'source' ? 'small' : 'large'} model`,
    ),
  );

  const vSource = concept.given?.values ?? differenceOfMeans(fitHalf(sourceStates));
  const vNative = differenceOfMeans(fitHalf(targetStates));
  for (const [name, v] of [
    ['small', vSource],
    ['large', vNative],
  ] as const) {
    if (!(norm(v) > 0))
      throw new LabError(
        'no-effect',
        `The contrast pairs leave no direction in the ${name} model: both sides read the same states.`,
        'Choose pairs whose last tokens differ, or read the mean of the text.',
      );
  }
  const vMapped = mapDirection(map.map, vSource, experiment.transfer.addBias);
  const directions = { source: unit(vSource), mapped: unit(vMapped), native: unit(vNative) };
  const medians = activations.result.medianNorm;
  const large = { model: target, layer: layers.target, medianNorm: medians.target[layers.target] };
  const found: ArmDirections[] = [
    {
      arm: 'small-steered',
      model: source,
      layer: layers.source,
      directions: [directions.source],
      medianNorm: medians.source[layers.source],
    },
    { arm: 'mapped', ...large, directions: [directions.mapped] },
    { arm: 'native', ...large, directions: [directions.native] },
    {
      arm: 'random',
      ...large,
      directions: randomDirections(
        target.info.hiddenSize,
        experiment.generation.randomVectors,
        experiment.generation.seed,
      ),
    },
  ];

  const further = await furtherSites(
    context,
    experiment,
    models,
    activations,
    layers,
    pairs,
    (states) => differenceOfMeans(fitHalf(states)),
    (pair) => mapOfPair(context, experiment, activations, pair),
  );
  const arms = equipArms(
    found,
    experiment,
    (model, block) => activations.sample[model === source ? 'source' : 'target'].blocks[block],
    further,
  );

  const stops = signedStops(experiment.dose.stops);
  const [prompt] = halves(concept.evaluationPrompts).report;
  const neutral = concept.neutralPrompts.slice(0, experiment.generation.neutralTexts);
  const effects = {} as Record<DosedArm, SideEffects[]>;
  let step = 0;
  const axes = await models.pair.eachRole(async (role) => {
    const own = arms.filter(({ model }) => model === models[role]);
    const axis = await computeAxis(own, prompt, stops, prompting, context.signal);
    requireEffect(axis);
    const base = new Map([[models[role], await neutralLogits(models[role], neutral, NEUTRAL_TOKENS)]]);
    for (const arm of own) {
      context.progress({
        stage: 'steer',
        done: step++,
        total: arms.length,
        unit: 'steps',
        note: `Side effects on neutral text: ${arm.arm}`,
      });
      effects[arm.arm] = await sideEffects(context, arm, stops, neutral, base, NEUTRAL_TOKENS);
    }
    return axis;
  });
  const written = writtenPrompt(prompt, { source: source.tokenizer, target: target.tokenizer }, prompting);
  const axis = {
    ...axes.source,
    written,
    arms: { ...axes.source.arms, ...axes.target.arms },
    milliseconds: axes.source.milliseconds + axes.target.milliseconds,
  };
  const isoKl = {} as Record<DosedArm, number | null>;
  for (const arm of arms) {
    const p95 = effects[arm.arm].map((effect) => effect.p95);
    const magnitudes = experiment.dose.stops;
    const middle = magnitudes.length;
    isoKl[arm.arm] = isoKlAlpha(
      magnitudes,
      [magnitudes.map((_, k) => p95[middle + 1 + k]), magnitudes.map((_, k) => p95[middle - 1 - k])],
      arm.medianNorm,
    );
  }

  const shown = (text: string): RenderedPrompt => {
    const { ids, read } = readText(text, source.tokenizer, prompting, experiment.vector.readPosition);
    return writtenText(ids, source.tokenizer, read);
  };
  const vector: VectorResult = {
    pairs: pairs.length,
    readPosition: experiment.vector.readPosition,
    readTokens: { positive: shown(pairs[0].positive), negative: shown(pairs[0].negative) },
    cosineMappedNative: cosine(vMapped, vNative),
    chanceBand: chanceBand(target.info.hiddenSize),
    cosineWithBias: cosine(mapDirection(map.map, vSource, false), mapDirection(map.map, vSource, true)),
    norms: { source: norm(vSource), mapped: norm(vMapped), native: norm(vNative) },
    medianNorm: { source: medians.source[layers.source], target: medians.target[layers.target] },
    auroc: {
      source: heldOutAuroc(sourceStates, directions.source),
      mapped: heldOutAuroc(targetStates, directions.mapped),
      native: heldOutAuroc(targetStates, directions.native),
    },
    values: {
      source: toBase64(directions.source),
      mapped: toBase64(directions.mapped),
      native: toBase64(directions.native),
    },
    ...(DOSE_RULES[experiment.transfer.operation].needsProjections ? { projections: projectionsOfArms(arms) } : {}),
  };
  const scales = new Map([
    [source, projectionScale(activations.sample.source, layers.source, directions.source)],
    [target, projectionScale(activations.sample.target, layers.target, directions.mapped)],
  ]);
  return {
    pair: models.pair,
    concept,
    arms,
    scales,
    sideEffects: effects,
    isoKlAlpha: isoKl,
    targetTitle: models.titles.target,
    result: {
      concept: { title: concept.title, positive: concept.positive, negative: concept.negative },
      vector,
      isoKlAlpha: isoKl,
      axis,
    },
  };
}

/** Projections of the unsteered corpus on the vectors of the run, each at its block. */
function projectionsOfArms(arms: readonly SteeringArm[]): VectorResult['projections'] {
  const of = (name: DosedArm): Projections => arms.find(({ arm }) => arm === name)!.projections[0][0];
  return { source: of('small-steered'), mapped: of('mapped'), native: of('native') };
}

/** A steering input that changes nothing must never be shown as steering. */
function requireEffect(axis: Pick<SteerResult['axis'], 'arms'>): void {
  for (const [name, arm] of Object.entries(axis.arms)) {
    if (arm.kl.every((kl) => kl === 0)) {
      throw new LabError(
        'no-effect',
        `Steering the arm “${name}” did not change the model’s next-token distribution at any dose.`,
        'The steering input does not reach the head: choose another layer, and report this model.',
      );
    }
  }
}

/** A seeded choice of at most `count` pairs. */
function choosePairs(pairs: readonly ContrastPair[], count: number, seed: number): ContrastPair[] {
  if (pairs.length <= count) return [...pairs];
  return Array.from(new Random(seed).permutation(pairs.length).subarray(0, count), (i) => pairs[i]);
}

function isHeldOut(pair: number, pairs: number): boolean {
  return pairs >= 2 * HELD_OUT_PAIR && pair % HELD_OUT_PAIR === HELD_OUT_PAIR - 1;
}

function half(states: PairStates, heldOut: boolean): PairStates {
  const pairs = states.positive.length / states.width;
  const members = Array.from({ length: pairs }, (_, i) => i).filter((i) => isHeldOut(i, pairs) === heldOut);
  const take = (rows: Float32Array): Float32Array => {
    const out = new Float32Array(members.length * states.width);
    members.forEach((pair, k) =>
      out.set(rows.subarray(pair * states.width, (pair + 1) * states.width), k * states.width),
    );
    return out;
  };
  return { width: states.width, positive: take(states.positive), negative: take(states.negative) };
}

function fitHalf(states: PairStates): PairStates {
  return half(states, false);
}

/** AUROC of the projections of pairs that did not make the vector; of all pairs when there are too few to hold any back. */
function heldOutAuroc(states: PairStates, direction: Float32Array): number {
  const held = half(states, true);
  const { width, positive, negative } = held.positive.length > 0 ? held : states;
  const projections = (rows: Float32Array): number[] =>
    Array.from({ length: rows.length / width }, (_, i) => projectRow(rows, i, direction));
  return auroc(projections(positive), projections(negative));
}

function projectionScale(
  side: { width: number; blocks: Float32Array[] },
  layer: number,
  direction: Float32Array,
): ProjectionScale {
  const rows = side.blocks[layer];
  const projections = Array.from({ length: rows.length / side.width }, (_, i) => projectRow(rows, i, direction));
  return { direction, mean: mean(projections), deviation: Math.sqrt(variance(projections)) || 1 };
}
