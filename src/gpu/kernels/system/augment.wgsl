// The augmented system [M + λP + diag(max(μ·M_ii, floor)) | C], with its diagonal kept aside for the pivot test.
// A row of M + λP without any variance (a constant source column, or padding) gets the diagonal 1: with
// zeros everywhere else in its row its solution is 0. (Not where M_ii alone is 0: exactly repeated columns
// leave nothing of one of them in whitened coordinates, but its penalty is large and has neighbours.)

struct Params {
  d: u32,
  n: u32,
  stride: u32,
  lambda: f32,
  // μ and floor: what a whitening factor adds to its diagonal
  relative: f32,
  minimum: f32,
  // 1: the right-hand side is the identity instead of C
  identity: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> M: array<f32>;
@group(0) @binding(2) var<storage, read> penalty: array<f32>;
@group(0) @binding(3) var<storage, read> C: array<f32>;
@group(0) @binding(4) var<storage, read_write> augmented: array<f32>;
@group(0) @binding(5) var<storage, read_write> diagonal: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let j = id.x;
  let i = id.y;
  if (j >= p.d + p.n || i >= p.d) { return; }
  let at = i * p.stride + j;
  if (j >= p.d) {
    if (p.identity == 1u) {
      augmented[at] = select(0.0, 1.0, j - p.d == i);
    } else {
      augmented[at] = C[i * p.n + j - p.d];
    }
    return;
  }
  var value = M[i * p.d + j];
  if (p.lambda > 0.0) { value += p.lambda * penalty[i * p.d + j]; }
  if (i == j) {
    let own = value;
    value += max(p.relative * M[i * p.d + i], p.minimum);
    if (own == 0.0) { value = 1.0; }
    diagonal[i] = value;
  }
  augmented[at] = value;
}
