// The `choices` largest of a token's logits, in order, and the softmax over those; one invocation per token. Each choice
// is the largest of what comes after the one before, by value and then by number, so that nothing is crossed out.
override WORKGROUP: u32 = 64;

struct Params {
    tokens: u32,
    experts: u32,
    choices: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
// Of each choice the expert and the bits of its weight.
@group(0) @binding(2) var<storage, read_write> chosen: array<vec2<u32>>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.tokens {
        return;
    }
    let row = id.x * params.experts;
    let output = id.x * params.choices;
    var last = 1e30;
    var last_expert = 0u;
    var first = 0.0;
    var sum = 0.0;
    for (var i = 0u; i < params.choices; i++) {
        var largest = -1e30;
        var expert = 0u;
        for (var j = 0u; j < params.experts; j++) {
            let logit = logits[row + j];
            let left = logit < last || (logit == last && j > last_expert);
            if left && logit > largest {
                largest = logit;
                expert = j;
            }
        }
        if i == 0 {
            first = largest;
        }
        let weight = exp(largest - first);
        sum += weight;
        chosen[output + i] = vec2(expert, bitcast<u32>(weight));
        last = largest;
        last_expert = expert;
    }
    for (var i = 0u; i < params.choices; i++) {
        chosen[output + i].y = bitcast<u32>(bitcast<f32>(chosen[output + i].y) / sum);
    }
}
