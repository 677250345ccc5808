// Causal grouped-query attention with online softmax for subgroups of exactly 8 lanes and heads of 128: a subgroup
// takes 16 queries of one head and eight keys at a time, one per lane. Queries and weights are handed round by
// constant-lane broadcasts (see gemm_subgroup8); for the values a lane owns 16 dimensions. Queries are variables and
// not an array: a CPU adapter keeps in registers only what is never indexed.
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

// The running softmax of one query: of the values, the lane's 16 dimensions.
struct Query {
    largest: f32,
    total: f32,
    // The lane's key of the eight at hand.
    weight: f32,
    sum0: vec4<f32>,
    sum1: vec4<f32>,
    sum2: vec4<f32>,
    sum3: vec4<f32>,
}

fn weigh(query: Query, index: u32, key: u32, product: f32) -> Query {
    let seen = key <= index && key + params.window > index;
    let score = select(-1e30, product * params.scale, seen);
    let largest = max(query.largest, subgroupMax(score));
    let keep = exp(query.largest - largest);
    let weight = select(0.0, exp(score - largest), seen);
    return Query(
        largest,
        query.total * keep + weight,
        weight,
        query.sum0 * keep,
        query.sum1 * keep,
        query.sum2 * keep,
        query.sum3 * keep,
    );
}

fn add(query: Query, weight: f32, values: array<vec4<f32>, 4>) -> Query {
    return Query(
        query.largest,
        query.total,
        query.weight,
        query.sum0 + weight * values[0],
        query.sum1 + weight * values[1],
        query.sum2 + weight * values[2],
        query.sum3 + weight * values[3],
    );
}

fn load_value(key: u32, kv_head: u32, lane: u32) -> array<vec4<f32>, 4> {
    let row = (min(key, params.tokens - 1) * params.kv_heads + kv_head) * VECTORS + lane * 4;
    return array(unpack(v[row]), unpack(v[row + 1]), unpack(v[row + 2]), unpack(v[row + 3]));
}

fn store(query: Query, index: u32, head: u32, lane: u32) {
    let all = subgroupAdd(query.total);
    if index >= params.tokens {
        return;
    }
    let row = (index * params.heads + head) * VECTORS + lane * 4;
    y[row] = pack(query.sum0 / all);
    y[row + 1] = pack(query.sum1 / all);
    y[row + 2] = pack(query.sum2 / all);
    y[row + 3] = pack(query.sum3 / all);
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
    let q_low = (min(first_query + lane, last) * params.heads + head) * VECTORS;
    let q_high = (min(first_query + LANES + lane, last) * params.heads + head) * VECTORS;

    var query0: Query;
    var query1: Query;
    var query2: Query;
    var query3: Query;
    var query4: Query;
    var query5: Query;
    var query6: Query;
    var query7: Query;
    var query8: Query;
    var query9: Query;
    var query10: Query;
    var query11: Query;
    var query12: Query;
    var query13: Query;
    var query14: Query;
    var query15: Query;
    query0.largest = -1e30;
    query1.largest = -1e30;
    query2.largest = -1e30;
    query3.largest = -1e30;
    query4.largest = -1e30;
    query5.largest = -1e30;
    query6.largest = -1e30;
    query7.largest = -1e30;
    query8.largest = -1e30;
    query9.largest = -1e30;
    query10.largest = -1e30;
    query11.largest = -1e30;
    query12.largest = -1e30;
    query13.largest = -1e30;
    query14.largest = -1e30;
    query15.largest = -1e30;

    let query_last = min(first_query + QUERIES, params.tokens) - 1;
    let seen_first = select(0u, first_query + 1 - params.window, first_query + 1 > params.window);
    for (var first = seen_first / LANES * LANES; first <= query_last; first += LANES) {
        let key = first + lane;
        let key_row = (min(key, last) * params.kv_heads + kv_head) * VECTORS;
        var score0 = 0.0;
        var score1 = 0.0;
        var score2 = 0.0;
        var score3 = 0.0;
        var score4 = 0.0;
        var score5 = 0.0;
        var score6 = 0.0;
        var score7 = 0.0;
        var score8 = 0.0;
        var score9 = 0.0;
        var score10 = 0.0;
        var score11 = 0.0;
        var score12 = 0.0;
        var score13 = 0.0;
        var score14 = 0.0;
        var score15 = 0.0;
        for (var at = 0u; at < VECTORS; at++) {
            let low = unpack(q[q_low + at]);
            let high = unpack(q[q_high + at]);
            let key_part = unpack(k[key_row + at]);
            score0 += dot(subgroupBroadcast(low, 0u), key_part);
            score1 += dot(subgroupBroadcast(low, 1u), key_part);
            score2 += dot(subgroupBroadcast(low, 2u), key_part);
            score3 += dot(subgroupBroadcast(low, 3u), key_part);
            score4 += dot(subgroupBroadcast(low, 4u), key_part);
            score5 += dot(subgroupBroadcast(low, 5u), key_part);
            score6 += dot(subgroupBroadcast(low, 6u), key_part);
            score7 += dot(subgroupBroadcast(low, 7u), key_part);
            score8 += dot(subgroupBroadcast(high, 0u), key_part);
            score9 += dot(subgroupBroadcast(high, 1u), key_part);
            score10 += dot(subgroupBroadcast(high, 2u), key_part);
            score11 += dot(subgroupBroadcast(high, 3u), key_part);
            score12 += dot(subgroupBroadcast(high, 4u), key_part);
            score13 += dot(subgroupBroadcast(high, 5u), key_part);
            score14 += dot(subgroupBroadcast(high, 6u), key_part);
            score15 += dot(subgroupBroadcast(high, 7u), key_part);
        }
        query0 = weigh(query0, first_query + 0, key, score0);
        query1 = weigh(query1, first_query + 1, key, score1);
        query2 = weigh(query2, first_query + 2, key, score2);
        query3 = weigh(query3, first_query + 3, key, score3);
        query4 = weigh(query4, first_query + 4, key, score4);
        query5 = weigh(query5, first_query + 5, key, score5);
        query6 = weigh(query6, first_query + 6, key, score6);
        query7 = weigh(query7, first_query + 7, key, score7);
        query8 = weigh(query8, first_query + 8, key, score8);
        query9 = weigh(query9, first_query + 9, key, score9);
        query10 = weigh(query10, first_query + 10, key, score10);
        query11 = weigh(query11, first_query + 11, key, score11);
        query12 = weigh(query12, first_query + 12, key, score12);
        query13 = weigh(query13, first_query + 13, key, score13);
        query14 = weigh(query14, first_query + 14, key, score14);
        query15 = weigh(query15, first_query + 15, key, score15);

        let value0 = load_value(first + 0, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight, 0u), value0);
        query1 = add(query1, subgroupBroadcast(query1.weight, 0u), value0);
        query2 = add(query2, subgroupBroadcast(query2.weight, 0u), value0);
        query3 = add(query3, subgroupBroadcast(query3.weight, 0u), value0);
        query4 = add(query4, subgroupBroadcast(query4.weight, 0u), value0);
        query5 = add(query5, subgroupBroadcast(query5.weight, 0u), value0);
        query6 = add(query6, subgroupBroadcast(query6.weight, 0u), value0);
        query7 = add(query7, subgroupBroadcast(query7.weight, 0u), value0);
        query8 = add(query8, subgroupBroadcast(query8.weight, 0u), value0);
        query9 = add(query9, subgroupBroadcast(query9.weight, 0u), value0);
        query10 = add(query10, subgroupBroadcast(query10.weight, 0u), value0);
        query11 = add(query11, subgroupBroadcast(query11.weight, 0u), value0);
        query12 = add(query12, subgroupBroadcast(query12.weight, 0u), value0);
        query13 = add(query13, subgroupBroadcast(query13.weight, 0u), value0);
        query14 = add(query14, subgroupBroadcast(query14.weight, 0u), value0);
        query15 = add(query15, subgroupBroadcast(query15.weight, 0u), value0);

        let value1 = load_value(first + 1, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight, 1u), value1);
        query1 = add(query1, subgroupBroadcast(query1.weight, 1u), value1);
        query2 = add(query2, subgroupBroadcast(query2.weight, 1u), value1);
        query3 = add(query3, subgroupBroadcast(query3.weight, 1u), value1);
        query4 = add(query4, subgroupBroadcast(query4.weight, 1u), value1);
        query5 = add(query5, subgroupBroadcast(query5.weight, 1u), value1);
        query6 = add(query6, subgroupBroadcast(query6.weight, 1u), value1);
        query7 = add(query7, subgroupBroadcast(query7.weight, 1u), value1);
        query8 = add(query8, subgroupBroadcast(query8.weight, 1u), value1);
        query9 = add(query9, subgroupBroadcast(query9.weight, 1u), value1);
        query10 = add(query10, subgroupBroadcast(query10.weight, 1u), value1);
        query11 = add(query11, subgroupBroadcast(query11.weight, 1u), value1);
        query12 = add(query12, subgroupBroadcast(query12.weight, 1u), value1);
        query13 = add(query13, subgroupBroadcast(query13.weight, 1u), value1);
        query14 = add(query14, subgroupBroadcast(query14.weight, 1u), value1);
        query15 = add(query15, subgroupBroadcast(query15.weight, 1u), value1);

        let value2 = load_value(first + 2, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight, 2u), value2);
        query1 = add(query1, subgroupBroadcast(query1.weight, 2u), value2);
        query2 = add(query2, subgroupBroadcast(query2.weight, 2u), value2);
        query3 = add(query3, subgroupBroadcast(query3.weight, 2u), value2);
        query4 = add(query4, subgroupBroadcast(query4.weight, 2u), value2);
        query5 = add(query5, subgroupBroadcast(query5.weight, 2u), value2);
        query6 = add(query6, subgroupBroadcast(query6.weight, 2u), value2);
        query7 = add(query7, subgroupBroadcast(query7.weight, 2u), value2);
        query8 = add(query8, subgroupBroadcast(query8.weight, 2u), value2);
        query9 = add(query9, subgroupBroadcast(query9.weight, 2u), value2);
        query10 = add(query10, subgroupBroadcast(query10.weight, 2u), value2);
        query11 = add(query11, subgroupBroadcast(query11.weight, 2u), value2);
        query12 = add(query12, subgroupBroadcast(query12.weight, 2u), value2);
        query13 = add(query13, subgroupBroadcast(query13.weight, 2u), value2);
        query14 = add(query14, subgroupBroadcast(query14.weight, 2u), value2);
        query15 = add(query15, subgroupBroadcast(query15.weight, 2u), value2);

        let value3 = load_value(first + 3, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight, 3u), value3);
        query1 = add(query1, subgroupBroadcast(query1.weight, 3u), value3);
        query2 = add(query2, subgroupBroadcast(query2.weight, 3u), value3);
        query3 = add(query3, subgroupBroadcast(query3.weight, 3u), value3);
        query4 = add(query4, subgroupBroadcast(query4.weight, 3u), value3);
        query5 = add(query5, subgroupBroadcast(query5.weight, 3u), value3);
        query6 = add(query6, subgroupBroadcast(query6.weight, 3u), value3);
        query7 = add(query7, subgroupBroadcast(query7.weight, 3u), value3);
        query8 = add(query8, subgroupBroadcast(query8.weight, 3u), value3);
        query9 = add(query9, subgroupBroadcast(query9.weight, 3u), value3);
        query10 = add(query10, subgroupBroadcast(query10.weight, 3u), value3);
        query11 = add(query11, subgroupBroadcast(query11.weight, 3u), value3);
        query12 = add(query12, subgroupBroadcast(query12.weight, 3u), value3);
        query13 = add(query13, subgroupBroadcast(query13.weight, 3u), value3);
        query14 = add(query14, subgroupBroadcast(query14.weight, 3u), value3);
        query15 = add(query15, subgroupBroadcast(query15.weight, 3u), value3);

        let value4 = load_value(first + 4, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight, 4u), value4);
        query1 = add(query1, subgroupBroadcast(query1.weight, 4u), value4);
        query2 = add(query2, subgroupBroadcast(query2.weight, 4u), value4);
        query3 = add(query3, subgroupBroadcast(query3.weight, 4u), value4);
        query4 = add(query4, subgroupBroadcast(query4.weight, 4u), value4);
        query5 = add(query5, subgroupBroadcast(query5.weight, 4u), value4);
        query6 = add(query6, subgroupBroadcast(query6.weight, 4u), value4);
        query7 = add(query7, subgroupBroadcast(query7.weight, 4u), value4);
        query8 = add(query8, subgroupBroadcast(query8.weight, 4u), value4);
        query9 = add(query9, subgroupBroadcast(query9.weight, 4u), value4);
        query10 = add(query10, subgroupBroadcast(query10.weight, 4u), value4);
        query11 = add(query11, subgroupBroadcast(query11.weight, 4u), value4);
        query12 = add(query12, subgroupBroadcast(query12.weight, 4u), value4);
        query13 = add(query13, subgroupBroadcast(query13.weight, 4u), value4);
        query14 = add(query14, subgroupBroadcast(query14.weight, 4u), value4);
        query15 = add(query15, subgroupBroadcast(query15.weight, 4u), value4);

        let value5 = load_value(first + 5, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight, 5u), value5);
        query1 = add(query1, subgroupBroadcast(query1.weight, 5u), value5);
        query2 = add(query2, subgroupBroadcast(query2.weight, 5u), value5);
        query3 = add(query3, subgroupBroadcast(query3.weight, 5u), value5);
        query4 = add(query4, subgroupBroadcast(query4.weight, 5u), value5);
        query5 = add(query5, subgroupBroadcast(query5.weight, 5u), value5);
        query6 = add(query6, subgroupBroadcast(query6.weight, 5u), value5);
        query7 = add(query7, subgroupBroadcast(query7.weight, 5u), value5);
        query8 = add(query8, subgroupBroadcast(query8.weight, 5u), value5);
        query9 = add(query9, subgroupBroadcast(query9.weight, 5u), value5);
        query10 = add(query10, subgroupBroadcast(query10.weight, 5u), value5);
        query11 = add(query11, subgroupBroadcast(query11.weight, 5u), value5);
        query12 = add(query12, subgroupBroadcast(query12.weight, 5u), value5);
        query13 = add(query13, subgroupBroadcast(query13.weight, 5u), value5);
        query14 = add(query14, subgroupBroadcast(query14.weight, 5u), value5);
        query15 = add(query15, subgroupBroadcast(query15.weight, 5u), value5);

        let value6 = load_value(first + 6, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight, 6u), value6);
        query1 = add(query1, subgroupBroadcast(query1.weight, 6u), value6);
        query2 = add(query2, subgroupBroadcast(query2.weight, 6u), value6);
        query3 = add(query3, subgroupBroadcast(query3.weight, 6u), value6);
        query4 = add(query4, subgroupBroadcast(query4.weight, 6u), value6);
        query5 = add(query5, subgroupBroadcast(query5.weight, 6u), value6);
        query6 = add(query6, subgroupBroadcast(query6.weight, 6u), value6);
        query7 = add(query7, subgroupBroadcast(query7.weight, 6u), value6);
        query8 = add(query8, subgroupBroadcast(query8.weight, 6u), value6);
        query9 = add(query9, subgroupBroadcast(query9.weight, 6u), value6);
        query10 = add(query10, subgroupBroadcast(query10.weight, 6u), value6);
        query11 = add(query11, subgroupBroadcast(query11.weight, 6u), value6);
        query12 = add(query12, subgroupBroadcast(query12.weight, 6u), value6);
        query13 = add(query13, subgroupBroadcast(query13.weight, 6u), value6);
        query14 = add(query14, subgroupBroadcast(query14.weight, 6u), value6);
        query15 = add(query15, subgroupBroadcast(query15.weight, 6u), value6);

        let value7 = load_value(first + 7, kv_head, lane);
        query0 = add(query0, subgroupBroadcast(query0.weight, 7u), value7);
        query1 = add(query1, subgroupBroadcast(query1.weight, 7u), value7);
        query2 = add(query2, subgroupBroadcast(query2.weight, 7u), value7);
        query3 = add(query3, subgroupBroadcast(query3.weight, 7u), value7);
        query4 = add(query4, subgroupBroadcast(query4.weight, 7u), value7);
        query5 = add(query5, subgroupBroadcast(query5.weight, 7u), value7);
        query6 = add(query6, subgroupBroadcast(query6.weight, 7u), value7);
        query7 = add(query7, subgroupBroadcast(query7.weight, 7u), value7);
        query8 = add(query8, subgroupBroadcast(query8.weight, 7u), value7);
        query9 = add(query9, subgroupBroadcast(query9.weight, 7u), value7);
        query10 = add(query10, subgroupBroadcast(query10.weight, 7u), value7);
        query11 = add(query11, subgroupBroadcast(query11.weight, 7u), value7);
        query12 = add(query12, subgroupBroadcast(query12.weight, 7u), value7);
        query13 = add(query13, subgroupBroadcast(query13.weight, 7u), value7);
        query14 = add(query14, subgroupBroadcast(query14.weight, 7u), value7);
        query15 = add(query15, subgroupBroadcast(query15.weight, 7u), value7);
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
