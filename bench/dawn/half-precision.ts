/**
 * Half-precision fixtures on ONNX Runtime's WebGPU provider, which the browser's software adapter cannot run: it has no
 * shader-f16. Dawn in Node on lavapipe has.
 *
 *   npx tsx tools/lavapipe.ts
 *   LRT_ICD=.cache/lavapipe/lvp_icd.json npx tsx bench/dawn/half-precision.ts [fixture ...]
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type * as Ort from 'onnxruntime-web';
import { adds, editGraph, readDecoder, type EditedGraph } from '../../src/onnx';
import { decode, exported, exportedStates, maxDiff } from '../../src/onnx/testing';
import { fromHalf } from '../../src/runtime/tensors';
import { dawnVariables } from '../../tools/dawn';
import { installDawn } from './install';

const DEFAULT = [
  'llama-fused-fp16',
  'llama-fused-q4f16-embed',
  'llama-plain-fp16',
  'gemma3-fused-q4f16',
  'opt-plain-fp16',
];
const LIMIT = 0.03;
const CHILD = 'LRT_HALF_CHILD';

if (!process.env[CHILD]) {
  // The Vulkan loader is read when a process starts.
  const child = spawnSync(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    { stdio: 'inherit', env: { ...process.env, ...dawnVariables(), [CHILD]: '1' } },
  );
  process.exit(child.status ?? 1);
}

console.log(await installDawn());
const adapter = (await navigator.gpu.requestAdapter())!;
if (!adapter.features.has('shader-f16'))
  throw new Error('This adapter has no shader-f16: set LRT_ICD to lavapipe (tools/lavapipe.ts), or LRT_GPU=real.');
const {
  maxStorageBufferBindingSize,
  maxBufferSize,
  maxComputeWorkgroupStorageSize,
  maxComputeInvocationsPerWorkgroup,
  maxComputeWorkgroupSizeX,
  maxStorageBuffersPerShaderStage,
} = adapter.limits;
const device = await adapter.requestDevice({
  requiredFeatures: (['shader-f16', 'subgroups'] as const).filter((name) => adapter.features.has(name)),
  requiredLimits: {
    maxStorageBufferBindingSize,
    maxBufferSize,
    maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX,
    maxStorageBuffersPerShaderStage,
  },
});
// Dawn in Node refuses to write from the WASM heap's shared memory: hand it copies.
const queue = Object.getPrototypeOf(device.queue) as {
  writeBuffer(buffer: GPUBuffer, offset: number, data: Uint8Array, from?: number, size?: number): void;
};
const { writeBuffer } = queue;
queue.writeBuffer = function (this: GPUQueue, buffer, offset, data, from = 0, size = data.length - from) {
  const copy = new Uint8Array(Math.ceil(size / 4) * 4);
  copy.set(data.subarray(from, from + size));
  writeBuffer.call(this, buffer, offset, copy);
};
// By its file: in Node the package's own entry is a build without WebGPU.
const bundle = '../node_modules/onnxruntime-web/dist/ort.webgpu.bundle.min.mjs';
const ort = (await import(bundle)) as typeof Ort;
ort.env.wasm.numThreads = 1;

async function run(
  { bytes, inputs, info }: EditedGraph,
  ids: readonly number[],
  vector: Float32Array,
): Promise<Record<string, Float32Array>> {
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: [{ name: 'webgpu', device } as never],
    logSeverityLevel: 3,
  });
  const row = (value: (i: number) => number) =>
    new ort.Tensor(
      'int64',
      BigInt64Array.from(ids, (_, i) => BigInt(value(i))),
      [1, ids.length],
    );
  const empty =
    info.cacheType === 'float16'
      ? new ort.Tensor('float16', new Uint16Array(0), [1, info.kvHeads, 0, info.headDim])
      : new ort.Tensor('float32', new Float32Array(0), [1, info.kvHeads, 0, info.headDim]);
  const feed = (name: string): Ort.Tensor => {
    if (name === 'input_ids') return row((i) => ids[i]);
    if (name === 'attention_mask') return row(() => 1);
    if (name === 'position_ids') return row((i) => i);
    return name.startsWith('past_key_values.') ? empty : new ort.Tensor('float32', vector, [1, 1, info.width]);
  };
  const results = await session.run(Object.fromEntries(inputs.map((name) => [name, feed(name)])));
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [
      name,
      data instanceof Uint16Array ? fromHalf(data) : Float32Array.from(data as Float32Array),
    ]),
  );
}

let failed = false;
const names = process.argv.slice(2);
console.log(`largest |Δ| (allowed ${LIMIT})     taps     steer   zero`);
for (const name of names.length > 0 ? names : DEFAULT) {
  const { ids, residPost, steeredBlock, vector, steeredLogits } = exportedStates(name.split('-')[0]);
  const { prompt } = readDecoder(exported(name));
  const edited = editGraph(prompt, { taps: 'all', steer: adds(steeredBlock) });
  const zero = new Float32Array(edited.info.width);
  const untouched = await run(editGraph(prompt), ids, zero);
  const still = await run(edited, ids, zero);
  const steered = await run(edited, ids, decode(vector));
  const size = ids.length * edited.info.width;
  const taps = Math.max(
    ...edited.taps.map((tap) =>
      maxDiff(still[tap.name], decode(residPost).subarray(tap.block * size, (tap.block + 1) * size)),
    ),
  );
  const steer = maxDiff(steered.logits, decode(steeredLogits));
  const moved = maxDiff(still.logits, untouched.logits);
  const passed = taps <= LIMIT && steer <= LIMIT && moved === 0;
  failed ||= !passed;
  console.log(
    `${passed ? '✓' : '✗'} ${name.padEnd(26)} ${taps.toExponential(1)}   ${steer.toExponential(1)}   ${moved}`,
  );
}
process.exit(failed ? 1 : 0);
