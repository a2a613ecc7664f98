let row4 = top / 4u + local.y;
let column4 = left / 4u + local.x;
var k = first;
for (; k + 4u <= last; k += 4u) {
  // #include columns4
}
for (; k < last; k++) {
  // #include multiply
}
