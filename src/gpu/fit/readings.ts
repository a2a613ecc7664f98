/** What is read out of a GPU fit besides maps: CKA, and the moments of a pair in the original coordinates. */
import { throwIfAborted } from '../../experiment/errors';
import { ckaFromNorms } from '../../math/cka';
import { checkLayer, type OnLayer } from '../../fit/types';
import { type Matrix, zeros } from '../../math/matrix';
import type { PairMoments } from '../../math/moments';
import { ab } from '../kernels/ab/ab';
import { atb } from '../kernels/atb/atb';
import { columnSquares } from '../kernels/score/score';
import { shiftRows } from '../kernels/shift-rows/shift-rows';
import { centre } from '../kernels/system/system';
import { GpuScope } from '../scope';
import { type LayerMoments, summed } from './moments';
import {
  bandOf,
  centredCross,
  centredGram,
  type FitState,
  heldOutMoments,
  totalSquares,
  trainingMoments,
} from './systems';

/** U·diag(1/scale): takes whitened moments back to the original coordinates, ss = ŨᵀMŨ and st = ŨᵀC. */
async function unwhiten(state: FitState, layer: number): Promise<GPUBuffer> {
  const { rec, scope, layout, coordinates } = state;
  const d = layout.source;
  const { scale: powers, U } = coordinates.source[layer];
  const scale = await rec.readFloats(powers, d);
  const inverse = scope.upload(
    scale.map((x) => 1 / x),
    '1/scale',
  ); // powers of two: exact
  const zero = scope.buffer(4 * d, 'no shift');
  const out = scope.buffer(4 * d * d, 'Ũ');
  shiftRows(rec, { source: U, sourceStride: d, cols: d, rows: d, shift: zero, scale: inverse, out, outStride: d });
  return out;
}

/** Source moments of some rows in the original coordinates: source×source. */
function originalGram(state: FitState, train: LayerMoments, of: LayerMoments, back: GPUBuffer): GPUBuffer {
  const { rec, scope } = state;
  const d = state.layout.source;
  const [M, MU, out] = ['M', 'M·Ũ', 'ss'].map((label) => scope.buffer(4 * d * d, label));
  centredGram(state, train, of, M);
  ab(rec, { A: M, B: back, C: MU, m: d, k: d, n: d, upperB: true });
  atb(rec, { A: back, B: MU, C: out, rows: d, m: d, n: d, strideA: d, strideB: d, strideC: d });
  return out;
}

/** Cross moments of some rows in the original coordinates: source×width. */
function originalCross(
  state: FitState,
  train: LayerMoments,
  of: LayerMoments,
  band: number,
  column: number,
  width: number,
  back: GPUBuffer,
): GPUBuffer {
  const { rec, scope } = state;
  const d = state.layout.source;
  const C = scope.buffer(4 * d * width, 'C');
  const out = scope.buffer(4 * d * width, 'st');
  centredCross(state, train, of, band, column, width, C);
  atb(rec, { A: back, B: C, C: out, rows: d, m: d, n: width, strideA: d, strideB: width, strideC: width });
  return out;
}

/** Linear CKA of every pair on the training rows. */
export async function solveCka(state: FitState, signal?: AbortSignal, onLayer?: OnLayer): Promise<Float64Array> {
  const { rec, scope, layout } = state;
  const { source: d, target, shape, bands } = layout;
  const rows = state.train.reduce((total, part) => total + part.rows, 0);
  const out = new Float64Array(shape.sourceLayers * shape.targetLayers);
  const targetNorms = new Float64Array(shape.targetLayers);
  const squares = scope.buffer(4 * Math.max(d, ...bands.map((band) => band.width)), 'squares');
  const gram = scope.buffer(4 * target * target, 'centred YᵀY');
  for (let t = 0; t < shape.targetLayers; t++) {
    throwIfAborted(signal);
    const { band, column } = bandOf(layout, t);
    const layer = new GpuScope(rec.device, scope);
    const sums = summed(
      rec,
      layer,
      state.train.map(({ moments }) => moments.targetSums[band]),
    );
    const product = summed(
      rec,
      layer,
      state.train.map(({ moments }) => moments.targetGram[t]),
    );
    // The left sums start at this layer's columns only through a copy: `centre` offsets just the right ones.
    const left = layer.buffer(4 * target, 'target sums');
    rec.copy(sums, left, 4 * target, 4 * column);
    centre(rec, {
      M: product,
      m: target,
      n: target,
      strideM: target,
      leftSums: left,
      leftTrain: left,
      rightSums: sums,
      rightTrain: sums,
      columnSums: column,
      rows,
      trainRows: rows,
      symmetric: true,
      out: gram,
    });
    columnSquares(rec, { C: gram, d: target, n: target, out: squares });
    targetNorms[t] = Math.sqrt(sum(await rec.readFloats(squares, shape.targetWidth)));
    layer.dispose();
  }
  for (let s = 0; s < shape.sourceLayers; s++) {
    throwIfAborted(signal);
    onLayer?.(s);
    const layer = new GpuScope(rec.device, scope);
    const local = { ...state, scope: layer };
    try {
      const back = await unwhiten(local, s);
      const train = trainingMoments(local, s);
      const ss = originalGram(local, train, train, back);
      columnSquares(rec, { C: ss, d, n: d, out: squares });
      const sourceNorm = Math.sqrt(sum(await rec.readFloats(squares, shape.sourceWidth)));
      for (let b = 0; b < bands.length; b++) {
        const st = originalCross(local, train, train, b, 0, bands[b].width, back);
        await layer.settled();
        columnSquares(rec, { C: st, d, n: bands[b].width, out: squares });
        const values = await rec.readFloats(squares, bands[b].width);
        for (let i = 0; i < bands[b].layers; i++) {
          const t = bands[b].firstLayer + i;
          out[s * shape.targetLayers + t] = ckaFromNorms(
            Math.sqrt(sum(values.subarray(i * target, i * target + shape.targetWidth))),
            sourceNorm,
            targetNorms[t],
          );
        }
      }
    } finally {
      layer.dispose();
    }
  }
  return out;
}

/** Moments of one pair in the original coordinates, both splits about the training means. */
export async function readPairMoments(
  state: FitState,
  sourceLayer: number,
  targetLayer: number,
): Promise<{ train: PairMoments; heldOut: PairMoments }> {
  const { rec, scope, layout, coordinates } = state;
  const { source: d, target: n, shape } = layout;
  checkLayer(sourceLayer, shape.sourceLayers, 'source');
  checkLayer(targetLayer, shape.targetLayers, 'target');
  const { band, column } = bandOf(layout, targetLayer);
  const width = layout.bands[band].width;
  const back = await unwhiten(state, sourceLayer);
  const { shift: sourceShift, scale: sourceScale } = coordinates.source[sourceLayer];
  const train = trainingMoments(state, sourceLayer);
  const splits = [train, heldOutMoments(state, sourceLayer)].map((of) => ({
    of,
    ss: originalGram(state, train, of, back),
    st: originalCross(state, train, of, band, column, n, back),
  }));
  await scope.settled();
  const [shift, scale, sourceSums, targets, targetSums] = (
    await rec.read(
      { buffer: sourceShift, bytes: 4 * d },
      { buffer: sourceScale, bytes: 4 * d },
      { buffer: train.sourceSums, bytes: 4 * d },
      { buffer: coordinates.target[band], bytes: 4 * width },
      { buffer: train.targetSums(band), bytes: 8 * width },
    )
  ).map((data) => new Float32Array(data));
  const sourceMean = Float64Array.from(
    { length: shape.sourceWidth },
    (_, i) => shift[i] + sourceSums[i] / train.rows / scale[i],
  );
  const targetMean = Float64Array.from(
    { length: shape.targetWidth },
    (_, j) => targets[column + j] + targetSums[column + j] / train.rows,
  );
  const [first, second] = await Promise.all(
    splits.map(async ({ of, ss, st }): Promise<PairMoments> => {
      const [a, b, c] = await rec.read(
        { buffer: ss, bytes: 4 * d * d },
        { buffer: st, bytes: 4 * d * n },
        { buffer: of.targetSums(band), bytes: 8 * width },
      );
      return {
        rows: of.rows,
        sourceMean,
        targetMean,
        ss: cut(new Float32Array(a), d, shape.sourceWidth, shape.sourceWidth),
        st: cut(new Float32Array(b), n, shape.sourceWidth, shape.targetWidth),
        tt: totalSquares(new Float32Array(c), targetSums, width, of.rows, train.rows, column, shape.targetWidth),
      };
    }),
  );
  return { train: first, heldOut: second };
}

function cut(data: Float32Array, stride: number, rows: number, cols: number): Matrix {
  const out = zeros(rows, cols);
  for (let i = 0; i < rows; i++) out.data.set(data.subarray(i * stride, i * stride + cols), i * cols);
  return out;
}

function sum(values: Float32Array): number {
  let total = 0;
  for (const x of values) total += x;
  return total;
}
