// From a warm-up's column sums [Σ | Σ²] over `rows` rows of (x − shift)·scale:
// mode 0: shift += (Σ/rows)/scale, the mean of the warm-up;
// mode 1: scale = the power of two nearest 1/σ (multiplying by it rounds nothing).
// A column without variance keeps scale 1.

struct Params {
  n: u32,
  rows: f32,
  mode: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> shift: array<f32>;
@group(0) @binding(3) var<storage, read_write> scale: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= p.n) { return; }
  let mean = sums[c] / p.rows;
  if (p.mode == 0u) {
    shift[c] = shift[c] + mean / scale[c];
    return;
  }
  let variance = sums[p.n + c] / p.rows - mean * mean;
  var exponent = 0;
  if (variance > 0.0) { exponent = i32(round(-0.5 * log2(variance))); }
  // exp2 may be off by an ulp; ldexp is exact.
  scale[c] = ldexp(1.0, clamp(exponent, -60, 60));
}
