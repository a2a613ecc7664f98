// gathered[outRow + r, c] = source[row(r), c] as float32, where row(r) = indices[r] or firstRow + r; an index
// of NONE leaves its output row alone. The source is float32, or float16 packed two to a word, of any width.
// With `check`, a value that is NaN or infinite becomes 0 and its output row is marked in `flags`.
// Finiteness is read from the exponent's bits: a shader compiler may assume that there is no NaN, and then
// x != x and comparisons with it prove nothing. Without `check` the bits pass through as they are.

struct Params {
  rows: u32,
  cols: u32,
  sourceStride: u32,
  firstRow: u32,
  indexed: u32,
  half: u32,
  check: u32,
  outStride: u32,
  outRow: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read_write> gathered: array<u32>;
@group(0) @binding(4) var<storage, read_write> flags: array<atomic<u32>>;

// A dispatch has at most 65,535 workgroups along y: rows go on along z.
const SLAB: u32 = 32768u;
const NONE: u32 = 0xffffffffu;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let c = group.x * 64u + local.x;
  let r = group.z * SLAB + group.y;
  if (c >= p.cols || r >= p.rows) { return; }
  var row = p.firstRow + r;
  if (p.indexed == 1u) { row = indices[r]; }
  if (row == NONE) { return; }
  let at = row * p.sourceStride + c;
  var bits = 0u;
  var bad = false;
  if (p.half == 1u) {
    let word = source[at / 2u];
    let odd = at % 2u == 1u;
    let half = select(word & 0xffffu, word >> 16u, odd);
    bad = (half & 0x7c00u) == 0x7c00u;
    let pair = unpack2x16float(word);
    bits = bitcast<u32>(select(pair.x, pair.y, odd));
    if (bad) { bits = ((half & 0x8000u) << 16u) | 0x7f800000u | ((half & 0x3ffu) << 13u); }
  } else {
    bits = source[at];
    bad = (bits & 0x7f800000u) == 0x7f800000u;
  }
  if (bad && p.check == 1u) {
    bits = 0u;
    atomicOr(&flags[p.outRow + r], 1u);
  }
  gathered[(p.outRow + r) * p.outStride + c] = bits;
}
