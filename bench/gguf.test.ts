/** Vector files in GGUF beside the reader of @huggingface/gguf, which is a peer of the bench. */
import { gguf, GGMLQuantizationType } from '@huggingface/gguf';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { steeringOf, VECTOR_NAMES } from '../src/files/steering';
import { bits, recordedRun } from '../src/files/testing';
import { vectorGguf } from '../src/files/vector-files';

const run = recordedRun();

test('@huggingface/gguf reads what is written', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lrt-gguf-'));
  try {
    for (const vector of VECTOR_NAMES) {
      const steering = steeringOf(run, vector);
      const bytes = vectorGguf(run, vector);
      const path = join(folder, `${vector}.gguf`);
      writeFileSync(path, bytes);
      const { metadata, tensorInfos, tensorDataOffset } = await gguf(path, { allowLocalFile: true });
      expect(metadata).toMatchObject({
        version: 3,
        tensor_count: 1n,
        'general.architecture': 'controlvector',
        'controlvector.model_hint': 'llama',
        'controlvector.layer_count': 1,
      });
      expect(tensorInfos).toEqual([
        {
          name: `direction.${steering.block}`,
          n_dims: 1,
          shape: [BigInt(steering.model.hiddenSize)],
          dtype: GGMLQuantizationType.F32,
          offset: 0n,
        },
      ]);
      const start = Number(tensorDataOffset + tensorInfos[0].offset);
      expect(bits(new Float32Array(bytes.slice(start, start + 4 * steering.added.length).buffer))).toEqual(
        bits(steering.added),
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
