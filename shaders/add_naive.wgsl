// y = x + r, one word of two halves per invocation.
override WORKGROUP: u32 = 64;

struct Params {
    words: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> r: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    if index < params.words {
        y[index] = pack2x16float(unpack2x16float(x[index]) + unpack2x16float(r[index]));
    }
}
