// Four steps at a time: a software driver pays for every accumulator at every turn of a loop.
let row4 = top / 4u + local.y;
let column4 = left / 4u + local.x;
var step = first;
for (; step + 4u <= last; step += 4u) {
  {
    let k = step;
    // #include multiply
  }
  {
    let k = step + 1u;
    // #include multiply
  }
  {
    let k = step + 2u;
    // #include multiply
  }
  {
    let k = step + 3u;
    // #include multiply
  }
}
for (; step < last; step++) {
  let k = step;
  // #include multiply
}
