// into += from, elementwise over n4 vec4. Any length: the invocations stride.

struct Params {
  n4: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> added: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> total: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  for (var i = id.x; i < p.n4; i += p.stride) { total[i] = total[i] + added[i]; }
}
