/** Test helper: a language model without a graph, whose states are known numbers of its tokens. */
import { readFileSync } from 'node:fs';
import { Random } from '../math/random';
import type { LanguageModel, ModelTokenizer, TapBatch } from '../runtime/types';
import { tokenizerOf } from '../models/testing';

export interface FixtureModel extends LanguageModel {
  /** How often it was run. */
  runs: number;
  disposed: boolean;
}

/** States depend on the token, the position, the block and the seed; padding is garbage, as in a real batch. */
export function fixtureModel(
  id: string,
  { layers, hiddenSize, seed }: { layers: number; hiddenSize: number; seed: number },
  tokenizer: LanguageModel['tokenizer'],
): FixtureModel {
  const table = Float32Array.from(new Random(seed).normals(4096));
  const state = (token: number, position: number, block: number, d: number): number =>
    table[(token * 31 + d * 7 + block * 101) % 4096] + 0.1 * table[(position * 13 + d) % 4096];
  const model: FixtureModel = {
    runs: 0,
    disposed: false,
    info: {
      id,
      layers,
      hiddenSize,
      vocabSize: tokenizer.vocabSize,
      style: 'plain',
      spine: '',
      files: [{ path: 'onnx/model.onnx', bytes: 1, sha256: `${id}-${seed}` }],
    },
    config: {
      modelType: 'fixture',
      architecture: 'fixture',
      vocabSize: tokenizer.vocabSize,
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
    statesAt: () => Promise.reject(new Error('Not part of this fixture.')),
    nextTokenLogits: () => Promise.reject(new Error('Not part of this fixture.')),
    logits: () => Promise.reject(new Error('Not part of this fixture.')),
    decode: () => Promise.reject(new Error('Not part of this fixture.')),
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
