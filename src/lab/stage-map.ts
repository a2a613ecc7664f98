/** Stage 3: the affine map of one pair of blocks, in every kind, its statistics and its controls. */
import type { MapResult, MapStatistics } from '../experiment/run';
import type { Experiment } from '../experiment/schema';
import type { SplitMoments } from '../math/maps';
import type { AffineMap } from '../math/affine-map';
import type { PairFit } from '../fit/types';
import { effectiveRank, metricSpectrum, r2WithoutTop, topCounts } from '../math/map-statistics';
import { medianOfFinite } from '../math/moments';
import { comparedNote } from './compared';
import { yieldToEventLoop, type LabContext } from './context';
import { chooseLayers, compareLayers, rowsOf, sampleControls, solveRidge, type Layers, type PairSolution } from './fit';
import { mapInUse, reportedRanks, type MapOfKind } from './maps';
import { mappedPanel, panelView } from './panels';
import { pickRows } from './rows';
import { tokenMeasures, type TokenMeasures } from './token-measures';
import type { ActivationsState } from './stage-activations';
import { message } from '../experiment/message';

export interface MapState {
  /** The map that carries the vector. */
  map: AffineMap;
  /** Means of the training rows at the two blocks. */
  means: { source: Float64Array; target: Float64Array };
  layers: Layers;
  result: MapResult;
}

const STEPS = [
  'progress.map.layers',
  'progress.map.lambda',
  'progress.map.kinds',
  'progress.map.statistics',
  'progress.map.controls',
  'progress.map.audit',
  'progress.map.drawing',
] as const;

/**
 * Fits the map of the chosen (or best) pair of blocks. What the settings leave unchanged is remembered with the
 * activations: another kind of map solves nothing again, another λ compares no layers again.
 * @throws LabError `ill-conditioned`, `settings-invalid`, `cancelled`
 */
export async function mapStage(
  context: LabContext,
  experiment: Experiment,
  activations: ActivationsState,
): Promise<MapState> {
  const { fit, sample, memo } = activations;
  const { backend, signal } = context;
  const settings = experiment.map;
  let step = 0;
  const next = async (): Promise<void> => {
    context.progress({ stage: 'map', done: step, total: STEPS.length, unit: 'steps', note: message(STEPS[step++]) });
    await yieldToEventLoop(signal);
  };
  await next();
  const comparison =
    memo.recall<Awaited<ReturnType<typeof compareLayers>>>('layers', 0) ??
    (await memo.keep(
      'layers',
      0,
      await compareLayers(fit, signal, (done, total) =>
        context.progress({ stage: 'map', done, total, unit: 'layers', note: message(STEPS[0]) }),
      ),
    ));
  const chosenLayers = chooseLayers(comparison.grid, settings.sourceLayer, settings.targetLayer);
  const { layers } = chosenLayers;
  const layerRule = activations.compared
    ? comparedNote(chosenLayers.layerRule, fit.shape, activations.compared)
    : chosenLayers.layerRule;

  await next();
  const { sourceWidth, targetWidth } = fit.shape;
  const ranks = reportedRanks(sourceWidth, targetWidth, settings);
  const ridgeInputs = { layers, lambda: settings.lambda, lambdaRule: settings.lambdaRule, folds: settings.folds };
  const solution =
    memo.recall<PairSolution>('ridge', ridgeInputs) ??
    (await memo.keep('ridge', ridgeInputs, await solveRidge(fit, layers, settings, signal)));
  const ridge = solution.pair.best;

  await next();
  const mapInputs = { ridgeInputs, ranks };
  const known = memo.recall<PairMaps>('maps', mapInputs);
  const { moments, maps } =
    known ?? (await memo.keep('maps', mapInputs, await pairMaps(context, activations, layers, solution.pair, ranks)));
  const chosen = mapInUse(maps, settings);

  await next();
  const statistics = await describe(chosen, moments, signal);

  await next();
  const controls = await sampleControls(sample, layers, chosen.map, experiment.corpus.seed, signal);

  const tokenInputs = { layers, lambda: chosen.map.lambda };
  const tokens =
    memo.recall<TokenMeasures>('tokens', tokenInputs) ??
    (await memo.keep('tokens', tokenInputs, await tokenMeasures(sample, layers, chosen.map.lambda, signal)));

  await next();
  const train = rowsOf(sample, false);
  const auditInputs = { layers, lambda: ridge.lambda };
  const audit =
    memo.recall<{ errorVsFloat64: number }>('audit', auditInputs) ??
    (await memo.keep(
      'audit',
      auditInputs,
      await backend.audit(
        {
          X: pickRows(sample.source.blocks[layers.source], train, sourceWidth),
          Y: pickRows(sample.target.blocks[layers.target], train, targetWidth),
          rows: train.length,
          sourceWidth,
          targetWidth,
        },
        ridge.lambda,
        signal,
      ),
    ));

  await next();
  const mappedPca = await mappedPanel(backend.pca, sample, layers, chosen.map, panelView(sample));
  context.progress({
    stage: 'map',
    done: STEPS.length,
    total: STEPS.length,
    unit: 'steps',
    note: message('progress.map.ready'),
  });
  return {
    map: chosen.map,
    means: { source: moments.train.sourceMean, target: moments.train.targetMean },
    layers,
    result: {
      layers,
      layerRule,
      kind: settings.kind,
      rank: chosen.rank,
      scale: chosen.scale,
      lambda: ridge.lambda,
      lambdaRule: solution.lambdaRule,
      heldOutR2: chosen.heldOutR2,
      centredCosine: controls.centredCosine,
      shuffledR2: controls.shuffledR2,
      tokens,
      medianDimensionR2: medianOfFinite(chosen.perDimension),
      errorVsFloat64: audit.errorVsFloat64,
      auditRows: train.length,
      solver: backend.solver,
      secondPass: solution.pair.secondPass,
      secondPassReason: activations.secondPassReason,
      badPivots: solution.pair.badPivots,
      lambdaPath: solution.lambdaPath.map(({ lambda, heldOutR2, trainR2 }) => ({ lambda, heldOutR2, trainR2 })),
      crossValidation: solution.crossValidation && {
        folds: solution.crossValidation.folds,
        points: solution.crossValidation.points.map(({ lambda, meanR2, standardError }) => ({
          lambda,
          meanR2,
          standardError,
        })),
      },
      family: maps.map(({ kind, rank, trainR2, heldOutR2 }) => ({
        kind,
        rank,
        trainR2,
        heldOutR2,
      })),
      statistics,
      ...comparison,
      mappedPca,
    },
  };
}

/**
 * The map of another pair of blocks, by the same settings and from the same moments.
 * @throws LabError `ill-conditioned`, `settings-invalid`, `cancelled`
 */
export async function mapOfPair(
  context: LabContext,
  { map: settings }: Pick<Experiment, 'map'>,
  activations: ActivationsState,
  layers: Layers,
): Promise<AffineMap> {
  const { fit } = activations;
  const { pair } = await solveRidge(fit, layers, settings, context.signal);
  if (settings.kind === 'ridge') return pair.best;
  const ranks = reportedRanks(fit.shape.sourceWidth, fit.shape.targetWidth, settings);
  const { maps } = await pairMaps(context, activations, layers, pair, ranks);
  return mapInUse(maps, settings).map;
}

interface PairMaps {
  moments: SplitMoments;
  maps: MapOfKind[];
}

async function pairMaps(
  { backend, signal }: LabContext,
  { fit }: ActivationsState,
  layers: Layers,
  pair: PairFit,
  ranks: number[],
): Promise<PairMaps> {
  const moments = await fit.moments(layers.source, layers.target, signal);
  const { best: map, heldOutR2, perDimension, lambdaPath } = pair;
  const trainR2 = lambdaPath.find(({ lambda }) => lambda === map.lambda)?.trainR2 ?? NaN;
  const ridge = { rank: null, scale: null, map, trainR2, heldOutR2, perDimension };
  return { moments, maps: await backend.maps({ moments, ridge, ranks }, signal) };
}

async function describe(
  member: MapOfKind,
  { train, heldOut }: SplitMoments,
  signal: AbortSignal,
): Promise<MapStatistics> {
  const W = { rows: member.map.sourceWidth, cols: member.map.targetWidth, data: member.map.W };
  const spectrum = await metricSpectrum(W, train, signal);
  const counts = topCounts(W.cols);
  const without = r2WithoutTop(member.perDimension, heldOut.tt, counts);
  return {
    dimensionR2: Array.from(member.perDimension, (x) => (Number.isFinite(x) ? x : null)),
    withoutTop: counts.map((k, i) => ({ without: k, r2: without[i] })),
    spectrum: Array.from(spectrum),
    effectiveRank: effectiveRank(spectrum),
    ceiling: Math.min(W.rows, W.cols),
  };
}
