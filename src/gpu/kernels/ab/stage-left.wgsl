// A's tile is stored turned: a thread reads four rows of one vec4 and writes four steps of one vec4.
for (var i = index; i < BM / 4u * (BK / 4u); i += THREADS) {
  let step4 = i % (BK / 4u);
  let row4 = i / (BK / 4u);
  let row = top + row4 * 4u;
  let at = row * p.strideA4 + k0 / 4u + step4;
  var r0 = vec4f();
  var r1 = vec4f();
  var r2 = vec4f();
  var r3 = vec4f();
  if (k0 + step4 * 4u < last) {
    r0 = A[at];
    r1 = A[at + p.strideA4];
    r2 = A[at + 2u * p.strideA4];
    r3 = A[at + 3u * p.strideA4];
  }
  let to = step4 * BM + row4;
  tileA[to] = vec4f(r0.x, r1.x, r2.x, r3.x);
  tileA[to + BM / 4u] = vec4f(r0.y, r1.y, r2.y, r3.y);
  tileA[to + BM / 2u] = vec4f(r0.z, r1.z, r2.z, r3.z);
  tileA[to + BM / 4u * 3u] = vec4f(r0.w, r1.w, r2.w, r3.w);
}
