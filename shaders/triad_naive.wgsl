// a = b + s * c, one element per invocation.
override WORKGROUP: u32 = 64;
override SCALE: f32 = 3.0;

struct Params {
    words: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> c: array<f32>;
@group(0) @binding(3) var<storage, read_write> a: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    if index < params.words {
        a[index] = b[index] + SCALE * c[index];
    }
}
