// Copies words, VECTORS of 16 bytes per invocation, neighbouring invocations side by side.
override WORKGROUP: u32 = 256;
override VECTORS: u32 = 4;

struct Params {
    vectors: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> copied: array<vec4<u32>>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = group.x * WORKGROUP * VECTORS + local;
    for (var step = 0u; step < VECTORS; step++) {
        let index = first + step * WORKGROUP;
        if index < params.vectors {
            copied[index] = source[index];
        }
    }
}
