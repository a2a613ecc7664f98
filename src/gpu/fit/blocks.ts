/**
 * Rows on their way into the moments. Chunks of any size are gathered into blocks, one
 * open block a bucket (a fold, or the held-out rows), so that the products always work
 * on many rows and small chunks cost neither accuracy nor time. float16 is widened, and
 * rows that are not finite are marked, on the way in.
 */
import type { FitChunk } from '../../fit/types';
import { gatherRows } from '../kernels/gather-rows/gather-rows';
import type { Recorder } from '../recorder';
import type { GpuScope } from '../scope';
import type { GpuMatrix } from '../types';
import type { FitLayout } from './layout';

export interface Block {
  bucket: number;
  /** Rows in it so far, marked ones included. */
  rows: number;
  /** Per source layer: blockRows×sourceWidth. */
  source: GPUBuffer[];
  /** Per target layer: blockRows×targetWidth. */
  target: GPUBuffer[];
  /** u32 a row: 1 where a number of any layer is not finite; 0 past `rows`. */
  flags: GPUBuffer;
}

export class Blocks {
  readonly #rec: Recorder;
  readonly #scope: GpuScope;
  readonly #layout: FitLayout;
  readonly #open: (Block | null)[];

  constructor(rec: Recorder, scope: GpuScope, layout: FitLayout, buckets: number) {
    this.#rec = rec;
    this.#scope = scope;
    this.#layout = layout;
    this.#open = Array.from({ length: buckets }, () => null);
  }

  /** Blocks with rows that are not full yet. */
  get open(): Block[] {
    return this.#open.filter((block): block is Block => block !== null && block.rows > 0);
  }

  /**
   * Copies the chunk's rows.
   * @param full is handed each block that is filled; unless it empties it, the block is then its own
   */
  add(chunk: FitChunk<GpuMatrix>, bucket: number, full: (block: Block) => void): void {
    const { blockRows } = this.#layout;
    for (let first = 0; first < chunk.rows;) {
      const block = (this.#open[bucket] ??= this.create(bucket));
      const rows = Math.min(chunk.rows - first, blockRows - block.rows);
      const take = (matrices: GpuMatrix[], into: GPUBuffer[]): void =>
        matrices.forEach(({ buffer, cols, type }, layer) => {
          gatherRows(this.#rec, {
            source: buffer,
            type,
            cols,
            rows,
            firstRow: first,
            out: into[layer],
            outRow: block.rows,
            flags: block.flags,
            check: true,
          });
        });
      take(chunk.source, block.source);
      take(chunk.target, block.target);
      block.rows += rows;
      first += rows;
      if (block.rows === blockRows) {
        full(block);
        if (block.rows > 0) this.#open[bucket] = null;
      }
    }
  }

  /** Takes the rows out: the block is used again. */
  empty(block: Block): void {
    block.rows = 0;
    this.#rec.clear(block.flags);
  }

  /** An empty block that is nobody's yet. */
  create(bucket: number): Block {
    const { shape, blockRows } = this.#layout;
    const buffers = (count: number, width: number, label: string): GPUBuffer[] =>
      Array.from({ length: count }, () => this.#scope.buffer(4 * blockRows * width, label));
    return {
      bucket,
      rows: 0,
      source: buffers(shape.sourceLayers, shape.sourceWidth, 'source rows'),
      target: buffers(shape.targetLayers, shape.targetWidth, 'target rows'),
      flags: this.#scope.buffer(4 * blockRows, 'rows that are not finite'),
    };
  }

  /** Puts a block in as its bucket's open one. */
  reopen(block: Block): void {
    this.#open[block.bucket] = block;
  }

  release(block: Block): void {
    for (const buffer of [...block.source, ...block.target, block.flags]) this.#scope.release(buffer);
  }
}
