// The largest of a row's logits and its probability under softmax, one invocation per row.
override WORKGROUP: u32 = 64;

struct Params {
    rows: u32,
    vocab: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<Packed4>;
// Of each row the token and the bits of its probability.
@group(0) @binding(2) var<storage, read_write> chosen: array<vec2<u32>>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.rows {
        return;
    }
    let fours = params.vocab / 4;
    let row = id.x * fours;
    var largest = unpack4(logits[row]).x;
    var token = 0u;
    for (var i = 0u; i < fours; i++) {
        let values = unpack4(logits[row + i]);
        for (var j = 0u; j < 4; j++) {
            // Of equal logits the first one stays.
            if values[j] > largest {
                largest = values[j];
                token = 4 * i + j;
            }
        }
    }
    var sum = 0.0;
    for (var i = 0u; i < fours; i++) {
        sum += dot(exp(unpack4(logits[row + i]) - largest), vec4(1.0));
    }
    chosen[id.x] = vec2(token, bitcast<u32>(1.0 / sum));
}
