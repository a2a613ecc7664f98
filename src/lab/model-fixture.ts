/** Test helper: a language model without a graph, whose states are known numbers of its tokens. */
import { readFileSync } from 'node:fs';
import { sha256Hex } from '../experiment/digest';
import { tokenLogProb } from '../math/information';
import { Random } from '../math/random';
import { Sampler } from '../runtime/sampling';
import type { LanguageModel, ModelTokenizer, SteeredRow, TapBatch } from '../runtime/types';
import { tokenizerOf } from '../models/testing';

export interface FixtureModel extends LanguageModel {
  /** How often it was run. */
  runs: number;
  disposed: boolean;
}

/** What interventions add, all of them read as additions at every position: these models have no operations. */
function pushOf(interventions: SteeredRow['interventions'] = []): Float32Array | undefined {
  if (interventions.length === 0) return undefined;
  const sum = new Float32Array(interventions[0].vector.length);
  for (const { vector, value } of interventions) vector.forEach((x, d) => (sum[d] += x * value));
  return sum;
}

/** States depend on the token, the position, the block and the seed; padding is garbage, as in a real batch. */
export function fixtureModel(
  id: string,
  { layers, hiddenSize, seed, ...more }: { layers: number; hiddenSize: number; seed: number; vocabSize?: number },
  tokenizer: LanguageModel['tokenizer'],
): FixtureModel {
  const { vocabSize } = { vocabSize: tokenizer.vocabSize, ...more };
  const table = Float32Array.from(new Random(seed).normals(4096));
  const state = (token: number, position: number, block: number, d: number): number =>
    table[(token * 31 + d * 7 + block * 101) % 4096] + 0.1 * table[(position * 13 + d) % 4096];
  const readout = Float32Array.from(new Random(seed + 1).normals(vocabSize * hiddenSize));
  /** The head reads the last block alone: the next token depends on the token, its position and the vector. */
  const logitsOf = (token: number, position: number, vector?: Float32Array): Float32Array => {
    const last = Float32Array.from(
      { length: hiddenSize },
      (_, d) => state(token, position, layers - 1, d) + (vector?.[d] ?? 0),
    );
    const out = new Float32Array(vocabSize);
    for (let v = 0; v < vocabSize; v++) {
      let sum = 0;
      for (let d = 0; d < hiddenSize; d++) sum += last[d] * readout[v * hiddenSize + d];
      out[v] = sum;
    }
    return out;
  };
  const model: FixtureModel = {
    runs: 0,
    disposed: false,
    info: {
      id,
      layers,
      hiddenSize,
      vocabSize,
      style: 'plain',
      spine: '',
      files: [{ path: 'onnx/model.onnx', bytes: 1, sha256: sha256Hex(new TextEncoder().encode(`${id} ${seed}`)) }],
    },
    config: {
      modelType: 'fixture',
      architecture: 'fixture',
      vocabSize,
      layers,
      hiddenSize,
      heads: 1,
      kvHeads: 1,
      maxPositions: null,
      bosIds: [],
      eosIds: [],
    },
    tokenizer,
    collect: async (rows): Promise<TapBatch> => {
      if (model.disposed) throw new Error(`${id} was run after it had been unloaded.`);
      model.runs++;
      const lengths = rows.map((row) => row.length);
      const length = Math.max(...lengths);
      const blocks = Array.from({ length: layers }, (_, block) => {
        const data = new Float32Array(rows.length * length * hiddenSize).fill(1e9);
        rows.forEach((row, r) =>
          row.forEach((token, position) => {
            for (let d = 0; d < hiddenSize; d++)
              data[(r * length + position) * hiddenSize + d] = state(token, position, block, d);
          }),
        );
        return { block, width: hiddenSize, data: data as Float32Array | null, buffer: null };
      });
      return { blocks, rows: rows.length, length, lengths, dispose: () => blocks.forEach((tap) => (tap.data = null)) };
    },
    statesAt: async (block, batch) =>
      batch.rows.map((row) => {
        const shift = pushOf(row.interventions?.filter((one) => one.block <= block));
        const out = new Float32Array(row.ids.length * hiddenSize);
        row.ids.forEach((token, position) => {
          for (let d = 0; d < hiddenSize; d++)
            out[position * hiddenSize + d] = state(token, position, block, d) + (shift?.[d] ?? 0);
        });
        return out;
      }),
    nextTokenLogits: async (batch) => {
      const out = new Float32Array(batch.rows.length * vocabSize);
      batch.rows.forEach(({ ids, interventions }, r) =>
        out.set(logitsOf(ids[ids.length - 1], ids.length - 1, pushOf(interventions)), r * vocabSize),
      );
      return out;
    },
    logits: async (batch) =>
      batch.rows.map(({ ids, interventions }) => {
        const out = new Float32Array(ids.length * vocabSize);
        ids.forEach((token, position) =>
          out.set(logitsOf(token, position, pushOf(interventions)), position * vocabSize),
        );
        return out;
      }),
    decode: async (batch, { maxNewTokens, sampling, likelihoods, signal }) => {
      const sampler = new Sampler(
        sampling,
        batch.rows.map(({ stream }, r) => stream ?? r),
      );
      return batch.rows.map(({ ids, interventions }, r) => {
        signal?.throwIfAborted();
        const written: number[] = [];
        let logProb = 0;
        for (let i = 0; i < maxNewTokens; i++) {
          const position = ids.length + i - 1;
          const logits = logitsOf(written[i - 1] ?? ids[ids.length - 1], position, pushOf(interventions));
          written.push(sampler.next(r, logits));
          logProb += tokenLogProb(logits, written[i]);
        }
        return { ids: written, ended: false, ...(likelihoods ? { logProb } : {}) };
      });
    },
    dispose: async () => {
      model.disposed = true;
    },
  };
  return model;
}

/** The bundled family's tokenizer. */
export function fixtureTokenizer(): ModelTokenizer {
  const json = (name: string): unknown =>
    JSON.parse(readFileSync(new URL(`../../public/models/lrt-stories-s/${name}`, import.meta.url), 'utf8'));
  return tokenizerOf(json('tokenizer.json'), json('tokenizer_config.json'), { bosIds: [], eosIds: [] }, 'fixture');
}
