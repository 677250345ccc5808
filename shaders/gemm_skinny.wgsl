// y[m, n] = x[m, k] * w[n, k]^T for few tokens, where reading w takes the time: a subgroup of any size owns 4 rows of w
// and 8 tokens, its lanes walk along the rows side by side, and every loaded part of w serves all tokens.
override WORKGROUP: u32 = 64;
const ROWS: u32 = 4;
const TOKENS: u32 = 8;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    // A subgroup larger than the workgroup is partly filled: what counts is the lanes that are there.
    let lanes = subgroupAdd(1u);
    let column_first = (group.y * subgroups + subgroup) * ROWS;
    // The second eight tokens are next to the first ones in the grid, so that they find the weights in a cache.
    let row_first = group.x * TOKENS;
    if column_first >= params.outputs {
        return;
    }
    let chunks = params.inputs / CHUNK;
    var sums: array<array<Sum, ROWS>, TOKENS>;
    for (var chunk = lane; chunk < chunks; chunk += lanes) {
        for (var token = 0u; token < TOKENS; token++) {
            // Rows and columns beyond the edge repeat the last one: their sums are never stored.
            let inputs = load_inputs(min(row_first + token, params.tokens - 1) * chunks + chunk);
            for (var i = 0u; i < ROWS; i++) {
                let column = min(column_first + i, params.outputs - 1);
                sums[token][i] += dot_chunk(column * chunks + chunk, inputs);
            }
        }
    }
    for (var token = 0u; token < TOKENS; token++) {
        for (var i = 0u; i < ROWS; i += 2u) {
            let pair = vec2(subgroupAdd(sums[token][i]), subgroupAdd(sums[token][i + 1]));
            if lane == 0 {
                store_pair(vec2<f32>(pair), row_first + token, column_first + i);
            }
        }
    }
}
