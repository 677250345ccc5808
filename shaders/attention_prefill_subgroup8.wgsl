// Causal grouped-query attention with online softmax for subgroups of exactly 8 lanes and heads of 128: a subgroup
// takes 16 queries of one head and eight keys at a time, one per lane. Queries and weights are handed round by
// constant-lane broadcasts (see gemm_subgroup8); for the values a lane owns 16 dimensions.
const LANES: u32 = 8;
const QUERIES: u32 = 16;
const VECTORS: u32 = 32;

struct Params {
    tokens: u32,
    heads: u32,
    kv_heads: u32,
    window: u32,
    scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// q and y [tokens, heads, 128], k and v [tokens, kv_heads, 128]: four halves to a vector.
@group(0) @binding(1) var<storage, read> q: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> k: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> v: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec2<u32>>;

fn unpack(words: vec2<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
    let head = group.y;
    let kv_head = head / (params.heads / params.kv_heads);
    let query_first = group.x * QUERIES;
    let last = params.tokens - 1;
    // Queries beyond the edge repeat the last one: their results are never stored.
    let q_low = (min(query_first + lane, last) * params.heads + head) * VECTORS;
    let q_high = (min(query_first + LANES + lane, last) * params.heads + head) * VECTORS;

    var largest: array<f32, QUERIES>;
    var total: array<f32, QUERIES>;
    var sums: array<array<vec4<f32>, 4>, QUERIES>;
    for (var i = 0u; i < QUERIES; i++) {
        largest[i] = -1e30;
    }

    let query_last = min(query_first + QUERIES, params.tokens) - 1;
    let seen_first = select(0u, query_first + 1 - params.window, query_first + 1 > params.window);
    for (var first = seen_first / LANES * LANES; first <= query_last; first += LANES) {
        let key = first + lane;
        let key_row = (min(key, last) * params.kv_heads + kv_head) * VECTORS;
        var scores: array<f32, QUERIES>;
        for (var at = 0u; at < VECTORS; at++) {
            let low = unpack(q[q_low + at]);
            let high = unpack(q[q_high + at]);
            let key_part = unpack(k[key_row + at]);
            scores[0] += dot(subgroupBroadcast(low, 0u), key_part);
            scores[1] += dot(subgroupBroadcast(low, 1u), key_part);
            scores[2] += dot(subgroupBroadcast(low, 2u), key_part);
            scores[3] += dot(subgroupBroadcast(low, 3u), key_part);
            scores[4] += dot(subgroupBroadcast(low, 4u), key_part);
            scores[5] += dot(subgroupBroadcast(low, 5u), key_part);
            scores[6] += dot(subgroupBroadcast(low, 6u), key_part);
            scores[7] += dot(subgroupBroadcast(low, 7u), key_part);
            scores[8] += dot(subgroupBroadcast(high, 0u), key_part);
            scores[9] += dot(subgroupBroadcast(high, 1u), key_part);
            scores[10] += dot(subgroupBroadcast(high, 2u), key_part);
            scores[11] += dot(subgroupBroadcast(high, 3u), key_part);
            scores[12] += dot(subgroupBroadcast(high, 4u), key_part);
            scores[13] += dot(subgroupBroadcast(high, 5u), key_part);
            scores[14] += dot(subgroupBroadcast(high, 6u), key_part);
            scores[15] += dot(subgroupBroadcast(high, 7u), key_part);
        }
        for (var i = 0u; i < QUERIES; i++) {
            let query = query_first + i;
            let seen = key <= query && key + params.window > query;
            let score = select(-1e30, scores[i] * params.scale, seen);
            let tile_largest = max(largest[i], subgroupMax(score));
            let keep = exp(largest[i] - tile_largest);
            scores[i] = select(0.0, exp(score - tile_largest), seen);
            largest[i] = tile_largest;
            total[i] = total[i] * keep + scores[i];
            for (var at = 0u; at < 4; at++) {
                sums[i][at] *= keep;
            }
        }
        {
            let row = (min(first + 0u, last) * params.kv_heads + kv_head) * VECTORS + lane * 4;
            let value = array(unpack(v[row]), unpack(v[row + 1]), unpack(v[row + 2]), unpack(v[row + 3]));
            for (var i = 0u; i < QUERIES; i++) {
                let weight = subgroupBroadcast(scores[i], 0u);
                for (var at = 0u; at < 4; at++) {
                    sums[i][at] += weight * value[at];
                }
            }
        }
        {
            let row = (min(first + 1u, last) * params.kv_heads + kv_head) * VECTORS + lane * 4;
            let value = array(unpack(v[row]), unpack(v[row + 1]), unpack(v[row + 2]), unpack(v[row + 3]));
            for (var i = 0u; i < QUERIES; i++) {
                let weight = subgroupBroadcast(scores[i], 1u);
                for (var at = 0u; at < 4; at++) {
                    sums[i][at] += weight * value[at];
                }
            }
        }
        {
            let row = (min(first + 2u, last) * params.kv_heads + kv_head) * VECTORS + lane * 4;
            let value = array(unpack(v[row]), unpack(v[row + 1]), unpack(v[row + 2]), unpack(v[row + 3]));
            for (var i = 0u; i < QUERIES; i++) {
                let weight = subgroupBroadcast(scores[i], 2u);
                for (var at = 0u; at < 4; at++) {
                    sums[i][at] += weight * value[at];
                }
            }
        }
        {
            let row = (min(first + 3u, last) * params.kv_heads + kv_head) * VECTORS + lane * 4;
            let value = array(unpack(v[row]), unpack(v[row + 1]), unpack(v[row + 2]), unpack(v[row + 3]));
            for (var i = 0u; i < QUERIES; i++) {
                let weight = subgroupBroadcast(scores[i], 3u);
                for (var at = 0u; at < 4; at++) {
                    sums[i][at] += weight * value[at];
                }
            }
        }
        {
            let row = (min(first + 4u, last) * params.kv_heads + kv_head) * VECTORS + lane * 4;
            let value = array(unpack(v[row]), unpack(v[row + 1]), unpack(v[row + 2]), unpack(v[row + 3]));
            for (var i = 0u; i < QUERIES; i++) {
                let weight = subgroupBroadcast(scores[i], 4u);
                for (var at = 0u; at < 4; at++) {
                    sums[i][at] += weight * value[at];
                }
            }
        }
        {
            let row = (min(first + 5u, last) * params.kv_heads + kv_head) * VECTORS + lane * 4;
            let value = array(unpack(v[row]), unpack(v[row + 1]), unpack(v[row + 2]), unpack(v[row + 3]));
            for (var i = 0u; i < QUERIES; i++) {
                let weight = subgroupBroadcast(scores[i], 5u);
                for (var at = 0u; at < 4; at++) {
                    sums[i][at] += weight * value[at];
                }
            }
        }
        {
            let row = (min(first + 6u, last) * params.kv_heads + kv_head) * VECTORS + lane * 4;
            let value = array(unpack(v[row]), unpack(v[row + 1]), unpack(v[row + 2]), unpack(v[row + 3]));
            for (var i = 0u; i < QUERIES; i++) {
                let weight = subgroupBroadcast(scores[i], 6u);
                for (var at = 0u; at < 4; at++) {
                    sums[i][at] += weight * value[at];
                }
            }
        }
        {
            let row = (min(first + 7u, last) * params.kv_heads + kv_head) * VECTORS + lane * 4;
            let value = array(unpack(v[row]), unpack(v[row + 1]), unpack(v[row + 2]), unpack(v[row + 3]));
            for (var i = 0u; i < QUERIES; i++) {
                let weight = subgroupBroadcast(scores[i], 7u);
                for (var at = 0u; at < 4; at++) {
                    sums[i][at] += weight * value[at];
                }
            }
        }
    }
    for (var i = 0u; i < QUERIES; i++) {
        let all = subgroupAdd(total[i]);
        if query_first + i < params.tokens {
            for (var at = 0u; at < 4; at++) {
                let result = sums[i][at] / all;
                y[((query_first + i) * params.heads + head) * VECTORS + lane * 4 + at] =
                    vec2(pack2x16float(result.xy), pack2x16float(result.zw));
            }
        }
    }
}
