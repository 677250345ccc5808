// Behind the fused product of queries, keys and values: rotates queries and keys by the token's angles (see rope.wgsl) and
// puts new keys and values where the cache holds them. Eight elements per invocation.
override WORKGROUP: u32 = 64;

struct Params {
    rows: u32,
    heads: u32,
    kv_heads: u32,
    head_dim: u32,
    // The cache row of token r is r * stride + first.
    stride: u32,
    first: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// [rows, heads + 2 * kv_heads, head_dim]: queries, keys, values.
@group(0) @binding(1) var<storage, read> qkv: array<Packed4>;
// [rows, head_dim / 2] cosines and sines, two pairs to a vector.
@group(0) @binding(2) var<storage, read> table: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> q: array<Packed4>;
@group(0) @binding(4) var<storage, read_write> keys: array<Packed4>;
@group(0) @binding(5) var<storage, read_write> values: array<Packed4>;

struct Turned {
    low: Packed4,
    high: Packed4,
}

fn turned(row: u32, quads: u32, quad: u32, low: u32) -> Turned {
    let first = table[row * quads * 2 + quad * 2];
    let second = table[row * quads * 2 + quad * 2 + 1];
    let cosine = vec4(first.xz, second.xz);
    let sine = vec4(first.yw, second.yw);
    let a = unpack4(qkv[low]);
    let b = unpack4(qkv[low + quads]);
    return Turned(pack4(a * cosine - b * sine), pack4(b * cosine + a * sine));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let quads = params.head_dim / 8;
    let all_heads = params.heads + 2 * params.kv_heads;
    let index = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    let head = index / quads % all_heads;
    let quad = index % quads;
    let row = index / quads / all_heads;
    if row >= params.rows {
        return;
    }
    let source = index / quads * quads * 2 + quad;
    if head < params.heads {
        let to = (row * params.heads + head) * quads * 2 + quad;
        let pair = turned(row, quads, quad, source);
        q[to] = pair.low;
        q[to + quads] = pair.high;
        return;
    }
    let kv_head = (head - params.heads) % params.kv_heads;
    let to = ((row * params.stride + params.first) * params.kv_heads + kv_head) * quads * 2 + quad;
    if head < params.heads + params.kv_heads {
        let pair = turned(row, quads, quad, source);
        keys[to] = pair.low;
        keys[to + quads] = pair.high;
    } else {
        values[to] = qkv[source];
        values[to + quads] = qkv[source + quads];
    }
}
