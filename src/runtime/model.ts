/** A loaded language model: the operations of the lab, each on the session cut for it. */
import { LabError } from '../experiment/errors';
import type { GraphInfo } from '../onnx';
import { checkRows, chunkRows, padRows } from './batch';
import { yieldToEventLoop } from '../base/yield';
import { decodeRows, lastLogits } from './decode';
import { wholeFeeds } from './feeds';
import { checkInterventions } from './interventions';
import type { Ort, Tensor } from './ort';
import { SessionPool, type OpenSession, type Purpose } from './sessions';
import type { StreamContext } from './stream';
import { floatData } from './tensors';
import type {
  Decoded,
  DecodeOptions,
  LanguageModel,
  LanguageModelInfo,
  ModelConfig,
  ModelTokenizer,
  SteeredBatch,
  SteeredRow,
  TapBatch,
} from './types';

/** Results of one run that are copied to the CPU stay below this; larger batches are cut into several runs. */
const READ_BYTES = 64 * 2 ** 20;

export interface LoadedModelParts {
  ort: Ort;
  info: LanguageModelInfo;
  graph: GraphInfo;
  /** Whether prompts need a session of their own. */
  merged: boolean;
  config: ModelConfig;
  tokenizer: ModelTokenizer;
  pool: SessionPool;
  /** Set on WebGPU. */
  device: GPUDevice | null;
  /** Default true. */
  staticCache?: boolean;
  onDispose?: () => void;
}

export class LoadedModel implements LanguageModel {
  readonly info: LanguageModelInfo;
  readonly config: ModelConfig;
  readonly tokenizer: ModelTokenizer;
  #parts: LoadedModelParts;
  #endIds: ReadonlySet<number>;

  constructor(parts: LoadedModelParts) {
    this.#parts = parts;
    this.info = parts.info;
    this.config = parts.config;
    this.tokenizer = parts.tokenizer;
    const { eosId } = parts.tokenizer;
    this.#endIds = new Set([...parts.config.eosIds, ...(eosId === null ? [] : [eosId])]);
  }

  async collect(rows: readonly (readonly number[])[]): Promise<TapBatch> {
    this.#check(rows, 0);
    const { ort, graph, pool } = this.#parts;
    const batch = padRows(rows, 'right');
    return pool.use({ kind: 'collect' }, async (open) => {
      const outputs = await pool.run(open, wholeFeeds(ort, graph, open, batch, []));
      const blocks = open.taps.map(({ block, name }) => tapOf(outputs[name], block, graph.width));
      return {
        blocks,
        rows: batch.rows,
        length: batch.length,
        lengths: batch.lengths,
        dispose: () => {
          for (const { name } of open.taps) if (outputs[name].location === 'gpu-buffer') outputs[name].dispose();
          for (const tap of blocks) tap.data = tap.buffer = null;
        },
      };
    });
  }

  statesAt(block: number, batch: SteeredBatch): Promise<Float32Array[]> {
    this.#checkBlock(block);
    return this.#whole(
      { kind: 'states', block, sites: batch.sites },
      batch,
      this.#parts.graph.width,
      (outputs, taps) => outputs[taps[0].name],
    );
  }

  logits(batch: SteeredBatch): Promise<Float32Array[]> {
    return this.#whole(
      { kind: 'logits', sites: batch.sites },
      batch,
      this.#parts.graph.vocabSize,
      (outputs) => outputs.logits,
    );
  }

  async nextTokenLogits(batch: SteeredBatch): Promise<Float32Array> {
    this.#checkBatch(batch, 0);
    return this.#stream(batch, (context) => lastLogits(context, batch.rows));
  }

  async decode(batch: SteeredBatch, options: DecodeOptions): Promise<Decoded[]> {
    // The last new token is never read back.
    this.#checkBatch(batch, Math.max(0, options.maxNewTokens - 1));
    return this.#stream(batch, (context) => decodeRows(context, batch.rows, options, this.#endIds));
  }

  async dispose(): Promise<void> {
    this.#parts.onDispose?.();
    await this.#parts.pool.dispose();
  }

  #stream<T>(batch: SteeredBatch, work: (context: StreamContext) => Promise<T>): Promise<T> {
    const { ort, graph, merged, pool, device, staticCache = true } = this.#parts;
    const { sites } = batch;
    return pool.use({ kind: 'decode', sites }, (open) => {
      const continued = (prompt: OpenSession) => work({ ort, info: graph, pool, open, prompt, device, staticCache });
      return merged ? pool.use({ kind: 'prompt', sites }, continued) : continued(open);
    });
  }

  /** One value vector of `width` numbers a token, from runs over whole texts. Right padding: no token attends to what follows it. */
  async #whole(
    purpose: Purpose,
    batch: SteeredBatch,
    width: number,
    pick: (outputs: Record<string, Tensor>, taps: { name: string }[]) => Tensor,
  ): Promise<Float32Array[]> {
    this.#checkBatch(batch, 0);
    const { ort, graph, pool } = this.#parts;
    const results: Float32Array[] = [];
    return pool.use(purpose, async (open) => {
      const chunks = chunkRows(
        batch.rows.map((row) => row.ids.length),
        Math.floor(READ_BYTES / (4 * width)),
      );
      for (const chunk of chunks) {
        const rows = chunk.map((row) => batch.rows[row]);
        const padded = padRows(
          rows.map((row) => row.ids),
          'right',
        );
        const outputs = await pool.run(open, wholeFeeds(ort, graph, open, padded, rows));
        const values = floatData(pick(outputs, open.taps));
        rows.forEach((row, i) => {
          const start = i * padded.length * width;
          results.push(values.slice(start, start + row.ids.length * width));
        });
        await yieldToEventLoop();
      }
      return results;
    });
  }

  #check(rows: readonly (readonly number[])[], more: number): void {
    checkRows(rows, more, {
      modelId: this.info.id,
      vocabSize: this.info.vocabSize,
      maxPositions: this.config.maxPositions,
    });
  }

  #checkBatch(batch: SteeredBatch, more: number): void {
    this.#check(
      batch.rows.map((row: SteeredRow) => row.ids),
      more,
    );
    for (const { block } of batch.sites) this.#checkBlock(block);
    checkInterventions(batch.rows, batch.sites, this.info.hiddenSize);
  }

  #checkBlock(block: number): void {
    const { layers } = this.info;
    if (Number.isInteger(block) && block >= 0 && block < layers) return;
    throw new LabError('settings-invalid.block', { block, last: layers - 1 });
  }
}

function tapOf(tensor: Tensor, block: number, width: number): TapBatch['blocks'][number] {
  if (tensor.location !== 'gpu-buffer') return { block, width, data: floatData(tensor), buffer: null };
  return { block, width, data: null, buffer: tensor.gpuBuffer as GPUBuffer };
}
