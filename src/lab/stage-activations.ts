/** Stage 2: collect the states of both models into the moments of the fit. */
import { digestOf } from '../experiment/digest';
import { comparedBlocks, type ComparedBlocks, type PairShape } from '../experiment/compared-blocks';
import { message, type Message } from '../experiment/message';
import type { ActivationsResult, AlignmentReport } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import { foldsOf, stageKey } from '../experiment/stage-inputs';
import type { StreamingFit } from '../fit/types';
import { collectPair } from './collect-sequential';
import { prepareTexts } from './prepare';
import type { Sample } from './rows';
import { yieldToEventLoop, type LabContext } from './context';
import { Memo } from './memo';
import { panel, panelView } from './panels';
import type { LoadedPair } from './stage-models';
import { countUnknown, unknownWarning } from './unknown-tokens';
import { medianNorm } from './vectors';

export interface ActivationsState {
  result: ActivationsResult;
  sample: Sample;
  fit: StreamingFit<unknown>;
  /** The blocks that went into the fit; null for all. */
  compared: ComparedBlocks | null;
  /** Why the states were collected a second time; null if they were not. */
  secondPassReason: Message | null;
  /** What the map stage has solved from these moments. */
  memo: Memo;
  dispose: () => void;
}

/** Depths and widths of a pair. */
export function shapeOf({ source, target }: Pick<LoadedPair, 'source' | 'target'>): PairShape {
  return {
    sourceLayers: source.info.layers,
    targetLayers: target.info.layers,
    sourceWidth: source.info.hiddenSize,
    targetWidth: target.info.hiddenSize,
  };
}

/** Collects the corpus through both models. @throws LabError `corpus-empty`, `corpus-invalid`, `cancelled`, … */
export async function activationsStage(
  context: LabContext,
  experiment: Experiment,
  models: LoadedPair,
): Promise<ActivationsState> {
  const corpus = await context.resources.corpus(experiment.corpus.id);
  const folds = foldsOf(experiment);
  const { texts, alignment } = prepareTexts(
    corpus.texts,
    { source: models.source.tokenizer, target: models.target.tokenizer },
    experiment.models.alignment,
    experiment.corpus,
    folds,
  );
  const doubt = alignmentWarning(alignment, models);
  if (doubt) context.warn(doubt);
  const unknown = {
    source: countUnknown(
      texts.map(({ source }) => source.ids),
      models.source.tokenizer,
    ),
    target: countUnknown(
      texts.map(({ target }) => target.ids),
      models.target.tokenizer,
    ),
  };
  for (const role of ['source', 'target'] as const) {
    const warning = unknownWarning('corpus', models.titles[role], unknown[role]);
    if (warning) context.warn(warning);
  }
  const { backend } = context;
  const shape = shapeOf(models);
  const compared = comparedBlocks(shape, experiment.map, experiment.transfer.also);
  const key = digestOf(stageKey('activations', experiment, shape));
  const resume = context.resume?.key === key ? context.resume : null;
  const sink = await (resume?.sink
    ? backend.resumeSink(resume.sink, shape, compared)
    : backend.rowSink(shape, folds > 1 ? { folds } : {}, compared));
  try {
    const collected = await collectPair(context, models.pair, texts, sink, { key, resume });
    const { sample } = collected;
    const view = panelView(sample);
    const panels = async (side: Sample['source']): Promise<ActivationsResult['pca']['source']> => {
      const out: ActivationsResult['pca']['source'] = [];
      for (const rows of side.blocks) {
        out.push(await panel(backend.pca, rows, side.width, view));
        await yieldToEventLoop(context.signal);
      }
      return out;
    };
    const norms = (side: Sample['source']): number[] => side.blocks.map((rows) => medianNorm(rows, side.width));
    return {
      sample,
      fit: collected.fit,
      compared,
      secondPassReason: collected.secondPassReason,
      memo: new Memo(),
      dispose: () => sink.dispose(),
      result: {
        texts: collected.texts,
        alignment,
        tokens: collected.tokens,
        unknown,
        pca: { source: await panels(sample.source), target: await panels(sample.target) },
        massive: { rows: sample.rows - view.ordinary.length, of: sample.rows },
        labels: view.drawn.map((row) => {
          const { heldOut: _, ...label } = sample.labels[row];
          return label;
        }),
        medianNorm: { source: norms(sample.source), target: norms(sample.target) },
      },
    };
  } catch (error) {
    sink.dispose();
    throw error;
  }
}

/** Share of a side's positions below which the map is fitted to a minority of what the model computes. */
const LOW_SHARE = 0.5;

/** What a reader must know of positions that were not paired one to one; null where that was so, or means the same. */
function alignmentWarning({ by, share }: AlignmentReport, { titles, result }: LoadedPair): Message | null {
  if (by === 'tokens') return null;
  const percent = (x: number): number => Math.round(100 * x);
  const shares = { ...titles, sourceShare: percent(share.source), targetShare: percent(share.target) };
  const few = Math.min(share.source, share.target) < LOW_SHARE;
  if (!result.homology.sameIds) return message('run.warn.characters', { ...shares, few: String(few) });
  return few ? message('run.warn.few-partners', shares) : null;
}
