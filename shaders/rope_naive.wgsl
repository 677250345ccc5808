// Rotates the pairs (i, i + width / 2) of every head by the token's angles, two pairs per invocation: a word holds two
// halves.
override WORKGROUP: u32 = 64;

struct Params {
    rows: u32,
    heads: u32,
    head_dim: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
// [rows, head_dim / 2] cosines and sines, two pairs to a vector.
@group(0) @binding(2) var<storage, read> table: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let words = params.head_dim / 4;
    let index = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    let head = index / words;
    let word = index % words;
    if head >= params.rows * params.heads {
        return;
    }
    let angles = table[head / params.heads * words + word];
    let low = head * words * 2 + word;
    let a = unpack2x16float(x[low]);
    let b = unpack2x16float(x[low + words]);
    y[low] = pack2x16float(a * angles.xz - b * angles.yw);
    y[low + words] = pack2x16float(b * angles.xz + a * angles.yw);
}
