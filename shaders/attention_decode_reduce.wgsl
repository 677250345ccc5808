// Joins the parts that attention_decode_* left: rescales each to the largest score of all, adds, divides.
const WORKGROUP: u32 = 64;

// [batch, heads, head_dim], two halves to a word.
@group(0) @binding(8) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let stride = HEAD_DIM + 2;
    let first = group.x * params.parts * stride;
    var largest = -1e30;
    for (var part = 0u; part < params.parts; part++) {
        largest = max(largest, partial[first + part * stride + HEAD_DIM]);
    }
    for (var pair = local; pair < HEAD_DIM / 2; pair += WORKGROUP) {
        var sum = vec2(0.0);
        var total = 0.0;
        for (var part = 0u; part < params.parts; part++) {
            let at = first + part * stride;
            let weight = exp(partial[at + HEAD_DIM] - largest);
            sum += weight * vec2(partial[at + pair * 2], partial[at + pair * 2 + 1]);
            total += weight * partial[at + HEAD_DIM + 1];
        }
        y[group.x * HEAD_DIM / 2 + pair] = pack2x16float(sum / total);
    }
}
