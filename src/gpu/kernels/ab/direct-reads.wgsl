fn leftRow4(row: u32, k4: u32) -> vec4f { return A[row * p.strideA4 + k4]; }
fn right4(k: u32, column4: u32) -> vec4f { return B[k * p.strideB4 + p.columnB4 + column4]; }
