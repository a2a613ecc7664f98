/**
 * Where collected rows go: into the streaming fit, and up to a bound into a sample
 * that the figures, the controls and the audit read. One sink on each backend.
 */
import type { Message } from '../experiment/message';
import type { FitCheckpoint } from '../gpu/fit/checkpoint';
import type { FitChunk, StreamingFit } from '../fit/types';
import type { TapBatch, Tokenizer } from '../runtime/types';

/** One text as one model reads it: its ids, and the positions whose states are taken. */
export interface ReadText {
  ids: number[];
  positions: number[];
}

/** One text made ready. The k-th position of the source and the k-th of the target make one row of the fit. */
export interface PreparedText {
  text: number;
  source: ReadText;
  /** The same object as `source` where both models read the same ids. */
  target: ReadText;
  heldOut: boolean;
  /** Fold of the cross-validation that the text belongs to; 0 where there is none, and for held-out texts. */
  fold: number;
}

/** A bounded number of paired rows of every block, on the CPU. */
export interface Sample {
  rows: number;
  source: { width: number; blocks: Float32Array[] };
  target: { width: number; blocks: Float32Array[] };
  labels: SampleLabel[];
}

/** The token behind a row. */
export interface SampleLabel {
  /** As the source's tokenizer has it, with the position in its ids. */
  token: string;
  text: number;
  position: number;
  heldOut: boolean;
  /** Token of the target at the paired position, where it is another. */
  partner?: string;
}

/** Tokenizers of the two models. */
export type Tokenizers = Record<'source' | 'target', Tokenizer>;

/** Bounds of the sample, in rows per split. */
export const SAMPLE_ROWS = { train: 3072, heldOut: 1024 } as const;

export interface RowSink<M> {
  readonly fit: StreamingFit<M>;
  /** Takes the states of a batch of texts that are all of one split and one fold. */
  add(source: TapBatch, target: TapBatch, batch: readonly PreparedText[], tokenizers: Tokenizers): Promise<void>;
  /** Forgets the sample: the rows are about to come a second time. */
  resetSample(): void;
  /** The sample, on the CPU. Called once, after the last row. */
  finishSample(): Promise<Sample>;
  /** Everything taken in so far, off the device; null where nothing can be lost, or where it would be too large to copy. */
  checkpoint(): Promise<SinkCheckpoint | null>;
  dispose(): void;
}

/** A sink's state outside the device: plain numbers, to be handed to another worker. */
export interface SinkCheckpoint {
  fit: FitCheckpoint;
  /** The rows sampled so far. */
  sample: Sample;
}

/** How far a collection had come, outside the device that it ran on. */
export interface CollectCheckpoint {
  /** Digest of what is collected: only the same collection may go on from here. */
  key: string;
  /** Batches done in the present pass. */
  batches: number;
  secondPassReason: Message | null;
  /** Null while the source alone is read: its states are on disk, and the moments have not begun. */
  sink: SinkCheckpoint | null;
}

/** Indices into the flattened [rows × length] positions of one model's batch that are read. */
export function flatPositions(batch: readonly ReadText[], length: number): Uint32Array {
  const flat: number[] = [];
  batch.forEach((item, row) => item.positions.forEach((position) => flat.push(row * length + position)));
  return Uint32Array.from(flat);
}

/** Rows that texts give to the fit. */
export function rowsIn(texts: readonly PreparedText[]): number {
  return texts.reduce((n, { source }) => n + source.positions.length, 0);
}

/** Keeps account of the bounded sample: how many rows of a chunk still fit, and what each row is. */
export class SampleLedger {
  readonly labels: Sample['labels'] = [];
  #rows = { train: 0, heldOut: 0 };

  /** How many of `count` rows of this split go into the sample; labels them. */
  take(batch: readonly PreparedText[], heldOut: boolean, tokenizers: Tokenizers): number {
    const split = heldOut ? 'heldOut' : 'train';
    const room = SAMPLE_ROWS[split] - this.#rows[split];
    if (room <= 0) return 0;
    let taken = 0;
    for (const { text, source, target } of batch) {
      const count = Math.min(source.positions.length, room - taken);
      const pieces = tokenizers.source.pieces(source.ids);
      const partners = source === target ? null : tokenizers.target.pieces(target.ids);
      for (let i = 0; i < count; i++) {
        const position = source.positions[i];
        const partner = partners?.[target.positions[i]];
        this.labels.push({
          token: pieces[position],
          text,
          position,
          heldOut,
          ...(partner === undefined || partner === pieces[position] ? {} : { partner }),
        });
      }
      taken += count;
    }
    this.#rows[split] += taken;
    return taken;
  }

  /** Goes on from the labels of an earlier ledger. */
  resume(labels: Sample['labels']): void {
    this.labels.push(...labels);
    for (const { heldOut } of labels) this.#rows[heldOut ? 'heldOut' : 'train']++;
  }

  reset(): void {
    this.labels.length = 0;
    this.#rows = { train: 0, heldOut: 0 };
  }
}

/** The WASM backend's sink: rows are gathered into chunks on the CPU. */
export class CpuRowSink implements RowSink<Float32Array> {
  readonly fit: StreamingFit<Float32Array>;
  #ledger = new SampleLedger();
  #sample: { source: Float32Array[][]; target: Float32Array[][] };

  constructor(fit: StreamingFit<Float32Array>) {
    this.fit = fit;
    this.#sample = {
      source: Array.from({ length: fit.shape.sourceLayers }, () => []),
      target: Array.from({ length: fit.shape.targetLayers }, () => []),
    };
  }

  async add(source: TapBatch, target: TapBatch, batch: readonly PreparedText[], tokenizers: Tokenizers): Promise<void> {
    const [{ heldOut, fold }] = batch;
    const chunk: FitChunk<Float32Array> = {
      source: source.blocks.map((tap) =>
        gather(
          tap,
          flatPositions(
            batch.map((item) => item.source),
            source.length,
          ),
        ),
      ),
      target: target.blocks.map((tap) =>
        gather(
          tap,
          flatPositions(
            batch.map((item) => item.target),
            target.length,
          ),
        ),
      ),
      rows: rowsIn(batch),
      split: heldOut ? 'heldOut' : 'train',
      fold,
    };
    const taken = this.#ledger.take(batch, heldOut, tokenizers);
    if (taken > 0) {
      chunk.source.forEach((rows, i) => this.#sample.source[i].push(rows.slice(0, taken * this.fit.shape.sourceWidth)));
      chunk.target.forEach((rows, i) => this.#sample.target[i].push(rows.slice(0, taken * this.fit.shape.targetWidth)));
    }
    await this.fit.add(chunk);
  }

  resetSample(): void {
    this.#ledger.reset();
    for (const side of [this.#sample.source, this.#sample.target]) for (const parts of side) parts.length = 0;
  }

  async finishSample(): Promise<Sample> {
    const { sourceWidth, targetWidth } = this.fit.shape;
    return {
      rows: this.#ledger.labels.length,
      source: { width: sourceWidth, blocks: this.#sample.source.map(concatenate) },
      target: { width: targetWidth, blocks: this.#sample.target.map(concatenate) },
      labels: this.#ledger.labels,
    };
  }

  /** There is no device to lose. */
  async checkpoint(): Promise<null> {
    return null;
  }

  dispose(): void {
    this.fit.dispose();
  }
}

function gather(tap: TapBatch['blocks'][number], positions: Uint32Array): Float32Array {
  if (!tap.data) throw new TypeError(`The tap of block ${tap.block} is not on the CPU.`);
  const { width, data } = tap;
  const rows = new Float32Array(positions.length * width);
  positions.forEach((position, i) => rows.set(data.subarray(position * width, (position + 1) * width), i * width));
  return rows;
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** The sample without rows in which a state is NaN or infinite: one of them would be all that a mean or a panel shows. */
export function finiteSample(sample: Sample): Sample {
  const broken = new Uint8Array(sample.rows);
  for (const { width, blocks } of [sample.source, sample.target]) {
    for (const rows of blocks) rows.forEach((x, i) => Number.isFinite(x) || (broken[Math.floor(i / width)] = 1));
  }
  if (!broken.includes(1)) return sample;
  const kept = Array.from(broken.keys()).filter((row) => broken[row] === 0);
  const side = ({ width, blocks }: Sample['source']): Sample['source'] => ({
    width,
    blocks: blocks.map((rows) => pickRows(rows, kept, width)),
  });
  return {
    rows: kept.length,
    source: side(sample.source),
    target: side(sample.target),
    labels: kept.map((row) => sample.labels[row]),
  };
}

/** Selected rows of a row-major matrix of this width. */
export function pickRows(rows: Float32Array, indices: readonly number[], width: number): Float32Array {
  const picked = new Float32Array(indices.length * width);
  indices.forEach((row, i) => picked.set(rows.subarray(row * width, (row + 1) * width), i * width));
  return picked;
}
