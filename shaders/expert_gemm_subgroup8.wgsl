// For subgroups of exactly 8 lanes: a subgroup owns up to ROWS pairs of one expert x 32 outputs, a lane four of those. Lanes
// load one row of inputs each and hand it round by constant-lane broadcasts, which a CPU adapter turns into register
// moves. A branch on ROWS is decided before the shader runs.
override ROWS: u32 = 8;
const LANES: u32 = 8;

// One row's four inputs times the lane's four outputs; `w0..w3` hold the weights of one each.
fn product(row: vec4<f32>, w0: vec4<f32>, w1: vec4<f32>, w2: vec4<f32>, w3: vec4<f32>) -> vec4<f32> {
    return row.x * vec4(w0.x, w1.x, w2.x, w3.x) + row.y * vec4(w0.y, w1.y, w2.y, w3.y)
        + row.z * vec4(w0.z, w1.z, w2.z, w3.z) + row.w * vec4(w0.w, w1.w, w2.w, w3.w);
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
    let expert = expert_of(group.x);
    let first = offsets[expert].x + (group.x - offsets[expert].y) * ROWS;
    let count = min(ROWS, offsets[expert + 1].x - first);
    let output = (group.y * LANES + lane) * 4;
    let inputs4 = params.inputs / 4;

    // Rows and outputs beyond the edge repeat the last one: their sums are never stored.
    let row = inputs_row(pairs[first + min(lane, count - 1)]);
    let w_first = weights_row(expert, min(output, params.outputs - 4));

    var sum0 = vec4(0.0);
    var sum1 = vec4(0.0);
    var sum2 = vec4(0.0);
    var sum3 = vec4(0.0);
    var sum4 = vec4(0.0);
    var sum5 = vec4(0.0);
    var sum6 = vec4(0.0);
    var sum7 = vec4(0.0);
    for (var i = 0u; i < inputs4; i++) {
        let inputs = unpack4(x[row + i]);
        let w0 = weights4(w_first + i);
        let w1 = weights4(w_first + inputs4 + i);
        let w2 = weights4(w_first + 2 * inputs4 + i);
        let w3 = weights4(w_first + 3 * inputs4 + i);
        sum0 += product(subgroupBroadcast(inputs, 0u), w0, w1, w2, w3);
        if ROWS > 1 {
            sum1 += product(subgroupBroadcast(inputs, 1u), w0, w1, w2, w3);
            sum2 += product(subgroupBroadcast(inputs, 2u), w0, w1, w2, w3);
            sum3 += product(subgroupBroadcast(inputs, 3u), w0, w1, w2, w3);
            sum4 += product(subgroupBroadcast(inputs, 4u), w0, w1, w2, w3);
            sum5 += product(subgroupBroadcast(inputs, 5u), w0, w1, w2, w3);
            sum6 += product(subgroupBroadcast(inputs, 6u), w0, w1, w2, w3);
            sum7 += product(subgroupBroadcast(inputs, 7u), w0, w1, w2, w3);
        }
    }
    store(first, count, output, array<vec4<f32>, 8>(sum0, sum1, sum2, sum3, sum4, sum5, sum6, sum7));
}

fn store(first: u32, count: u32, output: u32, sums: array<vec4<f32>, 8>) {
    if output >= params.outputs {
        return;
    }
    for (var i = 0u; i < count; i++) {
        y[(pairs[first + i] * params.outputs + output) / 4] = pack4(sums[i]);
    }
}
