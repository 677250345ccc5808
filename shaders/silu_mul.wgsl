// y = gate / (1 + exp(-gate)) * up, eight halves per invocation.
override WORKGROUP: u32 = 64;

struct Params {
    vectors: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> up: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<u32>>;

fn silu_mul(gates: u32, ups: u32) -> u32 {
    let x = unpack2x16float(gates);
    return pack2x16float(x / (1.0 + exp(-x)) * unpack2x16float(ups));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    if index < params.vectors {
        let g = gate[index];
        let u = up[index];
        y[index] = vec4(silu_mul(g.x, u.x), silu_mul(g.y, u.y), silu_mul(g.z, u.z), silu_mul(g.w, u.w));
    }
}
