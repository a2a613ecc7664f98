// Factorises the NB×NB diagonal block at k of the row-major, upper augmented matrix: UᵀU = A_kk.
// A pivot not above relative · (its original diagonal element), or not above absolute, is counted
// and replaced by that element: a tiny replacement would spread factors of 1e15 through the rest.
// badPivots[0] counts all of them, badPivots[1] those whose diagonal element itself was
// not above absolute: columns without substance, which no better whitening can help.

struct Params {
  k: u32,
  stride: u32,
  relative: f32,
  absolute: f32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> A: array<f32>;
@group(0) @binding(2) var<storage, read> original: array<f32>;
@group(0) @binding(3) var<storage, read_write> badPivots: array<atomic<u32>>;

const NB: u32 = 32u;
// One element of padding a row keeps a column's elements in different memory banks.
const LD: u32 = NB + 1u;

var<workgroup> block: array<f32, NB * LD>;

@compute @workgroup_size(NB)
fn main(@builtin(local_invocation_index) t: u32) {
  for (var r = 0u; r < NB; r++) {
    var value = 0.0;
    if (t >= r) { value = A[(p.k + r) * p.stride + p.k + t]; }
    block[r * LD + t] = value;
  }
  workgroupBarrier();
  for (var j = 0u; j < NB; j++) {
    if (t == j) {
      var pivot = block[j * LD + j];
      let reference = original[p.k + j];
      if (!(pivot > max(p.relative * reference, p.absolute))) {
        atomicAdd(&badPivots[0], 1u);
        if (reference <= p.absolute) { atomicAdd(&badPivots[1], 1u); }
        pivot = select(1.0, reference, reference > p.absolute);
      }
      block[j * LD + j] = sqrt(pivot);
    }
    workgroupBarrier();
    if (t > j) { block[j * LD + t] = block[j * LD + t] / block[j * LD + j]; }
    workgroupBarrier();
    for (var r = j + 1u; r < NB; r++) {
      if (t >= r) { block[r * LD + t] -= block[j * LD + r] * block[j * LD + t]; }
    }
    workgroupBarrier();
  }
  for (var r = 0u; r < NB; r++) {
    if (t >= r) { A[(p.k + r) * p.stride + p.k + t] = block[r * LD + t]; }
  }
}
