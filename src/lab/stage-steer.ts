/** Stage 4: the steering vectors of all arms, their scales, and the dose axis. */
import { TESTED, type DosedArm, type PerArm } from '../experiment/arms';
import { toBase64 } from '../experiment/base64';
import { message } from '../experiment/message';
import type { Stability, SteerResult, VectorResult, RenderedPrompt } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { chanceBand, cosine, norm } from '../math/stats';
import type { LanguageModel } from '../runtime/types';
import { steeringArms } from './arms';
import { halves, requireFit, resolveConcept, type Concept } from './concept';
import type { LabContext } from './context';
import { controlsOf, type Controls } from './control-arms';
import type { SideEffects } from './dose';
import { checkPairs, collectPairStates, extractVector, type PairStates } from './extract';
import type { ProjectionScale } from './generate';
import { choosePairs, fitHalf, heldOutAuroc } from './held-out-pairs';
import { liveVectorsOf } from './live';
import type { ModelPair } from './model-pair';
import { projectionScale } from './projection-scale';
import { readText, writtenText } from './prompting';
import type { ActivationsState } from './stage-activations';
import { furtherSites } from './further-blocks';
import { cosineNull, stabilityOf } from './pair-stability';
import { DOSE_RULES, type Projections } from './operations';
import { mapOfPair, type MapState } from './stage-map';
import type { LoadedPair } from './stage-models';
import { measureAxis } from './steer-axis';
import { countUnknown, unknownWarning } from './unknown-tokens';
import { equipArms, type SteeringArm, mapDirection, unit } from './vectors';

export interface SteerState {
  /** Who of the arms' models is in memory. */
  pair: ModelPair;
  concept: Concept;
  arms: SteeringArm[];
  scales: Map<LanguageModel, ProjectionScale>;
  sideEffects: PerArm<DosedArm, SideEffects[]>;
  isoKlAlpha: PerArm<DosedArm, number | null>;
  targetTitle: string;
  /** Tests of the pairs in either model; of the source null where its vector was brought along. */
  stability: { source: Stability | null; target: Stability };
  /** What the mapped vector is compared with; made when it is asked for. */
  controls: Controls;
  result: SteerResult;
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
    context.warn(message('run.warn.vector-given', { title: concept.title }));
  }
  const pairs = choosePairs(concept.pairs, experiment.vector.maxPairs, experiment.generation.seed);
  for (const role of ['source', 'target'] as const) {
    const { tokenizer } = models[role];
    const ids = pairs.flatMap(({ positive, negative }) => [positive, negative]).map((text) => tokenizer.encode(text));
    const warning = unknownWarning('pairs', models.titles[role], countUnknown(ids, tokenizer));
    if (warning) context.warn(warning);
  }
  const { source: sourceStates, target: targetStates } = await models.pair.eachRole((role) =>
    collectPairStates(
      context,
      models[role],
      layers[role],
      pairs,
      experiment.vector.readPosition,
      prompting,
      message(`progress.pairs.${role}`),
    ),
  );

  const extractFrom = (states: PairStates, model: 'small' | 'large'): Float32Array =>
    extractVector(states, experiment.vector.method, experiment.generation.seed, model);
  const extract = (states: PairStates, model: 'small' | 'large'): Float32Array => extractFrom(fitHalf(states), model);
  const { seed } = experiment.generation;
  const stability = {
    source: stabilityOf(fitHalf(sourceStates), seed),
    target: stabilityOf(fitHalf(targetStates), seed),
  };
  const vSource = concept.given?.values ?? extract(sourceStates, 'small');
  const vNative = extract(targetStates, 'large');
  const vMapped = mapDirection(map.map, vSource, experiment.transfer.addBias);
  const directions = { source: unit(vSource), mapped: unit(vMapped), native: unit(vNative) };
  const medians = activations.result.medianNorm;
  const medianNorm = { source: medians.source[layers.source], target: medians.target[layers.target] };
  const armInput = {
    vectors: { source: vSource, mapped: vMapped, native: vNative },
    map: map.map,
    addBias: experiment.transfer.addBias,
    layers,
    sample: activations.sample,
  };
  const found = await steeringArms(
    { source, target },
    medianNorm,
    { ...armInput, signal: context.signal },
    experiment.generation,
  );
  const further = await furtherSites(context, experiment, models, activations, layers, pairs, extract, (pair) =>
    mapOfPair(context, experiment, activations, pair),
  );
  const arms = equipArms(
    found,
    experiment,
    (model, block) => activations.sample[model === source ? 'source' : 'target'].blocks[block],
    further,
  );
  const [prompt] = halves(concept.evaluationPrompts).report;
  const neutral = concept.neutralPrompts.slice(0, experiment.generation.neutralTexts);
  const { axis, sideEffects, isoKlAlpha } = await measureAxis(context, experiment, models, arms, prompt, neutral);

  const shown = (text: string, twin: string): RenderedPrompt => {
    const { ids, read } = readText(text, twin, source.tokenizer, prompting, experiment.vector.readPosition);
    return writtenText(ids, source.tokenizer, read);
  };
  const vector: VectorResult = {
    pairs: pairs.length,
    readPosition: experiment.vector.readPosition,
    readTokens: {
      positive: shown(pairs[0].positive, pairs[0].negative),
      negative: shown(pairs[0].negative, pairs[0].positive),
    },
    cosineMappedNative: cosine(vMapped, vNative),
    chanceBand: chanceBand(target.info.hiddenSize),
    cosineNull: cosineNull(fitHalf(sourceStates), map.map, vNative, seed),
    stability,
    cosineWithBias: cosine(mapDirection(map.map, vSource, false), mapDirection(map.map, vSource, true)),
    norms: { source: norm(vSource), mapped: norm(vMapped), native: norm(vNative) },
    medianNorm,
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
  const scales = {
    source: projectionScale(activations.sample.source.blocks[layers.source], directions.source),
    target: projectionScale(activations.sample.target.blocks[layers.target], directions.mapped),
  };
  return {
    pair: models.pair,
    concept,
    arms,
    scales: new Map([
      [source, scales.source],
      [target, scales.target],
    ]),
    sideEffects,
    isoKlAlpha,
    targetTitle: models.titles.target,
    stability: { ...stability, source: concept.given ? null : stability.source },
    controls: controlsOf({
      experiment,
      models,
      input: armInput,
      pairs,
      extract: extractFrom,
      tested: arms.find(({ arm }) => arm === TESTED)!,
    }),
    result: {
      concept: { title: concept.title, positive: concept.positive, negative: concept.negative },
      vector,
      isoKlAlpha,
      axis,
      live: liveVectorsOf(arms, scales),
    },
  };
}

/** Projections of the unsteered corpus on the vectors of the run, each at its block. */
function projectionsOfArms(arms: readonly SteeringArm[]): VectorResult['projections'] {
  const of = (name: DosedArm): Projections => arms.find(({ arm }) => arm === name)!.projections[0][0];
  return { source: of('small-steered'), mapped: of('mapped'), native: of('native') };
}
