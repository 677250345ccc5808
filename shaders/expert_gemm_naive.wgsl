// One invocation for four outputs of a pair; a tile is a pair.
override WORKGROUP: u32 = 64;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let output = (group.y * WORKGROUP + local) * 4;
    if output >= params.outputs {
        return;
    }
    let expert = expert_of(group.x);
    let pair = pairs[group.x];
    let inputs4 = params.inputs / 4;
    let w_first = weights_row(expert, output);
    let row = inputs_row(pair);
    var sum = vec4(0.0);
    for (var i = 0u; i < inputs4; i++) {
        let inputs = unpack4(x[row + i]);
        sum.x += dot(weights4(w_first + i), inputs);
        sum.y += dot(weights4(w_first + inputs4 + i), inputs);
        sum.z += dot(weights4(w_first + 2 * inputs4 + i), inputs);
        sum.w += dot(weights4(w_first + 3 * inputs4 + i), inputs);
    }
    y[(pair * params.outputs + output) / 4] = pack4(sum);
}
