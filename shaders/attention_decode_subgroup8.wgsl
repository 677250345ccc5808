// Split-context decode for subgroups of exactly 8 lanes, heads of 128 and four query heads per KV head: a subgroup takes
// one KV head and one part of the context, 16 keys at a time, two per lane. Queries and weights are handed round by
// constant-lane broadcasts (see gemm_subgroup8). attention_decode_reduce joins the parts.
const LANES: u32 = 8;

// Adds the products of four dimensions of a query with those of the lane's two keys.
fn product(part: vec2<f32>, query: vec4<f32>, key0: vec4<f32>, key1: vec4<f32>) -> vec2<f32> {
    return part + vec2(dot(query, key0), dot(query, key1));
}

fn value_of(row: u32, lane: u32) -> Value {
    let scale = value_scale((row * 8 + lane) / 2);
    let own = sixteen(value_words(row * 8 + lane));
    return Value(own.e0 * scale, own.e1 * scale, own.e2 * scale, own.e3 * scale);
}

// Asks for the values of two keys. A part of each row is all that a head reads of it, so the next row is never what a
// CPU fetches ahead by itself: loads that nothing waits for let the misses of many rows overlap. The result is zero,
// as a context never has 2^31 parts; the compiler cannot know and keeps the loads.
fn fetch(row0: u32, row1: u32) -> u32 {
    return value_lines(row0, row1) & (params.parts >> 31u);
}

fn store(query: Query, out: u32, lane: u32) {
    let all = subgroupAdd(query.total);
    let sums = array(query.sum0, query.sum1, query.sum2, query.sum3);
    for (var at = 0u; at < 4; at++) {
        for (var i = 0u; i < 4; i++) {
            partial[out + lane * 16 + at * 4 + i] = sums[at][i];
        }
    }
    if lane == 0 {
        partial[out + HEAD_DIM] = query.largest;
        partial[out + HEAD_DIM + 1] = all;
    }
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
    // Heads before parts: neighbours read the same pages of memory.
    let kv_head = group.x;
    let part = group.y;
    let sequence = group.z;
    // A lane keeps every eighth vector of each query.
    let queries = ((params.first_sequence + sequence) * params.heads + kv_head * 4) * 32 + lane;
    let q0_0 = query4(queries + 0);
    let q0_1 = query4(queries + 8);
    let q0_2 = query4(queries + 16);
    let q0_3 = query4(queries + 24);
    let q1_0 = query4(queries + 32);
    let q1_1 = query4(queries + 40);
    let q1_2 = query4(queries + 48);
    let q1_3 = query4(queries + 56);
    let q2_0 = query4(queries + 64);
    let q2_1 = query4(queries + 72);
    let q2_2 = query4(queries + 80);
    let q2_3 = query4(queries + 88);
    let q3_0 = query4(queries + 96);
    let q3_1 = query4(queries + 104);
    let q3_2 = query4(queries + 112);
    let q3_3 = query4(queries + 120);
    var query0 = no_keys();
    var query1 = no_keys();
    var query2 = no_keys();
    var query3 = no_keys();

    let end = min((part + 1) * params.part_keys, params.keys);
    for (var first = part * params.part_keys; first < end; first += 2 * LANES) {
        // Lanes beyond the end repeat the last key; their weight is zero.
        let keys = vec2(first + lane, first + LANES + lane);
        let row0 = row_of(sequence, min(keys.x, end - 1), kv_head);
        let row1 = row_of(sequence, min(keys.y, end - 1), kv_head);
        var score0 = vec2(0.0);
        var score1 = vec2(0.0);
        var score2 = vec2(0.0);
        var score3 = vec2(0.0);
        {
            var part0 = vec2(0.0);
            var part1 = vec2(0.0);
            var part2 = vec2(0.0);
            var part3 = vec2(0.0);
            let a0_words = key_words(row0 * 8 + 0);
            let b0_words = key_words(row1 * 8 + 0);
            let a0 = sixteen(a0_words);
            let b0 = sixteen(b0_words);
            part0 = product(part0, subgroupBroadcast(q0_0, 0u), a0.e0, b0.e0);
            part0 = product(part0, subgroupBroadcast(q0_0, 1u), a0.e1, b0.e1);
            part0 = product(part0, subgroupBroadcast(q0_0, 2u), a0.e2, b0.e2);
            part0 = product(part0, subgroupBroadcast(q0_0, 3u), a0.e3, b0.e3);
            part1 = product(part1, subgroupBroadcast(q1_0, 0u), a0.e0, b0.e0);
            part1 = product(part1, subgroupBroadcast(q1_0, 1u), a0.e1, b0.e1);
            part1 = product(part1, subgroupBroadcast(q1_0, 2u), a0.e2, b0.e2);
            part1 = product(part1, subgroupBroadcast(q1_0, 3u), a0.e3, b0.e3);
            part2 = product(part2, subgroupBroadcast(q2_0, 0u), a0.e0, b0.e0);
            part2 = product(part2, subgroupBroadcast(q2_0, 1u), a0.e1, b0.e1);
            part2 = product(part2, subgroupBroadcast(q2_0, 2u), a0.e2, b0.e2);
            part2 = product(part2, subgroupBroadcast(q2_0, 3u), a0.e3, b0.e3);
            part3 = product(part3, subgroupBroadcast(q3_0, 0u), a0.e0, b0.e0);
            part3 = product(part3, subgroupBroadcast(q3_0, 1u), a0.e1, b0.e1);
            part3 = product(part3, subgroupBroadcast(q3_0, 2u), a0.e2, b0.e2);
            part3 = product(part3, subgroupBroadcast(q3_0, 3u), a0.e3, b0.e3);
            let a1_words = key_words(row0 * 8 + 1);
            let b1_words = key_words(row1 * 8 + 1);
            let a1 = sixteen(a1_words);
            let b1 = sixteen(b1_words);
            part0 = product(part0, subgroupBroadcast(q0_0, 4u), a1.e0, b1.e0);
            part0 = product(part0, subgroupBroadcast(q0_0, 5u), a1.e1, b1.e1);
            part0 = product(part0, subgroupBroadcast(q0_0, 6u), a1.e2, b1.e2);
            part0 = product(part0, subgroupBroadcast(q0_0, 7u), a1.e3, b1.e3);
            part1 = product(part1, subgroupBroadcast(q1_0, 4u), a1.e0, b1.e0);
            part1 = product(part1, subgroupBroadcast(q1_0, 5u), a1.e1, b1.e1);
            part1 = product(part1, subgroupBroadcast(q1_0, 6u), a1.e2, b1.e2);
            part1 = product(part1, subgroupBroadcast(q1_0, 7u), a1.e3, b1.e3);
            part2 = product(part2, subgroupBroadcast(q2_0, 4u), a1.e0, b1.e0);
            part2 = product(part2, subgroupBroadcast(q2_0, 5u), a1.e1, b1.e1);
            part2 = product(part2, subgroupBroadcast(q2_0, 6u), a1.e2, b1.e2);
            part2 = product(part2, subgroupBroadcast(q2_0, 7u), a1.e3, b1.e3);
            part3 = product(part3, subgroupBroadcast(q3_0, 4u), a1.e0, b1.e0);
            part3 = product(part3, subgroupBroadcast(q3_0, 5u), a1.e1, b1.e1);
            part3 = product(part3, subgroupBroadcast(q3_0, 6u), a1.e2, b1.e2);
            part3 = product(part3, subgroupBroadcast(q3_0, 7u), a1.e3, b1.e3);
            let scales = vec2(key_scale(row0 * 4 + 0), key_scale(row1 * 4 + 0));
            score0 += part0 * scales;
            score1 += part1 * scales;
            score2 += part2 * scales;
            score3 += part3 * scales;
        }
        {
            var part0 = vec2(0.0);
            var part1 = vec2(0.0);
            var part2 = vec2(0.0);
            var part3 = vec2(0.0);
            let a0_words = key_words(row0 * 8 + 2);
            let b0_words = key_words(row1 * 8 + 2);
            let a0 = sixteen(a0_words);
            let b0 = sixteen(b0_words);
            part0 = product(part0, subgroupBroadcast(q0_1, 0u), a0.e0, b0.e0);
            part0 = product(part0, subgroupBroadcast(q0_1, 1u), a0.e1, b0.e1);
            part0 = product(part0, subgroupBroadcast(q0_1, 2u), a0.e2, b0.e2);
            part0 = product(part0, subgroupBroadcast(q0_1, 3u), a0.e3, b0.e3);
            part1 = product(part1, subgroupBroadcast(q1_1, 0u), a0.e0, b0.e0);
            part1 = product(part1, subgroupBroadcast(q1_1, 1u), a0.e1, b0.e1);
            part1 = product(part1, subgroupBroadcast(q1_1, 2u), a0.e2, b0.e2);
            part1 = product(part1, subgroupBroadcast(q1_1, 3u), a0.e3, b0.e3);
            part2 = product(part2, subgroupBroadcast(q2_1, 0u), a0.e0, b0.e0);
            part2 = product(part2, subgroupBroadcast(q2_1, 1u), a0.e1, b0.e1);
            part2 = product(part2, subgroupBroadcast(q2_1, 2u), a0.e2, b0.e2);
            part2 = product(part2, subgroupBroadcast(q2_1, 3u), a0.e3, b0.e3);
            part3 = product(part3, subgroupBroadcast(q3_1, 0u), a0.e0, b0.e0);
            part3 = product(part3, subgroupBroadcast(q3_1, 1u), a0.e1, b0.e1);
            part3 = product(part3, subgroupBroadcast(q3_1, 2u), a0.e2, b0.e2);
            part3 = product(part3, subgroupBroadcast(q3_1, 3u), a0.e3, b0.e3);
            let a1_words = key_words(row0 * 8 + 3);
            let b1_words = key_words(row1 * 8 + 3);
            let a1 = sixteen(a1_words);
            let b1 = sixteen(b1_words);
            part0 = product(part0, subgroupBroadcast(q0_1, 4u), a1.e0, b1.e0);
            part0 = product(part0, subgroupBroadcast(q0_1, 5u), a1.e1, b1.e1);
            part0 = product(part0, subgroupBroadcast(q0_1, 6u), a1.e2, b1.e2);
            part0 = product(part0, subgroupBroadcast(q0_1, 7u), a1.e3, b1.e3);
            part1 = product(part1, subgroupBroadcast(q1_1, 4u), a1.e0, b1.e0);
            part1 = product(part1, subgroupBroadcast(q1_1, 5u), a1.e1, b1.e1);
            part1 = product(part1, subgroupBroadcast(q1_1, 6u), a1.e2, b1.e2);
            part1 = product(part1, subgroupBroadcast(q1_1, 7u), a1.e3, b1.e3);
            part2 = product(part2, subgroupBroadcast(q2_1, 4u), a1.e0, b1.e0);
            part2 = product(part2, subgroupBroadcast(q2_1, 5u), a1.e1, b1.e1);
            part2 = product(part2, subgroupBroadcast(q2_1, 6u), a1.e2, b1.e2);
            part2 = product(part2, subgroupBroadcast(q2_1, 7u), a1.e3, b1.e3);
            part3 = product(part3, subgroupBroadcast(q3_1, 4u), a1.e0, b1.e0);
            part3 = product(part3, subgroupBroadcast(q3_1, 5u), a1.e1, b1.e1);
            part3 = product(part3, subgroupBroadcast(q3_1, 6u), a1.e2, b1.e2);
            part3 = product(part3, subgroupBroadcast(q3_1, 7u), a1.e3, b1.e3);
            let scales = vec2(key_scale(row0 * 4 + 1), key_scale(row1 * 4 + 1));
            score0 += part0 * scales;
            score1 += part1 * scales;
            score2 += part2 * scales;
            score3 += part3 * scales;
        }
        {
            var part0 = vec2(0.0);
            var part1 = vec2(0.0);
            var part2 = vec2(0.0);
            var part3 = vec2(0.0);
            let a0_words = key_words(row0 * 8 + 4);
            let b0_words = key_words(row1 * 8 + 4);
            let a0 = sixteen(a0_words);
            let b0 = sixteen(b0_words);
            part0 = product(part0, subgroupBroadcast(q0_2, 0u), a0.e0, b0.e0);
            part0 = product(part0, subgroupBroadcast(q0_2, 1u), a0.e1, b0.e1);
            part0 = product(part0, subgroupBroadcast(q0_2, 2u), a0.e2, b0.e2);
            part0 = product(part0, subgroupBroadcast(q0_2, 3u), a0.e3, b0.e3);
            part1 = product(part1, subgroupBroadcast(q1_2, 0u), a0.e0, b0.e0);
            part1 = product(part1, subgroupBroadcast(q1_2, 1u), a0.e1, b0.e1);
            part1 = product(part1, subgroupBroadcast(q1_2, 2u), a0.e2, b0.e2);
            part1 = product(part1, subgroupBroadcast(q1_2, 3u), a0.e3, b0.e3);
            part2 = product(part2, subgroupBroadcast(q2_2, 0u), a0.e0, b0.e0);
            part2 = product(part2, subgroupBroadcast(q2_2, 1u), a0.e1, b0.e1);
            part2 = product(part2, subgroupBroadcast(q2_2, 2u), a0.e2, b0.e2);
            part2 = product(part2, subgroupBroadcast(q2_2, 3u), a0.e3, b0.e3);
            part3 = product(part3, subgroupBroadcast(q3_2, 0u), a0.e0, b0.e0);
            part3 = product(part3, subgroupBroadcast(q3_2, 1u), a0.e1, b0.e1);
            part3 = product(part3, subgroupBroadcast(q3_2, 2u), a0.e2, b0.e2);
            part3 = product(part3, subgroupBroadcast(q3_2, 3u), a0.e3, b0.e3);
            let a1_words = key_words(row0 * 8 + 5);
            let b1_words = key_words(row1 * 8 + 5);
            let a1 = sixteen(a1_words);
            let b1 = sixteen(b1_words);
            part0 = product(part0, subgroupBroadcast(q0_2, 4u), a1.e0, b1.e0);
            part0 = product(part0, subgroupBroadcast(q0_2, 5u), a1.e1, b1.e1);
            part0 = product(part0, subgroupBroadcast(q0_2, 6u), a1.e2, b1.e2);
            part0 = product(part0, subgroupBroadcast(q0_2, 7u), a1.e3, b1.e3);
            part1 = product(part1, subgroupBroadcast(q1_2, 4u), a1.e0, b1.e0);
            part1 = product(part1, subgroupBroadcast(q1_2, 5u), a1.e1, b1.e1);
            part1 = product(part1, subgroupBroadcast(q1_2, 6u), a1.e2, b1.e2);
            part1 = product(part1, subgroupBroadcast(q1_2, 7u), a1.e3, b1.e3);
            part2 = product(part2, subgroupBroadcast(q2_2, 4u), a1.e0, b1.e0);
            part2 = product(part2, subgroupBroadcast(q2_2, 5u), a1.e1, b1.e1);
            part2 = product(part2, subgroupBroadcast(q2_2, 6u), a1.e2, b1.e2);
            part2 = product(part2, subgroupBroadcast(q2_2, 7u), a1.e3, b1.e3);
            part3 = product(part3, subgroupBroadcast(q3_2, 4u), a1.e0, b1.e0);
            part3 = product(part3, subgroupBroadcast(q3_2, 5u), a1.e1, b1.e1);
            part3 = product(part3, subgroupBroadcast(q3_2, 6u), a1.e2, b1.e2);
            part3 = product(part3, subgroupBroadcast(q3_2, 7u), a1.e3, b1.e3);
            let scales = vec2(key_scale(row0 * 4 + 2), key_scale(row1 * 4 + 2));
            score0 += part0 * scales;
            score1 += part1 * scales;
            score2 += part2 * scales;
            score3 += part3 * scales;
        }
        {
            var part0 = vec2(0.0);
            var part1 = vec2(0.0);
            var part2 = vec2(0.0);
            var part3 = vec2(0.0);
            let a0_words = key_words(row0 * 8 + 6);
            let b0_words = key_words(row1 * 8 + 6);
            let a0 = sixteen(a0_words);
            let b0 = sixteen(b0_words);
            part0 = product(part0, subgroupBroadcast(q0_3, 0u), a0.e0, b0.e0);
            part0 = product(part0, subgroupBroadcast(q0_3, 1u), a0.e1, b0.e1);
            part0 = product(part0, subgroupBroadcast(q0_3, 2u), a0.e2, b0.e2);
            part0 = product(part0, subgroupBroadcast(q0_3, 3u), a0.e3, b0.e3);
            part1 = product(part1, subgroupBroadcast(q1_3, 0u), a0.e0, b0.e0);
            part1 = product(part1, subgroupBroadcast(q1_3, 1u), a0.e1, b0.e1);
            part1 = product(part1, subgroupBroadcast(q1_3, 2u), a0.e2, b0.e2);
            part1 = product(part1, subgroupBroadcast(q1_3, 3u), a0.e3, b0.e3);
            part2 = product(part2, subgroupBroadcast(q2_3, 0u), a0.e0, b0.e0);
            part2 = product(part2, subgroupBroadcast(q2_3, 1u), a0.e1, b0.e1);
            part2 = product(part2, subgroupBroadcast(q2_3, 2u), a0.e2, b0.e2);
            part2 = product(part2, subgroupBroadcast(q2_3, 3u), a0.e3, b0.e3);
            part3 = product(part3, subgroupBroadcast(q3_3, 0u), a0.e0, b0.e0);
            part3 = product(part3, subgroupBroadcast(q3_3, 1u), a0.e1, b0.e1);
            part3 = product(part3, subgroupBroadcast(q3_3, 2u), a0.e2, b0.e2);
            part3 = product(part3, subgroupBroadcast(q3_3, 3u), a0.e3, b0.e3);
            let a1_words = key_words(row0 * 8 + 7);
            let b1_words = key_words(row1 * 8 + 7);
            let a1 = sixteen(a1_words);
            let b1 = sixteen(b1_words);
            part0 = product(part0, subgroupBroadcast(q0_3, 4u), a1.e0, b1.e0);
            part0 = product(part0, subgroupBroadcast(q0_3, 5u), a1.e1, b1.e1);
            part0 = product(part0, subgroupBroadcast(q0_3, 6u), a1.e2, b1.e2);
            part0 = product(part0, subgroupBroadcast(q0_3, 7u), a1.e3, b1.e3);
            part1 = product(part1, subgroupBroadcast(q1_3, 4u), a1.e0, b1.e0);
            part1 = product(part1, subgroupBroadcast(q1_3, 5u), a1.e1, b1.e1);
            part1 = product(part1, subgroupBroadcast(q1_3, 6u), a1.e2, b1.e2);
            part1 = product(part1, subgroupBroadcast(q1_3, 7u), a1.e3, b1.e3);
            part2 = product(part2, subgroupBroadcast(q2_3, 4u), a1.e0, b1.e0);
            part2 = product(part2, subgroupBroadcast(q2_3, 5u), a1.e1, b1.e1);
            part2 = product(part2, subgroupBroadcast(q2_3, 6u), a1.e2, b1.e2);
            part2 = product(part2, subgroupBroadcast(q2_3, 7u), a1.e3, b1.e3);
            part3 = product(part3, subgroupBroadcast(q3_3, 4u), a1.e0, b1.e0);
            part3 = product(part3, subgroupBroadcast(q3_3, 5u), a1.e1, b1.e1);
            part3 = product(part3, subgroupBroadcast(q3_3, 6u), a1.e2, b1.e2);
            part3 = product(part3, subgroupBroadcast(q3_3, 7u), a1.e3, b1.e3);
            let scales = vec2(key_scale(row0 * 4 + 3), key_scale(row1 * 4 + 3));
            score0 += part0 * scales;
            score1 += part1 * scales;
            score2 += part2 * scales;
            score3 += part3 * scales;
        }
        let seen = keys + fetch(row0, row1) < vec2(end);
        query0 = weigh(query0, score0, seen);
        query1 = weigh(query1, score1, seen);
        query2 = weigh(query2, score2, seen);
        query3 = weigh(query3, score3, seen);
        let value0 = value_of(subgroupBroadcast(row0, 0u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 0u), value0);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 0u), value0);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 0u), value0);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 0u), value0);
        let value1 = value_of(subgroupBroadcast(row0, 1u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 1u), value1);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 1u), value1);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 1u), value1);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 1u), value1);
        let value2 = value_of(subgroupBroadcast(row0, 2u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 2u), value2);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 2u), value2);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 2u), value2);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 2u), value2);
        let value3 = value_of(subgroupBroadcast(row0, 3u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 3u), value3);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 3u), value3);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 3u), value3);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 3u), value3);
        let value4 = value_of(subgroupBroadcast(row0, 4u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 4u), value4);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 4u), value4);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 4u), value4);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 4u), value4);
        let value5 = value_of(subgroupBroadcast(row0, 5u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 5u), value5);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 5u), value5);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 5u), value5);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 5u), value5);
        let value6 = value_of(subgroupBroadcast(row0, 6u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 6u), value6);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 6u), value6);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 6u), value6);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 6u), value6);
        let value7 = value_of(subgroupBroadcast(row0, 7u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.x, 7u), value7);
        query1 = add(query1, subgroupBroadcast(query1.weight.x, 7u), value7);
        query2 = add(query2, subgroupBroadcast(query2.weight.x, 7u), value7);
        query3 = add(query3, subgroupBroadcast(query3.weight.x, 7u), value7);
        let value8 = value_of(subgroupBroadcast(row1, 0u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 0u), value8);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 0u), value8);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 0u), value8);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 0u), value8);
        let value9 = value_of(subgroupBroadcast(row1, 1u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 1u), value9);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 1u), value9);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 1u), value9);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 1u), value9);
        let value10 = value_of(subgroupBroadcast(row1, 2u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 2u), value10);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 2u), value10);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 2u), value10);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 2u), value10);
        let value11 = value_of(subgroupBroadcast(row1, 3u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 3u), value11);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 3u), value11);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 3u), value11);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 3u), value11);
        let value12 = value_of(subgroupBroadcast(row1, 4u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 4u), value12);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 4u), value12);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 4u), value12);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 4u), value12);
        let value13 = value_of(subgroupBroadcast(row1, 5u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 5u), value13);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 5u), value13);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 5u), value13);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 5u), value13);
        let value14 = value_of(subgroupBroadcast(row1, 6u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 6u), value14);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 6u), value14);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 6u), value14);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 6u), value14);
        let value15 = value_of(subgroupBroadcast(row1, 7u), lane);
        query0 = add(query0, subgroupBroadcast(query0.weight.y, 7u), value15);
        query1 = add(query1, subgroupBroadcast(query1.weight.y, 7u), value15);
        query2 = add(query2, subgroupBroadcast(query2.weight.y, 7u), value15);
        query3 = add(query3, subgroupBroadcast(query3.weight.y, 7u), value15);
    }
    store(query0, part_start(sequence, kv_head * 4 + 0, part), lane);
    store(query1, part_start(sequence, kv_head * 4 + 1, part), lane);
    store(query2, part_start(sequence, kv_head * 4 + 2, part), lane);
    store(query3, part_start(sequence, kv_head * 4 + 3, part), lane);
}
