// One element of the output per invocation, over the whole context: every invocation computes every score anew.
const WORKGROUP: u32 = 64;
// Vectors of four elements of a cached vector.
override VECTORS: u32 = HEAD_DIM / 4 + 16;

// [batch, context, latent + rope]: four halves to a vector.
@group(0) @binding(3) var<storage, read> cache: array<vec2<u32>>;

fn cached4(at: u32) -> vec4<f32> {
    let words = cache[at];
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let head = (group.y * WORKGROUP + local) / HEAD_DIM;
    let element = (group.y * WORKGROUP + local) % HEAD_DIM;
    let query = (group.z * params.heads + head) * VECTORS;
    var largest = -1e30;
    var total = 0.0;
    var sum = 0.0;
    for (var key = 0u; key < params.keys; key++) {
        let row = (group.z * params.keys + key) * VECTORS;
        var score = 0.0;
        for (var i = 0u; i < VECTORS; i++) {
            score += dot(query4(query + i), cached4(row + i));
        }
        let raised = max(largest, score);
        let keep = exp(largest - raised);
        let weight = exp(score - raised);
        sum = sum * keep + weight * cached4(row + element / 4)[element % 4];
        total = total * keep + weight;
        largest = raised;
    }
    let out = part_start(group.z, head, 0u);
    partial[out + element] = sum;
    if element == 0 {
        partial[out + HEAD_DIM] = largest;
        partial[out + HEAD_DIM + 1] = total;
    }
}
