// One new query per sequence over its KV cache, split over the context: a workgroup takes one KV head and one part
// of the context, and serves all GROUP query heads of that KV head with each load. It leaves for each head the
// largest score, the sum of exponentials and the weighted sum of values; attention_decode_reduce joins the parts.
override HEAD_DIM: u32 = 128;
override GROUP: u32 = 4;
const WORKGROUP: u32 = 64;
const GROUP_MAX: u32 = 8;

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

var<workgroup> queries: array<vec4<f32>, GROUP * HEAD_DIM / 4>;
var<workgroup> weights: array<f32, GROUP * WORKGROUP>;
var<workgroup> sums: array<array<vec4<f32>, 2>, WORKGROUP>;

fn low(words: vec4<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

fn high(words: vec4<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.z), unpack2x16float(words.w));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let vectors = HEAD_DIM / 8;
    let part = group.x;
    let kv_head = group.y;
    let batch = group.z;
    let first_head = batch * params.heads + kv_head * GROUP;
    for (var i = local; i < GROUP * vectors; i += WORKGROUP) {
        let words = q[first_head * vectors + i];
        queries[i * 2] = low(words) * params.scale;
        queries[i * 2 + 1] = high(words) * params.scale;
    }
    workgroupBarrier();

    // For the values an invocation owns eight dimensions of every STRIPES-th key.
    let stripes = WORKGROUP / vectors;
    let stripe = local / vectors;
    let vector = local % vectors;
    var largest: array<f32, GROUP_MAX>;
    var total: array<f32, GROUP_MAX>;
    var sum_low: array<vec4<f32>, GROUP_MAX>;
    var sum_high: array<vec4<f32>, GROUP_MAX>;
    for (var head = 0u; head < GROUP; head++) {
        largest[head] = -1e30;
    }

    let end = min((part + 1) * params.part_keys, params.context);
    for (var first = part * params.part_keys; first < end; first += WORKGROUP) {
        // One key per invocation.
        let key = first + local;
        var scores: array<f32, GROUP_MAX>;
        if key < end {
            let row = ((batch * params.context + key) * params.kv_heads + kv_head) * vectors;
            for (var i = 0u; i < vectors; i++) {
                let words = k[row + i];
                let key_low = low(words);
                let key_high = high(words);
                for (var head = 0u; head < GROUP; head++) {
                    scores[head] += dot(queries[(head * vectors + i) * 2], key_low) + dot(queries[(head * vectors + i) * 2 + 1], key_high);
                }
            }
        }
        for (var head = 0u; head < GROUP; head++) {
            weights[head * WORKGROUP + local] = select(-1e30, scores[head], key < end);
        }
        workgroupBarrier();

        // Every invocation needs the new maximum of the heads; reading 64 scores is cheaper than a reduction.
        for (var head = 0u; head < GROUP; head++) {
            var tile_largest = largest[head];
            for (var i = 0u; i < WORKGROUP; i++) {
                tile_largest = max(tile_largest, weights[head * WORKGROUP + i]);
            }
            let keep = exp(largest[head] - tile_largest);
            largest[head] = tile_largest;
            total[head] *= keep;
            sum_low[head] *= keep;
            sum_high[head] *= keep;
        }
        workgroupBarrier();
        for (var head = 0u; head < GROUP; head++) {
            weights[head * WORKGROUP + local] = exp(weights[head * WORKGROUP + local] - largest[head]);
            total[head] += weights[head * WORKGROUP + local];
        }
        workgroupBarrier();

        for (var i = stripe; i < min(WORKGROUP, end - first); i += stripes) {
            let words = v[((batch * params.context + first + i) * params.kv_heads + kv_head) * vectors + vector];
            let value_low = low(words);
            let value_high = high(words);
            for (var head = 0u; head < GROUP; head++) {
                sum_low[head] += weights[head * WORKGROUP + i] * value_low;
                sum_high[head] += weights[head * WORKGROUP + i] * value_high;
            }
        }
        workgroupBarrier();
    }

    for (var head = 0u; head < GROUP; head++) {
        sums[local] = array(sum_low[head], sum_high[head]);
        weights[head * WORKGROUP + local] = total[head];
        workgroupBarrier();
        let out = ((first_head + head) * params.parts + part) * (HEAD_DIM + 2);
        if stripe == 0 {
            var joined = sums[local];
            for (var i = 1u; i < stripes; i++) {
                joined[0] += sums[local + i * vectors][0];
                joined[1] += sums[local + i * vectors][1];
            }
            for (var i = 0u; i < 4; i++) {
                partial[out + vector * 8 + i] = joined[0][i];
                partial[out + vector * 8 + 4 + i] = joined[1][i];
            }
        }
        if local == 0 {
            var all = 0.0;
            for (var i = 0u; i < WORKGROUP; i++) {
                all += weights[head * WORKGROUP + i];
            }
            partial[out + HEAD_DIM] = largest[head];
            partial[out + HEAD_DIM + 1] = all;
        }
        workgroupBarrier();
    }
}
