/** Stage 1: load both models and check that they are homologous. */
import { errorMessage, LabError } from '../experiment/errors';
import { message, type Message } from '../experiment/message';
import type { ModelRef } from '../experiment/model-ref';
import type { HomologyReport, ModelReport, ModelsResult } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { sampleHomology } from './homology-sample';
import { Memo } from './memo';
import {
  checkHomology,
  fetchCatalog,
  locationOfRef,
  ModelStore,
  resolveModel,
  withSample,
  type Catalog,
  type CatalogEntry,
} from '../models';
import type { LanguageModel, ModelSource } from '../runtime/types';
import type { LabContext } from './context';
import { yieldToEventLoop } from './context';
import { ModelPair, type Loader } from './model-pair';
import { chooseResidence, planPair } from './pair-memory';

export interface LoadedPair {
  /** Who is in memory. */
  pair: ModelPair;
  source: LanguageModel;
  target: LanguageModel;
  titles: { source: string; target: string };
  /** What comparing the two has given. */
  memo: Memo;
  result: ModelsResult;
}

/** A model as the catalogue or the storage knows it, before it is loaded. */
export interface KnownModel {
  source: ModelSource;
  title: string;
  /** Null for a model that is not bundled. */
  entry: CatalogEntry | null;
  license: string | null;
}

/**
 * Finds the files of a reference: in the catalogue, among the downloaded models, or among the opened folders.
 * @throws LabError `unknown-model` of the catalogue; `storage-unavailable`. Whether a download is whole is seen when it is read
 */
export async function knownModel(ref: ModelRef, catalog: Catalog, baseUrl: string): Promise<KnownModel> {
  const location = locationOfRef(ref);
  if (!location) {
    const { source, entry } = resolveModel(catalog, ref.id, ref.dtype, baseUrl);
    return { source, title: entry.title, entry, license: entry.license };
  }
  const { id, dtype } = ref;
  const license = location.kind === 'hub' ? ((await (await ModelStore.open()).find(location))?.license ?? null) : null;
  return { source: { id, dtype, location }, title: id, entry: null, license };
}

/**
 * Loads source and target and compares them. A pair that is not wholly bundled must first fit by its memory plan: at once, or
 * one model at a time.
 * @throws LabError `out-of-memory` with the plan's reason; `unknown-model`, `model-*`, `tokenizer-mismatch`, `graph-unsupported` from loading
 */
export async function modelsStage(context: LabContext, experiment: Experiment): Promise<LoadedPair> {
  const catalog = await fetchCatalog(context.baseUrl, context.signal);
  const known = {
    source: await knownModel(experiment.models.source, catalog, context.baseUrl),
    target: await knownModel(experiment.models.target, catalog, context.baseUrl),
  };
  const { runtime, backend } = context;
  const bundled = known.source.entry !== null && known.target.entry !== null;
  const plan = bundled
    ? null
    : await planPair(
        experiment,
        { source: known.source.source, target: known.target.source },
        { backend: runtime.backend, limits: backend.device?.limits ?? null },
        context.signal,
      );
  const { residence, sequential } = chooseResidence(plan, context.residence);
  if (sequential) context.warn(sequential);
  const loader = ({ source, title }: KnownModel): Loader => ({
    title,
    load: async (options) => {
      const model = await runtime.load(source, { ...options, liveSessions: plan?.sessions });
      try {
        await yieldToEventLoop(options.signal);
      } catch (error) {
        await model.dispose();
        throw error;
      }
      return model;
    },
  });
  const pair = await ModelPair.load(
    residence,
    { source: loader(known.source), target: loader(known.target) },
    {
      signal: context.signal,
      onLoading: (done, total, note) => context.progress({ stage: 'models', done, total, unit: 'bytes', note }),
    },
  );
  try {
    const { source, target } = pair;
    const homology = checkHomology(source, target);
    const titles = { source: known.source.title, target: known.target.title };
    return {
      pair,
      source,
      target,
      titles,
      memo: new Memo(),
      result: {
        source: describe(source, known.source),
        target: describe(target, known.target),
        homology,
        sequential,
      },
    };
  } catch (error) {
    await pair.dispose();
    throw error;
  }
}

/**
 * Whether the positions of a pair can be paired as asked. The models stay loaded: another pairing needs no other models.
 * @throws LabError `not-homologous` with the reasons, where tokens were to be paired one to one and the ids differ
 */
export function requirePairing({ result, titles }: LoadedPair, alignment: Experiment['models']['alignment']): void {
  if (alignment === 'tokens' && !result.homology.sameIds) throw notHomologous(result.homology, titles);
}

type Titles = Record<'source' | 'target', string>;

function notHomologous({ checks }: HomologyReport, titles: Titles): LabError {
  return new LabError('not-homologous', {
    ...titles,
    reasons: details(checks),
    // Each with its name: the page shows them as those of a result.
    passed: checks.filter(({ passed }) => passed).map(checkMessage),
    failed: checks.filter(({ passed }) => !passed).map(checkMessage),
  });
}

/**
 * The homology report of a loaded pair with a sample of states in it, remembered with the pair. A corpus that gives no
 * sample is the collection's error to report: here it is only said.
 * @throws LabError `cancelled`, `webgpu-device-lost` and others of running the models
 */
export async function sampledHomology(
  context: LabContext,
  { corpus, models }: Pick<Experiment, 'corpus' | 'models'>,
  { pair, memo, result }: LoadedPair,
): Promise<{ homology: HomologyReport; fromMemory: boolean }> {
  const inputs = { corpus: corpus.id, alignment: models.alignment };
  const known = memo.recall<HomologyReport>('homology', inputs);
  if (known) return { homology: known, fromMemory: true };
  const report = async (): Promise<HomologyReport> => {
    try {
      return withSample(result.homology, await sampleHomology(context, pair, corpus.id, models.alignment));
    } catch (thrown) {
      const error = LabError.from(thrown);
      if (!error.code.startsWith('corpus-') && error.code !== 'non-finite') throw error;
      return { ...result.homology, unsampled: errorMessage(error.toJSON()) };
    }
  };
  return { homology: await memo.keep('homology', inputs, await report()), fromMemory: false };
}

/** What a reader of the verdict must know; null for a homologous pair. */
export function homologyWarning({ verdict, sameIds, checks }: HomologyReport, { titles }: LoadedPair): Message | null {
  if (verdict === 'homologous') return null;
  // Two tokenizers differ in everything: then the names will do.
  return sameIds
    ? message('run.warn.homology', { ...titles, verdict, reasons: details(checks) })
    : message('run.warn.homology-tokens', {
        ...titles,
        verdict,
        checks: checks.filter(({ passed }) => !passed).map(({ name }) => name),
      });
}

function details(checks: HomologyReport['checks']): Message[] {
  return checks.filter((check) => !check.passed).map((check) => check.detail);
}

const checkMessage = ({ name, detail }: HomologyReport['checks'][number]): Message =>
  message('run.check', { name, detail });

/** Frees both models. */
export async function releaseModels(pair: LoadedPair): Promise<void> {
  await pair.pair.dispose();
}

function describe(model: LanguageModel, { source, title, entry, license }: KnownModel): ModelReport {
  return {
    id: source.id,
    title,
    modelType: model.config.modelType,
    dtype: source.dtype,
    layers: model.info.layers,
    hiddenSize: model.info.hiddenSize,
    vocabSize: model.info.vocabSize,
    params: entry?.params ?? model.config.parameters?.total ?? null,
    nonEmbeddingParams: entry?.nonEmbeddingParams ?? model.config.parameters?.withoutEmbeddings ?? null,
    validationLoss: entry?.validationLoss ?? null,
    license,
    bytes: model.info.files.reduce((sum, file) => sum + file.bytes, 0),
    chatTemplate: model.tokenizer.chatTemplate !== null,
    style: model.info.style,
    spine: model.info.spine,
    digests: model.info.files.map(({ path, sha256 }) => ({ path, sha256 })),
  };
}
