/**
 * The WebGPU backend's sink: taps stay buffers on the device, chosen positions are gathered by a kernel and folded
 * into the moments. Nothing is read back while rows arrive; the bounded sample is read once, at the end.
 */
import { GpuFit } from '../gpu/fit/gpu-fit';
import { Recorder } from '../gpu/recorder';
import { estimateFitBytes } from '../gpu/fit/layout';
import type { ComparedBlocks } from '../experiment/compared-blocks';
import { GpuRows } from '../gpu/rows';
import { GpuScope } from '../gpu/scope';
import type { GpuMatrix } from '../gpu/types';
import type { FitShape, StreamingFit } from '../fit/types';
import type { TapBatch } from '../runtime/types';
import { sparseGridFit } from './compared';
import {
  flatPositions,
  rowsIn,
  SAMPLE_ROWS,
  SampleLedger,
  type PreparedText,
  type ReadText,
  type RowSink,
  type Sample,
  type SinkCheckpoint,
  type Tokenizers,
} from './rows';

/** Above this, copying everything off the device now and then would cost more than it saves. */
const CHECKPOINT_BYTES = 256 * 2 ** 20;

/** One side's sample on the device: a buffer a block, filled from the front. */
interface SampleBuffers {
  width: number;
  blocks: GPUBuffer[];
}

export class GpuRowSink implements RowSink<GpuMatrix> {
  readonly fit: StreamingFit<GpuMatrix>;
  /** The fit of the compared blocks alone. */
  #inner: GpuFit;
  #rows: GpuRows;
  #recorder: Recorder;
  #scope: GpuScope;
  #ledger = new SampleLedger();
  #sampled = 0;
  /** The sample of the last checkpoint. */
  #copied: Sample | null = null;
  #samples: { source: SampleBuffers; target: SampleBuffers };

  private constructor(
    fit: GpuFit,
    rows: GpuRows,
    recorder: Recorder,
    scope: GpuScope,
    shape: FitShape,
    compared: ComparedBlocks | null,
  ) {
    this.#inner = fit;
    this.fit = compared ? sparseGridFit(fit, shape, compared) : fit;
    this.#rows = rows;
    this.#recorder = recorder;
    this.#scope = scope;
    const { sourceLayers, targetLayers, sourceWidth, targetWidth } = shape;
    const count = SAMPLE_ROWS.train + SAMPLE_ROWS.heldOut;
    const side = (layers: number, width: number, label: string): SampleBuffers => ({
      width,
      blocks: Array.from({ length: layers }, () => scope.buffer(count * width * 4, `sample of the ${label}`)),
    });
    this.#samples = {
      source: side(sourceLayers, sourceWidth, 'source'),
      target: side(targetLayers, targetWidth, 'target'),
    };
  }

  /**
   * Takes ownership of the fit.
   * @param fit of the compared blocks @param shape of all blocks @throws LabError `shader-compile`, `out-of-memory`
   */
  static async create(
    device: GPUDevice,
    fit: GpuFit,
    shape: FitShape,
    compared: ComparedBlocks | null,
  ): Promise<GpuRowSink> {
    const scope = new GpuScope(device);
    const sink = new GpuRowSink(
      fit,
      await GpuRows.create(device),
      await Recorder.create(device, []),
      scope,
      shape,
      compared,
    );
    try {
      await scope.settled();
    } catch (error) {
      sink.dispose();
      throw error;
    }
    return sink;
  }

  /** Goes on from a checkpoint on another device. @throws LabError `shader-compile`, `out-of-memory` */
  static async resume(
    device: GPUDevice,
    { fit, sample }: SinkCheckpoint,
    shape: FitShape,
    compared: ComparedBlocks | null,
  ): Promise<GpuRowSink> {
    const sink = await GpuRowSink.create(device, await GpuFit.resume(device, fit), shape, compared);
    for (const [side, buffers] of [
      [sample.source, sink.#samples.source],
      [sample.target, sink.#samples.target],
    ] as const) {
      side.blocks.forEach((rows, i) =>
        device.queue.writeBuffer(buffers.blocks[i], 0, rows as Float32Array<ArrayBuffer>),
      );
    }
    sink.#sampled = sample.rows;
    sink.#ledger.resume(sample.labels);
    return sink;
  }

  async add(source: TapBatch, target: TapBatch, batch: readonly PreparedText[], tokenizers: Tokenizers): Promise<void> {
    const [{ heldOut, fold }] = batch;
    const scratch = new GpuScope(this.#rows.device);
    try {
      const gather = (taps: TapBatch, texts: readonly ReadText[]): GpuMatrix[] =>
        this.#rows.gather(
          taps.blocks.map((tap) => ({ buffer: tapBuffer(tap), rows: taps.rows * taps.length, cols: tap.width })),
          flatPositions(texts, taps.length),
          scratch,
        );
      const chunk = {
        source: gather(
          source,
          batch.map((item) => item.source),
        ),
        target: gather(
          target,
          batch.map((item) => item.target),
        ),
        rows: rowsIn(batch),
        split: heldOut ? ('heldOut' as const) : ('train' as const),
        fold,
      };
      const taken = this.#ledger.take(batch, heldOut, tokenizers);
      if (taken > 0) {
        this.#copySample(chunk.source, this.#samples.source, taken);
        this.#copySample(chunk.target, this.#samples.target, taken);
        this.#sampled += taken;
        this.#recorder.submit();
      }
      await this.fit.add(chunk);
      // Bounds the work in flight, so that cancel and progress mean something.
      await this.#rows.device.queue.onSubmittedWorkDone();
    } finally {
      scratch.dispose();
    }
  }

  #copySample(from: GpuMatrix[], into: SampleBuffers, rows: number): void {
    const bytes = rows * into.width * 4;
    from.forEach((matrix, i) =>
      this.#recorder.copy(matrix.buffer, into.blocks[i], bytes, 0, this.#sampled * into.width * 4),
    );
  }

  resetSample(): void {
    this.#ledger.reset();
    this.#sampled = 0;
    this.#copied = null;
  }

  /** Copies moments and sample off the device while rows go on arriving; null where they are larger than CHECKPOINT_BYTES. */
  async checkpoint(): Promise<SinkCheckpoint | null> {
    const { sourceLayers, targetLayers, sourceWidth, targetWidth } = this.fit.shape;
    const sampleBytes =
      4 * (SAMPLE_ROWS.train + SAMPLE_ROWS.heldOut) * (sourceLayers * sourceWidth + targetLayers * targetWidth);
    if (sampleBytes + estimateFitBytes(this.#inner.shape, { folds: this.#inner.folds }) > CHECKPOINT_BYTES) return null;
    const fit = await this.#inner.checkpoint();
    // The sample fills first and then stays as it is.
    if (this.#copied?.rows !== this.#sampled)
      this.#copied = { ...(await this.finishSample()), labels: [...this.#ledger.labels] };
    return { fit, sample: this.#copied };
  }

  async finishSample(): Promise<Sample> {
    const read = async (side: SampleBuffers): Promise<Sample['source']> => {
      const blocks: Float32Array[] = [];
      for (const buffer of side.blocks)
        blocks.push(await this.#recorder.readFloats(buffer, this.#sampled * side.width));
      return { width: side.width, blocks };
    };
    return {
      rows: this.#sampled,
      source: await read(this.#samples.source),
      target: await read(this.#samples.target),
      labels: this.#ledger.labels,
    };
  }

  dispose(): void {
    this.fit.dispose();
    this.#rows.dispose();
    this.#scope.dispose();
    this.#recorder.dispose();
  }
}

function tapBuffer(tap: TapBatch['blocks'][number]): GPUBuffer {
  if (!tap.buffer) throw new TypeError(`The tap of block ${tap.block} is not on the GPU.`);
  return tap.buffer;
}
