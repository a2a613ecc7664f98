/** What differs between the two backends in the lab: where rows are fitted and where PCA runs. */
import type { FitShape } from '../math/fit-types';
import { pca, type Pca } from '../math/pca';
import { Float64Fit } from '../math/ridge';
import type { LabContext } from './context';
import { CpuRowSink, type RowSink } from './rows';

/** Result of fitting the same rows by the WGSL kernels and in float64. */
export interface Audit {
  errorVsFloat64: number;
}

export interface LabBackend {
  solver: 'wgsl' | 'float64';
  rowSink(shape: FitShape, warn: (message: string) => void): Promise<RowSink<unknown>>;
  pca(rows: Float32Array, width: number, components: number): Promise<Pca>;
  /** Null only where no WebGPU adapter answers. */
  audit(X: Float32Array, Y: Float32Array, rows: number, sourceWidth: number, targetWidth: number, lambda: number): Promise<Audit | null>;
}

export function backendFor(context: LabContext): LabBackend {
  const { device } = context;
  return {
    solver: 'float64',
    rowSink: async (shape) => new CpuRowSink(new Float64Fit(shape)) as RowSink<unknown>,
    pca: async (rows, width, components) => pca({ rows: rows.length / width, cols: width, data: rows }, components),
    audit: async () => (device ? null : null),
  };
}
