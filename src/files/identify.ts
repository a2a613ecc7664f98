/** A file of unknown kind, read as what it is: everything that the lab writes, and contrast pairs in any of their formats. */
import { LabError } from '../experiment/errors';
import type { DoseCell } from '../experiment/run';
import { parseExperiment, type Experiment } from '../experiment/schema';
import { cosine, norm } from '../math/stats';
import { hasMap, readMap, type ReadMap } from './map-file';
import { parsePairs, type PairsReading } from './pairs';
import { readSafetensors } from './safetensors';
import { steeringOf, VECTOR_NAMES, type ExportedRun, type VectorName } from './steering';
import { readSweep } from './sweep';
import { decode, looksLikeGguf, looksLikeSafetensors, readVectorFile, type ReadVectors } from './vector-files';

export type Identified =
  | { kind: 'vectors'; file: ReadVectors }
  | { kind: 'map'; map: ReadMap }
  | { kind: 'card'; experimentDigest: string; title: string; files: { name: string; sha256: string }[] }
  | { kind: 'sweep'; cells: DoseCell[] }
  | { kind: 'experiment'; experiment: Experiment }
  | { kind: 'pairs'; reading: PairsReading };

/** @throws LabError of the format that the file is of, or `file-invalid` where it is of none */
export function identify(name: string, bytes: Uint8Array): Identified {
  if (looksLikeGguf(bytes)) return { kind: 'vectors', file: readVectorFile(bytes, name) };
  if (looksLikeSafetensors(bytes))
    return hasMap(Object.keys(readSafetensors(bytes, name).tensors))
      ? { kind: 'map', map: readMap(bytes, name) }
      : { kind: 'vectors', file: readVectorFile(bytes, name) };
  const text = decode(bytes, name);
  const document = objectOf(text);
  if (document === null) {
    if (/^\uFEFF?arm,half,/.test(text)) return { kind: 'sweep', cells: readSweep(text, name) };
    return { kind: 'pairs', reading: parsePairs([{ name, text }]) };
  }
  if ('directions' in document) return { kind: 'vectors', file: readVectorFile(bytes, name) };
  if (document.format === 'lrt-lab card') return readCard(document, name);
  if (document.format === 'lrt-bundle') throw new LabError('file-invalid.bundle', { name });
  if ('experiment' in document && 'timings' in document) throw new LabError('file-invalid.run', { name });
  if ('corpus' in document && 'models' in document)
    return { kind: 'experiment', experiment: parseExperiment(document) };
  return { kind: 'pairs', reading: parsePairs([{ name, text }]) };
}

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    // No JSON document: lines or a table, which the pairs' reader judges.
    return null;
  }
}

function readCard(document: Record<string, unknown>, name: string): Identified {
  const { experimentDigest, concept, files } = document as {
    experimentDigest?: unknown;
    concept?: { title?: unknown };
    files?: unknown;
  };
  const isFile = (file: unknown): file is { name: string; sha256: string } =>
    typeof file === 'object' &&
    file !== null &&
    'name' in file &&
    typeof file.name === 'string' &&
    'sha256' in file &&
    typeof file.sha256 === 'string';
  if (
    typeof experimentDigest !== 'string' ||
    typeof concept?.title !== 'string' ||
    !Array.isArray(files) ||
    !files.every(isFile)
  ) {
    throw new LabError('file-invalid.card', { name });
  }
  return { kind: 'card', experimentDigest, title: concept.title, files };
}

/** How a vector out of a file stands to a run's. */
export interface Likeness {
  vector: VectorName;
  /** Equal to the bit to what the run adds at its dose, or to its unit direction. */
  same: 'added' | 'direction' | null;
  cosine: number;
  /** Its norm over that of what the run adds at its dose. */
  ratio: number;
}

/** The vector of a run that a file's vector is most like; null where none has its width. */
export function likeness(values: Float32Array, run: ExportedRun): Likeness | null {
  const equal = (a: Float32Array): boolean => a.every((x, i) => x === values[i]);
  const length = norm(values);
  const all = VECTOR_NAMES.map((vector) => steeringOf(run, vector))
    .filter(({ direction }) => direction.length === values.length)
    .map(({ vector, direction, added, alpha }): Likeness => ({
      vector,
      same: equal(added) ? 'added' : equal(direction) ? 'direction' : null,
      cosine: length > 0 ? cosine(values, direction) : 0,
      ratio: length / alpha,
    }));
  return (
    all.toSorted(
      (a, b) => Number(b.same !== null) - Number(a.same !== null) || Math.abs(b.cosine) - Math.abs(a.cosine),
    )[0] ?? null
  );
}
