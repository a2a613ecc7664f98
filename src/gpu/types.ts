/** The matrix that the kernels pass around. */

/** A row-major matrix at the start of a storage buffer, with no padding between rows. */
export interface GpuMatrix {
  buffer: GPUBuffer;
  rows: number;
  cols: number;
  /** Default float32. float16 is packed two to a 32-bit word; only `GpuFit.add` and `GpuRows.gather` read it. */
  type?: 'float32' | 'float16';
}
