/** What differs between the two backends in the lab: where rows are fitted and where PCA runs. */
import type { ComparedBlocks } from '../experiment/compared-blocks';
import type { SelfTestReport } from '../gpu/selftest';
import { onGpu } from '../gpu/audit';
import { GpuFit } from '../gpu/fit/gpu-fit';
import { gpuPca } from '../gpu/pca';
import { GpuScope } from '../gpu/scope';
import { runSelfTest } from '../gpu/selftest';
import { auditFit, onCpu, type AuditRows, type FitAudit } from '../fit/audit';
import type { MapInputs } from '../math/maps';
import type { FitOptions, FitShape } from '../fit/types';
import { leadingPca } from '../fit/leading-pca';
import { pca, type Pca } from '../math/pca';
import type { Products } from '../fit/products';
import type { TapBatch } from '../runtime/types';
import { WhitenedFit } from '../fit/whitened-fit';
import { comparedShape, sparseGridFit } from './compared';
import { mapsInFloat64, mapsOnGpu, type MapOfKind } from './maps';
import { GpuRowSink } from './gpu-rows';
import { readGpuTap, uploadTaps } from './gpu-taps';
import { CpuRowSink, type RowSink, type SinkCheckpoint } from './rows';
import { runWasmSelfTest } from './wasm-selftest';

export interface LabBackend {
  solver: 'wgsl' | 'wasm';
  /** The device of our kernels; null on WASM, which needs none. */
  device: GPUDevice | null;
  /** @param compared the blocks whose states go into the fit; null for all */
  rowSink(shape: FitShape, options: FitOptions, compared: ComparedBlocks | null): Promise<RowSink<unknown>>;
  /** Goes on from a checkpoint of a device that was lost. */
  resumeSink(checkpoint: SinkCheckpoint, shape: FitShape, compared: ComparedBlocks | null): Promise<RowSink<unknown>>;
  /** The states of one block of a batch, as float32 on the CPU. @param tokens rows × length, padding included */
  readTap(tap: TapBatch['blocks'][number], tokens: number): Promise<Float32Array>;
  /**
   * States from the CPU as a model would hand them out.
   * @param blocks [rows × length × width] each, asked for one by one
   */
  tapsOf(
    blocks: readonly (() => Float32Array)[],
    width: number,
    shape: Pick<TapBatch, 'rows' | 'length' | 'lengths'>,
  ): Promise<TapBatch>;
  /** First principal components of row-major states. */
  pca(rows: Float32Array, width: number, components: number): Promise<Pca>;
  /** The maps of every kind (lab/maps). */
  maps(inputs: MapInputs, signal: AbortSignal): Promise<MapOfKind[]>;
  /** Fits the same rows by this backend and in float64. */
  audit(rows: AuditRows, lambda: number, signal: AbortSignal): Promise<FitAudit>;
  selfTest(): Promise<SelfTestReport>;
  dispose(): void;
}

/** Fit, PCA and audit in WGSL, on the device that the models run on. */
export function webgpuBackend(device: GPUDevice): LabBackend {
  return {
    solver: 'wgsl',
    device,
    rowSink: async (shape, options, compared) =>
      (await GpuRowSink.create(
        device,
        await GpuFit.create(device, comparedShape(shape, compared), options),
        shape,
        compared,
      )) as RowSink<unknown>,
    resumeSink: async (checkpoint, shape, compared) =>
      (await GpuRowSink.resume(device, checkpoint, shape, compared)) as RowSink<unknown>,
    readTap: (tap, tokens) => readGpuTap(device, tap, tokens),
    tapsOf: (blocks, width, shape) => uploadTaps(device, blocks, width, shape),
    pca: async (rows, width, components) => {
      const scope = new GpuScope(device);
      try {
        return await gpuPca(device, scope.uploadMatrix(rows, rows.length / width, width, 'states for PCA'), components);
      } finally {
        scope.dispose();
      }
    },
    maps: (inputs, signal) => mapsOnGpu(device, inputs, signal),
    audit: (rows, lambda, signal) => auditFit(onGpu(device), rows, lambda, signal),
    selfTest: () => runSelfTest(device),
    dispose: () => {},
  };
}

/** From this width on, all components of a panel's states take seconds: dozens of panels would take minutes. */
const WIDE = 512;

/** The fit's products by ONNX Runtime's WASM, everything else in float64: for a machine without a real GPU. */
export function wasmBackend(products: Products): LabBackend {
  return {
    solver: 'wasm',
    device: null,
    rowSink: async (shape, options, compared) => {
      const fit = new WhitenedFit(comparedShape(shape, compared), products, options);
      return new CpuRowSink(compared ? sparseGridFit(fit, shape, compared) : fit) as RowSink<unknown>;
    },
    resumeSink: () => Promise.reject(new TypeError('A collection on WASM has no device to lose.')),
    readTap: async (tap) => {
      if (!tap.data) throw new TypeError(`The tap of block ${tap.block} is not on the CPU.`);
      return tap.data;
    },
    tapsOf: async (blocks, width, shape) => ({
      ...shape,
      blocks: blocks.map((read, block) => ({ block, width, data: read(), buffer: null })),
      dispose: () => {},
    }),
    pca: async (rows, width, components) =>
      width < WIDE || components > width / 8
        ? pca({ rows: rows.length / width, cols: width, data: rows }, components)
        : leadingPca(rows, width, components, products),
    maps: async (inputs) => mapsInFloat64(inputs),
    audit: (rows, lambda, signal) =>
      auditFit(
        onCpu((shape) => new WhitenedFit(shape, products, { cka: false })),
        rows,
        lambda,
        signal,
      ),
    selfTest: () => runWasmSelfTest(products),
    dispose: () => products.dispose(),
  };
}
