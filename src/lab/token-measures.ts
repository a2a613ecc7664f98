/**
 * How much of a map's R² is the token that a state stands at. States of one token are alike in every model, and so a table
 * of the target's mean state for each token predicts much of it without any source; what is left, when the mean of its token
 * is taken from every state of both models, is what the text around it has made of it.
 */
import { Float64Fit } from '../fit/float64-fit';
import { rowsOf, type Layers } from './fit';
import type { MapResult } from '../experiment/run';
import { pickRows, type Sample } from './rows';

export type TokenMeasures = NonNullable<MapResult['tokens']>;

/** Weight of the mean of all states in the mean of a token, in states: a token that is seen once says little of its mean. */
const PRIOR = 1;

interface Table {
  counts: Map<string, number>;
  /** Sum by token, and mean of all. */
  sums: Map<string, Float64Array>;
  mean: Float64Array;
}

function tableOf(rows: Float32Array, tokens: readonly string[], width: number): Table {
  const counts = new Map<string, number>();
  const sums = new Map<string, Float64Array>();
  const mean = new Float64Array(width);
  tokens.forEach((token, i) => {
    const sum = sums.get(token) ?? new Float64Array(width);
    sums.set(token, sum);
    counts.set(token, (counts.get(token) ?? 0) + 1);
    for (let d = 0; d < width; d++) {
      sum[d] += rows[i * width + d];
      mean[d] += rows[i * width + d] / tokens.length;
    }
  });
  return { counts, sums, mean };
}

/** States less the mean of their token, which is drawn towards the mean of all. A token that is not in the table has that mean. */
function withoutToken(rows: Float32Array, tokens: readonly string[], { counts, sums, mean }: Table): Float32Array {
  const width = mean.length;
  return Float32Array.from(rows, (x, at) => {
    const token = tokens[Math.floor(at / width)];
    const n = counts.get(token) ?? 0;
    const d = at % width;
    return x - ((sums.get(token)?.[d] ?? 0) + PRIOR * mean[d]) / (n + PRIOR);
  });
}

/**
 * Held-out R² of the target's token means alone, and of a ridge map at the same λ between states without the mean of their
 * token. Both on the rows of the bounded sample.
 */
export async function tokenMeasures(
  { source, target, labels }: Sample,
  layers: Layers,
  lambda: number,
  signal: AbortSignal,
): Promise<TokenMeasures> {
  const sample = { labels } as Sample;
  const [train, heldOut] = [rowsOf(sample, false), rowsOf(sample, true)];
  const of = ({ width, blocks }: Sample['source'], block: number, role: 'source' | 'target') => {
    const tokenOf = (row: number): string => {
      const { token, partner } = labels[row];
      return role === 'source' ? token : (partner ?? token);
    };
    const [trainTokens, heldTokens] = [train.map(tokenOf), heldOut.map(tokenOf)];
    const rows = { train: pickRows(blocks[block], train, width), heldOut: pickRows(blocks[block], heldOut, width) };
    const table = tableOf(rows.train, trainTokens, width);
    return {
      width,
      rows,
      table,
      known: heldTokens.filter((token) => table.counts.has(token)).length,
      train: withoutToken(rows.train, trainTokens, table),
      heldOut: withoutToken(rows.heldOut, heldTokens, table),
    };
  };
  const X = of(source, layers.source, 'source');
  const Y = of(target, layers.target, 'target');
  let residual = 0;
  let total = 0;
  for (let at = 0; at < Y.heldOut.length; at++) {
    residual += Y.heldOut[at] ** 2;
    total += (Y.rows.heldOut[at] - Y.table.mean[at % Y.width]) ** 2;
  }
  const fit = new Float64Fit({ sourceLayers: 1, targetLayers: 1, sourceWidth: X.width, targetWidth: Y.width });
  await fit.add({ source: [X.train], target: [Y.train], rows: train.length, split: 'train' });
  await fit.add({ source: [X.heldOut], target: [Y.heldOut], rows: heldOut.length, split: 'heldOut' });
  const context = await fit.solve(0, 0, Math.max(lambda, 1e-6), signal);
  fit.dispose();
  return {
    meanR2: 1 - residual / total,
    contextR2: context.heldOutR2,
    rows: { train: train.length, heldOut: heldOut.length, known: Y.known },
  };
}
