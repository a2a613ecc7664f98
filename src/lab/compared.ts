/** A fit of some blocks of two models, where comparing all of them would take too much (`experiment/compared-blocks.ts`). */
import type { ComparedBlocks } from '../experiment/compared-blocks';
import { message, type Message } from '../experiment/message';
import type { FitShape, OnLayer, StreamingFit } from '../fit/types';

/** The shape of the fit of these blocks. */
export function comparedShape(shape: FitShape, compared: ComparedBlocks | null): FitShape {
  return compared ? { ...shape, sourceLayers: compared.source.length, targetLayers: compared.target.length } : shape;
}

/** What is said of a grid with gaps, after the rule that chose the layers. */
export function comparedNote(rule: Message, shape: FitShape, { source, target }: ComparedBlocks): Message {
  return message('run.layers.compared', {
    rule,
    sourceBlocks: shape.sourceLayers,
    targetBlocks: shape.targetLayers,
    source: source.length,
    target: target.length,
  });
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
