// The inner loop of a product, over steps first … last−1, through workgroup memory: tiles of BK steps, [step][row4] and [step][column4].
// Rows and columns beyond the matrix are not masked: they reach only results that are not stored. Steps beyond it are zeros.
for (var k0 = first; k0 < last; k0 += BK) {
  // #include stage-left
  for (var i = index; i < BK * BN / 4u; i += THREADS) {
    let k = k0 + i / (BN / 4u);
    var value = vec4f();
    if (k < last) { value = B[k * p.strideB4 + p.columnB4 + left / 4u + i % (BN / 4u)]; }
    tileB[i] = value;
  }
  workgroupBarrier();
  let row4 = local.y;
  let column4 = local.x;
  for (var k = 0u; k < BK; k++) {
    // #include multiply
  }
  workgroupBarrier();
}
