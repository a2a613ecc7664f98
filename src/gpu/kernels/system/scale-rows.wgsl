// out[i, j] = σ_i · T[i, j], with σ_i² = Σ²_i/rows − (Σ_i/rows)² from the column sums [Σ | Σ²] of d columns.

struct Params {
  d: u32,
  rows: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> T: array<f32>;
@group(0) @binding(2) var<storage, read> sums: array<f32>;
@group(0) @binding(3) var<storage, read_write> scaled: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let j = id.x;
  let i = id.y;
  if (j >= p.d || i >= p.d) { return; }
  let mean = sums[i] / p.rows;
  let variance = max(0.0, sums[p.d + i] / p.rows - mean * mean);
  scaled[i * p.d + j] = sqrt(variance) * T[i * p.d + j];
}
