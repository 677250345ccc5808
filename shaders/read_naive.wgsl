// Reads words one after the other, RUN of them per invocation, and keeps their exclusive or.
override WORKGROUP: u32 = 64;
override RUN: u32 = 256;

struct Params {
    words: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> parities: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let invocation = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    let first = invocation * RUN;
    if first >= params.words {
        return;
    }
    var parity = 0u;
    for (var index = first; index < min(first + RUN, params.words); index++) {
        parity ^= source[index];
    }
    parities[invocation] = parity;
}
