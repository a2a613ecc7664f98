/**
 * Which blocks of two models are compared. The moments of every pair of blocks take memory and time with the product of
 * both depths and both widths: gigabytes and many minutes for models of thirty blocks. Beyond a bound, evenly spaced blocks
 * stand for the rest. The bound depends on the models alone, so that an experiment compares the same blocks everywhere.
 */
import type { Experiment } from '../experiment/schema';
import type { FitShape, OnLayer, StreamingFit } from '../math/fit-types';

/** Numbers in the cross moments of all pairs of one split. In float64, for both splits, half a gigabyte. */
const MAX_NUMBERS = 2 ** 25;
/** Of each model at least so many. */
const LEAST_BLOCKS = 4;

/** Blocks whose states go into the fit, ascending; a pair's place in the fit is their index. */
export interface ComparedBlocks {
  source: number[];
  target: number[];
}

/**
 * The blocks to compare: first and last, evenly spaced between them, and those that the settings name. @returns null for all of them
 */
export function comparedBlocks(
  { sourceLayers, targetLayers, sourceWidth, targetWidth }: FitShape,
  map: Pick<Experiment['map'], 'sourceLayer' | 'targetLayer'>,
  also: Experiment['transfer']['also'] = [],
): ComparedBlocks | null {
  const pairs = sourceLayers * targetLayers;
  const share = Math.sqrt(MAX_NUMBERS / (sourceWidth * targetWidth * pairs));
  if (share >= 1) return null;
  const side = (count: number, choices: readonly Experiment['map']['sourceLayer'][]): number[] => {
    const spaced = Math.min(count, Math.max(LEAST_BLOCKS, Math.floor(count * share)));
    const blocks = new Set(
      Array.from({ length: spaced }, (_, i) => Math.round((i * (count - 1)) / Math.max(1, spaced - 1))),
    );
    // A block that is not there is refused where the layers are chosen.
    for (const choice of choices) if (choice !== 'auto' && choice < count) blocks.add(choice);
    return [...blocks].toSorted((a, b) => a - b);
  };
  return {
    source: side(sourceLayers, [map.sourceLayer, ...also.map((pair) => pair.sourceLayer)]),
    target: side(targetLayers, [map.targetLayer, ...also.map((pair) => pair.targetLayer)]),
  };
}

/** The shape of the fit of these blocks. */
export function comparedShape(shape: FitShape, compared: ComparedBlocks | null): FitShape {
  return compared ? { ...shape, sourceLayers: compared.source.length, targetLayers: compared.target.length } : shape;
}

/** What is said of a grid with gaps. */
export function comparedNote(shape: FitShape, { source, target }: ComparedBlocks): string {
  return `of ${shape.sourceLayers} and ${shape.targetLayers} blocks ${source.length} and ${target.length} were compared, for memory and time`;
}

/** Members of a list at these places; all of them for null. */
export function pick<T>(all: readonly T[], blocks: readonly number[] | null): T[] {
  return blocks ? blocks.map((block) => all[block]) : [...all];
}

/**
 * A fit of some blocks, asked as if it had all: in grids the pairs that were not compared are NaN.
 * @param shape of all blocks @throws RangeError for a pair that was not compared
 */
export function sparseGridFit<M>(fit: StreamingFit<M>, shape: FitShape, compared: ComparedBlocks): StreamingFit<M> {
  const at = (blocks: readonly number[], block: number): number => {
    const index = blocks.indexOf(block);
    if (index < 0) throw new RangeError(`Block ${block} was not compared.`);
    return index;
  };
  const whole = (grid: Float64Array): Float64Array => {
    const out = new Float64Array(shape.sourceLayers * shape.targetLayers).fill(NaN);
    compared.source.forEach((s, i) =>
      compared.target.forEach((t, j) => (out[s * shape.targetLayers + t] = grid[i * compared.target.length + j])),
    );
    return out;
  };
  /** Progress in blocks of the model, not in those compared. */
  const mapProgress = (onLayer?: OnLayer): OnLayer | undefined => onLayer && ((done) => onLayer(compared.source[done]));
  const s = (block: number): number => at(compared.source, block);
  const t = (block: number): number => at(compared.target, block);
  return {
    shape,
    add: (chunk) =>
      fit.add({ ...chunk, source: pick(chunk.source, compared.source), target: pick(chunk.target, compared.target) }),
    grid: async (lambda, signal, onLayer) => whole(await fit.grid(lambda, signal, mapProgress(onLayer))),
    cka: async (signal, onLayer) => whole(await fit.cka(signal, mapProgress(onLayer))),
    solve: async (source, target, ...rest) => fit.solve(s(source), t(target), ...rest),
    moments: async (source, target, ...rest) => fit.moments(s(source), t(target), ...rest),
    crossValidate: async (source, target, ...rest) => fit.crossValidate(s(source), t(target), ...rest),
    rows: () => fit.rows(),
    needsSecondPass: (lambda) => fit.needsSecondPass(lambda),
    secondPassReason: async (lambda) => {
      const reason = await fit.secondPassReason(lambda);
      return reason && { ...reason, sourceLayer: compared.source[reason.sourceLayer] };
    },
    restart: () => fit.restart(),
    dispose: () => fit.dispose(),
  };
}
