// Copies the rows of a table that the tokens name, one vector of 16 bytes per invocation.
override WORKGROUP: u32 = 64;

struct Params {
    vectors: u32,
    groups_x: u32,
    vectors_per_row: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> tokens: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<Vector>;
@group(0) @binding(3) var<storage, read_write> y: array<Vector>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    if index < params.vectors {
        let token = tokens[index / params.vectors_per_row];
        y[index] = table[token * params.vectors_per_row + index % params.vectors_per_row];
    }
}
