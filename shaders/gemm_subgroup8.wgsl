// y[m, n] = x[m, k] * w[n, k]^T without workgroup memory, for subgroups of exactly 8 lanes: a subgroup owns 16
// rows x 32 columns, a lane four columns of them. Lanes load x together and hand it round by constant-lane
// broadcasts, which a CPU adapter turns into register moves; loads are what it pays for.
// Widths are multiples of four elements.
const ROWS: u32 = 16;
const LANES: u32 = 8;

struct Params {
    tokens: u32,
    outputs: u32,
    inputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Packed4>;
@group(0) @binding(2) var<storage, read> w: array<Packed4>;
@group(0) @binding(3) var<storage, read_write> y: array<Packed4>;

// One row's four inputs times the lane's four columns; `w0..w3` hold a column each.
fn product(row: vec4<f32>, w0: vec4<f32>, w1: vec4<f32>, w2: vec4<f32>, w3: vec4<f32>) -> vec4<f32> {
    return row.x * vec4(w0.x, w1.x, w2.x, w3.x) + row.y * vec4(w0.y, w1.y, w2.y, w3.y)
        + row.z * vec4(w0.z, w1.z, w2.z, w3.z) + row.w * vec4(w0.w, w1.w, w2.w, w3.w);
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
    let row_first = group.x * ROWS;
    let column = (group.y * LANES + lane) * 4;
    let inputs4 = params.inputs / 4;

    // Rows and columns beyond the edge repeat the last one: their sums are never stored.
    let x_low = min(row_first + lane, params.tokens - 1) * inputs4;
    let x_high = min(row_first + LANES + lane, params.tokens - 1) * inputs4;
    let w_first = min(column, params.outputs - 4) * inputs4;

    var sum0 = vec4(0.0);
    var sum1 = vec4(0.0);
    var sum2 = vec4(0.0);
    var sum3 = vec4(0.0);
    var sum4 = vec4(0.0);
    var sum5 = vec4(0.0);
    var sum6 = vec4(0.0);
    var sum7 = vec4(0.0);
    var sum8 = vec4(0.0);
    var sum9 = vec4(0.0);
    var sum10 = vec4(0.0);
    var sum11 = vec4(0.0);
    var sum12 = vec4(0.0);
    var sum13 = vec4(0.0);
    var sum14 = vec4(0.0);
    var sum15 = vec4(0.0);
    for (var i = 0u; i < inputs4; i++) {
        let low = unpack4(x[x_low + i]);
        let high = unpack4(x[x_high + i]);
        let w0 = unpack4(w[w_first + i]);
        let w1 = unpack4(w[w_first + inputs4 + i]);
        let w2 = unpack4(w[w_first + 2 * inputs4 + i]);
        let w3 = unpack4(w[w_first + 3 * inputs4 + i]);
        sum0 += product(subgroupBroadcast(low, 0u), w0, w1, w2, w3);
        sum1 += product(subgroupBroadcast(low, 1u), w0, w1, w2, w3);
        sum2 += product(subgroupBroadcast(low, 2u), w0, w1, w2, w3);
        sum3 += product(subgroupBroadcast(low, 3u), w0, w1, w2, w3);
        sum4 += product(subgroupBroadcast(low, 4u), w0, w1, w2, w3);
        sum5 += product(subgroupBroadcast(low, 5u), w0, w1, w2, w3);
        sum6 += product(subgroupBroadcast(low, 6u), w0, w1, w2, w3);
        sum7 += product(subgroupBroadcast(low, 7u), w0, w1, w2, w3);
        sum8 += product(subgroupBroadcast(high, 0u), w0, w1, w2, w3);
        sum9 += product(subgroupBroadcast(high, 1u), w0, w1, w2, w3);
        sum10 += product(subgroupBroadcast(high, 2u), w0, w1, w2, w3);
        sum11 += product(subgroupBroadcast(high, 3u), w0, w1, w2, w3);
        sum12 += product(subgroupBroadcast(high, 4u), w0, w1, w2, w3);
        sum13 += product(subgroupBroadcast(high, 5u), w0, w1, w2, w3);
        sum14 += product(subgroupBroadcast(high, 6u), w0, w1, w2, w3);
        sum15 += product(subgroupBroadcast(high, 7u), w0, w1, w2, w3);
    }
    store(row_first, column, array<vec4<f32>, 16>(sum0, sum1, sum2, sum3, sum4, sum5, sum6, sum7, sum8, sum9, sum10, sum11, sum12, sum13, sum14, sum15));
}

fn store(row_first: u32, column: u32, sums: array<vec4<f32>, 16>) {
    if column >= params.outputs {
        return;
    }
    for (var i = 0u; i < min(ROWS, params.tokens - row_first); i++) {
        y[((row_first + i) * params.outputs + column) / 4] = pack4(sums[i]);
    }
}
