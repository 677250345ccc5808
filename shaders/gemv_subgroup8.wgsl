// y[n] = w[n, k] * x[k] for software adapters with subgroups of 8: each lane owns four rows and reads them 64 bits at a
// time, which costs such an adapter as much as 32. The lanes load the inputs together and broadcast them from
// constant lanes, which is nearly free, to all four rows; no sum crosses lanes.
struct Params {
    outputs: u32,
    inputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(3) var<storage, read_write> y: array<Pair>;

/// The results of two neighbours make a pair.
fn store(sum: Sum, row: u32, lane: u32) {
    let own = scaled(f32(sum), min(row, params.outputs - 1), 0u);
    let next = subgroupShuffleDown(own, 1u);
    if lane % 2 == 0 && row < params.outputs {
        y[row / 2] = pack_pair(vec2(own, next));
    }
}

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(subgroup_invocation_id) lane: u32) {
    let rows = vec4(group.x * 32 + lane) + vec4(0u, 8u, 16u, 24u);
    let steps = params.inputs / STEP;
    // Rows beyond the edge repeat the last one: their sums are never stored.
    let first = min(rows, vec4(params.outputs - 1)) * steps;
    var sums = Sums();
    for (var step = 0u; step < steps; step++) {
        sums = add_rows(sums, first + step, load_inputs(step, lane));
    }
    let total = totals(sums);
    store(total.x, rows.x, lane);
    store(total.y, rows.y, lane);
    store(total.z, rows.z, lane);
    store(total.w, rows.w, lane);
}
