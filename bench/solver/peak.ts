/** Table (d): how much of a real GPU's float32 peak the fit reaches. */
import { createDevice } from '../../src/gpu/device';
import { GpuFit } from '../../src/gpu/fit/gpu-fit';
import { normals } from '../../src/gpu/kernels/testing';
import { GpuScope } from '../../src/gpu/scope';
import type { FitChunk } from '../../src/fit/types';
import { median } from '../../src/math/stats';
import type { GpuMatrix } from '../../src/gpu/types';
import { PEAK_FRACTION } from './goals';
import { fitFlop } from './peak-flop';
import type { PeakResult } from './types';

export const PEAK_SIZE = { sourceWidth: 2304, targetWidth: 3584, rows: 100_000 };
/** Rows of a chunk, and chunks that differ: the same ones are added again and again, which changes no time. */
const CHUNK = 2048;
const DISTINCT = 4;

/** Multiply-adds of one invocation's inner step: 8 vec4 chains, long enough to hide their latency. */
const CHAINS = 8;
const STEPS = 16_384;
const GROUPS = 4096;

const PEAK_SHADER = `
@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let factor = 1.0 + f32(id.x) * 1e-9;
${Array.from({ length: CHAINS }, (_, i) => `  var c${i} = vec4f(f32(id.x + ${i}u) * 1e-6);`).join('\n')}
  for (var k = 0u; k < ${STEPS}u; k++) {
${Array.from({ length: CHAINS }, (_, i) => `    c${i} = fma(c${i}, vec4f(factor), vec4f(1e-7));`).join('\n')}
  }
  let sum = ${Array.from({ length: CHAINS }, (_, i) => `c${i}`).join(' + ')};
  out[id.x] = sum.x + sum.y + sum.z + sum.w;
}`;

/** Float32 operations per second of a kernel that only multiplies and adds in registers; the best of five. */
export async function measurePeak(device: GPUDevice, groups = GROUPS): Promise<number> {
  const module = device.createShaderModule({ code: PEAK_SHADER });
  const layout = device.createBindGroupLayout({
    entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage' } }],
  });
  const pipeline = await device.createComputePipelineAsync({
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: 'main' },
  });
  const out = device.createBuffer({ size: groups * 256 * 4, usage: GPUBufferUsage.STORAGE });
  const group = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: out } }] });
  let best = Infinity;
  for (let run = 0; run < 6; run++) {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(groups);
    pass.end();
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    if (run > 0) best = Math.min(best, (performance.now() - start) / 1000); // the first wakes the GPU
  }
  out.destroy();
  return (groups * 256 * CHAINS * 4 * STEPS * 2) / best;
}

/** The fit of this size with its rows on the GPU; the median of `rounds` after one that compiles. */
export async function measurePeakFit(
  { sourceWidth: d, targetWidth: m, rows } = PEAK_SIZE,
  rounds = 3,
  groups = GROUPS,
): Promise<PeakResult> {
  const lab = await createDevice();
  const { device } = lab;
  const scope = new GpuScope(device);
  const chunks = Array.from({ length: DISTINCT }, (_, i): FitChunk<GpuMatrix> => ({
    source: [scope.uploadMatrix(normals(CHUNK * d, 50 + i), CHUNK, d, 'X')],
    target: [scope.uploadMatrix(normals(CHUNK * m, 60 + i), CHUNK, m, 'Y')],
    rows: CHUNK,
    split: 'train',
  }));
  const once = async (): Promise<number> => {
    const fit = await GpuFit.create(
      device,
      { sourceLayers: 1, targetLayers: 1, sourceWidth: d, targetWidth: m },
      { cka: false },
    );
    await device.queue.onSubmittedWorkDone();
    const start = performance.now();
    for (let first = 0, i = 0; first < rows; first += CHUNK, i++) await fit.add(chunks[i % DISTINCT]);
    await fit.add({ ...chunks[0], split: 'heldOut' });
    await fit.solve(0, 0, 1e-4);
    const seconds = (performance.now() - start) / 1000;
    fit.dispose();
    return seconds;
  };
  await once();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await once());
  const peakFlops = await measurePeak(device, groups);
  scope.dispose();
  lab.destroy();
  const seconds = median(times);
  const streamed = Math.ceil(rows / CHUNK) * CHUNK;
  const flop = fitFlop(d, m, streamed + CHUNK);
  const fraction = flop / seconds / peakFlops;
  return {
    sourceWidth: d,
    targetWidth: m,
    rows: streamed,
    seconds,
    flop,
    peakFlops,
    fraction,
    goal: PEAK_FRACTION,
    met: fraction >= PEAK_FRACTION,
  };
}
