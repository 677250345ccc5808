// One new query per sequence over its KV cache, split over the context, for subgroups of exactly 8 lanes, heads of
// 128 and four query heads per KV head: a subgroup takes one KV head and one part of the context, eight keys at a
// time, one per lane. Queries and weights are handed round by constant-lane broadcasts (see gemm_subgroup8); of the
// values a lane owns 16 dimensions. attention_decode_reduce joins the parts. Heads are variables and not an array:
// a CPU adapter keeps in registers only what is never indexed.
const HEAD_DIM: u32 = 128;
const GROUP: u32 = 4;
const LANES: u32 = 8;
const VECTORS: u32 = 16;

struct Params {
    context: u32,
    heads: u32,
    kv_heads: u32,
    parts: u32,
    part_keys: u32,
    scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// q [batch, heads, head_dim]; k and v [batch, context, kv_heads, head_dim]: eight halves to a vector.
@group(0) @binding(1) var<storage, read> q: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> k: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> v: array<vec4<u32>>;
// [batch, heads, parts, head_dim + 2]
@group(0) @binding(4) var<storage, read_write> partial: array<f32>;

fn low(words: vec4<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

fn high(words: vec4<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.z), unpack2x16float(words.w));
}


// The running softmax of one query head: of the values, the lane's 16 dimensions.
struct Head {
    largest: f32,
    total: f32,
    // The lane's key of the eight at hand.
    weight: f32,
    sum0: vec4<f32>,
    sum1: vec4<f32>,
    sum2: vec4<f32>,
    sum3: vec4<f32>,
}

fn weigh(head: Head, score: f32, seen: bool) -> Head {
    let largest = max(head.largest, subgroupMax(select(-1e30, score, seen)));
    let keep = exp(head.largest - largest);
    let weight = select(0.0, exp(score - largest), seen);
    return Head(
        largest,
        head.total * keep + weight,
        weight,
        head.sum0 * keep,
        head.sum1 * keep,
        head.sum2 * keep,
        head.sum3 * keep,
    );
}

fn add(head: Head, weight: f32, values: array<vec4<f32>, 4>) -> Head {
    return Head(
        head.largest,
        head.total,
        head.weight,
        head.sum0 + weight * values[0],
        head.sum1 + weight * values[1],
        head.sum2 + weight * values[2],
        head.sum3 + weight * values[3],
    );
}

fn store(head: Head, out: u32, lane: u32) {
    let all = subgroupAdd(head.total);
    let sums = array(head.sum0, head.sum1, head.sum2, head.sum3);
    for (var at = 0u; at < 4; at++) {
        for (var i = 0u; i < 4; i++) {
            partial[out + lane * 16 + at * 4 + i] = sums[at][i];
        }
    }
    if lane == 0 {
        partial[out + HEAD_DIM] = head.largest;
        partial[out + HEAD_DIM + 1] = all;
    }
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
    let part = group.x;
    let kv_head = group.y;
    let batch = group.z;
    let first_head = batch * params.heads + kv_head * GROUP;

    // A lane keeps every eighth vector of each query.
    let q0_0 = q[(first_head + 0) * VECTORS + 0 * LANES + lane];
    let q0_1 = q[(first_head + 0) * VECTORS + 1 * LANES + lane];
    let q1_0 = q[(first_head + 1) * VECTORS + 0 * LANES + lane];
    let q1_1 = q[(first_head + 1) * VECTORS + 1 * LANES + lane];
    let q2_0 = q[(first_head + 2) * VECTORS + 0 * LANES + lane];
    let q2_1 = q[(first_head + 2) * VECTORS + 1 * LANES + lane];
    let q3_0 = q[(first_head + 3) * VECTORS + 0 * LANES + lane];
    let q3_1 = q[(first_head + 3) * VECTORS + 1 * LANES + lane];
    let low0_0 = low(q0_0) * params.scale;
    let high0_0 = high(q0_0) * params.scale;
    let low0_1 = low(q0_1) * params.scale;
    let high0_1 = high(q0_1) * params.scale;
    let low1_0 = low(q1_0) * params.scale;
    let high1_0 = high(q1_0) * params.scale;
    let low1_1 = low(q1_1) * params.scale;
    let high1_1 = high(q1_1) * params.scale;
    let low2_0 = low(q2_0) * params.scale;
    let high2_0 = high(q2_0) * params.scale;
    let low2_1 = low(q2_1) * params.scale;
    let high2_1 = high(q2_1) * params.scale;
    let low3_0 = low(q3_0) * params.scale;
    let high3_0 = high(q3_0) * params.scale;
    let low3_1 = low(q3_1) * params.scale;
    let high3_1 = high(q3_1) * params.scale;

    var head0: Head;
    var head1: Head;
    var head2: Head;
    var head3: Head;
    head0.largest = -1e30;
    head1.largest = -1e30;
    head2.largest = -1e30;
    head3.largest = -1e30;

    let end = min((part + 1) * params.part_keys, params.context);
    for (var first = part * params.part_keys; first < end; first += LANES) {
        // Lanes beyond the end repeat the last key; their weight is zero.
        let key = min(first + lane, end - 1);
        let seen = first + lane < end;
        let key_row = ((batch * params.context + key) * params.kv_heads + kv_head) * VECTORS;
        var score0 = 0.0;
        var score1 = 0.0;
        var score2 = 0.0;
        var score3 = 0.0;
        let k0 = k[key_row + 0];
        score0 += dot(subgroupBroadcast(low0_0, 0u), low(k0)) + dot(subgroupBroadcast(high0_0, 0u), high(k0));
        score1 += dot(subgroupBroadcast(low1_0, 0u), low(k0)) + dot(subgroupBroadcast(high1_0, 0u), high(k0));
        score2 += dot(subgroupBroadcast(low2_0, 0u), low(k0)) + dot(subgroupBroadcast(high2_0, 0u), high(k0));
        score3 += dot(subgroupBroadcast(low3_0, 0u), low(k0)) + dot(subgroupBroadcast(high3_0, 0u), high(k0));
        let k1 = k[key_row + 1];
        score0 += dot(subgroupBroadcast(low0_0, 1u), low(k1)) + dot(subgroupBroadcast(high0_0, 1u), high(k1));
        score1 += dot(subgroupBroadcast(low1_0, 1u), low(k1)) + dot(subgroupBroadcast(high1_0, 1u), high(k1));
        score2 += dot(subgroupBroadcast(low2_0, 1u), low(k1)) + dot(subgroupBroadcast(high2_0, 1u), high(k1));
        score3 += dot(subgroupBroadcast(low3_0, 1u), low(k1)) + dot(subgroupBroadcast(high3_0, 1u), high(k1));
        let k2 = k[key_row + 2];
        score0 += dot(subgroupBroadcast(low0_0, 2u), low(k2)) + dot(subgroupBroadcast(high0_0, 2u), high(k2));
        score1 += dot(subgroupBroadcast(low1_0, 2u), low(k2)) + dot(subgroupBroadcast(high1_0, 2u), high(k2));
        score2 += dot(subgroupBroadcast(low2_0, 2u), low(k2)) + dot(subgroupBroadcast(high2_0, 2u), high(k2));
        score3 += dot(subgroupBroadcast(low3_0, 2u), low(k2)) + dot(subgroupBroadcast(high3_0, 2u), high(k2));
        let k3 = k[key_row + 3];
        score0 += dot(subgroupBroadcast(low0_0, 3u), low(k3)) + dot(subgroupBroadcast(high0_0, 3u), high(k3));
        score1 += dot(subgroupBroadcast(low1_0, 3u), low(k3)) + dot(subgroupBroadcast(high1_0, 3u), high(k3));
        score2 += dot(subgroupBroadcast(low2_0, 3u), low(k3)) + dot(subgroupBroadcast(high2_0, 3u), high(k3));
        score3 += dot(subgroupBroadcast(low3_0, 3u), low(k3)) + dot(subgroupBroadcast(high3_0, 3u), high(k3));
        let k4 = k[key_row + 4];
        score0 += dot(subgroupBroadcast(low0_0, 4u), low(k4)) + dot(subgroupBroadcast(high0_0, 4u), high(k4));
        score1 += dot(subgroupBroadcast(low1_0, 4u), low(k4)) + dot(subgroupBroadcast(high1_0, 4u), high(k4));
        score2 += dot(subgroupBroadcast(low2_0, 4u), low(k4)) + dot(subgroupBroadcast(high2_0, 4u), high(k4));
        score3 += dot(subgroupBroadcast(low3_0, 4u), low(k4)) + dot(subgroupBroadcast(high3_0, 4u), high(k4));
        let k5 = k[key_row + 5];
        score0 += dot(subgroupBroadcast(low0_0, 5u), low(k5)) + dot(subgroupBroadcast(high0_0, 5u), high(k5));
        score1 += dot(subgroupBroadcast(low1_0, 5u), low(k5)) + dot(subgroupBroadcast(high1_0, 5u), high(k5));
        score2 += dot(subgroupBroadcast(low2_0, 5u), low(k5)) + dot(subgroupBroadcast(high2_0, 5u), high(k5));
        score3 += dot(subgroupBroadcast(low3_0, 5u), low(k5)) + dot(subgroupBroadcast(high3_0, 5u), high(k5));
        let k6 = k[key_row + 6];
        score0 += dot(subgroupBroadcast(low0_0, 6u), low(k6)) + dot(subgroupBroadcast(high0_0, 6u), high(k6));
        score1 += dot(subgroupBroadcast(low1_0, 6u), low(k6)) + dot(subgroupBroadcast(high1_0, 6u), high(k6));
        score2 += dot(subgroupBroadcast(low2_0, 6u), low(k6)) + dot(subgroupBroadcast(high2_0, 6u), high(k6));
        score3 += dot(subgroupBroadcast(low3_0, 6u), low(k6)) + dot(subgroupBroadcast(high3_0, 6u), high(k6));
        let k7 = k[key_row + 7];
        score0 += dot(subgroupBroadcast(low0_0, 7u), low(k7)) + dot(subgroupBroadcast(high0_0, 7u), high(k7));
        score1 += dot(subgroupBroadcast(low1_0, 7u), low(k7)) + dot(subgroupBroadcast(high1_0, 7u), high(k7));
        score2 += dot(subgroupBroadcast(low2_0, 7u), low(k7)) + dot(subgroupBroadcast(high2_0, 7u), high(k7));
        score3 += dot(subgroupBroadcast(low3_0, 7u), low(k7)) + dot(subgroupBroadcast(high3_0, 7u), high(k7));
        let k8 = k[key_row + 8];
        score0 += dot(subgroupBroadcast(low0_1, 0u), low(k8)) + dot(subgroupBroadcast(high0_1, 0u), high(k8));
        score1 += dot(subgroupBroadcast(low1_1, 0u), low(k8)) + dot(subgroupBroadcast(high1_1, 0u), high(k8));
        score2 += dot(subgroupBroadcast(low2_1, 0u), low(k8)) + dot(subgroupBroadcast(high2_1, 0u), high(k8));
        score3 += dot(subgroupBroadcast(low3_1, 0u), low(k8)) + dot(subgroupBroadcast(high3_1, 0u), high(k8));
        let k9 = k[key_row + 9];
        score0 += dot(subgroupBroadcast(low0_1, 1u), low(k9)) + dot(subgroupBroadcast(high0_1, 1u), high(k9));
        score1 += dot(subgroupBroadcast(low1_1, 1u), low(k9)) + dot(subgroupBroadcast(high1_1, 1u), high(k9));
        score2 += dot(subgroupBroadcast(low2_1, 1u), low(k9)) + dot(subgroupBroadcast(high2_1, 1u), high(k9));
        score3 += dot(subgroupBroadcast(low3_1, 1u), low(k9)) + dot(subgroupBroadcast(high3_1, 1u), high(k9));
        let k10 = k[key_row + 10];
        score0 += dot(subgroupBroadcast(low0_1, 2u), low(k10)) + dot(subgroupBroadcast(high0_1, 2u), high(k10));
        score1 += dot(subgroupBroadcast(low1_1, 2u), low(k10)) + dot(subgroupBroadcast(high1_1, 2u), high(k10));
        score2 += dot(subgroupBroadcast(low2_1, 2u), low(k10)) + dot(subgroupBroadcast(high2_1, 2u), high(k10));
        score3 += dot(subgroupBroadcast(low3_1, 2u), low(k10)) + dot(subgroupBroadcast(high3_1, 2u), high(k10));
        let k11 = k[key_row + 11];
        score0 += dot(subgroupBroadcast(low0_1, 3u), low(k11)) + dot(subgroupBroadcast(high0_1, 3u), high(k11));
        score1 += dot(subgroupBroadcast(low1_1, 3u), low(k11)) + dot(subgroupBroadcast(high1_1, 3u), high(k11));
        score2 += dot(subgroupBroadcast(low2_1, 3u), low(k11)) + dot(subgroupBroadcast(high2_1, 3u), high(k11));
        score3 += dot(subgroupBroadcast(low3_1, 3u), low(k11)) + dot(subgroupBroadcast(high3_1, 3u), high(k11));
        let k12 = k[key_row + 12];
        score0 += dot(subgroupBroadcast(low0_1, 4u), low(k12)) + dot(subgroupBroadcast(high0_1, 4u), high(k12));
        score1 += dot(subgroupBroadcast(low1_1, 4u), low(k12)) + dot(subgroupBroadcast(high1_1, 4u), high(k12));
        score2 += dot(subgroupBroadcast(low2_1, 4u), low(k12)) + dot(subgroupBroadcast(high2_1, 4u), high(k12));
        score3 += dot(subgroupBroadcast(low3_1, 4u), low(k12)) + dot(subgroupBroadcast(high3_1, 4u), high(k12));
        let k13 = k[key_row + 13];
        score0 += dot(subgroupBroadcast(low0_1, 5u), low(k13)) + dot(subgroupBroadcast(high0_1, 5u), high(k13));
        score1 += dot(subgroupBroadcast(low1_1, 5u), low(k13)) + dot(subgroupBroadcast(high1_1, 5u), high(k13));
        score2 += dot(subgroupBroadcast(low2_1, 5u), low(k13)) + dot(subgroupBroadcast(high2_1, 5u), high(k13));
        score3 += dot(subgroupBroadcast(low3_1, 5u), low(k13)) + dot(subgroupBroadcast(high3_1, 5u), high(k13));
        let k14 = k[key_row + 14];
        score0 += dot(subgroupBroadcast(low0_1, 6u), low(k14)) + dot(subgroupBroadcast(high0_1, 6u), high(k14));
        score1 += dot(subgroupBroadcast(low1_1, 6u), low(k14)) + dot(subgroupBroadcast(high1_1, 6u), high(k14));
        score2 += dot(subgroupBroadcast(low2_1, 6u), low(k14)) + dot(subgroupBroadcast(high2_1, 6u), high(k14));
        score3 += dot(subgroupBroadcast(low3_1, 6u), low(k14)) + dot(subgroupBroadcast(high3_1, 6u), high(k14));
        let k15 = k[key_row + 15];
        score0 += dot(subgroupBroadcast(low0_1, 7u), low(k15)) + dot(subgroupBroadcast(high0_1, 7u), high(k15));
        score1 += dot(subgroupBroadcast(low1_1, 7u), low(k15)) + dot(subgroupBroadcast(high1_1, 7u), high(k15));
        score2 += dot(subgroupBroadcast(low2_1, 7u), low(k15)) + dot(subgroupBroadcast(high2_1, 7u), high(k15));
        score3 += dot(subgroupBroadcast(low3_1, 7u), low(k15)) + dot(subgroupBroadcast(high3_1, 7u), high(k15));
        head0 = weigh(head0, score0, seen);
        head1 = weigh(head1, score1, seen);
        head2 = weigh(head2, score2, seen);
        head3 = weigh(head3, score3, seen);

        let v0 = load_value(batch, kv_head, min(first + 0, end - 1), lane);
        head0 = add(head0, subgroupBroadcast(head0.weight, 0u), v0);
        head1 = add(head1, subgroupBroadcast(head1.weight, 0u), v0);
        head2 = add(head2, subgroupBroadcast(head2.weight, 0u), v0);
        head3 = add(head3, subgroupBroadcast(head3.weight, 0u), v0);
        let v1 = load_value(batch, kv_head, min(first + 1, end - 1), lane);
        head0 = add(head0, subgroupBroadcast(head0.weight, 1u), v1);
        head1 = add(head1, subgroupBroadcast(head1.weight, 1u), v1);
        head2 = add(head2, subgroupBroadcast(head2.weight, 1u), v1);
        head3 = add(head3, subgroupBroadcast(head3.weight, 1u), v1);
        let v2 = load_value(batch, kv_head, min(first + 2, end - 1), lane);
        head0 = add(head0, subgroupBroadcast(head0.weight, 2u), v2);
        head1 = add(head1, subgroupBroadcast(head1.weight, 2u), v2);
        head2 = add(head2, subgroupBroadcast(head2.weight, 2u), v2);
        head3 = add(head3, subgroupBroadcast(head3.weight, 2u), v2);
        let v3 = load_value(batch, kv_head, min(first + 3, end - 1), lane);
        head0 = add(head0, subgroupBroadcast(head0.weight, 3u), v3);
        head1 = add(head1, subgroupBroadcast(head1.weight, 3u), v3);
        head2 = add(head2, subgroupBroadcast(head2.weight, 3u), v3);
        head3 = add(head3, subgroupBroadcast(head3.weight, 3u), v3);
        let v4 = load_value(batch, kv_head, min(first + 4, end - 1), lane);
        head0 = add(head0, subgroupBroadcast(head0.weight, 4u), v4);
        head1 = add(head1, subgroupBroadcast(head1.weight, 4u), v4);
        head2 = add(head2, subgroupBroadcast(head2.weight, 4u), v4);
        head3 = add(head3, subgroupBroadcast(head3.weight, 4u), v4);
        let v5 = load_value(batch, kv_head, min(first + 5, end - 1), lane);
        head0 = add(head0, subgroupBroadcast(head0.weight, 5u), v5);
        head1 = add(head1, subgroupBroadcast(head1.weight, 5u), v5);
        head2 = add(head2, subgroupBroadcast(head2.weight, 5u), v5);
        head3 = add(head3, subgroupBroadcast(head3.weight, 5u), v5);
        let v6 = load_value(batch, kv_head, min(first + 6, end - 1), lane);
        head0 = add(head0, subgroupBroadcast(head0.weight, 6u), v6);
        head1 = add(head1, subgroupBroadcast(head1.weight, 6u), v6);
        head2 = add(head2, subgroupBroadcast(head2.weight, 6u), v6);
        head3 = add(head3, subgroupBroadcast(head3.weight, 6u), v6);
        let v7 = load_value(batch, kv_head, min(first + 7, end - 1), lane);
        head0 = add(head0, subgroupBroadcast(head0.weight, 7u), v7);
        head1 = add(head1, subgroupBroadcast(head1.weight, 7u), v7);
        head2 = add(head2, subgroupBroadcast(head2.weight, 7u), v7);
        head3 = add(head3, subgroupBroadcast(head3.weight, 7u), v7);
    }
    store(head0, ((first_head + 0) * params.parts + part) * (HEAD_DIM + 2), lane);
    store(head1, ((first_head + 1) * params.parts + part) * (HEAD_DIM + 2), lane);
    store(head2, ((first_head + 2) * params.parts + part) * (HEAD_DIM + 2), lane);
    store(head3, ((first_head + 3) * params.parts + part) * (HEAD_DIM + 2), lane);
}

fn load_value(batch: u32, kv_head: u32, key: u32, lane: u32) -> array<vec4<f32>, 4> {
    let row = ((batch * params.context + key) * params.kv_heads + kv_head) * VECTORS;
    let first = v[row + lane * 2];
    let second = v[row + lane * 2 + 1];
    return array(low(first), high(first), low(second), high(second));
}
