// C += AᵀB over rows row0 … row1−1 (row-major A: rows×m, B: rows×n, C: m×n), in plain float32.
// One call is one fold: the caller keeps folds to 512 rows or fewer, so that the running
// sums in C grow by rounded partial sums and not by single products (10× less error).
// Tiles of BM×BN, 8×8 results a thread; the accumulators are named because indexed
// private arrays are slow (gpuweb #1202).

struct Params {
  row0: u32,
  row1: u32,
  m: u32,
  n: u32,
  strideA4: u32,
  columnA4: u32,
  strideB4: u32,
  columnB4: u32,
  strideC4: u32,
  columnC4: u32,
  // 1: only the tiles on and above the diagonal of C
  upper: u32,
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

var<workgroup> tileA: array<vec4f, BK * BM / 4u>;
var<workgroup> tileB: array<vec4f, BK * BN / 4u>;

// A thread's 8 rows are two runs of 4, TY·4 apart, and its 8 columns two vec4, TX apart.
fn add(row: u32, column4: u32, value: vec4f) {
  if (row < p.m && column4 * 4u < p.n) {
    let at = row * p.strideC4 + p.columnC4 + column4;
    C[at] = C[at] + value;
  }
}

@compute @workgroup_size(TX, TY)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let top = group.y * BM;
  let left = group.x * BN;
  if (p.upper == 1u && left + BN <= top) { return; }

  var a0 = vec4f(); var b0 = vec4f();
  var a1 = vec4f(); var b1 = vec4f();
  var a2 = vec4f(); var b2 = vec4f();
  var a3 = vec4f(); var b3 = vec4f();
  var a4 = vec4f(); var b4 = vec4f();
  var a5 = vec4f(); var b5 = vec4f();
  var a6 = vec4f(); var b6 = vec4f();
  var a7 = vec4f(); var b7 = vec4f();

  for (var k0 = p.row0; k0 < p.row1; k0 += BK) {
    for (var i = index; i < BK * BM / 4u; i += THREADS) {
      let k = k0 + i / (BM / 4u);
      let c = top / 4u + i % (BM / 4u);
      var value = vec4f();
      if (k < p.row1 && c * 4u < p.m) { value = A[k * p.strideA4 + p.columnA4 + c]; }
      tileA[i] = value;
    }
    for (var i = index; i < BK * BN / 4u; i += THREADS) {
      let k = k0 + i / (BN / 4u);
      let c = left / 4u + i % (BN / 4u);
      var value = vec4f();
      if (k < p.row1 && c * 4u < p.n) { value = B[k * p.strideB4 + p.columnB4 + c]; }
      tileB[i] = value;
    }
    workgroupBarrier();
    for (var k = 0u; k < BK; k++) {
      let u = tileA[k * (BM / 4u) + local.y];
      let v = tileA[k * (BM / 4u) + TY + local.y];
      let x = tileB[k * (BN / 4u) + local.x];
      let y = tileB[k * (BN / 4u) + TX + local.x];
      a0 += u.x * x; b0 += u.x * y;
      a1 += u.y * x; b1 += u.y * y;
      a2 += u.z * x; b2 += u.z * y;
      a3 += u.w * x; b3 += u.w * y;
      a4 += v.x * x; b4 += v.x * y;
      a5 += v.y * x; b5 += v.y * y;
      a6 += v.z * x; b6 += v.z * y;
      a7 += v.w * x; b7 += v.w * y;
    }
    workgroupBarrier();
  }

  let row = top + local.y * 4u;
  let low = row + TY * 4u;
  let column = left / 4u + local.x;
  add(row, column, a0); add(row, column + TX, b0);
  add(row + 1u, column, a1); add(row + 1u, column + TX, b1);
  add(row + 2u, column, a2); add(row + 2u, column + TX, b2);
  add(row + 3u, column, a3); add(row + 3u, column + TX, b3);
  add(low, column, a4); add(low, column + TX, b4);
  add(low + 1u, column, a5); add(low + 1u, column + TX, b5);
  add(low + 2u, column, a6); add(low + 2u, column + TX, b6);
  add(low + 3u, column, a7); add(low + 3u, column + TX, b7);
}
