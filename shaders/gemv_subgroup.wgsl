// y[n] = w[n, k] * x[k]: a subgroup of any size owns 2, 4 or 8 rows, its lanes walk along them side by side, every
// loaded part of x serves all rows.
override WORKGROUP: u32 = 64;
override ROWS: u32 = 8;
const ROWS_MAX: u32 = 8;

struct Params {
    outputs: u32,
    inputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Packed4>;
@group(0) @binding(3) var<storage, read_write> y: array<Pair>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    // A subgroup larger than the workgroup is partly filled: what counts is the lanes that are there.
    let lanes = subgroupAdd(1u);
    // The grid fits the largest subgroup of the adapter; with smaller ones some strips lie beyond the edge.
    let row_first = (group.x * subgroups + subgroup) * ROWS;
    if row_first >= params.outputs {
        return;
    }
    let chunks = params.inputs / CHUNK;
    var sums: array<Sum, ROWS_MAX>;
    for (var chunk = lane; chunk < chunks; chunk += lanes) {
        let inputs = load_inputs(chunk);
        for (var i = 0u; i < ROWS; i++) {
            // Rows beyond the edge repeat the last one: their sums are never stored.
            let row = min(row_first + i, params.outputs - 1);
            sums[i] += dot_chunk(row * chunks + chunk, inputs);
        }
    }
    for (var i = 0u; i < ROWS; i += 2u) {
        let pair = vec2(subgroupAdd(sums[i]), subgroupAdd(sums[i + 1]));
        let row = row_first + i;
        if lane == 0 && row < params.outputs {
            y[row / 2] = pack_pair(vec2(scaled(f32(pair.x), row, 0u), scaled(f32(pair.y), row + 1, 0u)));
        }
    }
}
