// sums[c] += Σ_r A[r, c] and sums[n + c] += Σ_r A[r, c]², over rows 0 … rows−1.
// 16 vec4 columns a workgroup, 16 lanes down the rows, joined by a tree.

struct Params {
  rows: u32,
  n: u32,
  strideA4: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> A: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec4f>;

var<workgroup> partial: array<vec4f, 256>;
var<workgroup> partialSquares: array<vec4f, 256>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let c = group.x * 16u + local.x;
  let inside = c * 4u < p.n;
  var sum = vec4f();
  var squares = vec4f();
  if (inside) {
    for (var r = local.y; r < p.rows; r += 16u) {
      let value = A[r * p.strideA4 + c];
      sum += value;
      squares += value * value;
    }
  }
  partial[index] = sum;
  partialSquares[index] = squares;
  workgroupBarrier();
  for (var half = 8u; half > 0u; half /= 2u) {
    if (local.y < half) {
      partial[index] += partial[index + half * 16u];
      partialSquares[index] += partialSquares[index + half * 16u];
    }
    workgroupBarrier();
  }
  if (inside && local.y == 0u) {
    let n4 = p.n / 4u;
    sums[c] = sums[c] + partial[index];
    sums[n4 + c] = sums[n4 + c] + partialSquares[index];
  }
}
