fn left4(k: u32, row4: u32) -> vec4f { return A[k * p.strideA4 + p.columnA4 + row4]; }
fn right4(k: u32, column4: u32) -> vec4f { return B[k * p.strideB4 + p.columnB4 + column4]; }
