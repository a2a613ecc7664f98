/** Table (c): AᵀB and whole fits beside other libraries, interleaved on one adapter. */
import { compileKernels } from '../../src/gpu/kernel';
import { atb, atbKernels, reduceKernel } from '../../src/gpu/kernels/atb/atb';
import { tileNamed } from '../../src/gpu/kernels/shared/tile';
import { setTuning, type Tuning, tuningOf } from '../../src/gpu/kernels/shared/tuning';
import { normals } from '../../src/gpu/kernels/testing';
import { Recorder } from '../../src/gpu/recorder';
import { GpuScope } from '../../src/gpu/scope';
import { tune } from '../../src/gpu/tune';
import { matmulTN, relativeError } from '../../src/math/matrix';
import type { Products } from '../../src/fit/products';
import { makeDataset, truthsOf } from './data';
import { type OurFit, streamAll, wasmFit, wgslFit } from './fits';
import { SPEED_GOALS } from './goals';
import { jaxAtb, jaxInputs, jaxLstsq, jaxMatrix, jaxRead, unscale } from './jax';
import { mlMatrixNormalEquations, ortProduct, type PeerProduct, tfjsProduct } from './peers';
import { type Contestant, race } from './statistics';
import type { SpeedTable } from './types';

export interface ProductSize {
  rows: number;
  m: number;
  n: number;
}

/** Float32 sums of 4,096 products, in whatever order. */
const PRODUCT_TOLERANCE = 1e-4;
const OURS = 'LRT Lab';

/** Our kernel with one tuning. */
async function ourProduct(
  device: GPUDevice,
  tuning: Tuning,
  A: Float32Array,
  B: Float32Array,
  { rows, m, n }: ProductSize,
): Promise<PeerProduct> {
  await compileKernels(device, [atbKernels.of(tileNamed(tuning.atb.narrow))]);
  const rec = await Recorder.create(device, [reduceKernel]);
  const scope = new GpuScope(device);
  const resident = { A: scope.upload(A, 'A'), B: scope.upload(B, 'B') };
  const C = scope.buffer(m * n * 4, 'C');
  const product = (from: { A: GPUBuffer; B: GPUBuffer }): Promise<Float32Array> => {
    const before = tuningOf(device);
    setTuning(device, tuning);
    rec.clear(C);
    atb(rec, { ...from, C, rows, m, n, strideA: m, strideB: n, strideC: n });
    setTuning(device, before);
    return rec.readFloats(C, m * n);
  };
  return {
    async upload() {
      const own = new GpuScope(device);
      const values = await product({ A: own.upload(A, 'A'), B: own.upload(B, 'B') });
      own.dispose();
      return values;
    },
    resident: () => product(resident),
    async dispose() {
      rec.dispose();
      scope.dispose();
    },
  };
}

/** What the device starts with, and on a real GPU what the autotune finds: a software adapter needs half a minute to compile all tiles. */
async function tunings(
  device: GPUDevice,
  software: boolean,
): Promise<{ name: string; tuning: Tuning; against?: string }[]> {
  const preset = tuningOf(device);
  const list: { name: string; tuning: Tuning; against?: string }[] = [{ name: OURS, tuning: preset }];
  if (!software) {
    const { tuning } = await tune(device);
    setTuning(device, preset);
    list.push({ name: `${OURS}, tuned (tile ${tuning.atb.narrow})`, tuning, against: OURS });
  }
  return list;
}

/** AᵀB with uploads and with resident inputs; the result is read back in both. */
export async function raceProducts(
  device: GPUDevice,
  software: boolean,
  size: ProductSize,
  rounds: number,
): Promise<SpeedTable[]> {
  const { rows, m, n } = size;
  const A = normals(rows * m, 31);
  const B = normals(rows * n, 32);
  const exact = matmulTN({ rows, cols: m, data: A }, { rows, cols: n, data: B }).data;
  const ours = [];
  for (const { tuning, ...entry } of await tunings(device, software))
    ours.push({ ...entry, product: await ourProduct(device, tuning, A, B, size) });
  const resident = { A: jaxMatrix(A, rows, m), B: jaxMatrix(B, rows, n) };
  const jax = {
    upload: async () => jaxRead(jaxAtb(jaxMatrix(A, rows, m), jaxMatrix(B, rows, n))),
    resident: async () => jaxRead(jaxAtb(resident.A.ref, resident.B.ref)),
    async dispose() {
      resident.A.dispose();
      resident.B.dispose();
    },
  };
  const entries: { name: string; product: PeerProduct; against?: string; goal?: number }[] = [
    ...ours,
    {
      name: 'onnxruntime-web WebGPU MatMul',
      product: await ortProduct(device, A, B, rows, m, n),
      against: OURS,
      goal: SPEED_GOALS.ort,
    },
    { name: 'tfjs WebGPU matMul', product: await tfjsProduct(A, B, rows, m, n), against: OURS, goal: SPEED_GOALS.tfjs },
    { name: 'jax-js WebGPU matmul', product: jax, against: OURS, goal: SPEED_GOALS.jaxProduct },
  ];
  const tables: SpeedTable[] = [];
  for (const kind of ['resident', 'upload'] as const) {
    const contestants = entries.map(({ name, product, against, goal }): Contestant => ({
      name,
      run: () => product[kind](),
      check: (C) => relativeError(C, exact),
      tolerance: PRODUCT_TOLERANCE,
      against,
      goal,
    }));
    tables.push({
      title: `Moments kernel AᵀB, N ${rows}, ${m}×${n}, ${kind === 'resident' ? 'inputs on the GPU' : 'inputs uploaded'}`,
      what: `${kind === 'resident' ? 'Product and read-back' : 'Upload, product and read-back'}, without compilation. onnxruntime-web is given Aᵀ.`,
      rows: await race(contestants, rounds),
    });
  }
  for (const { product } of entries) await product.dispose();
  return tables;
}

/** Whole fits 256 → 512, from rows in memory to W in memory. */
export async function raceFits(
  device: GPUDevice,
  products: Products,
  trainRows: number,
  rounds: number,
): Promise<SpeedTable> {
  const dataset = makeDataset({
    sourceWidth: 256,
    targetWidth: 512,
    rows: trainRows,
    heldOut: 512,
    kappa: 2e4,
    stationary: true,
  });
  const { train, heldOut } = dataset;
  const { sourceWidth: d, targetWidth: m, rows } = train;
  const [truth] = truthsOf(dataset, [0]).truths;
  const { A, B, sigma } = jaxInputs(dataset);
  const whole = async (fit: OurFit): Promise<Float32Array> => {
    try {
      await streamAll(fit, train, heldOut, 0);
      return (await fit.solve(0)).best.W;
    } finally {
      fit.dispose();
    }
  };
  const plain = (W: ArrayLike<number>): number => relativeError(W, truth.W);
  const scaled = (W: ArrayLike<number>): number => relativeError(unscale(W, sigma, m), truth.W);
  const unwhitened = `${OURS}, WGSL, whitening off`;
  const contestants: Contestant[] = [
    { name: `${OURS}, WGSL`, run: async () => whole(await wgslFit(device, train)), check: plain, tolerance: 1e-4 },
    {
      name: unwhitened,
      run: async () => whole(await wgslFit(device, train, { whiten: false })),
      check: plain,
      tolerance: 1e-2,
      against: `${OURS}, WGSL`,
    },
    {
      name: `${OURS}, WASM`,
      run: () => whole(wasmFit(products, train)),
      check: plain,
      tolerance: 1e-4,
      against: `${OURS}, WGSL`,
    },
    {
      name: 'jax-js lstsq',
      run: () => jaxLstsq(A, B, rows, d, m),
      check: scaled,
      tolerance: 1e-2,
      against: `${OURS}, WGSL`,
      goal: SPEED_GOALS.jaxFit,
    },
    {
      name: 'ml-matrix normal equations',
      run: async () => mlMatrixNormalEquations(A, B, rows, d, m),
      check: scaled,
      tolerance: 1e-2,
      against: unwhitened,
      goal: SPEED_GOALS.mlMatrix,
    },
  ];
  return {
    title: `Whole fit ${d} → ${m}, N ${rows}, λ 0, standardised condition 2e4`,
    what: 'From rows in memory to W in memory, uploads included, compilation not. Ours also streams 512 held-out rows and gives R²; the peers get centred and standardised rows for nothing.',
    rows: await race(contestants, rounds),
  };
}
