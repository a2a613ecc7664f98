fn left4(k: u32, row4: u32) -> vec4f { return tileA[k * (BM / 4u) + row4]; }
fn right4(k: u32, column4: u32) -> vec4f { return tileB[k * (BN / 4u) + column4]; }
