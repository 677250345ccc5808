// Rotates the pairs (i, i + width / 2) of every head by the token's angles. Cosines and sines come from a table,
// as in engines: WGSL promises no accuracy for large angles.
override WORKGROUP: u32 = 64;

struct Params {
    rows: u32,
    heads: u32,
    head_dim: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Packed4>;
// [rows, head_dim / 2] cosines and sines, two pairs to a vector.
@group(0) @binding(2) var<storage, read> table: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<Packed4>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    // An invocation turns four pairs.
    let quads = params.head_dim / 8;
    let index = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    let head = index / quads;
    let quad = index % quads;
    if head >= params.rows * params.heads {
        return;
    }
    let row = head / params.heads;
    let first = table[row * quads * 2 + quad * 2];
    let second = table[row * quads * 2 + quad * 2 + 1];
    let cosine = vec4(first.xz, second.xz);
    let sine = vec4(first.yw, second.yw);
    let low = head * quads * 2 + quad;
    let a = unpack4(x[low]);
    let b = unpack4(x[low + quads]);
    y[low] = pack4(a * cosine - b * sine);
    y[low + quads] = pack4(b * cosine + a * sine);
}
