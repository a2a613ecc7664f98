// Column reductions over the d rows of d×n matrices, one result a column:
// mode 0: out[j] = Σ_i V[i, j] · (T[i, j] − 2 C[i, j]): with T = M·V this is what the map V takes
//         from the total sum of squares, SSE_j = SST_j + out[j];
// mode 1: out[j] = Σ_i (C[i, j])²: what Frobenius norms are made of.

struct Params {
  d: u32,
  n: u32,
  strideV: u32,
  columnV: u32,
  mode: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> V: array<f32>;
@group(0) @binding(2) var<storage, read> T: array<f32>;
@group(0) @binding(3) var<storage, read> C: array<f32>;
@group(0) @binding(4) var<storage, read_write> reduced: array<f32>;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let j = group.x * 16u + local.x;
  var sum = 0.0;
  if (j < p.n) {
    for (var i = local.y; i < p.d; i += 16u) {
      let c = C[i * p.n + j];
      if (p.mode == 0u) {
        sum += V[i * p.strideV + p.columnV + j] * (T[i * p.n + j] - 2.0 * c);
      } else {
        sum += c * c;
      }
    }
  }
  partial[index] = sum;
  workgroupBarrier();
  for (var half = 8u; half > 0u; half /= 2u) {
    if (local.y < half) { partial[index] += partial[index + half * 16u]; }
    workgroupBarrier();
  }
  if (j < p.n && local.y == 0u) { reduced[j] = partial[index]; }
}
