/**
 * An experiment becomes a run: models → activations → map → steer → evidence. Every stage is remembered under the
 * digest of what produced it, so that changing λ refits without collecting again, and a new dose touches nothing before it.
 */
import { version } from '../../package.json';
import { digestOf } from '../experiment/digest';
import { throwIfAborted } from '../experiment/errors';
import type { LiveSteering } from '../experiment/live';
import { sameMessage, type Message } from '../experiment/message';
import {
  STAGES,
  RUN_SCHEMA,
  type DeviceReport,
  type DoseAxis,
  type MapArrays,
  type Run,
  type RunInputs,
  type Stage,
  type StageEvent,
  type StageResults,
  type StopStreams,
  type RenderedPrompt,
} from '../experiment/run';
import { parseExperiment, type Experiment } from '../experiment/schema';
import { pairKey, stageKey } from '../experiment/stage-inputs';
import { kernelsDigest } from '../gpu/kernels/digest';
import { activationsStage, shapeOf, type ActivationsState } from './stage-activations';
import { mapStage, type MapState } from './stage-map';
import { evidenceStage } from './stage-evidence';
import {
  modelsStage,
  homologyWarning,
  releaseModels,
  requirePairing,
  sampledHomology,
  type LoadedPair,
} from './stage-models';
import { steerStage, type SteerState } from './stage-steer';
import { computeAxis } from './dose';
import { computeStreams } from './generate';
import { pairsOfConcept } from './concept';
import { requirePairLengths } from './pair-lengths';
import { readText, requireTemplates, writtenPrompt, writtenText } from './prompting';
import { armsOfLive, requireSameModels } from './live';
import { Memo } from './memo';
import type { PairRequest } from './model-pair';
import type { LabContext } from './context';

export type PipelineContext = Omit<LabContext, 'warn'> & {
  deviceReport: DeviceReport;
  onStage: (event: StageEvent) => void;
};

export class Pipeline {
  #memo = new Memo();
  /** What each stage warned of when it was made; kept as long as its result is. */
  #warnings = new Map<Stage, Message[]>();
  #making: Stage = 'models';
  /** What the homology of the present pair warns of: it goes with the pairing and the corpus, not with loading. */
  #homology: Message | null = null;

  /**
   * Runs the stages up to `until`.
   * @returns the whole run when `until` is the last stage, else null (the stages were reported one by one)
   * @throws LabError of the stage that failed; what was remembered before it stays
   */
  async run(experiment: Experiment, until: Stage, context: PipelineContext): Promise<Run | null> {
    parseExperiment(experiment);
    const started = performance.now();
    const lab = this.#lab(context);
    const results: Partial<StageResults> = {};
    const timings: Run['timings'] = {};
    const last = STAGES.indexOf(until);
    for (const stage of STAGES.slice(0, last + 1)) {
      throwIfAborted(context.signal);
      const began = performance.now();
      lab.provisional = (result) =>
        context.onStage({
          stage: 'evidence',
          result,
          milliseconds: Math.round(performance.now() - began),
          fromMemory: false,
          warnings: this.#said('evidence'),
          provisional: true,
        });
      const { result, fromMemory } = await this.#stage(stage, experiment, lab);
      const milliseconds = Math.round(performance.now() - began);
      Object.assign(results, { [stage]: result });
      timings[stage] = milliseconds;
      context.onStage({ stage, result, milliseconds, fromMemory, warnings: this.#said(stage) } as StageEvent);
    }
    timings.total = Math.round(performance.now() - started);
    if (until !== 'evidence') return null;
    const all = results as StageResults;
    return {
      schema: RUN_SCHEMA,
      app: { name: 'lrt-lab', version },
      experimentDigest: digestOf(experiment),
      experiment,
      device: context.deviceReport,
      timings,
      inputs: await inputsOf(experiment, context.resources),
      ...all,
      warnings: STAGES.flatMap((stage) => this.#said(stage).map((message) => ({ stage, message }))),
    };
  }

  /** Loads the two models of an experiment, so that what comes next finds them in memory. */
  async load(experiment: Experiment, context: PipelineContext): Promise<void> {
    parseExperiment(experiment);
    await this.#loaded(experiment, this.#lab(context));
  }

  /** The two models of an experiment, loaded and compared. */
  async pair(experiment: Experiment, context: PipelineContext): Promise<LoadedPair> {
    parseExperiment(experiment);
    const { state } = await this.#models(experiment, this.#lab(context));
    return state;
  }

  /** The steering arms of an experiment. Runs the stages it needs. */
  async steering(experiment: Experiment, context: PipelineContext): Promise<SteerState> {
    parseExperiment(experiment);
    return (await this.#steer(experiment, this.#lab(context))).state;
  }

  /**
   * Next-token distributions at every stop of a run for a prompt of the user's, steered with the run's vectors. Loads the
   * models where they are not loaded, and runs no stage.
   * @param from the run, whose settings `experiment` is, as far as the steer stage reads them
   * @throws LabError `model-digest.recorded` where the models are not those of the run; `run-invalid.live`, `chat-template`
   */
  async axis(experiment: Experiment, from: LiveSteering, prompt: string, context: PipelineContext): Promise<DoseAxis> {
    const { pair, arms } = await this.#live(experiment, from, this.#lab(context));
    const { prompting } = experiment;
    const axis = await computeAxis(arms, prompt, from.stops, prompting, context.signal);
    const { source, target } = pair;
    return {
      ...axis,
      written: writtenPrompt(prompt, { source: source.tokenizer, target: target.tokenizer }, prompting),
    };
  }

  /**
   * Texts of contrast pairs as the models are given them under these settings. Loads the models where they are not loaded.
   * @param texts both sides of each pair, one after the other
   * @throws LabError `chat-template`, `pairs-one-sided`
   */
  async written(
    experiment: Experiment,
    texts: readonly string[],
    context: PipelineContext,
  ): Promise<Record<'source' | 'target', RenderedPrompt>[]> {
    parseExperiment(experiment);
    const { state } = await this.#models(experiment, this.#lab(context));
    const of = (i: number, { tokenizer }: LoadedPair['source']): RenderedPrompt => {
      const { prompting, vector } = experiment;
      const { ids, read } = readText(texts[i], texts[i ^ 1], tokenizer, prompting, vector.readPosition);
      return writtenText(ids, tokenizer, read);
    };
    return texts.map((_, i) => ({ source: of(i, state.source), target: of(i, state.target) }));
  }

  /**
   * The streams of all arms at every stop of a run and at the further doses (signed r), nearest to `nearest` first; each is
   * handed over as it is ready. As `axis`.
   */
  async streams(
    experiment: Experiment,
    from: LiveSteering,
    prompt: string,
    { nearest, further = [] }: { nearest: number; further?: readonly number[] },
    maxNewTokens: number,
    context: PipelineContext,
    onStop: (streams: StopStreams) => void,
  ): Promise<{ stops: number }> {
    const lab = this.#lab(context);
    const { pair, arms, scales } = await this.#live(experiment, from, lab);
    const stops = [...new Set([...from.stops, ...further])].sort(
      (a, b) => Math.abs(a - nearest) - Math.abs(b - nearest),
    );
    // The stop under the thumb comes alone, so that it is ready soonest; the rest in growing batches.
    // Where the models take turns every batch costs a swap: then all stops are one.
    const first = pair.pair.residence === 'together' ? 1 : stops.length;
    for (let start = 0, size = first; start < stops.length; start += size, size = Math.min(size * 2, 4)) {
      const part = stops.slice(start, start + size);
      for (const streams of await computeStreams(
        lab,
        arms,
        scales,
        prompt,
        part,
        { ...experiment.generation, maxNewTokens },
        experiment.prompting,
      ))
        onStop(streams);
    }
    return { stops: stops.length };
  }

  /** The map itself, which a run does not carry. Runs the stages it needs. */
  async mapArrays(experiment: Experiment, context: PipelineContext): Promise<MapArrays> {
    parseExperiment(experiment);
    const { map, means } = (await this.#map(experiment, this.#lab(context))).state;
    return { W: map.W, p: map.p, muSource: Float32Array.from(means.source), muTarget: Float32Array.from(means.target) };
  }

  /** Releases models and moments. */
  async dispose(): Promise<void> {
    await this.#memo.clear();
  }

  #said(stage: Stage): Message[] {
    const said = this.#warnings.get(stage) ?? [];
    return stage === 'models' && this.#homology ? [...said, this.#homology] : said;
  }

  #lab(context: PipelineContext): LabContext {
    const warn = (message: Message): void => {
      const said = this.#warnings.get(this.#making) ?? [];
      if (!said.some((each) => sameMessage(each, message))) this.#warnings.set(this.#making, [...said, message]);
    };
    return { ...context, warn };
  }

  /** The models, loaded, with the arms that a run's vectors give them. */
  async #live(
    experiment: Experiment,
    from: LiveSteering,
    lab: LabContext,
  ): Promise<{ pair: LoadedPair } & ReturnType<typeof armsOfLive>> {
    parseExperiment(experiment);
    const { state: pair } = await this.#loaded(experiment, lab);
    requireSameModels(from, pair);
    return { pair, ...armsOfLive(from, experiment, pair) };
  }

  async #stage(
    stage: Stage,
    experiment: Experiment,
    context: LabContext,
  ): Promise<{ result: StageResults[Stage]; fromMemory: boolean }> {
    switch (stage) {
      case 'models':
        return this.#models(experiment, context).then(({ state, fromMemory }) => ({
          result: state.result,
          fromMemory,
        }));
      case 'activations':
        return this.#activations(experiment, context).then(({ state, fromMemory }) => ({
          result: state.result,
          fromMemory,
        }));
      case 'map':
        return this.#map(experiment, context).then(({ state, fromMemory }) => ({ result: state.result, fromMemory }));
      case 'steer':
        return this.#steer(experiment, context).then(({ state, fromMemory }) => ({ result: state.result, fromMemory }));
      case 'evidence': {
        const { state: models } = await this.#models(experiment, context);
        const { state: steer } = await this.#steer(experiment, context);
        const key = stageKey('evidence', experiment, shapeOf(models));
        return this.#remember('evidence', key, () => evidenceStage(context, experiment, steer)).then(
          ({ state, fromMemory }) => ({ result: state, fromMemory }),
        );
      }
    }
  }

  /** The two models in memory, whatever is done with them. @throws LabError of loading; `chat-template` */
  async #loaded(experiment: Experiment, context: LabContext): Promise<Remembered<LoadedPair>> {
    const models = await this.#remember(
      'models',
      pairKey(experiment),
      () => modelsStage(context, experiment),
      releaseModels,
      ['activations', 'map', 'steer', 'evidence'],
    );
    requireTemplates(models.state, models.state.titles, experiment.prompting);
    // A stage that needs a model which is not in memory loads it: that is this stage's progress.
    const onLoading: PairRequest['onLoading'] = (done, total, note) =>
      context.progress({ stage: this.#making, done, total, unit: 'bytes', note });
    models.state.pair.setRequest({ signal: context.signal, onLoading });
    return models;
  }

  async #models(experiment: Experiment, context: LabContext): Promise<Remembered<LoadedPair>> {
    const models = await this.#loaded(experiment, context);
    requirePairing(models.state, experiment.models.alignment);
    await this.#requireReadable(experiment, context, models.state);
    const { homology, fromMemory } = await sampledHomology(context, experiment, models.state);
    this.#homology = homologyWarning(homology, models.state);
    return {
      state: { ...models.state, result: { ...models.state.result, homology } },
      fromMemory: models.fromMemory && fromMemory,
    };
  }

  /** That both models can read the pairs whole: once for these pairs and settings. @throws LabError `pairs-format.too-long` */
  async #requireReadable(experiment: Experiment, context: LabContext, models: LoadedPair): Promise<void> {
    const { concept, prompting, vector, generation } = experiment;
    const inputs = { concept, prompting, maxPairs: vector.maxPairs, seed: generation.seed };
    if (models.memo.recall<true>('pair-lengths', inputs)) return;
    requirePairLengths(models, models.titles, await pairsOfConcept(context, concept), experiment);
    await models.memo.keep('pair-lengths', inputs, true);
  }

  async #activations(experiment: Experiment, context: LabContext): Promise<Remembered<ActivationsState>> {
    const { state: models } = await this.#models(experiment, context);
    return this.#remember(
      'activations',
      stageKey('activations', experiment, shapeOf(models)),
      () => activationsStage(context, experiment, models),
      (state) => state.dispose(),
      ['map', 'steer', 'evidence'],
    );
  }

  async #map(experiment: Experiment, context: LabContext): Promise<Remembered<MapState>> {
    const { state: models } = await this.#models(experiment, context);
    const { state: activations } = await this.#activations(experiment, context);
    const key = stageKey('map', experiment, shapeOf(models));
    return this.#remember('map', key, () => mapStage(context, experiment, activations));
  }

  async #steer(experiment: Experiment, context: LabContext): Promise<Remembered<SteerState>> {
    const { state: models } = await this.#models(experiment, context);
    const { state: activations } = await this.#activations(experiment, context);
    const { state: map } = await this.#map(experiment, context);
    const key = stageKey('steer', experiment, shapeOf(models));
    return this.#remember('steer', key, () => steerStage(context, experiment, models, activations, map));
  }

  async #remember<T>(
    name: Stage,
    inputs: unknown,
    make: () => Promise<T>,
    dispose?: (value: T) => void | Promise<void>,
    dependents: Stage[] = [],
  ): Promise<Remembered<T>> {
    const known = this.#memo.recall<T>(name, inputs);
    if (known) return { state: known, fromMemory: true };
    // What stands on the old value goes before it: a moment store must not outlive the models it was collected from.
    for (const dependent of dependents.toReversed()) await this.#memo.forget(dependent);
    await this.#memo.forget(name);
    this.#making = name;
    this.#warnings.set(name, []);
    const value = await make();
    return {
      state: await this.#memo.keep(name, inputs, value, dispose ? () => dispose(value) : null),
      fromMemory: false,
    };
  }
}

/** Digests of the corpus, the preset and the kernels: the data files are at hand after a run, so nothing is fetched. */
async function inputsOf(experiment: Experiment, resources: LabContext['resources']): Promise<RunInputs> {
  const { concept } = experiment;
  const preset = concept.kind === 'preset' ? concept.id : concept.promptsFrom;
  return {
    corpus: { id: experiment.corpus.id, sha256: (await resources.corpus(experiment.corpus.id)).sha256 },
    preset: { id: preset, sha256: digestOf(await resources.preset(preset)) },
    kernels: kernelsDigest(),
  };
}

interface Remembered<T> {
  state: T;
  fromMemory: boolean;
}
