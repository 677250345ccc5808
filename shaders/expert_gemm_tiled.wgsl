// Through workgroup memory: a workgroup of 16 x 16 invocations owns up to 64 pairs of one expert x 64 outputs, an
// invocation 4 x 4 of them in registers.
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
    let expert = expert_of(group.x);
    let first = offsets[expert].x + (group.x - offsets[expert].y) * TILE;
    let count = min(TILE, offsets[expert + 1].x - first);
    let output_first = group.y * TILE;
    let inputs4 = params.inputs / 4;

    // Each invocation loads one packed vector of each tile: 64 rows x 4 vectors = 256.
    let load_row = index / DEPTH4;
    let load_depth = index % DEPTH4;
    let x_row = inputs_row(pairs[first + min(load_row, count - 1)]);
    let w_row = weights_row(expert, min(output_first + load_row, params.outputs - 1));

    var sums: array<vec4<f32>, 4>;
    for (var depth = 0u; depth < inputs4; depth += DEPTH4) {
        let at = depth + load_depth;
        var from_x = vec4(0.0);
        var from_w = vec4(0.0);
        if at < inputs4 {
            from_x = unpack4(x[x_row + at]);
            from_w = weights4(w_row + at);
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

    let output = output_first + local.x * 4;
    for (var i = 0u; i < 4; i++) {
        let row = local.y * 4 + i;
        if row < count && output < params.outputs {
            y[(pairs[first + row] * params.outputs + output) / 4] = pack4(sums[i]);
        }
    }
}
