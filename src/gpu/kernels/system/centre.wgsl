// Moments about fixed points: out[i, j] = (M[i, j] − a_i t_j − s_i b_j + rows·a_i b_j) / rows with
// a = sumsA · inverseA and b = sumsB · inverseB the points (training means), s and t the column
// sums of the rows that M was summed over. Where `counted` is 1 all rows are training rows, counts[0] of them.

struct Params {
  m: u32,
  n: u32,
  strideM: u32,
  columnM: u32,
  strideOut: u32,
  columnSums: u32,
  rows: f32,
  inverseTrain: f32,
  counted: u32,
  // 1: M is symmetric and only its upper part is valid
  symmetric: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> M: array<f32>;
@group(0) @binding(2) var<storage, read> leftSums: array<f32>;
@group(0) @binding(3) var<storage, read> leftTrain: array<f32>;
@group(0) @binding(4) var<storage, read> rightSums: array<f32>;
@group(0) @binding(5) var<storage, read> rightTrain: array<f32>;
@group(0) @binding(6) var<storage, read> counts: array<u32>;
@group(0) @binding(7) var<storage, read_write> centred: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let j = id.x;
  let i = id.y;
  if (j >= p.n || i >= p.m) { return; }
  var value = 0.0;
  if (p.symmetric == 1u && j < i) {
    value = M[j * p.strideM + p.columnM + i];
  } else {
    value = M[i * p.strideM + p.columnM + j];
  }
  var rows = p.rows;
  var inverseTrain = p.inverseTrain;
  if (p.counted == 1u) {
    rows = max(1.0, f32(counts[0]));
    inverseTrain = 1.0 / rows;
  }
  let a = leftTrain[i] * inverseTrain;
  let b = rightTrain[p.columnSums + j] * inverseTrain;
  let s = leftSums[i];
  let t = rightSums[p.columnSums + j];
  // Grouped so that for training rows (s = rows·a) the two corrections cancel to −a·t.
  centred[i * p.strideOut + j] = (value - a * t - b * (s - rows * a)) / rows;
}
