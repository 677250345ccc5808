// a = b + s * c, four vectors of 16 bytes per invocation, neighbouring invocations side by side. All are loaded before
// the first is stored, and without a loop, which would cost a CPU adapter more than the loads.
override WORKGROUP: u32 = 256;
override SCALE: f32 = 3.0;

struct Params {
    vectors: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> b: array<Vector>;
@group(0) @binding(2) var<storage, read> c: array<Vector>;
@group(0) @binding(3) var<storage, read_write> a: array<Vector>;

fn sum(index: u32) -> Vector {
    return vector_of(floats(b[index]) + SCALE * floats(c[index]));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let tile = group.y * params.groups_x + group.x;
    let first = tile * WORKGROUP * 4 + local;
    if (tile + 1) * WORKGROUP * 4 <= params.vectors {
        let w = sum(first);
        let x = sum(first + WORKGROUP);
        let y = sum(first + 2 * WORKGROUP);
        let z = sum(first + 3 * WORKGROUP);
        a[first] = w;
        a[first + WORKGROUP] = x;
        a[first + 2 * WORKGROUP] = y;
        a[first + 3 * WORKGROUP] = z;
    } else {
        for (var index = first; index < params.vectors; index += WORKGROUP) {
            a[index] = sum(index);
        }
    }
}
