// out[i, j] = source[i, column + j], and 0 below the diagonal where `upper` is 1.

struct Params {
  m: u32,
  n: u32,
  strideSource: u32,
  column: u32,
  strideOut: u32,
  upper: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read_write> copied: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let j = id.x;
  let i = id.y;
  if (j >= p.n || i >= p.m) { return; }
  var value = source[i * p.strideSource + p.column + j];
  if (p.upper == 1u && j < i) { value = 0.0; }
  copied[i * p.strideOut + j] = value;
}
