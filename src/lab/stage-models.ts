/** Stage 1: load both models and check that they are homologous. */
import { LabError } from '../experiment/errors';
import type { ModelReport, ModelsResult } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { fetchCatalog, resolveModel, type CatalogEntry } from '../models/catalog';
import { checkHomology } from '../models/homology';
import type { LanguageModel } from '../runtime/types';
import type { LabContext } from './context';
import { breathe } from './context';

export interface LoadedPair {
  source: LanguageModel;
  target: LanguageModel;
  titles: { source: string; target: string };
  result: ModelsResult;
}

/**
 * Loads source and target and compares them.
 * @throws LabError `not-homologous` with the reasons; `unknown-model`, `model-*`, `tokenizer-mismatch`, `graph-unsupported` from loading
 */
export async function modelsStage(context: LabContext, experiment: Experiment): Promise<LoadedPair> {
  const catalog = await fetchCatalog(context.baseUrl, context.signal);
  const load = async (role: 'source' | 'target'): Promise<{ model: LanguageModel; entry: CatalogEntry }> => {
    const { id, dtype } = experiment.models[role];
    const { source, entry } = resolveModel(catalog, id, dtype, context.baseUrl);
    const model = await context.runtime.load(source, {
      signal: context.signal,
      onProgress: (done, total, note) => context.progress({ stage: 'models', done, total, unit: 'bytes', note: `${entry.title}: ${note}` }),
    });
    await breathe(context.signal);
    return { model, entry };
  };
  const source = await load('source');
  let target: { model: LanguageModel; entry: CatalogEntry } | null = null;
  try {
    target = await load('target');
    const homology = checkHomology(source.model, target.model);
    if (homology.verdict === 'not-homologous') {
      const failed = homology.checks.filter((check) => !check.passed);
      throw new LabError(
        'not-homologous',
        `${source.entry.title} and ${target.entry.title} are not homologous: ${failed.map((check) => check.detail).join(' ')}`,
        'Choose two models that share a tokenizer and the kind of their training data, such as two of one family.',
        Object.fromEntries(homology.checks.map((check) => [check.name, `${check.passed ? 'passed' : 'failed'}: ${check.detail}`])),
      );
    }
    return {
      source: source.model,
      target: target.model,
      titles: { source: source.entry.title, target: target.entry.title },
      result: { source: describe(source, experiment.models.source.dtype), target: describe(target, experiment.models.target.dtype), homology },
    };
  } catch (error) {
    await source.model.dispose();
    await target?.model.dispose();
    throw error;
  }
}

/** Frees both models. */
export async function releaseModels(pair: LoadedPair): Promise<void> {
  await pair.source.dispose();
  await pair.target.dispose();
}

function describe({ model, entry }: { model: LanguageModel; entry: CatalogEntry }, dtype: string): ModelReport {
  return {
    id: entry.id,
    title: entry.title,
    dtype,
    layers: model.info.layers,
    hiddenSize: model.info.hiddenSize,
    vocabSize: model.info.vocabSize,
    params: entry.params,
    nonEmbeddingParams: entry.nonEmbeddingParams,
    validationLoss: entry.validationLoss,
    license: entry.license,
    bytes: model.info.files.reduce((sum, file) => sum + file.bytes, 0),
    style: model.info.style,
    spine: model.info.spine,
    digests: model.info.files.map(({ path, sha256 }) => ({ path, sha256 })),
  };
}
