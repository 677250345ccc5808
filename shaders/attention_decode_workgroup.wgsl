// Split-context decode without subgroups: a workgroup takes one KV head and one part of the context, and serves all
// GROUP query heads of that KV head with each load. An invocation takes a whole key for the scores, and eight
// dimensions of many keys for the values. attention_decode_reduce joins the parts.
const WORKGROUP: u32 = 64;
const GROUP_MAX: u32 = 8;

var<workgroup> queries: array<vec4<f32>, GROUP * HEAD_DIM / 4>;
var<workgroup> weights: array<f32, GROUP * WORKGROUP>;
var<workgroup> sums: array<Eight, WORKGROUP>;
var<workgroup> rows: array<u32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let vectors = HEAD_DIM / 8;
    let part = group.x;
    let kv_head = group.y;
    let sequence = group.z;
    let first_head = kv_head * GROUP;
    let query = ((params.first_sequence + sequence) * params.heads + first_head) * (HEAD_DIM / 4);
    for (var i = local; i < GROUP * HEAD_DIM / 4; i += WORKGROUP) {
        queries[i] = query4(query + i);
    }
    workgroupBarrier();

    // For the values an invocation owns eight dimensions of every STRIPES-th key.
    let stripes = WORKGROUP / vectors;
    let stripe = local / vectors;
    let vector = local % vectors;
    var largest: array<f32, GROUP_MAX>;
    var total: array<f32, GROUP_MAX>;
    var owned: array<Eight, GROUP_MAX>;
    for (var head = 0u; head < GROUP; head++) {
        largest[head] = -1e30;
    }

    let end = min((part + 1) * params.part_keys, params.keys);
    for (var first = part * params.part_keys; first < end; first += WORKGROUP) {
        // One key per invocation.
        let key = first + local;
        var scores: array<f32, GROUP_MAX>;
        if key < end {
            let row = row_of(sequence, key, kv_head) * vectors;
            rows[local] = row;
            for (var i = 0u; i < vectors; i++) {
                let scale = key_scale((row + i) / 4);
                let words = key8(row + i);
                for (var head = 0u; head < GROUP; head++) {
                    let at = (head * vectors + i) * 2;
                    scores[head] += (dot(queries[at], words.low) + dot(queries[at + 1], words.high)) * scale;
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
            owned[head].low *= keep;
            owned[head].high *= keep;
        }
        workgroupBarrier();
        for (var head = 0u; head < GROUP; head++) {
            weights[head * WORKGROUP + local] = exp(weights[head * WORKGROUP + local] - largest[head]);
            total[head] += weights[head * WORKGROUP + local];
        }
        workgroupBarrier();

        for (var i = stripe; i < min(WORKGROUP, end - first); i += stripes) {
            let at = rows[i] + vector;
            let scale = value_scale(at / 4);
            let value = value8(at);
            for (var head = 0u; head < GROUP; head++) {
                let weight = weights[head * WORKGROUP + i] * scale;
                owned[head].low += weight * value.low;
                owned[head].high += weight * value.high;
            }
        }
        workgroupBarrier();
    }

    for (var head = 0u; head < GROUP; head++) {
        sums[local] = owned[head];
        weights[head * WORKGROUP + local] = total[head];
        workgroupBarrier();
        let out = part_start(sequence, first_head + head, part);
        if stripe == 0 {
            var joined = sums[local];
            for (var i = 1u; i < stripes; i++) {
                joined.low += sums[local + i * vectors].low;
                joined.high += sums[local + i * vectors].high;
            }
            for (var i = 0u; i < 4; i++) {
                partial[out + vector * 8 + i] = joined.low[i];
                partial[out + vector * 8 + 4 + i] = joined.high[i];
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
