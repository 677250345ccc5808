// Split-context decode over latent vectors: a workgroup takes 16 heads and one part of the context, eight keys at a
// time in workgroup memory. An invocation takes one score of a head and a key; for the values it owns four elements of
// all 16 heads.
const WORKGROUP: u32 = 128;
const HEADS: u32 = 16;
const KEYS: u32 = 8;
// Vectors of four elements: of a cached vector of 576, and of its first 512.
const VECTORS: u32 = 144;

// [batch, context, 576]: four halves to a vector.
@group(0) @binding(3) var<storage, read> cache: array<vec2<u32>>;

var<workgroup> tile: array<vec2<u32>, KEYS * VECTORS>;
var<workgroup> weights: array<array<f32, KEYS>, HEADS>;

fn halves4(words: vec2<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let part = group.x;
    let first_head = group.y * HEADS;
    let sequence = group.z;
    // Heads beyond the last repeat it; they are never stored.
    let head = min(first_head + local / KEYS, params.heads - 1);
    let query = (sequence * params.heads + head) * VECTORS;
    var sums: array<vec4<f32>, HEADS>;
    var largest: array<f32, HEADS>;
    var total: array<f32, HEADS>;
    for (var at = 0u; at < HEADS; at++) {
        largest[at] = -1e30;
    }

    let end = min((part + 1) * params.part_keys, params.keys);
    for (var first = part * params.part_keys; first < end; first += KEYS) {
        for (var i = local; i < KEYS * VECTORS; i += WORKGROUP) {
            let key = min(first + i / VECTORS, end - 1);
            tile[i] = cache[(sequence * params.keys + key) * VECTORS + i % VECTORS];
        }
        workgroupBarrier();
        let key = local % KEYS;
        var score = 0.0;
        for (var i = 0u; i < VECTORS; i++) {
            score += dot(query4(query + i), halves4(tile[key * VECTORS + i]));
        }
        weights[local / KEYS][key] = select(-1e30, score, first + key < end);
        workgroupBarrier();
        for (var at = 0u; at < HEADS; at++) {
            var raised = largest[at];
            for (var i = 0u; i < KEYS; i++) {
                raised = max(raised, weights[at][i]);
            }
            let keep = exp(largest[at] - raised);
            largest[at] = raised;
            total[at] *= keep;
            sums[at] *= keep;
        }
        let own = local / KEYS;
        var own_largest = largest[0];
        for (var at = 1u; at < HEADS; at++) {
            own_largest = select(own_largest, largest[at], at == own);
        }
        workgroupBarrier();
        weights[own][key] = exp(weights[own][key] - own_largest);
        workgroupBarrier();
        for (var i = 0u; i < KEYS; i++) {
            let value = halves4(tile[i * VECTORS + local]);
            for (var at = 0u; at < HEADS; at++) {
                let weight = weights[at][i];
                total[at] += weight;
                sums[at] += weight * value;
            }
        }
        workgroupBarrier();
    }

    for (var at = 0u; at < min(HEADS, params.heads - first_head); at++) {
        let out = part_start(sequence, first_head + at, part);
        for (var i = 0u; i < 4; i++) {
            partial[out + local * 4 + i] = sums[at][i];
        }
        if local == 0 {
            partial[out + HEAD_DIM] = largest[at];
            partial[out + HEAD_DIM + 1] = total[at];
        }
    }
}
