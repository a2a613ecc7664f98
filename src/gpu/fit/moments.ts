/** Running sums of one bucket of rows (a fold of the training rows, or the held-out rows), in whitened source coordinates. */
import { accumulate } from '../kernels/accumulate/accumulate';
import type { Recorder } from '../recorder';
import type { GpuScope } from '../scope';
import type { FitLayout } from './layout';

export interface Moments {
  /** Per source layer: QᵀQ, source×source, upper tiles. */
  gram: GPUBuffer[];
  /** Per source layer and band: QᵀY', source×width. */
  cross: GPUBuffer[][];
  /** Per source layer: [ΣX' | ΣX'²] of the shifted and scaled, not yet whitened columns. */
  sourceSums: GPUBuffer[];
  /** Per source layer: [ΣQ | ΣQ²]; the source sums themselves where Q = X'. */
  whiteSums: GPUBuffer[];
  /** Per band: [ΣY' | ΣY'²]. */
  targetSums: GPUBuffer[];
  /** Per target layer: Y'ᵀY', upper tiles; empty unless CKA is wanted. */
  targetGram: GPUBuffer[];
}

export function createMoments(
  scope: GpuScope,
  layout: FitLayout,
  name: string,
  options: { whiten: boolean; targetGram: boolean },
): Moments {
  const { source, target, bands, shape } = layout;
  const floats = (count: number, label: string): GPUBuffer => scope.buffer(count * 4, `${name} ${label}`);
  const perSource = <T>(make: () => T): T[] => Array.from({ length: shape.sourceLayers }, make);
  const sourceSums = perSource(() => floats(2 * source, 'source sums'));
  return {
    gram: perSource(() => floats(source * source, 'QᵀQ')),
    cross: perSource(() => bands.map((band) => floats(source * band.width, 'QᵀY'))),
    sourceSums,
    whiteSums: options.whiten ? perSource(() => floats(2 * source, 'whitened sums')) : sourceSums,
    targetSums: bands.map((band) => floats(2 * band.width, 'target sums')),
    targetGram: options.targetGram
      ? Array.from({ length: shape.targetLayers }, () => floats(target * target, 'YᵀY'))
      : [],
  };
}

/** Every buffer once, always in the same order. */
export function momentBuffers(moments: Moments): GPUBuffer[] {
  return [
    ...new Set([
      ...moments.gram,
      ...moments.cross.flat(),
      ...moments.sourceSums,
      ...moments.whiteSums,
      ...moments.targetSums,
      ...moments.targetGram,
    ]),
  ];
}

/** The moments of one bucket, with how many rows are in them. */
export interface Part {
  moments: Moments;
  rows: number;
}

/** The sum of equally long buffers: the buffer itself where there is one, else a new one of the scope. */
export function summed(rec: Recorder, scope: GpuScope, buffers: GPUBuffer[]): GPUBuffer {
  if (buffers.length === 1) return buffers[0];
  const { size, label } = buffers[0];
  const into = scope.buffer(size, `sum of ${label}`);
  rec.copy(buffers[0], into, size);
  for (const from of buffers.slice(1)) accumulate(rec, { from, into, floats: size / 4 });
  return into;
}

/** One source layer's moments over several buckets. Each sum is made when it is first asked for. */
export class LayerMoments {
  readonly rows: number;
  readonly #made = new Map<string, GPUBuffer>();
  readonly #sum: (pick: (moments: Moments) => GPUBuffer) => GPUBuffer;
  readonly #layer: number;

  /** @param scope owns the sums */
  constructor(rec: Recorder, scope: GpuScope, parts: readonly Part[], layer: number) {
    this.rows = parts.reduce((sum, part) => sum + part.rows, 0);
    this.#layer = layer;
    this.#sum = (pick) =>
      summed(
        rec,
        scope,
        parts.map(({ moments }) => pick(moments)),
      );
  }

  get gram(): GPUBuffer {
    return this.#once('gram', ({ gram }) => gram[this.#layer]);
  }

  get sourceSums(): GPUBuffer {
    return this.#once('source sums', ({ sourceSums }) => sourceSums[this.#layer]);
  }

  get whiteSums(): GPUBuffer {
    return this.#once('whitened sums', ({ whiteSums }) => whiteSums[this.#layer]);
  }

  cross(band: number): GPUBuffer {
    return this.#once(`cross ${band}`, ({ cross }) => cross[this.#layer][band]);
  }

  targetSums(band: number): GPUBuffer {
    return this.#once(`target sums ${band}`, ({ targetSums }) => targetSums[band]);
  }

  #once(key: string, pick: (moments: Moments) => GPUBuffer): GPUBuffer {
    let made = this.#made.get(key);
    if (!made) {
      made = this.#sum(pick);
      this.#made.set(key, made);
    }
    return made;
  }
}
