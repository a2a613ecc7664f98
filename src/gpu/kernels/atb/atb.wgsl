// C += AᵀB over rows row0 … row1−1 (row-major A: rows×m, B: rows×n, C: m×n), in plain float32.
// Running sums hold FOLD rows at most and C grows by these rounded partial sums, not by
// single products (10× less error). The workgroups along z take `slice` rows each. With
// one of them, its folds are added to C. With several, each is one fold at most, C is
// scratch space with the partial sum of a slice every sliceC4, and reduce.wgsl adds them up.

struct Params {
  row0: u32,
  row1: u32,
  slice: u32,
  m: u32,
  n: u32,
  strideA4: u32,
  columnA4: u32,
  strideB4: u32,
  columnB4: u32,
  strideC4: u32,
  columnC4: u32,
  // 0: one slice
  sliceC4: u32,
  // 1: only the tiles on and above the diagonal of C
  upper: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> A: array<vec4f>;
@group(0) @binding(2) var<storage, read> B: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> C: array<vec4f>;

const FOLD: u32 = 512u;
// #include tile
// #include reads

fn store(base: u32, row: u32, column4: u32, value: vec4f) {
  if (row < p.m && column4 * 4u < p.n) {
    let at = base + row * p.strideC4 + column4;
    if (p.sliceC4 > 0u) { C[at] = value; } else { C[at] = C[at] + value; }
  }
}

@compute @workgroup_size(TX, TY)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let top = group.y * BM;
  let left = group.x * BN;
  if (p.upper == 1u && left + BN <= top) { return; }
  let base = group.z * p.sliceC4 + p.columnC4;
  let start = p.row0 + group.z * p.slice;
  let end = min(p.row1, start + p.slice);
  for (var first = start; first < end; first += FOLD) {
    let last = min(end, first + FOLD);
    // #include accumulators
    // #include loop
    // #include store
  }
}
