// y = x + r, eight halves per invocation.
override WORKGROUP: u32 = 64;

struct Params {
    vectors: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> r: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4<u32>>;

fn add(a: u32, b: u32) -> u32 {
    return pack2x16float(unpack2x16float(a) + unpack2x16float(b));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    if index < params.vectors {
        let a = x[index];
        let b = r[index];
        y[index] = vec4(add(a.x, b.x), add(a.y, b.y), add(a.z, b.z), add(a.w, b.w));
    }
}
