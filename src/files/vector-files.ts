/** The steering vectors of a run as files: GGUF control vector, .svec, safetensors; and reading any of them back. */
import { LabError } from '../experiment/errors';
import { readControlVector, writeControlVector } from './gguf';
import { readSafetensors, writeSafetensors, type Tensor } from './safetensors';
import { describeOperation } from './operations';
import {
  describeSteering,
  requireAddition,
  steeringOf,
  VECTOR_NAMES,
  type ExportedRun,
  type Steering,
  type VectorName,
} from './steering';
import { readSvec, writeSvec } from './svec';

/** The vector as a llama.cpp control vector; factor 1 is the chosen dose. @throws LabError `file-cannot-carry`, also for block 0 */
export function vectorGguf(run: ExportedRun, vector: VectorName): Uint8Array<ArrayBuffer> {
  const steering = steeringOf(run, vector);
  requireAddition(run);
  return writeControlVector({
    directions: new Map([[steering.block, steering.added]]),
    modelHint: typeOf(steering),
    name: `${run.experiment.title} (${vector})`,
    description: describeSteering(run, steering),
  });
}

/** The vector as AISteer360's .svec; multiplier 1 is the chosen dose. @throws LabError `file-cannot-carry` */
export function vectorSvec(run: ExportedRun, vector: VectorName): string {
  const { block, added, model } = steeringOf(run, vector);
  requireAddition(run);
  return writeSvec({ modelType: typeOf({ model }), directions: new Map([[block, added]]) });
}

/** What the format must say the model is. @throws LabError `file-cannot-carry` for a run of an early version, which does not say it */
function typeOf({ model }: Pick<Steering, 'model'>): string {
  if (model.modelType === null) throw new LabError('file-cannot-carry.model-type', { model: model.title });
  return model.modelType;
}

/** What the metadata of the vectors' safetensors file calls the format. */
export const VECTORS_FORMAT = 'lrt-lab steering vectors';

/**
 * All three vectors as safetensors: `mapped` and `native` (d_T), `source` (d_S), unit directions. The metadata gives blocks,
 * scales, the chosen dose, and the operation with the projections that it compares with, where it does.
 * @throws LabError `file-cannot-carry` (see `steeringOf`)
 */
export function vectorSafetensors(run: ExportedRun): Uint8Array<ArrayBuffer> {
  const { transfer } = run.experiment;
  const projections = Object.fromEntries(
    Object.entries(run.steer.vector.projections ?? {}).flatMap(([name, { mean, high, low }]) => [
      [`${name}_projection_mean`, String(mean)],
      [`${name}_projection_high`, String(high)],
      [`${name}_projection_low`, String(low)],
    ]),
  );
  const steerings = VECTOR_NAMES.map((name) => steeringOf(run, name));
  const [mapped, , source] = steerings;
  return writeSafetensors({
    tensors: Object.fromEntries(
      steerings.map(({ vector, direction }): [string, Tensor] => [
        vector,
        { shape: [direction.length], values: direction },
      ]),
    ),
    metadata: {
      format: VECTORS_FORMAT,
      experiment: run.experimentDigest,
      source_model: source.model.id,
      target_model: mapped.model.id,
      ...(source.model.modelType === null ? {} : { source_model_type: source.model.modelType }),
      ...(mapped.model.modelType === null ? {} : { target_model_type: mapped.model.modelType }),
      source_block: String(source.block),
      target_block: String(mapped.block),
      source_median_norm: String(source.medianNorm),
      target_median_norm: String(mapped.medianNorm),
      chosen_r: String(mapped.r),
      source_alpha: String(source.alpha),
      target_alpha: String(mapped.alpha),
      operation: `unit directions; ${describeOperation(transfer).replace('the unit direction', 'the direction')}`,
      ...projections,
    },
  });
}

/** One vector out of a file. */
export interface ReadVector {
  name: string;
  /** 0-based block that it is added after; null where the file does not say. */
  block: number | null;
  /** `model_type` of the model; null where the file does not say. */
  modelType: string | null;
  values: Float32Array;
}

export interface ReadVectors {
  format: 'GGUF control vector' | '.svec' | 'safetensors';
  vectors: ReadVector[];
  /** What the file says of itself; null where it says nothing. */
  description: string | null;
}

/** Whether bytes can only be a GGUF file. */
export const looksLikeGguf = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x47 && bytes[1] === 0x47 && bytes[2] === 0x55 && bytes[3] === 0x46;

/** Whether bytes begin as a safetensors file does; no text does, since eight letters are a length beyond any file's. */
export function looksLikeSafetensors(bytes: Uint8Array): boolean {
  if (bytes.length < 10 || bytes[8] !== 0x7b) return false;
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true) <= BigInt(bytes.length - 8);
}

/**
 * Reads a vector file of any of the three formats, told apart by its content.
 * @param name for errors
 * @throws LabError `file-invalid`, `file-cannot-carry`
 */
export function readVectorFile(bytes: Uint8Array, name = 'vectors'): ReadVectors {
  if (looksLikeGguf(bytes)) {
    const { directions, modelHint, description } = readControlVector(bytes, name);
    return {
      format: 'GGUF control vector',
      description,
      vectors: [...directions].map(([block, values]) => ({
        name: `direction.${block}`,
        block,
        modelType: modelHint,
        values,
      })),
    };
  }
  if (!looksLikeSafetensors(bytes)) {
    if (!/^\uFEFF?\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 64))))
      throw new LabError('file-invalid.vectors', { name });
    const { modelType, directions } = readSvec(decode(bytes, name), name);
    return {
      format: '.svec',
      description: null,
      vectors: [...directions].map(([block, values]) => ({ name: `block ${block}`, block, modelType, values })),
    };
  }
  const { tensors, metadata } = readSafetensors(bytes, name);
  const vectors = Object.entries(tensors).map(([tensor, { shape, values }]): ReadVector => {
    if (shape.length !== 1 || values.length === 0)
      throw new LabError('file-invalid.tensor-shape', { name, tensor, shape: shape.join(', ') });
    const side = tensor === 'source' ? 'source' : 'target';
    return {
      name: tensor,
      block: blockOf(metadata[`${side}_block`]),
      modelType: metadata[`${side}_model_type`] ?? null,
      values,
    };
  });
  if (vectors.length === 0) throw new LabError('file-invalid.empty', { name });
  return { format: 'safetensors', vectors, description: metadata.format ?? null };
}

const blockOf = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : null;

/** UTF-8 text of a file, without a byte order mark. @throws LabError `file-invalid` where it is no UTF-8 */
export function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new LabError('file-invalid.encoding', { name });
  }
}
