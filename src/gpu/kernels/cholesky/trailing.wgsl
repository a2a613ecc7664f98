// Trailing update with the NB rows k … k+NB−1 just solved, on rows r0 … r1−1, columns c0 … c1−1:
// FORWARD: A[r, c] −= Σ_q A[k+q, r] · A[k+q, c]; else A[r, c] −= Σ_q A[r, k+q] · A[k+q, c].
// Tiles of 32×32, 4×4 results a thread.

struct Params {
  k: u32,
  stride4: u32,
  r0: u32,
  r1: u32,
  c0: u32,
  c1: u32,
  // 1: skip the tiles below the diagonal
  upper: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> A: array<vec4f>;

const NB: u32 = 32u;
const FORWARD: bool = true;
const TILE: u32 = 32u;

var<workgroup> left: array<f32, NB * TILE>;
var<workgroup> right: array<vec4f, NB * TILE / 4u>;

fn subtract(row: u32, column4: u32, value: vec4f) {
  if (row < p.r1 && column4 * 4u < p.c1) {
    let at = row * p.stride4 + column4;
    A[at] = A[at] - value;
  }
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) t: u32) {
  let top = p.r0 + group.y * TILE;
  let start = p.c0 + group.x * TILE;
  if (p.upper == 1u && start + TILE <= top) { return; }
  for (var i = t; i < NB * TILE / 4u; i += 64u) {
    if (FORWARD) {
      let q = i / (TILE / 4u);
      let r = (i % (TILE / 4u)) * 4u;
      var value = vec4f();
      if (top + r < p.r1) { value = A[(p.k + q) * p.stride4 + (top + r) / 4u]; }
      left[q * TILE + r] = value.x;
      left[q * TILE + r + 1u] = value.y;
      left[q * TILE + r + 2u] = value.z;
      left[q * TILE + r + 3u] = value.w;
    } else {
      let r = i / (NB / 4u);
      let q = (i % (NB / 4u)) * 4u;
      var value = vec4f();
      if (top + r < p.r1) { value = A[(top + r) * p.stride4 + (p.k + q) / 4u]; }
      left[q * TILE + r] = value.x;
      left[(q + 1u) * TILE + r] = value.y;
      left[(q + 2u) * TILE + r] = value.z;
      left[(q + 3u) * TILE + r] = value.w;
    }
  }
  for (var i = t; i < NB * TILE / 4u; i += 64u) {
    let q = i / (TILE / 4u);
    let c = start + (i % (TILE / 4u)) * 4u;
    var value = vec4f();
    if (c < p.c1) { value = A[(p.k + q) * p.stride4 + c / 4u]; }
    right[i] = value;
  }
  workgroupBarrier();
  var a0 = vec4f(); var a1 = vec4f(); var a2 = vec4f(); var a3 = vec4f();
  for (var q = 0u; q < NB; q++) {
    let x = right[q * (TILE / 4u) + local.x];
    let at = q * TILE + local.y * 4u;
    a0 += left[at] * x;
    a1 += left[at + 1u] * x;
    a2 += left[at + 2u] * x;
    a3 += left[at + 3u] * x;
  }
  let row = top + local.y * 4u;
  let column = start / 4u + local.x;
  subtract(row, column, a0);
  subtract(row + 1u, column, a1);
  subtract(row + 2u, column, a2);
  subtract(row + 3u, column, a3);
}
