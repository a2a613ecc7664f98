// out[r, k] = Σ_c (A[r, c] − shift[c]) · vectors[k, c]. One workgroup a row and vector; any width.

struct Params {
  rows: u32,
  cols: u32,
  strideA: u32,
  vectors: u32,
  shifted: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> A: array<f32>;
@group(0) @binding(2) var<storage, read> vectors: array<f32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read_write> projected: array<f32>;

const SLAB: u32 = 32768u;

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let r = group.z * SLAB + group.y;
  let k = group.x;
  var sum = 0.0;
  if (r < p.rows) {
    for (var c = t; c < p.cols; c += 64u) {
      var value = A[r * p.strideA + c];
      if (p.shifted == 1u) { value -= shift[c]; }
      sum += value * vectors[k * p.cols + c];
    }
  }
  partial[t] = sum;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (t < half) { partial[t] += partial[t + half]; }
    workgroupBarrier();
  }
  if (t == 0u && r < p.rows) { projected[r * p.vectors + k] = partial[0]; }
}
