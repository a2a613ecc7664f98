/**
 * The streaming affine fit on the GPU: the interface and the numbers of the float64
 * fitter, from plain float32 products in whitened coordinates (see whitening.ts).
 *
 * Rows never leave the GPU and are not kept. They are gathered into blocks; the first
 * training blocks are held back as a warm-up, which sets shift, scale and whitening;
 * from then on every full block is folded into the moments and forgotten.
 */
import { LabError, throwIfAborted } from '../../experiment/errors';
import type {
  CrossValidationPoint,
  FitChunk,
  FitOptions,
  FitShape,
  OnLayer,
  PairFit,
  RowCounts,
  SecondPassReason,
  StreamingFit,
} from '../../fit/types';
import type { PairMoments } from '../../math/moments';
import { kernelsFor } from '../kernels/all';
import { countRows } from '../kernels/count-rows/count-rows';
import { Recorder } from '../recorder';
import { GpuScope } from '../scope';
import type { GpuMatrix } from '../types';
import { type Block, Blocks } from './blocks';
import {
  type FitCheckpoint,
  readBlock,
  readBuffers,
  type ResolvedFitOptions,
  writeBlock,
  writeBuffers,
} from './checkpoint';
import { type FitLayout, layoutOf } from './layout';
import { createMoments, LayerMoments, momentBuffers, type Moments, type Part } from './moments';
import { readPairMoments, solveCka } from './readings';
import { solveCrossValidation, solveGrid, solvePair, solveSecondPass } from './solve';
import type { FitState } from './systems';
import {
  type Coordinates,
  coordinateBuffers,
  createCoordinates,
  learnCoordinates,
  renewCoordinates,
  streamBlock,
} from './whitening';

export interface GpuFitOptions extends FitOptions {
  /**
   * False: shift and scale only, one pass, as much work as plain normal equations and hardly more accurate
   * (fit for standardised conditions up to about 1e4). For comparisons; never asks for a second pass. Default true.
   */
  whiten?: boolean;
  /** Training rows held back before whitening; default max(4·dS, 1024). Fewer than dS makes a second pass likely. */
  warmUpRows?: number;
  /**
   * Largest buffer to bind; default what the device allows. Smaller ones split the target layers into more products.
   */
  maxBindingBytes?: number;
}

/** Rows of all kinds held back in the warm-up, as a multiple of the training rows that it waits for. */
const MAX_HELD = 5;

export class GpuFit implements StreamingFit<GpuMatrix> {
  readonly shape: FitShape;
  readonly #options: ResolvedFitOptions;
  readonly #layout: FitLayout;
  readonly #scope: GpuScope;
  readonly #rec: Recorder;
  /** One a fold (or one), then the held-out rows': the buckets. */
  readonly #moments: Moments[];
  /** u32 per bucket: rows in its moments, rows left out of them. */
  readonly #counts: GPUBuffer;
  readonly #coordinates: Coordinates;
  readonly #blocks: Blocks;
  /** Full blocks of the warm-up; null once whitening is set. */
  #held: Block[] | null = [];
  /** Training rows, and rows of all kinds, that came so far; rows left out included. */
  #trainRows = 0;
  #allRows = 0;
  /** `trainRows` when the whitening was learnt. */
  #learntFrom = -1;
  #secondPass = false;
  #disposed = false;

  private constructor(rec: Recorder, scope: GpuScope, layout: FitLayout, options: ResolvedFitOptions) {
    this.shape = layout.shape;
    this.#options = options;
    this.#layout = layout;
    this.#scope = scope;
    this.#rec = rec;
    const { folds, whiten, cka } = options;
    this.#moments = Array.from({ length: folds + 1 }, (_, i) =>
      createMoments(scope, layout, i < folds ? 'training' : 'held-out', { whiten, targetGram: cka && i < folds }),
    );
    this.#counts = scope.buffer(8 * (folds + 1), 'row counts');
    this.#coordinates = createCoordinates(scope, layout, whiten);
    this.#blocks = new Blocks(rec, scope, layout, folds + 1);
  }

  /**
   * Compiles the kernels and allocates the moments: `estimateFitBytes`.
   * @throws LabError shader-compile, out-of-memory; RangeError on a senseless shape or number of folds
   */
  static async create(device: GPUDevice, shape: FitShape, options: GpuFitOptions = {}): Promise<GpuFit> {
    const {
      cka = true,
      folds,
      whiten = true,
      warmUpRows = Math.max(4 * shape.sourceWidth, 1024),
      maxBindingBytes = Infinity,
    } = options;
    if (folds !== undefined && !(Number.isInteger(folds) && folds >= 2 && folds <= 16))
      throw new RangeError(`Cross-validation has 2 to 16 folds, not ${folds}.`);
    return GpuFit.#make(device, shape, {
      cka,
      folds: folds ?? 1,
      whiten,
      warmUpRows,
      bindingBytes: Math.min(maxBindingBytes, device.limits.maxStorageBufferBindingSize),
    });
  }

  /**
   * Goes on with a fit on another device, from the rows that were in the checkpoint: add those that came after it
   * again.
   * @throws LabError out-of-memory where the device allows only smaller buffers, shader-compile; RangeError on a
   *   damaged checkpoint
   */
  static async resume(device: GPUDevice, checkpoint: FitCheckpoint): Promise<GpuFit> {
    const { shape, options } = checkpoint;
    if (checkpoint.version !== 1)
      throw new RangeError(`A checkpoint of version ${String(checkpoint.version)} cannot be read.`);
    if (options.bindingBytes > device.limits.maxStorageBufferBindingSize) {
      throw new LabError('out-of-memory.fit-layout', {
        laidOut: Math.round(options.bindingBytes / 2 ** 20),
        limit: Math.round(device.limits.maxStorageBufferBindingSize / 2 ** 20),
      });
    }
    const fit = await GpuFit.#make(device, shape, options);
    try {
      fit.#restore(checkpoint);
      await fit.#scope.settled();
      return fit;
    } catch (error) {
      fit.dispose();
      throw error;
    }
  }

  static async #make(device: GPUDevice, shape: FitShape, options: ResolvedFitOptions): Promise<GpuFit> {
    const layout = layoutOf(shape, options.bindingBytes, options.folds + 1);
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
   * Enqueues the chunk, float32 or float16; nothing is read back. Buffers may be reused or destroyed once this returns.
   * A row in which a number of any layer is not finite is left out of everything and counted: see `rows`.
   * @throws RangeError if a layer is missing, a matrix has another shape, the fold is not one of the fit's, or only
   *   held-out rows come first
   */
  add(chunk: FitChunk<GpuMatrix>): void {
    this.#alive();
    const { sourceLayers, targetLayers, sourceWidth, targetWidth } = this.shape;
    check(chunk.source, sourceLayers, chunk.rows, sourceWidth, 'source');
    check(chunk.target, targetLayers, chunk.rows, targetWidth, 'target');
    const { folds, warmUpRows } = this.#options;
    const train = chunk.split === 'train';
    const fold = folds > 1 ? chunk.fold : 0;
    if (train && !(Number.isInteger(fold) && (fold as number) >= 0 && (fold as number) < folds))
      throw new RangeError(`Training rows of this fit need a fold from 0 to ${folds - 1}, not ${fold}.`);
    if (chunk.rows === 0) return;
    if (train) this.#trainRows += chunk.rows;
    this.#allRows += chunk.rows;
    this.#blocks.add(chunk, train ? (fold as number) : folds, (block) => {
      if (this.#held) this.#held.push(block);
      else this.#stream(block);
    });
    if (this.#held) {
      const tooMany = this.#allRows >= MAX_HELD * warmUpRows;
      if (tooMany && this.#trainRows === 0)
        throw new RangeError(
          `The first ${this.#allRows} rows are all held out: mix training rows among the first, they set the scale.`,
        );
      if (this.#trainRows >= warmUpRows || tooMany) this.#whiten();
    }
    this.#rec.submit();
  }

  grid(lambda: number, signal?: AbortSignal, onLayer?: OnLayer): Promise<Float64Array> {
    return this.#solving(signal, (state) => solveGrid(state, lambda, signal, onLayer));
  }

  solve(sourceLayer: number, targetLayer: number, lambdas: number | number[], signal?: AbortSignal): Promise<PairFit> {
    return this.#solving(signal, (state) =>
      solvePair(state, sourceLayer, targetLayer, typeof lambdas === 'number' ? [lambdas] : lambdas, signal),
    );
  }

  crossValidate(
    sourceLayer: number,
    targetLayer: number,
    lambdas: readonly number[],
    signal?: AbortSignal,
  ): Promise<CrossValidationPoint[]> {
    return this.#solving(
      signal,
      (state) => solveCrossValidation(state, sourceLayer, targetLayer, lambdas, signal),
      false,
    );
  }

  cka(signal?: AbortSignal, onLayer?: OnLayer): Promise<Float64Array> {
    if (!this.#options.cka) return Promise.reject(new RangeError('This fit was made without { cka: true }.'));
    return this.#solving(signal, (state) => solveCka(state, signal, onLayer), false);
  }

  moments(
    sourceLayer: number,
    targetLayer: number,
    signal?: AbortSignal,
  ): Promise<{ train: PairMoments; heldOut: PairMoments }> {
    return this.#solving(signal, (state) => readPairMoments(state, sourceLayer, targetLayer));
  }

  secondPassReason(smallestLambda = 0): Promise<SecondPassReason | null> {
    return this.#solving(undefined, (state) => solveSecondPass(state, smallestLambda), false);
  }

  /** Folds of the cross-validation; 1 without one. */
  get folds(): number {
    return this.#options.folds;
  }

  async needsSecondPass(smallestLambda = 0): Promise<boolean> {
    return (await this.secondPassReason(smallestLambda)) !== null;
  }

  async rows(): Promise<RowCounts> {
    this.#alive();
    const scope = new GpuScope(this.#scope.device, this.#scope);
    try {
      const counts = scope.buffer(this.#counts.size, 'row counts');
      const first = scope.buffer(16, 'first row');
      this.#rec.copy(this.#counts, counts, this.#counts.size);
      for (const { flags, rows, bucket } of this.#waiting())
        countRows(this.#rec, { flags, rows, counts, at: 2 * bucket, first });
      return total(await this.#readCounts(counts));
    } finally {
      scope.dispose();
    }
  }

  async restart(): Promise<void> {
    const { train } = await this.#flushed(false);
    const rec = this.#rec;
    renewCoordinates(rec, this.#scope, this.#coordinates, (scope, layer) => new LayerMoments(rec, scope, train, layer));
    for (const moments of this.#moments) for (const buffer of momentBuffers(moments)) rec.clear(buffer);
    rec.clear(this.#counts);
    rec.submit();
    this.#trainRows = 0;
    this.#secondPass = true;
    await this.#scope.settled();
  }

  /**
   * Reads out all that the fit has learnt, as it is at this moment: rows may be added while the promise is pending.
   * Takes GPU memory for a copy of the moments until then.
   * @throws LabError webgpu-device-lost
   */
  async checkpoint(): Promise<FitCheckpoint> {
    this.#alive();
    const rec = this.#rec;
    const { shape } = this;
    // Everything up to the first await is enqueued now.
    const head = {
      version: 1 as const,
      shape: { ...shape },
      options: { ...this.#options },
      learntFrom: this.#learntFrom,
      trainRows: this.#trainRows,
      secondPass: this.#secondPass,
    };
    const counts = this.#readCounts(this.#counts);
    const state = readBuffers(rec, this.#held ? [] : this.#stateBuffers());
    const held = (this.#held ?? []).map((block) => readBlock(rec, block, shape, true));
    const open = this.#blocks.open.map((block) => readBlock(rec, block, shape, false));
    const [c, s, ...blocks] = await Promise.all([counts, state, ...held, ...open]);
    return { ...head, counts: c, state: s, blocks };
  }

  dispose(): void {
    this.#disposed = true;
    this.#scope.dispose();
    this.#rec.dispose();
  }

  #restore({ learntFrom, trainRows, secondPass, counts, state, blocks }: FitCheckpoint): void {
    const { device } = this.#rec;
    if (counts.byteLength !== 8 * this.#moments.length)
      throw new RangeError('This checkpoint does not fit its own shape: it is damaged, or from another version.');
    device.queue.writeBuffer(this.#counts, 0, counts.buffer as ArrayBuffer, counts.byteOffset, counts.byteLength);
    if (learntFrom >= 0) {
      this.#held = null;
      writeBuffers(device, this.#stateBuffers(), state);
    }
    for (const copy of blocks) {
      const block = this.#blocks.create(copy.bucket);
      writeBlock(device, block, copy);
      if (copy.held) this.#held?.push(block);
      else this.#blocks.reopen(block);
    }
    this.#learntFrom = learntFrom;
    this.#trainRows = trainRows;
    this.#allRows = blocks.reduce((sum, block) => sum + block.rows, 0);
    this.#secondPass = secondPass;
  }

  #stateBuffers(): GPUBuffer[] {
    return [...coordinateBuffers(this.#coordinates), ...this.#moments.flatMap(momentBuffers)];
  }

  /** Blocks with rows that are not in the moments. */
  #waiting(): Block[] {
    return [...(this.#held ?? []), ...this.#blocks.open];
  }

  /** Sets shift, scale and whitening from the training rows held back, then streams what is full. */
  #whiten(): void {
    const rec = this.#rec;
    const held = this.#held ?? [];
    rec.submit();
    learnCoordinates(
      rec,
      this.#scope,
      this.#coordinates,
      this.#waiting().filter(({ bucket }) => bucket < this.#options.folds),
    );
    this.#held = null;
    this.#learntFrom = this.#trainRows;
    for (const block of held) {
      this.#stream(block);
      rec.submit();
      this.#blocks.release(block);
    }
  }

  #stream(block: Block): void {
    streamBlock(this.#rec, this.#coordinates, block, this.#moments[block.bucket], this.#counts, 2 * block.bucket);
    this.#blocks.empty(block);
  }

  async #readCounts(counts: GPUBuffer): Promise<Uint32Array> {
    const [data] = await this.#rec.read({ buffer: counts, bytes: 8 * this.#moments.length });
    return new Uint32Array(data);
  }

  /** Brings every row into the moments. @throws RangeError or LabError non-finite where too few rows are left */
  async #flushed(needHeldOut: boolean): Promise<{ train: Part[]; heldOut: Part }> {
    this.#alive();
    if (this.#trainRows < 2) throw new RangeError(`A fit needs at least two training rows, not ${this.#trainRows}.`);
    if (this.#held) this.#whiten();
    for (const block of this.#blocks.open) this.#stream(block);
    const counts = await this.#readCounts(this.#counts);
    const parts = this.#moments.map((moments, bucket): Part => ({ moments, rows: counts[2 * bucket] }));
    const heldOut = parts.pop() as Part;
    const { train, excluded, heldOut: held } = total(counts);
    if (train < 2 || (needHeldOut && held < 1)) {
      if (excluded === 0)
        throw new RangeError(
          `A fit needs ${train < 2 ? 'at least two training rows' : 'held-out rows to report R² on'}.`,
        );
      throw new LabError('non-finite.rows', {
        excluded,
        rows: train + held + excluded,
        part: train < 2 ? 'training' : 'held-out',
        left: train < 2 ? train : 0,
      });
    }
    return { train: parts, heldOut };
  }

  async #solving<T>(
    signal: AbortSignal | undefined,
    work: (state: FitState) => Promise<T>,
    needHeldOut = true,
  ): Promise<T> {
    throwIfAborted(signal);
    const { train, heldOut } = await this.#flushed(needHeldOut);
    await this.#scope.settled();
    const scope = new GpuScope(this.#scope.device);
    try {
      return await work({
        rec: this.#rec,
        scope,
        layout: this.#layout,
        coordinates: this.#coordinates,
        train,
        heldOut,
        secondPass: this.#secondPass,
        final: this.#secondPass || !this.#options.whiten || this.#learntFrom === this.#trainRows,
      });
    } finally {
      scope.dispose();
    }
  }

  #alive(): void {
    if (this.#disposed) throw new LabError('internal.disposed', { what: 'GpuFit' });
  }
}

/** @param counts rows and rows left out of each bucket, the held-out one last */
function total(counts: Uint32Array): RowCounts {
  const last = counts.length - 2;
  const out: RowCounts = { train: 0, heldOut: counts[last], excluded: counts[last + 1] };
  for (let i = 0; i < last; i += 2) {
    out.train += counts[i];
    out.excluded += counts[i + 1];
  }
  return out;
}

function check(layers: GpuMatrix[], count: number, rows: number, width: number, side: string): void {
  if (layers.length !== count) throw new RangeError(`The chunk has ${layers.length} ${side} layers, the fit ${count}.`);
  for (const m of layers)
    if (m.rows !== rows || m.cols !== width)
      throw new RangeError(`A ${side} matrix is ${m.rows}×${m.cols}; this chunk needs ${rows}×${width}.`);
}
