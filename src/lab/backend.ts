/** What differs between the two backends in the lab: where rows are fitted and where PCA runs. */
import { auditFit, type FitAudit } from '../gpu/audit';
import { GpuFit } from '../gpu/fit/gpu-fit';
import { gpuPca } from '../gpu/pca';
import { GpuScope } from '../gpu/scope';
import type { FitShape } from '../math/fit-types';
import { pca, type Pca } from '../math/pca';
import { Float64Fit } from '../math/ridge';
import type { LabContext } from './context';
import { GpuRowSink } from './gpu-rows';
import { CpuRowSink, type RowSink } from './rows';

export interface LabBackend {
  solver: 'wgsl' | 'float64';
  rowSink(shape: FitShape): Promise<RowSink<unknown>>;
  /** First principal components of row-major states. */
  pca(rows: Float32Array, width: number, components: number): Promise<Pca>;
  /** Fits the same rows by the WGSL kernels and in float64. Null only where no WebGPU adapter answers. */
  audit(X: Float32Array, Y: Float32Array, rows: number, sourceWidth: number, targetWidth: number, lambda: number): Promise<FitAudit | null>;
}

/** The lab's backend that goes with the runtime's. */
export function backendFor({ device, runtime }: Pick<LabContext, 'device' | 'runtime'>): LabBackend {
  const audit: LabBackend['audit'] = async (X, Y, rows, sourceWidth, targetWidth, lambda) => (device ? auditFit(device, X, Y, rows, sourceWidth, targetWidth, lambda) : null);
  if (runtime.backend === 'webgpu' && device) {
    return {
      solver: 'wgsl',
      rowSink: async (shape) => (await GpuRowSink.create(device, await GpuFit.create(device, shape))) as RowSink<unknown>,
      pca: async (rows, width, components) => {
        const scope = new GpuScope(device);
        try {
          return await gpuPca(device, scope.uploadMatrix(rows, rows.length / width, width, 'states for PCA'), components);
        } finally {
          scope.dispose();
        }
      },
      audit,
    };
  }
  return {
    solver: 'float64',
    rowSink: async (shape) => new CpuRowSink(new Float64Fit(shape)) as RowSink<unknown>,
    pca: async (rows, width, components) => pca({ rows: rows.length / width, cols: width, data: rows }, components),
    audit,
  };
}
