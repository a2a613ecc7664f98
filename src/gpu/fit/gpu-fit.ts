/**
 * The streaming affine fit on the GPU: the interface and the numbers of the float64
 * fitter, from plain float32 products in whitened coordinates (see whitening.ts).
 *
 * Rows never leave the GPU and are not kept. The first training rows are held back
 * as a warm-up, which sets shift, scale and whitening; from then on every chunk is
 * streamed through and forgotten.
 */
import { LabError, throwIfAborted } from '../../experiment/errors';
import type { FitChunk, FitShape, PairFit, StreamingFit } from '../../math/fit-types';
import type { PairMoments } from '../../math/moments';
import { ab } from '../kernels/ab/ab';
import { kernelsFor } from '../kernels/all';
import { atb } from '../kernels/atb/atb';
import { columnSums, shiftScale } from '../kernels/column-sums/column-sums';
import { gatherRows } from '../kernels/gather-rows/gather-rows';
import { Recorder } from '../recorder';
import { GpuScope } from '../scope';
import type { GpuMatrix } from '../types';
import { type FitLayout, layoutOf } from './layout';
import { clearMoments, createMoments, type SplitMoments } from './moments';
import { type FitState, solveGrid, solveNeedsSecondPass, solvePair } from './solve';
import { readPairMoments, solveCka } from './readings';
import { createFoldSpace, createWhitening, eachFold, type FoldSpace, gatherTarget, renewWhitening, type RowBlock, shiftTargets, type Whitening, whitenFromRows } from './whitening';

export interface GpuFitOptions {
  /** Also gather what `cka()` needs: one dT×dT Gram matrix per target layer. Default true. */
  cka?: boolean;
  /** Training rows held back before whitening; default max(4·dS, 1024). Fewer than dS makes a second pass likely. */
  warmUpRows?: number;
  /** Largest buffer to bind; default what the device allows. Smaller ones split the target layers into more products. */
  maxBindingBytes?: number;
}

interface HeldChunk {
  source: RowBlock[];
  target: RowBlock[];
  split: 'train' | 'heldOut';
}

export class GpuFit implements StreamingFit<GpuMatrix> {
  readonly shape: FitShape;
  readonly #layout: FitLayout;
  readonly #scope: GpuScope;
  readonly #rec: Recorder;
  readonly #train: SplitMoments;
  readonly #heldOut: SplitMoments;
  readonly #whitening: Whitening[];
  readonly #targetShift: GPUBuffer[];
  readonly #ones: GPUBuffer;
  readonly #fold: FoldSpace;
  readonly #warmUpRows: number;
  readonly #cka: boolean;
  /** Chunks of the warm-up; null once whitening is set. */
  #held: HeldChunk[] | null = [];
  #heldTrainRows = 0;
  #whitenedByAll = false;
  #secondPass = false;
  #disposed = false;

  private constructor(rec: Recorder, scope: GpuScope, layout: FitLayout, options: GpuFitOptions) {
    this.shape = layout.shape;
    this.#layout = layout;
    this.#scope = scope;
    this.#rec = rec;
    this.#cka = options.cka ?? true;
    this.#warmUpRows = options.warmUpRows ?? Math.max(4 * layout.shape.sourceWidth, 1024);
    this.#train = createMoments(scope, layout, 'train', this.#cka);
    this.#heldOut = createMoments(scope, layout, 'held-out', false);
    this.#whitening = Array.from({ length: layout.shape.sourceLayers }, () => createWhitening(scope, layout));
    this.#targetShift = layout.bands.map((band) => scope.buffer(band.width * 4, 'target shift'));
    this.#ones = scope.upload(new Float32Array(Math.max(...layout.bands.map((band) => band.width))).fill(1), 'ones');
    this.#fold = createFoldSpace(scope, layout);
  }

  /**
   * Compiles the kernels and allocates the moments.
   * @throws LabError shader-compile, out-of-memory; RangeError on a senseless shape
   */
  static async create(device: GPUDevice, shape: FitShape, options: GpuFitOptions = {}): Promise<GpuFit> {
    const layout = layoutOf(shape, Math.min(options.maxBindingBytes ?? Infinity, device.limits.maxStorageBufferBindingSize));
    const rec = await Recorder.create(device, kernelsFor(Math.max(layout.source, layout.target)));
    const scope = new GpuScope(device);
    try {
      const fit = new GpuFit(rec, scope, layout, options);
      await scope.settled();
      return fit;
    } catch (error) {
      scope.dispose();
      rec.dispose();
      throw error;
    }
  }

  /**
   * Enqueues the chunk; nothing is read back. Buffers may be reused or destroyed once this returns.
   * Chunks of 512 rows or more make the best use of the GPU, and of float32: each chunk is at least one fold.
   * @throws RangeError if a layer is missing or a matrix has another shape
   */
  add(chunk: FitChunk<GpuMatrix>): void {
    this.#alive();
    const { sourceLayers, targetLayers, sourceWidth, targetWidth } = this.shape;
    check(chunk.source, sourceLayers, chunk.rows, sourceWidth, 'source');
    check(chunk.target, targetLayers, chunk.rows, targetWidth, 'target');
    if (chunk.rows === 0) return;
    const blocks = (matrices: GpuMatrix[]): RowBlock[] => matrices.map(({ buffer }) => ({ buffer, rows: chunk.rows }));
    if (!this.#held) {
      this.#stream({ source: blocks(chunk.source), target: blocks(chunk.target), split: chunk.split });
    } else {
      const keep = (matrices: GpuMatrix[], width: number): RowBlock[] =>
        matrices.map(({ buffer }) => {
          const bytes = chunk.rows * width * 4;
          const copy = this.#scope.buffer(bytes, 'warm-up rows');
          this.#rec.copy(buffer, copy, bytes);
          return { buffer: copy, rows: chunk.rows };
        });
      this.#held.push({ source: keep(chunk.source, sourceWidth), target: keep(chunk.target, targetWidth), split: chunk.split });
      if (chunk.split === 'train') this.#heldTrainRows += chunk.rows;
      if (this.#heldTrainRows >= this.#warmUpRows) this.#whiten();
    }
    this.#rec.submit();
  }

  grid(lambda: number, signal?: AbortSignal): Promise<Float64Array> {
    return this.#solving(signal, (state) => solveGrid(state, lambda, signal));
  }

  solve(sourceLayer: number, targetLayer: number, lambdas: number | number[], signal?: AbortSignal): Promise<PairFit> {
    return this.#solving(signal, (state) => solvePair(state, sourceLayer, targetLayer, typeof lambdas === 'number' ? [lambdas] : lambdas, signal));
  }

  cka(signal?: AbortSignal): Promise<Float64Array> {
    if (!this.#cka) return Promise.reject(new RangeError('This fit was made without { cka: true }.'));
    return this.#solving(signal, (state) => solveCka(state, signal), false);
  }

  moments(sourceLayer: number, targetLayer: number, signal?: AbortSignal): Promise<{ train: PairMoments; heldOut: PairMoments }> {
    return this.#solving(signal, (state) => readPairMoments(state, sourceLayer, targetLayer));
  }

  needsSecondPass(smallestLambda = 0): Promise<boolean> {
    return this.#solving(undefined, (state) => solveNeedsSecondPass(state, smallestLambda), false);
  }

  rows(): { train: number; heldOut: number } {
    const held = (split: 'train' | 'heldOut'): number => (this.#held ?? []).reduce((sum, chunk) => sum + (chunk.split === split ? chunk.source[0].rows : 0), 0);
    return { train: this.#train.rows + held('train'), heldOut: this.#heldOut.rows + held('heldOut') };
  }

  async restart(): Promise<void> {
    this.#alive();
    this.#needTrain();
    if (this.#held) this.#whiten();
    const rec = this.#rec;
    this.#whitening.forEach((whitening, layer) => renewWhitening(rec, this.#scope, this.#layout, whitening, this.#train, layer));
    this.#layout.bands.forEach((band, b) => {
      shiftScale(rec, { sums: this.#train.targetSums[b], shift: this.#targetShift[b], scale: this.#ones, n: band.width, rows: this.#train.rows, set: 'shift' });
    });
    clearMoments(rec, this.#train);
    clearMoments(rec, this.#heldOut);
    rec.submit();
    this.#secondPass = true;
    await this.#scope.settled();
  }

  dispose(): void {
    this.#disposed = true;
    this.#scope.dispose();
    this.#rec.dispose();
  }

  /** Sets shift, scale and whitening from the rows held back, then streams them. */
  #whiten(): void {
    const held = this.#held ?? [];
    const train = held.filter((chunk) => chunk.split === 'train');
    const rec = this.#rec;
    rec.submit();
    this.#whitening.forEach((whitening, s) => whitenFromRows(rec, this.#scope, this.#layout, whitening, train.map((chunk) => chunk.source[s]), this.#fold));
    this.#layout.bands.forEach((band, b) => {
      const layers = Array.from({ length: band.layers }, (_, i) => train.map((chunk) => chunk.target[band.firstLayer + i]));
      shiftTargets(rec, this.#scope, this.#layout, b, layers, this.#targetShift[b], this.#ones, this.#fold);
    });
    this.#held = null;
    this.#whitenedByAll = true;
    for (const chunk of held) {
      this.#stream(chunk, true);
      rec.submit();
      for (const { buffer } of [...chunk.source, ...chunk.target]) this.#scope.release(buffer);
    }
  }

  #stream(chunk: HeldChunk, fromWarmUp = false): void {
    const { source: d, target, bands, shape } = this.#layout;
    const rec = this.#rec;
    const fold = this.#fold;
    const moments = chunk.split === 'train' ? this.#train : this.#heldOut;
    const rows = chunk.source[0].rows;
    if (chunk.split === 'train' && !fromWarmUp) this.#whitenedByAll = false;
    moments.rows += rows;
    eachFold(rows, (firstRow, count) => {
      bands.forEach((band, b) => {
        const Y = fold.targets[b];
        for (let i = 0; i < band.layers; i++) gatherTarget(rec, this.#layout, chunk.target[band.firstLayer + i].buffer, firstRow, count, this.#targetShift[b], this.#ones, Y, band.width, i);
        columnSums(rec, { A: Y, sums: moments.targetSums[b], rows: count, n: band.width });
        for (let i = 0; i < band.layers && moments.targetGram.length > 0; i++) {
          atb(rec, { A: Y, B: Y, C: moments.targetGram[band.firstLayer + i], rows: count, m: target, n: target, strideA: band.width, strideB: band.width, strideC: target, columnA: i * target, columnB: i * target, upper: true });
        }
      });
      for (let s = 0; s < shape.sourceLayers; s++) {
        const { shift, scale, T } = this.#whitening[s];
        gatherRows(rec, { source: chunk.source[s].buffer, sourceStride: shape.sourceWidth, cols: shape.sourceWidth, rows: count, firstRow, shift, scale, out: fold.shifted, outStride: d, padded: d });
        columnSums(rec, { A: fold.shifted, sums: moments.sourceSums[s], rows: count, n: d });
        ab(rec, { A: fold.shifted, B: T, C: fold.white, m: count, k: d, n: d, upperB: true });
        columnSums(rec, { A: fold.white, sums: moments.whiteSums[s], rows: count, n: d });
        atb(rec, { A: fold.white, B: fold.white, C: moments.gram[s], rows: count, m: d, n: d, strideA: d, strideB: d, strideC: d, upper: true });
        bands.forEach((band, b) => atb(rec, { A: fold.white, B: fold.targets[b], C: moments.cross[s][b], rows: count, m: d, n: band.width, strideA: d, strideB: band.width, strideC: band.width }));
      }
    });
  }

  async #solving<T>(signal: AbortSignal | undefined, work: (state: FitState) => Promise<T>, needHeldOut = true): Promise<T> {
    this.#alive();
    throwIfAborted(signal);
    this.#needTrain();
    if (this.#held) this.#whiten();
    if (needHeldOut && this.#heldOut.rows < 1) throw new RangeError('A fit needs held-out rows to report R² on.');
    await this.#scope.settled();
    const scope = new GpuScope(this.#scope.device);
    try {
      return await work({
        rec: this.#rec,
        scope,
        layout: this.#layout,
        whitening: this.#whitening,
        targetShift: this.#targetShift,
        train: this.#train,
        heldOut: this.#heldOut,
        secondPass: this.#secondPass,
        final: this.#secondPass || this.#whitenedByAll,
      });
    } finally {
      scope.dispose();
    }
  }

  #needTrain(): void {
    const { train } = this.rows();
    if (train < 2) throw new RangeError(`A fit needs at least two training rows, not ${train}.`);
  }

  #alive(): void {
    if (this.#disposed) throw new LabError('internal', 'The fit has been disposed.', 'Report this message.');
  }
}

function check(layers: GpuMatrix[], count: number, rows: number, width: number, side: string): void {
  if (layers.length !== count) throw new RangeError(`The chunk has ${layers.length} ${side} layers, the fit ${count}.`);
  for (const m of layers) if (m.rows !== rows || m.cols !== width) throw new RangeError(`A ${side} matrix is ${m.rows}×${m.cols}; this chunk needs ${rows}×${width}.`);
}
