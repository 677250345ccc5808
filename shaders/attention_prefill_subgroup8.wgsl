// Causal grouped-query attention with online softmax for subgroups of exactly 8 lanes and heads of 64 or 128: a subgroup
// takes 16 queries of one head and 16 keys at a time, two per lane. Queries and weights are handed round by
// constant-lane broadcasts (see gemm_subgroup8). A CPU adapter pays per load: loads have 64 bits, and each serves all
// queries.
const LANES: u32 = 8;
const QUERIES: u32 = 16;
override HEAD_DIM: u32 = 128;
override VECTORS: u32 = HEAD_DIM / 4;
// Vectors of the values that a lane owns: 2 or 4.
override OWN: u32 = VECTORS / LANES;

struct Params {
    tokens: u32,
    heads: u32,
    kv_heads: u32,
    window: u32,
    scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// q and y [tokens, heads, head_dim], k and v [tokens, kv_heads, head_dim]: four halves to a word.
@group(0) @binding(1) var<storage, read> q: array<u64>;
@group(0) @binding(2) var<storage, read> k: array<u64>;
@group(0) @binding(3) var<storage, read> v: array<u64>;
@group(0) @binding(4) var<storage, read_write> y: array<vec2<u32>>;

fn unpack(word: u64) -> vec4<f32> {
    return vec4(unpack2x16float(u32(word)), unpack2x16float(u32(word >> 32u)));
}

// Adds the products of four dimensions of a query with those of the lane's two keys.
fn product(score: vec2<f32>, query: vec4<f32>, key0: vec4<f32>, key1: vec4<f32>) -> vec2<f32> {
    return score + vec2(dot(query, key0), dot(query, key1));
}

fn take(query: Query, index: u32, keys: vec2<u32>, products: vec2<f32>) -> Query {
    let seen = (keys <= vec2(index)) & (keys + params.window > vec2(index));
    return weigh(query, products * params.scale, seen);
}

fn value_of(key: u32, kv_head: u32, lane: u32) -> Value {
    let at = (min(key, params.tokens - 1) * params.kv_heads + kv_head) * VECTORS + lane * OWN;
    if OWN == 2 {
        return Value(unpack(v[at]), unpack(v[at + 1]), vec4(0.0), vec4(0.0));
    }
    return Value(unpack(v[at]), unpack(v[at + 1]), unpack(v[at + 2]), unpack(v[at + 3]));
}

fn store(query: Query, index: u32, head: u32, lane: u32) {
    let all = subgroupAdd(query.total);
    if index >= params.tokens {
        return;
    }
    let row = (index * params.heads + head) * VECTORS + lane * OWN;
    y[row] = pack(query.sum0 / all);
    y[row + 1] = pack(query.sum1 / all);
    if OWN == 4 {
        y[row + 2] = pack(query.sum2 / all);
        y[row + 3] = pack(query.sum3 / all);
    }
}

fn pack(values: vec4<f32>) -> vec2<u32> {
    return vec2(pack2x16float(values.xy), pack2x16float(values.zw));
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
    let head = group.y;
    let kv_head = head / (params.heads / params.kv_heads);
    let first_query = group.x * QUERIES;
    let last = params.tokens - 1;
    // Queries beyond the edge repeat the last one: their results are never stored.
    let q_row0 = (min(first_query + 0 + lane, last) * params.heads + head) * VECTORS;
    let q_row1 = (min(first_query + 8 + lane, last) * params.heads + head) * VECTORS;
    var query0 = no_keys();
    var query1 = no_keys();
    var query2 = no_keys();
    var query3 = no_keys();
    var query4 = no_keys();
    var query5 = no_keys();
    var query6 = no_keys();
    var query7 = no_keys();
    var query8 = no_keys();
    var query9 = no_keys();
    var query10 = no_keys();
    var query11 = no_keys();
    var query12 = no_keys();
    var query13 = no_keys();
    var query14 = no_keys();
    var query15 = no_keys();

    let query_last = min(first_query + QUERIES, params.tokens) - 1;
    let seen_first = select(0u, first_query + 1 - params.window, first_query + 1 > params.window);
    for (var first = seen_first / LANES * LANES; first <= query_last; first += 2 * LANES) {
        let keys = vec2(first + lane, first + LANES + lane);
        let k_row0 = (min(keys.x, last) * params.kv_heads + kv_head) * VECTORS;
        let k_row1 = (min(keys.y, last) * params.kv_heads + kv_head) * VECTORS;
        var score0 = vec2(0.0);
        var score1 = vec2(0.0);
        var score2 = vec2(0.0);
        var score3 = vec2(0.0);
        var score4 = vec2(0.0);
        var score5 = vec2(0.0);
        var score6 = vec2(0.0);
        var score7 = vec2(0.0);
        var score8 = vec2(0.0);
        var score9 = vec2(0.0);
        var score10 = vec2(0.0);
        var score11 = vec2(0.0);
        var score12 = vec2(0.0);
        var score13 = vec2(0.0);
        var score14 = vec2(0.0);
        var score15 = vec2(0.0);
        for (var at = 0u; at < VECTORS; at++) {
            let key0 = unpack(k[k_row0 + at]);
            let key1 = unpack(k[k_row1 + at]);
            let part0 = unpack(q[q_row0 + at]);
            let part1 = unpack(q[q_row1 + at]);
            score0 = product(score0, subgroupBroadcast(part0, 0u), key0, key1);
            score1 = product(score1, subgroupBroadcast(part0, 1u), key0, key1);
            score2 = product(score2, subgroupBroadcast(part0, 2u), key0, key1);
            score3 = product(score3, subgroupBroadcast(part0, 3u), key0, key1);
            score4 = product(score4, subgroupBroadcast(part0, 4u), key0, key1);
            score5 = product(score5, subgroupBroadcast(part0, 5u), key0, key1);
            score6 = product(score6, subgroupBroadcast(part0, 6u), key0, key1);
            score7 = product(score7, subgroupBroadcast(part0, 7u), key0, key1);
            score8 = product(score8, subgroupBroadcast(part1, 0u), key0, key1);
            score9 = product(score9, subgroupBroadcast(part1, 1u), key0, key1);
            score10 = product(score10, subgroupBroadcast(part1, 2u), key0, key1);
            score11 = product(score11, subgroupBroadcast(part1, 3u), key0, key1);
            score12 = product(score12, subgroupBroadcast(part1, 4u), key0, key1);
            score13 = product(score13, subgroupBroadcast(part1, 5u), key0, key1);
            score14 = product(score14, subgroupBroadcast(part1, 6u), key0, key1);
            score15 = product(score15, subgroupBroadcast(part1, 7u), key0, key1);
        }
        query0 = take(query0, first_query + 0, keys, score0);
        query1 = take(query1, first_query + 1, keys, score1);
        query2 = take(query2, first_query + 2, keys, score2);
        query3 = take(query3, first_query + 3, keys, score3);
        query4 = take(query4, first_query + 4, keys, score4);
        query5 = take(query5, first_query + 5, keys, score5);
        query6 = take(query6, first_query + 6, keys, score6);
        query7 = take(query7, first_query + 7, keys, score7);
        query8 = take(query8, first_query + 8, keys, score8);
        query9 = take(query9, first_query + 9, keys, score9);
        query10 = take(query10, first_query + 10, keys, score10);
        query11 = take(query11, first_query + 11, keys, score11);
        query12 = take(query12, first_query + 12, keys, score12);
        query13 = take(query13, first_query + 13, keys, score13);
        query14 = take(query14, first_query + 14, keys, score14);
        query15 = take(query15, first_query + 15, keys, score15);
        let value0 = value_of(first + 0, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 0u), value0);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 0u), value0);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 0u), value0);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 0u), value0);
        query4 = add(query4, subgroupBroadcast(query4.weight.x, 0u), value0);
        query5 = add(query5, subgroupBroadcast(query5.weight.x, 0u), value0);
        query6 = add(query6, subgroupBroadcast(query6.weight.x, 0u), value0);
        query7 = add(query7, subgroupBroadcast(query7.weight.x, 0u), value0);
        query8 = add(query8, subgroupBroadcast(query8.weight.x, 0u), value0);
        query9 = add(query9, subgroupBroadcast(query9.weight.x, 0u), value0);
        query10 = add(query10, subgroupBroadcast(query10.weight.x, 0u), value0);
        query11 = add(query11, subgroupBroadcast(query11.weight.x, 0u), value0);
        query12 = add(query12, subgroupBroadcast(query12.weight.x, 0u), value0);
        query13 = add(query13, subgroupBroadcast(query13.weight.x, 0u), value0);
        query14 = add(query14, subgroupBroadcast(query14.weight.x, 0u), value0);
        query15 = add(query15, subgroupBroadcast(query15.weight.x, 0u), value0);
        let value1 = value_of(first + 1, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 1u), value1);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 1u), value1);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 1u), value1);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 1u), value1);
        query4 = add(query4, subgroupBroadcast(query4.weight.x, 1u), value1);
        query5 = add(query5, subgroupBroadcast(query5.weight.x, 1u), value1);
        query6 = add(query6, subgroupBroadcast(query6.weight.x, 1u), value1);
        query7 = add(query7, subgroupBroadcast(query7.weight.x, 1u), value1);
        query8 = add(query8, subgroupBroadcast(query8.weight.x, 1u), value1);
        query9 = add(query9, subgroupBroadcast(query9.weight.x, 1u), value1);
        query10 = add(query10, subgroupBroadcast(query10.weight.x, 1u), value1);
        query11 = add(query11, subgroupBroadcast(query11.weight.x, 1u), value1);
        query12 = add(query12, subgroupBroadcast(query12.weight.x, 1u), value1);
        query13 = add(query13, subgroupBroadcast(query13.weight.x, 1u), value1);
        query14 = add(query14, subgroupBroadcast(query14.weight.x, 1u), value1);
        query15 = add(query15, subgroupBroadcast(query15.weight.x, 1u), value1);
        let value2 = value_of(first + 2, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 2u), value2);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 2u), value2);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 2u), value2);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 2u), value2);
        query4 = add(query4, subgroupBroadcast(query4.weight.x, 2u), value2);
        query5 = add(query5, subgroupBroadcast(query5.weight.x, 2u), value2);
        query6 = add(query6, subgroupBroadcast(query6.weight.x, 2u), value2);
        query7 = add(query7, subgroupBroadcast(query7.weight.x, 2u), value2);
        query8 = add(query8, subgroupBroadcast(query8.weight.x, 2u), value2);
        query9 = add(query9, subgroupBroadcast(query9.weight.x, 2u), value2);
        query10 = add(query10, subgroupBroadcast(query10.weight.x, 2u), value2);
        query11 = add(query11, subgroupBroadcast(query11.weight.x, 2u), value2);
        query12 = add(query12, subgroupBroadcast(query12.weight.x, 2u), value2);
        query13 = add(query13, subgroupBroadcast(query13.weight.x, 2u), value2);
        query14 = add(query14, subgroupBroadcast(query14.weight.x, 2u), value2);
        query15 = add(query15, subgroupBroadcast(query15.weight.x, 2u), value2);
        let value3 = value_of(first + 3, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 3u), value3);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 3u), value3);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 3u), value3);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 3u), value3);
        query4 = add(query4, subgroupBroadcast(query4.weight.x, 3u), value3);
        query5 = add(query5, subgroupBroadcast(query5.weight.x, 3u), value3);
        query6 = add(query6, subgroupBroadcast(query6.weight.x, 3u), value3);
        query7 = add(query7, subgroupBroadcast(query7.weight.x, 3u), value3);
        query8 = add(query8, subgroupBroadcast(query8.weight.x, 3u), value3);
        query9 = add(query9, subgroupBroadcast(query9.weight.x, 3u), value3);
        query10 = add(query10, subgroupBroadcast(query10.weight.x, 3u), value3);
        query11 = add(query11, subgroupBroadcast(query11.weight.x, 3u), value3);
        query12 = add(query12, subgroupBroadcast(query12.weight.x, 3u), value3);
        query13 = add(query13, subgroupBroadcast(query13.weight.x, 3u), value3);
        query14 = add(query14, subgroupBroadcast(query14.weight.x, 3u), value3);
        query15 = add(query15, subgroupBroadcast(query15.weight.x, 3u), value3);
        let value4 = value_of(first + 4, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 4u), value4);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 4u), value4);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 4u), value4);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 4u), value4);
        query4 = add(query4, subgroupBroadcast(query4.weight.x, 4u), value4);
        query5 = add(query5, subgroupBroadcast(query5.weight.x, 4u), value4);
        query6 = add(query6, subgroupBroadcast(query6.weight.x, 4u), value4);
        query7 = add(query7, subgroupBroadcast(query7.weight.x, 4u), value4);
        query8 = add(query8, subgroupBroadcast(query8.weight.x, 4u), value4);
        query9 = add(query9, subgroupBroadcast(query9.weight.x, 4u), value4);
        query10 = add(query10, subgroupBroadcast(query10.weight.x, 4u), value4);
        query11 = add(query11, subgroupBroadcast(query11.weight.x, 4u), value4);
        query12 = add(query12, subgroupBroadcast(query12.weight.x, 4u), value4);
        query13 = add(query13, subgroupBroadcast(query13.weight.x, 4u), value4);
        query14 = add(query14, subgroupBroadcast(query14.weight.x, 4u), value4);
        query15 = add(query15, subgroupBroadcast(query15.weight.x, 4u), value4);
        let value5 = value_of(first + 5, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 5u), value5);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 5u), value5);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 5u), value5);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 5u), value5);
        query4 = add(query4, subgroupBroadcast(query4.weight.x, 5u), value5);
        query5 = add(query5, subgroupBroadcast(query5.weight.x, 5u), value5);
        query6 = add(query6, subgroupBroadcast(query6.weight.x, 5u), value5);
        query7 = add(query7, subgroupBroadcast(query7.weight.x, 5u), value5);
        query8 = add(query8, subgroupBroadcast(query8.weight.x, 5u), value5);
        query9 = add(query9, subgroupBroadcast(query9.weight.x, 5u), value5);
        query10 = add(query10, subgroupBroadcast(query10.weight.x, 5u), value5);
        query11 = add(query11, subgroupBroadcast(query11.weight.x, 5u), value5);
        query12 = add(query12, subgroupBroadcast(query12.weight.x, 5u), value5);
        query13 = add(query13, subgroupBroadcast(query13.weight.x, 5u), value5);
        query14 = add(query14, subgroupBroadcast(query14.weight.x, 5u), value5);
        query15 = add(query15, subgroupBroadcast(query15.weight.x, 5u), value5);
        let value6 = value_of(first + 6, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 6u), value6);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 6u), value6);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 6u), value6);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 6u), value6);
        query4 = add(query4, subgroupBroadcast(query4.weight.x, 6u), value6);
        query5 = add(query5, subgroupBroadcast(query5.weight.x, 6u), value6);
        query6 = add(query6, subgroupBroadcast(query6.weight.x, 6u), value6);
        query7 = add(query7, subgroupBroadcast(query7.weight.x, 6u), value6);
        query8 = add(query8, subgroupBroadcast(query8.weight.x, 6u), value6);
        query9 = add(query9, subgroupBroadcast(query9.weight.x, 6u), value6);
        query10 = add(query10, subgroupBroadcast(query10.weight.x, 6u), value6);
        query11 = add(query11, subgroupBroadcast(query11.weight.x, 6u), value6);
        query12 = add(query12, subgroupBroadcast(query12.weight.x, 6u), value6);
        query13 = add(query13, subgroupBroadcast(query13.weight.x, 6u), value6);
        query14 = add(query14, subgroupBroadcast(query14.weight.x, 6u), value6);
        query15 = add(query15, subgroupBroadcast(query15.weight.x, 6u), value6);
        let value7 = value_of(first + 7, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 7u), value7);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 7u), value7);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 7u), value7);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 7u), value7);
        query4 = add(query4, subgroupBroadcast(query4.weight.x, 7u), value7);
        query5 = add(query5, subgroupBroadcast(query5.weight.x, 7u), value7);
        query6 = add(query6, subgroupBroadcast(query6.weight.x, 7u), value7);
        query7 = add(query7, subgroupBroadcast(query7.weight.x, 7u), value7);
        query8 = add(query8, subgroupBroadcast(query8.weight.x, 7u), value7);
        query9 = add(query9, subgroupBroadcast(query9.weight.x, 7u), value7);
        query10 = add(query10, subgroupBroadcast(query10.weight.x, 7u), value7);
        query11 = add(query11, subgroupBroadcast(query11.weight.x, 7u), value7);
        query12 = add(query12, subgroupBroadcast(query12.weight.x, 7u), value7);
        query13 = add(query13, subgroupBroadcast(query13.weight.x, 7u), value7);
        query14 = add(query14, subgroupBroadcast(query14.weight.x, 7u), value7);
        query15 = add(query15, subgroupBroadcast(query15.weight.x, 7u), value7);
        let value8 = value_of(first + 8, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 0u), value8);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 0u), value8);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 0u), value8);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 0u), value8);
        query4 = add(query4, subgroupBroadcast(query4.weight.y, 0u), value8);
        query5 = add(query5, subgroupBroadcast(query5.weight.y, 0u), value8);
        query6 = add(query6, subgroupBroadcast(query6.weight.y, 0u), value8);
        query7 = add(query7, subgroupBroadcast(query7.weight.y, 0u), value8);
        query8 = add(query8, subgroupBroadcast(query8.weight.y, 0u), value8);
        query9 = add(query9, subgroupBroadcast(query9.weight.y, 0u), value8);
        query10 = add(query10, subgroupBroadcast(query10.weight.y, 0u), value8);
        query11 = add(query11, subgroupBroadcast(query11.weight.y, 0u), value8);
        query12 = add(query12, subgroupBroadcast(query12.weight.y, 0u), value8);
        query13 = add(query13, subgroupBroadcast(query13.weight.y, 0u), value8);
        query14 = add(query14, subgroupBroadcast(query14.weight.y, 0u), value8);
        query15 = add(query15, subgroupBroadcast(query15.weight.y, 0u), value8);
        let value9 = value_of(first + 9, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 1u), value9);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 1u), value9);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 1u), value9);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 1u), value9);
        query4 = add(query4, subgroupBroadcast(query4.weight.y, 1u), value9);
        query5 = add(query5, subgroupBroadcast(query5.weight.y, 1u), value9);
        query6 = add(query6, subgroupBroadcast(query6.weight.y, 1u), value9);
        query7 = add(query7, subgroupBroadcast(query7.weight.y, 1u), value9);
        query8 = add(query8, subgroupBroadcast(query8.weight.y, 1u), value9);
        query9 = add(query9, subgroupBroadcast(query9.weight.y, 1u), value9);
        query10 = add(query10, subgroupBroadcast(query10.weight.y, 1u), value9);
        query11 = add(query11, subgroupBroadcast(query11.weight.y, 1u), value9);
        query12 = add(query12, subgroupBroadcast(query12.weight.y, 1u), value9);
        query13 = add(query13, subgroupBroadcast(query13.weight.y, 1u), value9);
        query14 = add(query14, subgroupBroadcast(query14.weight.y, 1u), value9);
        query15 = add(query15, subgroupBroadcast(query15.weight.y, 1u), value9);
        let value10 = value_of(first + 10, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 2u), value10);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 2u), value10);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 2u), value10);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 2u), value10);
        query4 = add(query4, subgroupBroadcast(query4.weight.y, 2u), value10);
        query5 = add(query5, subgroupBroadcast(query5.weight.y, 2u), value10);
        query6 = add(query6, subgroupBroadcast(query6.weight.y, 2u), value10);
        query7 = add(query7, subgroupBroadcast(query7.weight.y, 2u), value10);
        query8 = add(query8, subgroupBroadcast(query8.weight.y, 2u), value10);
        query9 = add(query9, subgroupBroadcast(query9.weight.y, 2u), value10);
        query10 = add(query10, subgroupBroadcast(query10.weight.y, 2u), value10);
        query11 = add(query11, subgroupBroadcast(query11.weight.y, 2u), value10);
        query12 = add(query12, subgroupBroadcast(query12.weight.y, 2u), value10);
        query13 = add(query13, subgroupBroadcast(query13.weight.y, 2u), value10);
        query14 = add(query14, subgroupBroadcast(query14.weight.y, 2u), value10);
        query15 = add(query15, subgroupBroadcast(query15.weight.y, 2u), value10);
        let value11 = value_of(first + 11, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 3u), value11);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 3u), value11);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 3u), value11);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 3u), value11);
        query4 = add(query4, subgroupBroadcast(query4.weight.y, 3u), value11);
        query5 = add(query5, subgroupBroadcast(query5.weight.y, 3u), value11);
        query6 = add(query6, subgroupBroadcast(query6.weight.y, 3u), value11);
        query7 = add(query7, subgroupBroadcast(query7.weight.y, 3u), value11);
        query8 = add(query8, subgroupBroadcast(query8.weight.y, 3u), value11);
        query9 = add(query9, subgroupBroadcast(query9.weight.y, 3u), value11);
        query10 = add(query10, subgroupBroadcast(query10.weight.y, 3u), value11);
        query11 = add(query11, subgroupBroadcast(query11.weight.y, 3u), value11);
        query12 = add(query12, subgroupBroadcast(query12.weight.y, 3u), value11);
        query13 = add(query13, subgroupBroadcast(query13.weight.y, 3u), value11);
        query14 = add(query14, subgroupBroadcast(query14.weight.y, 3u), value11);
        query15 = add(query15, subgroupBroadcast(query15.weight.y, 3u), value11);
        let value12 = value_of(first + 12, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 4u), value12);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 4u), value12);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 4u), value12);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 4u), value12);
        query4 = add(query4, subgroupBroadcast(query4.weight.y, 4u), value12);
        query5 = add(query5, subgroupBroadcast(query5.weight.y, 4u), value12);
        query6 = add(query6, subgroupBroadcast(query6.weight.y, 4u), value12);
        query7 = add(query7, subgroupBroadcast(query7.weight.y, 4u), value12);
        query8 = add(query8, subgroupBroadcast(query8.weight.y, 4u), value12);
        query9 = add(query9, subgroupBroadcast(query9.weight.y, 4u), value12);
        query10 = add(query10, subgroupBroadcast(query10.weight.y, 4u), value12);
        query11 = add(query11, subgroupBroadcast(query11.weight.y, 4u), value12);
        query12 = add(query12, subgroupBroadcast(query12.weight.y, 4u), value12);
        query13 = add(query13, subgroupBroadcast(query13.weight.y, 4u), value12);
        query14 = add(query14, subgroupBroadcast(query14.weight.y, 4u), value12);
        query15 = add(query15, subgroupBroadcast(query15.weight.y, 4u), value12);
        let value13 = value_of(first + 13, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 5u), value13);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 5u), value13);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 5u), value13);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 5u), value13);
        query4 = add(query4, subgroupBroadcast(query4.weight.y, 5u), value13);
        query5 = add(query5, subgroupBroadcast(query5.weight.y, 5u), value13);
        query6 = add(query6, subgroupBroadcast(query6.weight.y, 5u), value13);
        query7 = add(query7, subgroupBroadcast(query7.weight.y, 5u), value13);
        query8 = add(query8, subgroupBroadcast(query8.weight.y, 5u), value13);
        query9 = add(query9, subgroupBroadcast(query9.weight.y, 5u), value13);
        query10 = add(query10, subgroupBroadcast(query10.weight.y, 5u), value13);
        query11 = add(query11, subgroupBroadcast(query11.weight.y, 5u), value13);
        query12 = add(query12, subgroupBroadcast(query12.weight.y, 5u), value13);
        query13 = add(query13, subgroupBroadcast(query13.weight.y, 5u), value13);
        query14 = add(query14, subgroupBroadcast(query14.weight.y, 5u), value13);
        query15 = add(query15, subgroupBroadcast(query15.weight.y, 5u), value13);
        let value14 = value_of(first + 14, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 6u), value14);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 6u), value14);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 6u), value14);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 6u), value14);
        query4 = add(query4, subgroupBroadcast(query4.weight.y, 6u), value14);
        query5 = add(query5, subgroupBroadcast(query5.weight.y, 6u), value14);
        query6 = add(query6, subgroupBroadcast(query6.weight.y, 6u), value14);
        query7 = add(query7, subgroupBroadcast(query7.weight.y, 6u), value14);
        query8 = add(query8, subgroupBroadcast(query8.weight.y, 6u), value14);
        query9 = add(query9, subgroupBroadcast(query9.weight.y, 6u), value14);
        query10 = add(query10, subgroupBroadcast(query10.weight.y, 6u), value14);
        query11 = add(query11, subgroupBroadcast(query11.weight.y, 6u), value14);
        query12 = add(query12, subgroupBroadcast(query12.weight.y, 6u), value14);
        query13 = add(query13, subgroupBroadcast(query13.weight.y, 6u), value14);
        query14 = add(query14, subgroupBroadcast(query14.weight.y, 6u), value14);
        query15 = add(query15, subgroupBroadcast(query15.weight.y, 6u), value14);
        let value15 = value_of(first + 15, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 7u), value15);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 7u), value15);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 7u), value15);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 7u), value15);
        query4 = add(query4, subgroupBroadcast(query4.weight.y, 7u), value15);
        query5 = add(query5, subgroupBroadcast(query5.weight.y, 7u), value15);
        query6 = add(query6, subgroupBroadcast(query6.weight.y, 7u), value15);
        query7 = add(query7, subgroupBroadcast(query7.weight.y, 7u), value15);
        query8 = add(query8, subgroupBroadcast(query8.weight.y, 7u), value15);
        query9 = add(query9, subgroupBroadcast(query9.weight.y, 7u), value15);
        query10 = add(query10, subgroupBroadcast(query10.weight.y, 7u), value15);
        query11 = add(query11, subgroupBroadcast(query11.weight.y, 7u), value15);
        query12 = add(query12, subgroupBroadcast(query12.weight.y, 7u), value15);
        query13 = add(query13, subgroupBroadcast(query13.weight.y, 7u), value15);
        query14 = add(query14, subgroupBroadcast(query14.weight.y, 7u), value15);
        query15 = add(query15, subgroupBroadcast(query15.weight.y, 7u), value15);
    }
    store(query0, first_query + 0, head, lane);
    store(query1, first_query + 1, head, lane);
    store(query2, first_query + 2, head, lane);
    store(query3, first_query + 3, head, lane);
    store(query4, first_query + 4, head, lane);
    store(query5, first_query + 5, head, lane);
    store(query6, first_query + 6, head, lane);
    store(query7, first_query + 7, head, lane);
    store(query8, first_query + 8, head, lane);
    store(query9, first_query + 9, head, lane);
    store(query10, first_query + 10, head, lane);
    store(query11, first_query + 11, head, lane);
    store(query12, first_query + 12, head, lane);
    store(query13, first_query + 13, head, lane);
    store(query14, first_query + 14, head, lane);
    store(query15, first_query + 15, head, lane);
}
