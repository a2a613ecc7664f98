// C += the sum of the partial products of atb.wgsl, in the order of their rows; one vec4 of C a thread.

struct Params {
  m: u32,
  n4: u32,
  slices: u32,
  strideC4: u32,
  columnC4: u32,
  // 1: nothing left of the diagonal, where the partial products may lack tiles
  upper: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> partial: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y;
  let column4 = id.x;
  if (column4 >= p.n4 || (p.upper == 1u && column4 * 4u + 3u < row)) { return; }
  let at = row * p.n4 + column4;
  let cell = row * p.strideC4 + p.columnC4 + column4;
  var sum = C[cell];
  for (var slice = 0u; slice < p.slices; slice++) { sum += partial[slice * p.m * p.n4 + at]; }
  C[cell] = sum;
}
