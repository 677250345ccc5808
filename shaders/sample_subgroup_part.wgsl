// The best of one part of a row, one subgroup per part and no barrier: for adapters that suspend a subgroup at each.
override WORKGROUP: u32 = 8;

struct Params {
    vectors: u32,
    parts: u32,
    vectors_per_part: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> found: array<Best>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
    let first = group.x * params.vectors_per_part;
    let end = min(first + params.vectors_per_part, params.vectors);
    var largest = NONE.largest;
    // Only the vector is remembered: looking into it once, at the end, spares seven of eight comparisons.
    var vector = end;
    var sum = 0.0;
    for (var i = first + lane; i < end; i += WORKGROUP) {
        let words = logits[group.y * params.vectors + i];
        let low = vec4(unpack2x16float(words.x), unpack2x16float(words.y));
        let high = vec4(unpack2x16float(words.z), unpack2x16float(words.w));
        let most = max(low, high);
        let now = max(max(most.x, most.y), max(most.z, most.w));
        vector = select(vector, i, now > largest);
        let next = max(now, largest);
        let each = exp(low - next) + exp(high - next);
        sum = sum * exp(largest - next) + dot(each, vec4(1.0));
        largest = next;
    }
    let all = subgroupMax(largest);
    let total = subgroupAdd(sum * exp(largest - all));
    let where_found = subgroupMin(select(0xffffffffu, vector, largest == all));
    if lane == 0 {
        found[group.y * params.parts + group.x] = Best(all, total, token_of(group.y, where_found, all));
    }
}

// The first logit of a vector that has this value.
fn token_of(row: u32, vector: u32, value: f32) -> u32 {
    let words = logits[row * params.vectors + vector];
    let low = vec4(unpack2x16float(words.x), unpack2x16float(words.y)) == vec4(value);
    let high = vec4(unpack2x16float(words.z), unpack2x16float(words.w)) == vec4(value);
    let third = select(select(select(7u, 6u, high.z), 5u, high.y), 4u, high.x);
    return 8 * vector + select(select(select(select(third, 3u, low.w), 2u, low.z), 1u, low.y), 0u, low.x);
}
