/** The affine map as safetensors: W, p and the means of the rows it was fitted to. */
import { LabError } from '../experiment/errors';
import type { MapArrays } from '../experiment/run';
import { readSafetensors, writeSafetensors } from './safetensors';
import type { ExportedRun } from './steering';

/** What the metadata of a map's file calls the format. */
export const MAP_FORMAT = 'lrt-lab affine map';
const TENSORS = ['W', 'p', 'mu_source', 'mu_target'] as const;

/**
 * Writes the map: `W` [d_S, d_T], `p` [d_T], `mu_source` [d_S], `mu_target` [d_T], float32; rows are tokens, Y ≈ X W + 1 p.
 * A difference of states, such as a steering vector, maps by W alone.
 */
export function writeMap(run: ExportedRun, { W, p, muSource, muTarget }: MapArrays): Uint8Array<ArrayBuffer> {
  const { map, models } = run;
  return writeSafetensors({
    tensors: {
      W: { shape: [muSource.length, muTarget.length], values: W },
      p: { shape: [p.length], values: p },
      mu_source: { shape: [muSource.length], values: muSource },
      mu_target: { shape: [muTarget.length], values: muTarget },
    },
    metadata: {
      format: MAP_FORMAT,
      experiment: run.experimentDigest,
      source_model: models.source.id,
      target_model: models.target.id,
      source_block: String(map.layers.source),
      target_block: String(map.layers.target),
      kind: map.kind,
      rank: map.rank === null ? '' : String(map.rank),
      lambda: String(map.lambda),
      held_out_r2: String(map.heldOutR2),
      convention: 'rows are tokens: target = source @ W + p; a difference of states maps by W alone',
    },
  });
}

export interface ReadMap extends MapArrays {
  metadata: Readonly<Record<string, string>>;
}

/** Whether a safetensors file's tensors are those of a map. */
export const hasMap = (names: Iterable<string>): boolean => new Set(names).has('W');

/** Reads a map. @throws LabError `file-invalid`: damaged, a tensor missing, or shapes that do not fit together */
export function readMap(bytes: Uint8Array, name = 'map.safetensors'): ReadMap {
  const { tensors, metadata } = readSafetensors(bytes, name);
  const missing = TENSORS.filter((tensor) => !(tensor in tensors));
  if (missing.length > 0)
    throw new LabError('file-invalid.map', {
      name,
      missing: missing.map((tensor) => `“${tensor}”`).join(', '),
    });
  const { W, p, mu_source: muSource, mu_target: muTarget } = tensors;
  const [rows, columns] = W.shape;
  const fits =
    W.shape.length === 2 &&
    [p, muTarget].every(({ shape }) => shape.length === 1 && shape[0] === columns) &&
    muSource.shape.length === 1 &&
    muSource.shape[0] === rows;
  if (!fits)
    throw new LabError('file-invalid.map-shapes', {
      name,
      shapes: Object.entries({ W, p, mu_source: muSource, mu_target: muTarget })
        .map(([tensor, { shape }]) => `${tensor} [${shape.join(', ')}]`)
        .join(', '),
    });
  return { W: W.values, p: p.values, muSource: muSource.values, muTarget: muTarget.values, metadata };
}
