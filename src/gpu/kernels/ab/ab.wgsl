// C = A·B in rows row0 … row1−1 of A and C (row-major A: m×k, B: k×n, C: m×n), in plain float32.

struct Params {
  row0: u32,
  row1: u32,
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

// #include tile
// #include reads

// Steps of the inner dimension that are summed by themselves before they are added to C: a multiple of every BK. One sum
// over all of them would carry the rounding of its largest partial sum through to the end; whitening cancels most of it.
const RUN: u32 = 32u;
var<private> continued: bool;

fn store(base: u32, row: u32, column4: u32, value: vec4f) {
  if (row >= p.row1 || column4 * 4u >= p.n) { return; }
  let at = base + row * p.strideC4 + column4;
  if (continued) { C[at] = C[at] + value; } else { C[at] = value; }
}

@compute @workgroup_size(TX, TY)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u, @builtin(local_invocation_index) index: u32) {
  let top = p.row0 + group.y * BM;
  let left = group.x * BN;
  let base = p.columnC4;
  let end = select(p.k, min(p.k, left + BN), p.upperB == 1u);
  var first = 0u;
  loop {
    let last = min(end, first + RUN);
    // #include accumulators
    // #include loop
    // #include store
    continued = true;
    first += RUN;
    if (first >= end) { break; }
  }
}
