let column4 = left / 4u + local.x;
for (var k = first; k < last; k += 4u) {
  // #include rows4
}
