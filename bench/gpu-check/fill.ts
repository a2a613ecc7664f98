/** Numbers that the GPU and the CPU make alike, so that a gigabyte of them need not be uploaded to be checked. */
import { defineKernel } from '../../src/gpu/kernel';
import type { Recorder } from '../../src/gpu/recorder';

/** Steps of the grid: any count of numbers fits into one dispatch. */
const GROUPS = 4096;

/** Wellons' hash function of 32 bits ("lowbias32"), whose upper 24 bits make a float32 exactly. */
export const fillKernel = defineKernel(
  'fill',
  `
struct Params {
  count: u32,
  seed: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < p.count; i += groups.x * 256u) {
    var h = i ^ (p.seed * 0x9e3779b9u);
    h ^= h >> 16u;
    h *= 0x7feb352du;
    h ^= h >> 15u;
    h *= 0x846ca68bu;
    h ^= h >> 16u;
    out[i] = (f32(h >> 8u) * 0x1p-24 - 0.5) * p.scale;
  }
}`,
);

/** Fills the first `count` numbers of a buffer: uniform in ±scale/2. */
export function fill(rec: Recorder, buffer: GPUBuffer, count: number, seed: number, scale = 1): void {
  rec.dispatch(fillKernel, { count, seed, scale }, [buffer], Math.min(GROUPS, Math.ceil(count / 256)));
}

/** The i-th number that `fill` writes; exact where the scale is a power of two, else rounded as float32 is. */
export function filled(i: number, seed: number, scale = 1): number {
  let h = i ^ Math.imul(seed, 0x9e3779b9);
  h ^= h >>> 16;
  h = Math.imul(h, 0x7feb352d);
  h ^= h >>> 15;
  h = Math.imul(h, 0x846ca68b);
  h ^= h >>> 16;
  return Math.fround(((h >>> 8) * 2 ** -24 - 0.5) * scale);
}
