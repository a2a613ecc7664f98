// C = A·B (row-major A: m×k, B: k×n, C: m×n), in plain float32. Tiles of 64×64, 8×8 results a thread.

struct Params {
  m: u32,
  k: u32,
  n: u32,
  strideA4: u32,
  strideB4: u32,
  columnB4: u32,
  strideC4: u32,
  columnC4: u32,
  // 1: B is upper triangular, so a tile of C needs only the rows of B above its right edge
  upperB: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> A: array<vec4f>;
@group(0) @binding(2) var<storage, read> B: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> C: array<vec4f>;

const BM: u32 = 64u;
const BN: u32 = 64u;
const BK: u32 = 16u;
const TX: u32 = BN / 8u;
const TY: u32 = BM / 8u;
const THREADS: u32 = TX * TY;

// A's tile is stored turned, [k][row], as scalars: writing one component of a vec4 may touch all of it.
var<workgroup> tileA: array<f32, BK * BM>;
var<workgroup> tileB: array<vec4f, BK * BN / 4u>;

fn put(row: u32, column4: u32, value: vec4f) {
  if (row < p.m && column4 * 4u < p.n) { C[row * p.strideC4 + p.columnC4 + column4] = value; }
}

@compute @workgroup_size(TX, TY)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let top = group.y * BM;
  let left = group.x * BN;
  var last = p.k;
  if (p.upperB == 1u) { last = min(last, left + BN); }

  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f();

  for (var k0 = 0u; k0 < last; k0 += BK) {
    for (var i = index; i < BM * BK / 4u; i += THREADS) {
      let r = i / (BK / 4u);
      let q = i % (BK / 4u);
      var value = vec4f();
      if (top + r < p.m && k0 + q * 4u < p.k) { value = A[(top + r) * p.strideA4 + k0 / 4u + q]; }
      let at = q * 4u * BM + r;
      tileA[at] = value.x;
      tileA[at + BM] = value.y;
      tileA[at + 2u * BM] = value.z;
      tileA[at + 3u * BM] = value.w;
    }
    for (var i = index; i < BK * BN / 4u; i += THREADS) {
      let k = k0 + i / (BN / 4u);
      let c = left / 4u + i % (BN / 4u);
      var value = vec4f();
      if (k < p.k && c * 4u < p.n) { value = B[k * p.strideB4 + p.columnB4 + c]; }
      tileB[i] = value;
    }
    workgroupBarrier();
    for (var k = 0u; k < BK; k++) {
      let at = k * BM + local.y * 4u;
      let low = at + TY * 4u;
      let x = tileB[k * (BN / 4u) + local.x];
      let y = tileB[k * (BN / 4u) + TX + local.x];
      a0 += tileA[at] * x; b0 += tileA[at] * y;
      a1 += tileA[at + 1u] * x; b1 += tileA[at + 1u] * y;
      a2 += tileA[at + 2u] * x; b2 += tileA[at + 2u] * y;
      a3 += tileA[at + 3u] * x; b3 += tileA[at + 3u] * y;
      a4 += tileA[low] * x; b4 += tileA[low] * y;
      a5 += tileA[low + 1u] * x; b5 += tileA[low + 1u] * y;
      a6 += tileA[low + 2u] * x; b6 += tileA[low + 2u] * y;
      a7 += tileA[low + 3u] * x; b7 += tileA[low + 3u] * y;
    }
    workgroupBarrier();
  }

  let row = top + local.y * 4u;
  let low = row + TY * 4u;
  let column = left / 4u + local.x;
  put(row, column, a0); put(row, column + TX, b0);
  put(row + 1u, column, a1); put(row + 1u, column + TX, b1);
  put(row + 2u, column, a2); put(row + 2u, column + TX, b2);
  put(row + 3u, column, a3); put(row + 3u, column + TX, b3);
  put(low, column, a4); put(low, column + TX, b4);
  put(low + 1u, column, a5); put(low + 1u, column + TX, b5);
  put(low + 2u, column, a6); put(low + 2u, column + TX, b6);
  put(low + 3u, column, a7); put(low + 3u, column + TX, b7);
}
