/** Which tile each product uses on a device. `tune` (src/gpu/tune.ts) measures it; without it a sensible one holds. */
import { softwareAdapter } from '../../device';
import { DIRECT, LARGE, MEDIUM, type Tile } from './tile';

export type Product = 'atb' | 'ab';

export interface TileChoice {
  /** Name of a tile. */
  narrow: string;
  /** Both sides of C are at least WIDE. */
  wide: string;
}

export interface Tuning {
  atb: TileChoice;
  ab: TileChoice;
  /** AᵀB with fewer tiles than this splits its rows until there are as many workgroups; 1 never splits. */
  workgroups: number;
}

/** Both sides of C at least this wide: the product counts as wide. */
export const WIDE = 1024;

const GPU: Tuning = {
  atb: { narrow: MEDIUM.name, wide: LARGE.name },
  ab: { narrow: MEDIUM.name, wide: LARGE.name },
  workgroups: 64,
};
/** A CPU in a GPU's place: reading twice is cheaper than a barrier, and it has few cores to feed. */
const SOFTWARE: Tuning = { ...oneTile(DIRECT), workgroups: 8 };

const tunings = new WeakMap<GPUDevice, Tuning>();

/** The tuning of a device: what was set, else what suits GPUs or, on a software adapter, CPUs. */
export function tuningOf(device: GPUDevice): Tuning {
  const set = tunings.get(device);
  if (set) return set;
  // Browsers without adapterInfo on the device have no software adapter.
  const tuning = device.adapterInfo !== undefined && softwareAdapter(device.adapterInfo) ? SOFTWARE : GPU;
  tunings.set(device, tuning);
  return tuning;
}

/** Sets what products recorded from now on use. Their kernels must be compiled: `tune` does both. */
export function setTuning(device: GPUDevice, tuning: Tuning): void {
  tunings.set(device, tuning);
}

/** One tile for every product. */
export function oneTile(tile: Tile, workgroups = 64): Tuning {
  const choice = { narrow: tile.name, wide: tile.name };
  return { atb: choice, ab: choice, workgroups };
}

/** Whether a product of this size counts as wide. */
export const widthOf = (m: number, n: number): 'narrow' | 'wide' => (m >= WIDE && n >= WIDE ? 'wide' : 'narrow');
