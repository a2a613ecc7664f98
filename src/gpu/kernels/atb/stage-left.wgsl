for (var i = index; i < BK * BM / 4u; i += THREADS) {
  let k = k0 + i / (BM / 4u);
  var value = vec4f();
  if (k < last) { value = A[k * p.strideA4 + p.columnA4 + top / 4u + i % (BM / 4u)]; }
  tileA[i] = value;
}
