/** The bench's side in the browser page: what browser.ts calls. One device for all of it. */
import { createDevice, type LabDevice } from '../../src/gpu/device';
import type { Products } from '../../src/fit/products';
import { createWasmProducts } from '../../src/runtime/wasm-products';
import { measureAccuracy } from './accuracy';
import { measureDriver } from './drivers';
import type { DriverFigures } from './drivers-table';
import { wasmFit, wgslFit } from './fits';
import { jaxFit, startJax } from './jax';
import { measurePeakFit, PEAK_SIZE } from './peak';
import { type ProductSize, raceFits, raceProducts } from './speed';
import type { AccuracyRow, DatasetSpec, PathRow, PeakResult, SpeedTable } from './types';

let lab: LabDevice | null = null;
let products: Products | null = null;

async function open(): Promise<{ device: GPUDevice; software: boolean; products: Products }> {
  if (!lab) {
    lab = await createDevice();
    await startJax();
  }
  products ??= await createWasmProducts();
  return { device: lab.device, software: lab.report.software, products };
}

export interface PageBench {
  adapter(): Promise<{ name: string; software: boolean; cores: number }>;
  accuracy(spec: DatasetSpec): Promise<{ rows: AccuracyRow[]; paths: PathRow[] }>;
  drivers(specs: DatasetSpec[]): Promise<DriverFigures>;
  products(size: ProductSize, rounds: number): Promise<SpeedTable[]>;
  /** @param rows training rows */
  fits(rows: number, rounds: number): Promise<SpeedTable>;
  peak(): Promise<PeakResult>;
}

export const bench: PageBench = {
  async adapter() {
    const probe = await createDevice();
    const { vendor, architecture, description } = probe.report.info;
    probe.destroy();
    return {
      name: [vendor, architecture, description].filter(Boolean).join(' '),
      software: probe.report.software,
      cores: navigator.hardwareConcurrency,
    };
  },

  async accuracy(spec) {
    const { device, products: onCpu } = await open();
    return measureAccuracy(spec, {
      ours: { WGSL: ({ train }) => wgslFit(device, train), WASM: async ({ train }) => wasmFit(onCpu, train) },
      peers: { 'jax-js lstsq': jaxFit },
    });
  },

  drivers: (specs) => measureDriver(specs),

  async products(size, rounds) {
    const { device, software } = await open();
    return raceProducts(device, software, size, rounds);
  },

  async fits(rows, rounds) {
    const { device, products: onCpu } = await open();
    return raceFits(device, onCpu, rows, rounds);
  },

  peak: () => measurePeakFit(PEAK_SIZE),
};
