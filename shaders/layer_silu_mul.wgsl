// y = gate / (1 + exp(-gate)) * up behind the fused product of both: a row holds all gates, then all ups. Four elements per
// invocation.
override WORKGROUP: u32 = 64;

struct Params {
    // Vectors of y, in all and per row.
    vectors: u32,
    width: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate_up: array<Packed4>;
@group(0) @binding(2) var<storage, read_write> y: array<Packed4>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    if index >= params.vectors {
        return;
    }
    let at = index + index / params.width * params.width;
    let gate = unpack4(gate_up[at]);
    y[index] = pack4(gate / (1.0 + exp(-gate)) * unpack4(gate_up[at + params.width]));
}
