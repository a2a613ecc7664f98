/** The page side of real.ts: runs in the browser. One model against what PyTorch computed. */
import { bytesFromBase64 } from '../src/base/bytes';
import { createDevice, type LabDevice } from '../src/gpu/device';
import { openModel } from '../src/models';
import { adds } from '../src/onnx';
import { createRuntime } from '../src/runtime';
import { addition } from '../src/runtime/interventions';
import type { LanguageModel } from '../src/runtime/types';

export interface Reference {
  ids: number[];
  text: string;
  steeredBlock: number;
  /** Base64 of little-endian float32. */
  residPost: string;
  /** Of the last positions. */
  logits: string;
  vector: string;
  steeredLogits: string;
}

export interface Checked {
  blocks: number;
  width: number;
  vocabSize: number;
  style: string;
  tokens: number;
  /** Whether the tokenizer gives the ids that PyTorch was given. */
  sameIds: boolean;
  /** Largest ‖tap − reference‖ / ‖reference‖ of a position, and where; the largest |Δ| of one number, and the largest number. */
  taps: { relative: number; block: number; position: number; absolute: number; scale: number };
  /** Largest |Δ| of the last positions' logits, and the largest logit. */
  logits: { absolute: number; scale: number };
  /** The same with the vector added, and how far the vector moves them at most. */
  steered: { absolute: number; moved: number };
  /** Whether a zero vector gives the same bits as no vector. */
  zeroIsIdentity: boolean;
  /** Milliseconds: reading and checking the files; a first pass with taps, session included; a second one without it. */
  milliseconds: { load: number; firstCollect: number; collect: number };
  /** New tokens a second, after a prompt of the reference's ids; null where it was not asked for. */
  decodeRate: number | null;
  continuation: string | null;
}

function floats(base64: string): Float32Array {
  return new Float32Array(bytesFromBase64(base64).buffer);
}

/** ‖a − b‖ / ‖b‖ and the largest |Δ| of a row. */
function difference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  from: number,
  length: number,
): { relative: number; absolute: number } {
  let off = 0;
  let size = 0;
  let absolute = 0;
  for (let i = from; i < from + length; i++) {
    const d = a[i] - b[i];
    off += d * d;
    size += b[i] * b[i];
    // Not Math.max alone: a NaN must not pass.
    absolute = Number.isNaN(d) ? NaN : Math.max(absolute, Math.abs(d));
  }
  return { relative: Math.sqrt(off / size), absolute };
}

const largest = (values: Float32Array): number => values.reduce((top, value) => Math.max(top, Math.abs(value)), 0);

async function readTaps(
  model: LanguageModel,
  ids: readonly number[],
  device: GPUDevice | null,
): Promise<Float32Array[]> {
  const taps = await model.collect([ids]);
  try {
    const blocks: Float32Array[] = [];
    for (const { data, buffer, width } of taps.blocks)
      blocks.push(data ? data.slice() : await readBuffer(device!, buffer!, 4 * ids.length * width));
    return blocks;
  } finally {
    taps.dispose();
  }
}

async function readBuffer(device: GPUDevice, buffer: GPUBuffer, bytes: number): Promise<Float32Array> {
  const copy = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  try {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, copy, 0, bytes);
    device.queue.submit([encoder.finish()]);
    await copy.mapAsync(GPUMapMode.READ);
    return new Float32Array(copy.getMappedRange().slice(0));
  } finally {
    copy.destroy();
  }
}

/**
 * Loads a model from its folder and compares taps, logits and steered logits with the reference.
 * @param baseUrl of the folder, ending in a slash
 * @param decode new tokens to write and time; 0 for none
 * @param apart loads the model anew for each of the three uses, where their sessions do not fit into memory together
 */
export async function check(
  baseUrl: string,
  id: string,
  dtype: 'fp32' | 'q4',
  backend: 'wasm' | 'webgpu',
  reference: Reference,
  decode: number,
  apart: boolean,
): Promise<Checked> {
  const lab: LabDevice | null = backend === 'webgpu' ? await createDevice() : null;
  const runtime = await createRuntime({ backend, device: lab?.device ?? null, openModel });
  const now = performance.now.bind(performance);
  let time = now();
  const lap = (): number => {
    const passed = now() - time;
    time = now();
    return passed;
  };
  const open = (): Promise<LanguageModel> => runtime.load({ id, dtype, location: { kind: 'bundled', baseUrl } });
  let model = await open();
  const renew = async (): Promise<void> => {
    if (!apart) return;
    await model.dispose();
    model = await open();
  };
  try {
    const load = lap();
    const { ids, steeredBlock } = reference;
    const { layers, hiddenSize, vocabSize, style } = model.info;
    await readTaps(model, ids, runtime.device);
    const firstCollect = lap();
    const blocks = await readTaps(model, ids, runtime.device);
    const collect = lap();

    const expected = floats(reference.residPost);
    if (expected.length !== layers * ids.length * hiddenSize)
      throw new Error(
        `The reference has ${expected.length} numbers; ${layers} blocks of ${ids.length} × ${hiddenSize} were tapped.`,
      );
    const taps: Checked['taps'] = { relative: 0, block: 0, position: 0, absolute: 0, scale: largest(expected) };
    blocks.forEach((rows, block) => {
      const wanted = expected.subarray(block * rows.length, (block + 1) * rows.length);
      for (let position = 0; position < ids.length; position++) {
        const { relative, absolute } = difference(rows, wanted, position * hiddenSize, hiddenSize);
        if (!(relative <= taps.relative)) Object.assign(taps, { relative, block, position });
        if (!(absolute <= taps.absolute)) taps.absolute = absolute;
      }
    });

    const vector = floats(reference.vector);
    const [wanted, wantedSteered] = [floats(reference.logits), floats(reference.steeredLogits)];
    const last = async (given: Float32Array | undefined): Promise<Float32Array> => {
      const [all] = await model.logits({
        rows: [given ? { ids, interventions: addition(steeredBlock, given) } : { ids }],
        sites: given ? adds(steeredBlock) : [],
      });
      return all.slice(all.length - wanted.length);
    };
    // The untouched graph first: a steered session that is there would be used for an unsteered pass.
    await renew();
    const plain = await last(undefined);
    await renew();
    const steered = await last(vector);
    const zero = await last(new Float32Array(hiddenSize));
    const found = difference(plain, wanted, 0, wanted.length);
    const foundSteered = difference(steered, wantedSteered, 0, wanted.length);

    let decodeRate: number | null = null;
    let continuation: string | null = null;
    if (decode > 0) {
      await renew();
      const steps: number[] = [];
      const [long] = await model.decode(
        { rows: [{ ids }], sites: [] },
        { maxNewTokens: decode, sampling: { temperature: 0, topP: 1, seed: 1 }, onStep: () => void steps.push(now()) },
      );
      // From the first new token on: without the session and the prompt.
      decodeRate = (1000 * (steps.length - 1)) / (steps[steps.length - 1] - steps[0]);
      continuation = model.tokenizer.decode(long.ids);
    }
    return {
      blocks: layers,
      width: hiddenSize,
      vocabSize,
      style,
      tokens: ids.length,
      sameIds: model.tokenizer.encode(reference.text).join() === ids.join(),
      taps,
      logits: { absolute: found.absolute, scale: largest(wanted) },
      steered: { absolute: foundSteered.absolute, moved: difference(wantedSteered, wanted, 0, wanted.length).absolute },
      zeroIsIdentity: zero.every((value, i) => Object.is(value, plain[i])),
      milliseconds: { load, firstCollect, collect },
      decodeRate,
      continuation,
    };
  } finally {
    await runtime.dispose();
    lab?.destroy();
  }
}
