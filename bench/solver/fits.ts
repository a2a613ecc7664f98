/** Our own fits, streamed as the lab streams them. */
import { GpuFit, type GpuFitOptions } from '../../src/gpu/fit/gpu-fit';
import { GpuScope } from '../../src/gpu/scope';
import type { FitChunk, FitShape } from '../../src/fit/types';
import type { Products } from '../../src/fit/products';
import { WhitenedFit } from '../../src/fit/whitened-fit';
import type { PairFit } from '../../src/fit/types';
import { chunksOf } from './data';
import type { PairedStates } from '../../src/math/testing/activations';

/** What the bench asks of a fit, whatever its rows are made of. */
export interface OurFit {
  add(chunk: FitChunk<Float32Array>): Promise<void>;
  needsSecondPass(smallestLambda: number): Promise<boolean>;
  restart(): Promise<void>;
  solve(lambdas: number | number[]): Promise<PairFit>;
  dispose(): void;
}

function shapeOf({ sourceWidth, targetWidth }: PairedStates): FitShape {
  return { sourceLayers: 1, targetLayers: 1, sourceWidth, targetWidth };
}

/** The WGSL fit; every chunk is uploaded and its buffers are given back at once. */
export async function wgslFit(device: GPUDevice, data: PairedStates, options: GpuFitOptions = {}): Promise<OurFit> {
  const fit = await GpuFit.create(device, shapeOf(data), { cka: false, ...options });
  return {
    async add({ source, target, rows, split }) {
      const scope = new GpuScope(device);
      try {
        const X = scope.uploadMatrix(source[0], rows, data.sourceWidth, 'X');
        const Y = scope.uploadMatrix(target[0], rows, data.targetWidth, 'Y');
        await fit.add({ source: [X], target: [Y], rows, split });
      } finally {
        scope.dispose();
      }
    },
    needsSecondPass: (lambda) => fit.needsSecondPass(lambda),
    restart: () => fit.restart(),
    solve: (lambdas) => fit.solve(0, 0, lambdas),
    dispose: () => fit.dispose(),
  };
}

/** The fit by float32 products on the CPU. */
export function wasmFit(products: Products, data: PairedStates): OurFit {
  const fit = new WhitenedFit(shapeOf(data), products, { cka: false });
  return {
    add: (chunk) => fit.add(chunk),
    needsSecondPass: (lambda) => fit.needsSecondPass(lambda),
    restart: () => fit.restart(),
    solve: (lambdas) => fit.solve(0, 0, lambdas),
    dispose: () => fit.dispose(),
  };
}

/**
 * Streams all rows, and streams them again if the fit asks for it.
 * @returns how often they were streamed
 */
export async function streamAll(
  fit: OurFit,
  train: PairedStates,
  heldOut: PairedStates,
  smallestLambda: number,
): Promise<number> {
  const pass = async (): Promise<void> => {
    for (const chunk of chunksOf(train, 'train')) await fit.add(chunk);
    for (const chunk of chunksOf(heldOut, 'heldOut')) await fit.add(chunk);
  };
  await pass();
  if (!(await fit.needsSecondPass(smallestLambda))) return 1;
  await fit.restart();
  await pass();
  return 2;
}
