/** The steering vectors of a run as a safetensors file, readable by every safetensors library. */
import type { Run } from '../experiment/run';
import { fromBase64 } from './vectors';

/**
 * Writes a safetensors file: 8-byte little-endian header length, JSON header (padded with spaces to 8 bytes), data.
 * Tensors `source` (d_S), `mapped` (d_T), `native` (d_T): unit directions, float32. The metadata holds the layers, the
 * scale (median ‖h‖) and the dose, so that α = r · median norm can be applied elsewhere.
 */
export function exportVector(run: Run): Uint8Array {
  const tensors = Object.entries(run.vector.values).map(([name, text]) => ({ name, values: fromBase64(text) }));
  const header: Record<string, unknown> = {
    __metadata__: {
      format: 'lrt-lab steering vector',
      experiment: run.experimentDigest,
      source_model: run.models.source.id,
      target_model: run.models.target.id,
      source_block: String(run.map.layers.source),
      target_block: String(run.map.layers.target),
      source_median_norm: String(run.vector.medianNorm.source),
      target_median_norm: String(run.vector.medianNorm.target),
      chosen_r: String(run.verdict.chosenDose.r),
      chosen_alpha: String(run.verdict.chosenDose.alpha),
      operation: 'add to the output of the block, at every position',
    },
  };
  let offset = 0;
  for (const { name, values } of tensors) {
    header[name] = { dtype: 'F32', shape: [values.length], data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  let json = JSON.stringify(header);
  json += ' '.repeat((8 - (new TextEncoder().encode(json).length % 8)) % 8);
  const head = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + head.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  let at = 8 + head.length;
  for (const { values } of tensors) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}
