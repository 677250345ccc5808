// y[m, n] = x[m, k] * w[n, k]^T on matrix units: a workgroup owns 128 x 128 outputs, each of its four subgroups a
// quarter of them. Tiles of halves lie in workgroup memory; weights of other formats are unpacked and rounded on the
// way there, once for 128 tokens. Sums stay in registers until they leave, matrix by matrix, through workgroup memory.
override WORKGROUP: u32 = 128;
const TILE: u32 = 128;
const QUARTER: u32 = 64;
const DEPTH: u32 = 32;
// Eight more than the depth: rows stay aligned to 16 bytes and start in different banks.
const STRIDE: u32 = DEPTH + 8;
// Matrices along a side of a quarter.
const MATRICES: u32 = QUARTER / SIDE;

var<workgroup> tile_x: array<f16, TILE * STRIDE>;
var<workgroup> tile_w: array<f16, TILE * STRIDE>;
var<workgroup> leaving: array<f32, 4 * SIDE * SIDE>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_size) lanes: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    let row_first = group.x * TILE;
    let column_first = group.y * TILE;
    // Where the adapter chose smaller subgroups than it could, some repeat the work of others.
    let quarter = subgroup % 4;
    let row = quarter / 2 * QUARTER;
    let column = quarter % 2 * QUARTER;

    var sums: array<array<Sums, MATRICES>, MATRICES>;
    for (var depth = 0u; depth < params.inputs; depth += DEPTH) {
        fill(index, row_first, column_first, depth);
        workgroupBarrier();
        for (var k = 0u; k < DEPTH; k += SIDE) {
            var right: array<Right, MATRICES>;
            for (var i = 0u; i < MATRICES; i++) {
                // Column-major: a row of w is a column of its transpose.
                right[i] = coopLoad<Right>(&tile_w[(column + i * SIDE) * STRIDE + k], STRIDE);
            }
            for (var j = 0u; j < MATRICES; j++) {
                let left = coopLoadT<Left>(&tile_x[(row + j * SIDE) * STRIDE + k], STRIDE);
                for (var i = 0u; i < MATRICES; i++) {
                    sums[j][i] = coopMultiplyAdd(left, right[i], sums[j][i]);
                }
            }
        }
        workgroupBarrier();
    }
    for (var j = 0u; j < MATRICES; j++) {
        for (var i = 0u; i < MATRICES; i++) {
            coopStoreT(sums[j][i], &leaving[quarter * SIDE * SIDE], SIDE);
            workgroupBarrier();
            for (var pair = lane; pair < SIDE * SIDE / 2; pair += lanes) {
                let at = quarter * SIDE * SIDE + pair * 2;
                store_pair(
                    vec2(leaving[at], leaving[at + 1]),
                    row_first + row + j * SIDE + pair * 2 / SIDE,
                    column_first + column + i * SIDE + pair * 2 % SIDE,
                );
            }
            workgroupBarrier();
        }
    }
}

// Four inputs at a time; zeros beyond the edges.
fn fill(index: u32, row_first: u32, column_first: u32, depth: u32) {
    let fours = params.inputs / 4;
    for (var i = index; i < TILE * DEPTH / 4; i += WORKGROUP) {
        let line = i / (DEPTH / 4);
        let at = depth / 4 + i % (DEPTH / 4);
        var inputs = vec4(0.0);
        var weights = vec4(0.0);
        if at < fours && row_first + line < params.tokens {
            inputs = unpack4(x[(row_first + line) * fours + at]);
        }
        if at < fours && column_first + line < params.outputs {
            weights = weights4((column_first + line) * fours + at);
        }
        let to = line * STRIDE + i % (DEPTH / 4) * 4;
        for (var k = 0u; k < 4; k++) {
            tile_x[to + k] = f16(inputs[k]);
            tile_w[to + k] = f16(weights[k]);
        }
    }
}
