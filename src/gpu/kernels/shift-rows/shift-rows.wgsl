// out[r, outColumn + c] = (source[firstRow + r, c] − shift[outColumn + c]) · scale[outColumn + c], and 0 in the
// rows that `flags` marks: a zero row adds nothing to any moment. Columns cols … padded−1 of the output become 0.
// The source may have any width; the output is what the tiled kernels want: whole vec4 columns.

struct Params {
  rows: u32,
  cols: u32,
  padded: u32,
  sourceStride: u32,
  firstRow: u32,
  flagged: u32,
  outStride: u32,
  outColumn: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read> flags: array<u32>;
@group(0) @binding(3) var<storage, read> shift: array<f32>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> shifted: array<f32>;

// A dispatch has at most 65,535 workgroups along y: rows go on along z.
const SLAB: u32 = 32768u;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let c = group.x * 64u + local.x;
  let r = group.z * SLAB + group.y;
  if (c >= p.padded || r >= p.rows) { return; }
  let row = p.firstRow + r;
  var value = 0.0;
  // Selected, not multiplied by 0. The flags are read only where there are some.
  var taken = c < p.cols;
  if (taken && p.flagged == 1u) { taken = flags[row] == 0u; }
  if (taken) {
    let column = p.outColumn + c;
    value = (source[row * p.sourceStride + c] - shift[column]) * scale[column];
  }
  shifted[r * p.outStride + p.outColumn + c] = value;
}
