/** The kernels of a product: one source, one kernel a tile, made when first asked for. */
import { defineKernel, type Kernel, type KernelChoice } from '../../kernel';
import stagedReads from './staged-reads.wgsl?raw';
import staged from './staged.wgsl?raw';
import { type Tile, tileNamed, tileParts } from './tile';
import { type Product, tuningOf } from './tuning';

export interface ProductSource {
  source: string;
  /** `left4` or `leftRow4`, and `right4`, from the matrices. */
  directReads: string;
  /** The inner loop without staging. */
  direct: string;
  /** Fills tileA. */
  stageLeft: string;
}

export class ProductKernels {
  readonly #name: Product;
  readonly #source: ProductSource;
  readonly #kernels = new Map<string, Kernel>();

  constructor(name: Product, source: ProductSource) {
    this.#name = name;
    this.#source = source;
  }

  /** The kernel with this tile: the same object every time. */
  of(tile: Tile): Kernel {
    let kernel = this.#kernels.get(tile.name);
    if (!kernel) {
      const { source, directReads, direct, stageLeft } = this.#source;
      const reading: Record<string, string> =
        tile.staged > 0
          ? { reads: stagedReads, loop: staged, 'stage-left': stageLeft }
          : { reads: directReads, loop: direct };
      kernel = defineKernel(`${this.#name} (${tile.name})`, source, {}, { ...tileParts(tile), ...reading });
      this.#kernels.set(tile.name, kernel);
    }
    return kernel;
  }

  /** The kernel that a device uses for narrow or wide products, as an entry of a list of kernels to compile. */
  choice(width: 'narrow' | 'wide'): KernelChoice {
    return { name: `${this.#name}, ${width}`, of: (device) => this.chosen(device, width).kernel };
  }

  chosen(device: GPUDevice, width: 'narrow' | 'wide'): { kernel: Kernel; tile: Tile } {
    const tile = tileNamed(tuningOf(device)[this.#name][width]);
    return { kernel: this.of(tile), tile };
  }
}
