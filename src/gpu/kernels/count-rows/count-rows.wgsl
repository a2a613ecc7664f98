// counts[at] += rows whose flag is 0, counts[at + 1] += the others, and first[0] = the first row whose flag is 0
// (0xffffffff if there is none), over rows 0 … rows−1. One workgroup.

struct Params {
  rows: u32,
  at: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> flags: array<u32>;
@group(0) @binding(2) var<storage, read_write> counts: array<u32>;
@group(0) @binding(3) var<storage, read_write> first: array<u32>;

var<workgroup> kept: atomic<u32>;
var<workgroup> lowest: atomic<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) t: u32) {
  if (t == 0u) {
    atomicStore(&kept, 0u);
    atomicStore(&lowest, 0xffffffffu);
  }
  workgroupBarrier();
  var mine = 0u;
  var low = 0xffffffffu;
  for (var r = t; r < p.rows; r += 64u) {
    if (flags[r] == 0u) {
      mine += 1u;
      low = min(low, r);
    }
  }
  atomicAdd(&kept, mine);
  atomicMin(&lowest, low);
  workgroupBarrier();
  if (t == 0u) {
    let count = atomicLoad(&kept);
    counts[p.at] += count;
    counts[p.at + 1u] += p.rows - count;
    first[0] = atomicLoad(&lowest);
  }
}
