// From a warm-up's column sums [Σ | Σ²] over `rows` rows (or counts[0] of them) of (x − shift)·scale:
// mode 0: shift += (Σ/rows)/scale, the mean of the warm-up;
// mode 1: scale = the power of two nearest 1/σ (multiplying by it rounds nothing).
// A column without variance keeps scale 1; without rows nothing changes.

struct Params {
  n: u32,
  rows: f32,
  counted: u32,
  mode: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read> counts: array<u32>;
@group(0) @binding(3) var<storage, read_write> shift: array<f32>;
@group(0) @binding(4) var<storage, read_write> scale: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  var rows = p.rows;
  if (p.counted == 1u) { rows = f32(counts[0]); }
  if (c >= p.n || rows == 0.0) { return; }
  let mean = sums[c] / rows;
  if (p.mode == 0u) {
    shift[c] = shift[c] + mean / scale[c];
    return;
  }
  let variance = sums[p.n + c] / rows - mean * mean;
  var exponent = 0;
  if (variance > 0.0) { exponent = i32(round(-0.5 * log2(variance))); }
  // exp2 may be off by an ulp; ldexp is exact.
  scale[c] = ldexp(1.0, clamp(exponent, -60, 60));
}
