/** The running sums of one split (training or held-out rows), in whitened source coordinates. */
import type { Recorder } from '../recorder';
import type { GpuScope } from '../scope';
import type { FitLayout } from './layout';

export interface SplitMoments {
  rows: number;
  /** Per source layer: QᵀQ, source×source, upper tiles. */
  gram: GPUBuffer[];
  /** Per source layer and band: QᵀY', source×width. */
  cross: GPUBuffer[][];
  /** Per source layer: [ΣX' | ΣX'²] of the shifted and scaled, not yet whitened columns. */
  sourceSums: GPUBuffer[];
  /** Per source layer: [ΣQ | ΣQ²]. */
  whiteSums: GPUBuffer[];
  /** Per band: [ΣY' | ΣY'²]. */
  targetSums: GPUBuffer[];
  /** Per target layer: Y'ᵀY', upper tiles; empty unless CKA is wanted. */
  targetGram: GPUBuffer[];
}

export function createMoments(scope: GpuScope, layout: FitLayout, name: string, withTargetGram: boolean): SplitMoments {
  const { source, target, bands, shape } = layout;
  const floats = (count: number, label: string): GPUBuffer => scope.buffer(count * 4, `${name} ${label}`);
  const perSource = <T>(make: () => T): T[] => Array.from({ length: shape.sourceLayers }, make);
  return {
    rows: 0,
    gram: perSource(() => floats(source * source, 'QᵀQ')),
    cross: perSource(() => bands.map((band) => floats(source * band.width, 'QᵀY'))),
    sourceSums: perSource(() => floats(2 * source, 'source sums')),
    whiteSums: perSource(() => floats(2 * source, 'whitened sums')),
    targetSums: bands.map((band) => floats(2 * band.width, 'target sums')),
    targetGram: withTargetGram ? Array.from({ length: shape.targetLayers }, () => floats(target * target, 'YᵀY')) : [],
  };
}

export function clearMoments(rec: Recorder, moments: SplitMoments): void {
  moments.rows = 0;
  for (const buffer of [...moments.gram, ...moments.cross.flat(), ...moments.sourceSums, ...moments.whiteSums, ...moments.targetSums, ...moments.targetGram]) rec.clear(buffer);
}
