// The `choices` largest of a token's logits, in order, and the softmax over those; one subgroup of any size per token, whose
// lanes share the logits. Each choice is the largest of what comes after the one before, by value and then by number, so
// that nothing is crossed out.
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
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    // A subgroup larger than the workgroup is partly filled: what counts is the lanes that are there.
    let lanes = subgroupAdd(1u);
    let token = group.x * subgroups + subgroup;
    // The grid fits the largest subgroup of the adapter; with smaller ones some lie beyond the last token.
    if token >= params.tokens {
        return;
    }
    let row = token * params.experts;
    let output = token * params.choices;
    var last = 1e30;
    var last_expert = 0u;
    var first = 0.0;
    var sum = 0.0;
    for (var i = 0u; i < params.choices; i++) {
        var own = -1e30;
        var own_expert = 0xffffffffu;
        for (var j = lane; j < params.experts; j += lanes) {
            let logit = logits[row + j];
            let left = logit < last || (logit == last && j > last_expert);
            if left && logit > own {
                own = logit;
                own_expert = j;
            }
        }
        last = subgroupMax(own);
        last_expert = subgroupMin(select(0xffffffffu, own_expert, own == last));
        if i == 0 {
            first = last;
        }
        let weight = exp(last - first);
        sum += weight;
        if lane == 0 {
            chosen[output + i] = vec2(last_expert, bitcast<u32>(weight));
        }
    }
    if lane == 0 {
        for (var i = 0u; i < params.choices; i++) {
            chosen[output + i].y = bitcast<u32>(bitcast<f32>(chosen[output + i].y) / sum);
        }
    }
}
