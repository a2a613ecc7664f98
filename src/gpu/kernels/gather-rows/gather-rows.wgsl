// out[r, outColumn + c] = (source[row(r), c] − shift[outColumn + c]) · scale[outColumn + c]
// where row(r) = indices[r] or firstRow + r. Columns cols … padded−1 of the output become 0.
// The source may have any width; the output is what the tiled kernels want: whole vec4 columns.

struct Params {
  rows: u32,
  cols: u32,
  padded: u32,
  sourceStride: u32,
  firstRow: u32,
  indexed: u32,
  outStride: u32,
  outColumn: u32,
  outRow: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read> indices: array<u32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> gathered: array<f32>;

// A dispatch has at most 65,535 workgroups along y: rows go on along z.
const SLAB: u32 = 32768u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let c = group.x * 64u + local.x;
  let r = group.z * SLAB + group.y;
  if (c >= p.padded || r >= p.rows) { return; }
  var value = 0.0;
  if (c < p.cols) {
    var row = p.firstRow + r;
    if (p.indexed == 1u) { row = indices[r]; }
    let column = p.outColumn + c;
    value = (source[row * p.sourceStride + c] - shift[column]) * scale[column];
  }
  gathered[(p.outRow + r) * p.outStride + p.outColumn + c] = value;
}
