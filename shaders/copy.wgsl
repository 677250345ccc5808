// Copies eight vectors of 16 bytes per invocation, neighbouring invocations side by side. All eight are loaded before the
// first is stored, and without a loop, which would cost a CPU adapter more than the loads.
override WORKGROUP: u32 = 256;

struct Params {
    vectors: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<Vector>;
@group(0) @binding(2) var<storage, read_write> copied: array<Vector>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let tile = group.y * params.groups_x + group.x;
    let first = tile * WORKGROUP * 8 + local;
    if (tile + 1) * WORKGROUP * 8 <= params.vectors {
        let a = source[first];
        let b = source[first + WORKGROUP];
        let c = source[first + 2 * WORKGROUP];
        let d = source[first + 3 * WORKGROUP];
        let e = source[first + 4 * WORKGROUP];
        let f = source[first + 5 * WORKGROUP];
        let g = source[first + 6 * WORKGROUP];
        let h = source[first + 7 * WORKGROUP];
        copied[first] = a;
        copied[first + WORKGROUP] = b;
        copied[first + 2 * WORKGROUP] = c;
        copied[first + 3 * WORKGROUP] = d;
        copied[first + 4 * WORKGROUP] = e;
        copied[first + 5 * WORKGROUP] = f;
        copied[first + 6 * WORKGROUP] = g;
        copied[first + 7 * WORKGROUP] = h;
    } else {
        for (var index = first; index < params.vectors; index += WORKGROUP) {
            copied[index] = source[index];
        }
    }
}
