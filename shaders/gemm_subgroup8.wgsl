// y[m, n] = x[m, k] * w[n, k]^T without workgroup memory, for subgroups of exactly 8 lanes: a subgroup owns STRIPS
// strips of 8 rows x 64 columns, a lane eight columns of them. Lanes load x together and hand it round by
// constant-lane broadcasts, which a CPU adapter turns into register moves; loads are what it pays for, so the tile is
// as large as its caches near the core take. Arrays are indexed by constants only: they are registers then.
override STRIPS: u32 = 4;
const LANES: u32 = 8;
const COLUMNS: u32 = 8;

// A lane's sums: eight rows, two vectors of columns each.
alias Strip = array<vec4<f32>, 16>;

// One input of each of the lane's columns, four inputs deep.
struct Weights {
    low: mat4x4<f32>,
    high: mat4x4<f32>,
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
    let row = group.x * STRIPS * LANES + lane;
    let column = (group.y * LANES + lane) * COLUMNS;
    let fours = params.inputs / 4;

    // Rows and columns beyond the edge repeat the last one: their sums are never stored.
    let last = params.tokens - 1;
    let x0 = min(row, last) * fours;
    let x1 = min(row + LANES, last) * fours;
    let x2 = min(row + 2 * LANES, last) * fours;
    let x3 = min(row + 3 * LANES, last) * fours;

    var sums0: Strip;
    var sums1: Strip;
    var sums2: Strip;
    var sums3: Strip;
    for (var i = 0u; i < fours; i++) {
        let weights = Weights(load_columns(column, i), load_columns(column + 4, i));
        add_products(&sums0, unpack4(x[x0 + i]), weights);
        if STRIPS > 1 {
            add_products(&sums1, unpack4(x[x1 + i]), weights);
        }
        if STRIPS > 2 {
            add_products(&sums2, unpack4(x[x2 + i]), weights);
            add_products(&sums3, unpack4(x[x3 + i]), weights);
        }
    }
    let first = group.x * STRIPS * LANES;
    store_strip(&sums0, first, column);
    if STRIPS > 1 {
        store_strip(&sums1, first + LANES, column);
    }
    if STRIPS > 2 {
        store_strip(&sums2, first + 2 * LANES, column);
        store_strip(&sums3, first + 3 * LANES, column);
    }
}

fn load_columns(column: u32, i: u32) -> mat4x4<f32> {
    let fours = params.inputs / 4;
    let last = params.outputs - 1;
    return transpose(mat4x4(
        weights4(min(column, last) * fours + i),
        weights4(min(column + 1, last) * fours + i),
        weights4(min(column + 2, last) * fours + i),
        weights4(min(column + 3, last) * fours + i),
    ));
}

fn add_products(sums: ptr<function, Strip>, inputs: vec4<f32>, weights: Weights) {
    let row0 = subgroupBroadcast(inputs, 0u);
    (*sums)[0] += weights.low * row0;
    (*sums)[1] += weights.high * row0;
    let row1 = subgroupBroadcast(inputs, 1u);
    (*sums)[2] += weights.low * row1;
    (*sums)[3] += weights.high * row1;
    let row2 = subgroupBroadcast(inputs, 2u);
    (*sums)[4] += weights.low * row2;
    (*sums)[5] += weights.high * row2;
    let row3 = subgroupBroadcast(inputs, 3u);
    (*sums)[6] += weights.low * row3;
    (*sums)[7] += weights.high * row3;
    let row4 = subgroupBroadcast(inputs, 4u);
    (*sums)[8] += weights.low * row4;
    (*sums)[9] += weights.high * row4;
    let row5 = subgroupBroadcast(inputs, 5u);
    (*sums)[10] += weights.low * row5;
    (*sums)[11] += weights.high * row5;
    let row6 = subgroupBroadcast(inputs, 6u);
    (*sums)[12] += weights.low * row6;
    (*sums)[13] += weights.high * row6;
    let row7 = subgroupBroadcast(inputs, 7u);
    (*sums)[14] += weights.low * row7;
    (*sums)[15] += weights.high * row7;
}

fn store_strip(sums: ptr<function, Strip>, first: u32, column: u32) {
    store_row((*sums)[0], (*sums)[1], first + 0, column);
    store_row((*sums)[2], (*sums)[3], first + 1, column);
    store_row((*sums)[4], (*sums)[5], first + 2, column);
    store_row((*sums)[6], (*sums)[7], first + 3, column);
    store_row((*sums)[8], (*sums)[9], first + 4, column);
    store_row((*sums)[10], (*sums)[11], first + 5, column);
    store_row((*sums)[12], (*sums)[13], first + 6, column);
    store_row((*sums)[14], (*sums)[15], first + 7, column);
}

fn store_row(low: vec4<f32>, high: vec4<f32>, row: u32, column: u32) {
    store_pair(low.xy, row, column);
    store_pair(low.zw, row, column + 2);
    store_pair(high.xy, row, column + 4);
    store_pair(high.zw, row, column + 6);
}
