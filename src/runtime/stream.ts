/**
 * One batch being continued: prompts read once into a KV cache, then one token a row
 * and step. Rows may carry different vectors and have different lengths.
 */
import type { GraphInfo } from '../onnx';
import { padRows, stepMask, type Side } from './batch';
import { floatType, only, tokenFeeds, type Feeds } from './feeds';
import { steeredFrom, steerFeeds } from './interventions';
import { GpuCache, GrowingCache, HostCache, type KvCache } from './kv';
import type { Ort } from './ort';
import type { OpenSession, SessionPool } from './sessions';
import { floatData, intTensor } from './tensors';
import type { SteeredRow } from './types';

export interface StreamContext {
  ort: Ort;
  info: GraphInfo;
  pool: SessionPool;
  open: OpenSession;
  /** The session that reads prompts: `open` itself, except in merged exports. */
  prompt: OpenSession;
  /** Set on WebGPU. */
  device: GPUDevice | null;
  /** Off only in the test that compares the two caches. */
  staticCache: boolean;
}

/** True if rows of different lengths can share a batch: padding needs GroupQueryAttention's row lengths or positions of our own. */
export function canMixLengths(info: GraphInfo): boolean {
  return info.style === 'fused' || info.hasPositionIds;
}

export class TokenStream {
  #context: StreamContext;
  #cache: KvCache;
  /** Steering inputs of the last run in which every row was steered at all of its positions or at none, and which rows were. */
  #steer: { key: string; feeds: Feeds } | null = null;
  #side: Side;
  #rows: readonly SteeredRow[];
  /** Tokens of each row that are in the cache. */
  #valid: number[];
  /** Columns of the cache in use. */
  #columns = 0;

  /** @param newTokens most steps that will follow the prompt */
  constructor(context: StreamContext, rows: readonly SteeredRow[], newTokens: number) {
    const { ort, info, open, device } = context;
    this.#context = context;
    this.#rows = rows;
    this.#valid = rows.map(() => 0);
    // GroupQueryAttention is silently wrong with left padding; appending by Concat is right only with it.
    this.#side = info.style === 'fused' ? 'right' : 'left';
    const shape = {
      blocks: info.blocks,
      rows: rows.length,
      kvHeads: info.kvHeads,
      headDim: info.headDim,
      type: floatType(info.cacheType),
    };
    const capacity = Math.max(...rows.map((row) => row.ids.length)) + newTokens;
    if (open.written) this.#cache = new HostCache(ort, shape);
    else if (device && context.staticCache && info.style === 'fused')
      this.#cache = new GpuCache(ort, device, shape, capacity);
    else this.#cache = new GrowingCache(ort, shape);
  }

  /** Reads the prompts. @returns logits after each row's last token, [rows × vocabSize] */
  async prefill(): Promise<Float32Array> {
    const ids = this.#rows.map((row) => row.ids);
    const longest = Math.max(...ids.map((row) => row.length));
    if (this.#side === 'left' || ids.every((row) => row.length === longest)) return this.#prompt(ids);
    // The graph gives logits at the last column only, and rows end in different ones: read all but the last tokens, then
    // step with those. A row of one token is read and then written over by its step.
    await this.#prompt(ids.map((row) => row.slice(0, Math.max(1, row.length - 1))));
    this.#valid = ids.map((row) => row.length - 1);
    return this.step(ids.map((row) => row[row.length - 1]));
  }

  /** Appends one token a row. @returns logits after it, [rows × vocabSize] */
  step(tokens: readonly number[]): Promise<Float32Array> {
    const before = this.#valid;
    this.#valid = before.map((count) => count + 1);
    this.#columns++;
    return this.#run(
      this.#context.open,
      BigInt64Array.from(tokens, BigInt),
      BigInt64Array.from(before, BigInt),
      stepMask(this.#valid, this.#columns, this.#side),
      before,
    );
  }

  /** Drops all rows but these (numbers among the present rows, ascending). @returns false where the cache cannot: then nothing has changed */
  keep(rows: readonly number[]): boolean {
    if (!this.#cache.keep) return false;
    this.#cache.keep(rows);
    this.#rows = rows.map((row) => this.#rows[row]);
    this.#valid = rows.map((row) => this.#valid[row]);
    this.#steer = null;
    return true;
  }

  dispose(): void {
    this.#cache.dispose();
  }

  /** @param starts position of each row's first column */
  #steerFeeds(open: OpenSession, columns: number, starts: readonly number[]): Feeds {
    const { ort, info } = this.#context;
    const first = steeredFrom(this.#rows, columns, starts);
    const whole = first.every((column) => column === 0 || column === columns);
    const key = first.map((column) => (column === 0 ? 1 : 0)).join('');
    if (whole && this.#steer?.key === key) return this.#steer.feeds;
    const feeds = steerFeeds(ort, info.width, open.steers, this.#rows, columns, starts);
    if (whole) this.#steer = { key, feeds };
    return feeds;
  }

  #prompt(ids: readonly (readonly number[])[]): Promise<Float32Array> {
    const batch = padRows(ids, this.#side);
    this.#valid = batch.lengths;
    this.#columns = batch.length;
    return this.#run(
      this.#context.prompt,
      batch.ids,
      batch.positions,
      batch.mask,
      this.#rows.map(() => 0),
      this.#side === 'left' ? batch.lengths.map((length) => length - batch.length) : undefined,
    );
  }

  /**
   * @param starts cache columns of the rows' first new tokens, for caches that write by column
   * @param first their positions in the row, where those differ
   */
  async #run(
    open: OpenSession,
    ids: BigInt64Array,
    positions: BigInt64Array,
    mask: BigInt64Array,
    starts: readonly number[],
    first: readonly number[] = starts,
  ): Promise<Float32Array> {
    const { ort, info, pool } = this.#context;
    const rows = this.#rows.length;
    const feeds = only(
      ort,
      {
        ...tokenFeeds(ort, info, ids, positions, rows, this.#steerFeeds(open, ids.length / rows, first)),
        attention_mask: intTensor(ort, mask, [rows, mask.length / rows]),
        ...this.#cache.feeds(starts, ids.length / rows),
      },
      open,
    );
    const fixed = this.#cache.fetches();
    const outputs = await pool.run(open, feeds, fixed ? { logits: null, ...fixed } : undefined);
    this.#cache.accept(outputs);
    return floatData(outputs.logits);
  }
}
