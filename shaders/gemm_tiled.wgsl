// y[m, n] = x[m, k] * w[n, k]^T through workgroup memory: a workgroup of 16 x 16 invocations owns 64 x 64
// outputs, an invocation 4 x 4 of them in registers. Small enough for every adapter.
const SIDE: u32 = 16;
const TILE: u32 = 64;
const DEPTH: u32 = 16;
const DEPTH4: u32 = DEPTH / 4;

// Stored depth-first, so that the four values an invocation needs lie side by side.
var<workgroup> tile_x: array<array<vec4<f32>, SIDE>, DEPTH>;
var<workgroup> tile_w: array<array<vec4<f32>, SIDE>, DEPTH>;

@compute @workgroup_size(SIDE, SIDE)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let row_first = group.x * TILE;
    let column_first = group.y * TILE;
    let fours = params.inputs / 4;

    // Each invocation loads one packed vector of each tile: 64 rows x 4 vectors = 256.
    let load_row = index / DEPTH4;
    let load_depth = index % DEPTH4;
    let x_row = row_first + load_row;
    let w_row = column_first + load_row;

    var sums: array<vec4<f32>, 4>;
    for (var depth = 0u; depth < params.inputs; depth += DEPTH) {
        let at = depth / 4 + load_depth;
        var from_x = vec4(0.0);
        var from_w = vec4(0.0);
        if at < fours {
            if x_row < params.tokens {
                from_x = unpack4(x[x_row * fours + at]);
            }
            if w_row < params.outputs {
                from_w = weights4(w_row * fours + at);
            }
        }
        for (var i = 0u; i < 4; i++) {
            tile_x[load_depth * 4 + i][load_row / 4][load_row % 4] = from_x[i];
            tile_w[load_depth * 4 + i][load_row / 4][load_row % 4] = from_w[i];
        }
        workgroupBarrier();
        for (var i = 0u; i < DEPTH; i++) {
            let rows = tile_x[i][local.y];
            let columns = tile_w[i][local.x];
            sums[0] += rows.x * columns;
            sums[1] += rows.y * columns;
            sums[2] += rows.z * columns;
            sums[3] += rows.w * columns;
        }
        workgroupBarrier();
    }

    let column = column_first + local.x * 4;
    for (var i = 0u; i < 4; i++) {
        let row = row_first + local.y * 4 + i;
        store_pair(sums[i].xy, row, column);
        store_pair(sums[i].zw, row, column + 2);
    }
}
