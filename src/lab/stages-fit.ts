/** Stages 2 and 3: collect the states of both models, and fit the affine map with its controls. */
import type { ActivationsResult, MapResult } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import type { StreamingFit } from '../math/fit-types';
import { backendFor } from './backend';
import { collect, prepareTexts } from './collect';
import type { Sample } from './rows';
import { breathe, type LabContext } from './context';
import { fitMap, mapSummary, pick, rowsOf, sampleControls, type FittedMap } from './fit';
import { mappedPanel, panel, panelView } from './panels';
import type { LoadedPair } from './stage-models';
import { medianNorm } from './vectors';

export interface ActivationsState {
  result: ActivationsResult;
  sample: Sample;
  fit: StreamingFit<unknown>;
  dispose: () => void;
}

/** Collects the corpus through both models. @throws LabError `corpus-empty`, `corpus-invalid`, `cancelled`, … */
export async function activationsStage(context: LabContext, experiment: Experiment, models: LoadedPair): Promise<ActivationsState> {
  const corpus = await context.resources.corpus(experiment.corpus.id);
  const texts = prepareTexts(corpus.texts, models.source.tokenizer, experiment.corpus);
  const backend = backendFor(context);
  const sink = await backend.rowSink({
    sourceLayers: models.source.info.layers,
    targetLayers: models.target.info.layers,
    sourceWidth: models.source.info.hiddenSize,
    targetWidth: models.target.info.hiddenSize,
  });
  try {
    const collected = await collect(context, models.source, models.target, texts, sink);
    const { sample } = collected;
    const view = panelView(sample);
    const panels = async (side: Sample['source']): Promise<ActivationsResult['pca']['source']> => {
      const out: ActivationsResult['pca']['source'] = [];
      for (const rows of side.blocks) {
        out.push(await panel(backend.pca, rows, side.width, view));
        await breathe(context.signal);
      }
      return out;
    };
    const norms = (side: Sample['source']): number[] => side.blocks.map((rows) => medianNorm(rows, side.width));
    return {
      sample,
      fit: collected.fit,
      dispose: () => sink.dispose(),
      result: {
        texts: collected.texts,
        tokens: collected.tokens,
        pca: { source: await panels(sample.source), target: await panels(sample.target) },
        massive: { rows: sample.rows - view.ordinary.length, of: sample.rows },
        labels: view.drawn.map((row) => ({ token: sample.labels[row].token, text: sample.labels[row].text, position: sample.labels[row].position })),
        medianNorm: { source: norms(sample.source), target: norms(sample.target) },
      },
    };
  } catch (error) {
    sink.dispose();
    throw error;
  }
}

export interface MapState {
  fitted: FittedMap;
  result: MapResult;
}

/** Fits the map of the chosen (or best) pair of layers and its controls. @throws LabError `ill-conditioned`, `settings-invalid` */
export async function mapStage(context: LabContext, experiment: Experiment, activations: ActivationsState): Promise<MapState> {
  const report = (done: number, note: string): void => context.progress({ stage: 'map', done, total: 4, unit: 'steps', note });
  const backend = backendFor(context);
  report(0, 'Solving the grid of layer pairs');
  const fitted = await fitMap(activations.fit, experiment.map, context.signal);
  await breathe(context.signal);
  report(1, 'Controls: shuffled pairs, centred cosine');
  const { sample } = activations;
  const controls = await sampleControls(sample, fitted, experiment.corpus.seed, context.signal);
  await breathe(context.signal);
  report(2, 'Checking WGSL against float64');
  const train = rowsOf(sample, false);
  const audit = await backend.audit(
    pick(sample.source.blocks[fitted.layers.source], train, sample.source.width),
    pick(sample.target.blocks[fitted.layers.target], train, sample.target.width),
    train.length,
    sample.source.width,
    sample.target.width,
    fitted.map.lambda,
  );
  await breathe(context.signal);
  report(3, 'Drawing the mapped states');
  const mappedPca = await mappedPanel(backend.pca, sample, fitted, panelView(sample));
  report(4, 'Map ready');
  return {
    fitted,
    result: {
      ...mapSummary(fitted),
      centredCosine: controls.centredCosine,
      shuffledR2: controls.shuffledR2,
      errorVsFloat64: audit?.errorVsFloat64 ?? null,
      auditRows: audit ? train.length : 0,
      solver: backend.solver,
      mappedPca,
    },
  };
}
