// out = alpha·I − beta·G for a symmetric n×n G of which the upper part is valid: the factor of a Newton–Schulz step.

struct Params {
  n: u32,
  alpha: f32,
  beta: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> G: array<f32>;
@group(0) @binding(2) var<storage, read_write> factor: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let j = id.x;
  let i = id.y;
  if (j >= p.n || i >= p.n) { return; }
  let value = -p.beta * G[min(i, j) * p.n + max(i, j)];
  factor[i * p.n + j] = select(value, value + p.alpha, i == j);
}
