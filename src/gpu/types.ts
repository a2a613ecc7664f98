/** The matrix that the kernels pass around. */

/** A row-major float32 matrix at the start of a storage buffer, with no padding between rows. */
export interface GpuMatrix {
  buffer: GPUBuffer;
  rows: number;
  cols: number;
}
