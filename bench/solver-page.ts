/** The page side of solver.ts: runs in the browser. */
import { createDevice } from '../src/gpu/device';
import { GpuFit } from '../src/gpu/fit/gpu-fit';
import { GpuScope } from '../src/gpu/scope';
import type { StreamingFit } from '../src/math/fit-types';
import { relativeError } from '../src/math/matrix';
import { Float64Fit } from '../src/math/ridge';
import { activationLike } from '../src/math/testing/activations';

export interface SolverBenchResult {
  adapter: string;
  software: boolean;
  /** Seconds. */
  compile: number;
  steps: { step: string; gpu: number; cpu: number }[];
  errorW: number;
  deltaR2: number;
}

const CHUNK = 2048;
const PATH = [0, 1e-6, 1e-4, 1e-2];

async function seconds(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

export async function run(d: number, m: number, n: number): Promise<SolverBenchResult> {
  const lab = await createDevice();
  const shape = { sourceLayers: 1, targetLayers: 1, sourceWidth: d, targetWidth: m };
  const heldOut = Math.max(1, Math.round(n / 8));
  const data = activationLike({ sourceWidth: d, targetWidth: m, rows: n + heldOut, kappa: 1e6, seed: 1 });
  const pieces: { X: Float32Array; Y: Float32Array; rows: number; split: 'train' | 'heldOut' }[] = [];
  for (const [from, to, split] of [[0, n, 'train'], [n, n + heldOut, 'heldOut']] as const) {
    for (let first = from; first < to; first += CHUNK) {
      const end = Math.min(to, first + CHUNK);
      pieces.push({ X: data.X.slice(first * d, end * d), Y: data.Y.slice(first * m, end * m), rows: end - first, split });
    }
  }
  let fit: GpuFit | undefined;
  const compile = await seconds(async () => {
    fit = await GpuFit.create(lab.device, shape);
  });
  const gpu = fit as GpuFit;
  const cpu: StreamingFit<Float32Array> = new Float64Fit(shape);
  const steps: SolverBenchResult['steps'] = [];
  steps.push({
    step: 'moments',
    gpu: await seconds(async () => {
      for (const { X, Y, rows, split } of pieces) {
        const scope = new GpuScope(lab.device);
        gpu.add({ source: [scope.uploadMatrix(X, rows, d, 'X')], target: [scope.uploadMatrix(Y, rows, m, 'Y')], rows, split });
        scope.dispose();
      }
      await lab.device.queue.onSubmittedWorkDone();
    }),
    cpu: await seconds(() => {
      for (const { X, Y, rows, split } of pieces) void cpu.add({ source: [X], target: [Y], rows, split });
    }),
  });
  let got = await gpu.solve(0, 0, 0); // the first solve is not measured: it warms both sides
  let expected = await cpu.solve(0, 0, 0);
  steps.push({
    step: `${PATH.length} λ`,
    gpu: await seconds(async () => {
      got = await gpu.solve(0, 0, PATH);
    }),
    cpu: await seconds(async () => {
      expected = await cpu.solve(0, 0, PATH);
    }),
  });
  steps.push({ step: 'CKA', gpu: await seconds(() => gpu.cka()), cpu: await seconds(() => cpu.cka()) });
  const result = {
    adapter: [lab.report.info.vendor, lab.report.info.architecture, lab.report.info.description].filter(Boolean).join(' '),
    software: lab.report.software,
    compile,
    steps,
    errorW: relativeError(got.best.W, expected.best.W),
    deltaR2: Math.abs(got.heldOutR2 - expected.heldOutR2),
  };
  gpu.dispose();
  lab.destroy();
  return result;
}
