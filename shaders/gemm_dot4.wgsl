// y[m, n] = x[m, k] * w[n, k]^T of signed bytes, summed as whole numbers: a workgroup of 16 x 16 invocations owns
// 64 x 64 outputs, an invocation 4 x 4 of them. Inputs and weights stay packed, four to a word, in workgroup memory.
const SIDE: u32 = 16;
const TILE: u32 = 64;
// In words of four bytes.
const DEPTH: u32 = 16;

// Stored depth-first, so that the four words an invocation needs lie side by side.
var<workgroup> tile_x: array<array<vec4<u32>, SIDE>, DEPTH>;
var<workgroup> tile_w: array<array<vec4<u32>, SIDE>, DEPTH>;

@compute @workgroup_size(SIDE, SIDE)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let row_first = group.x * TILE;
    let column_first = group.y * TILE;
    let words = params.inputs / 4;

    var sums: array<vec4<i32>, 4>;
    for (var depth = 0u; depth < words; depth += DEPTH) {
        for (var i = index; i < TILE * DEPTH; i += SIDE * SIDE) {
            let line = i / DEPTH;
            let at = depth + i % DEPTH;
            var from_x = 0u;
            var from_w = 0u;
            if at < words && row_first + line < params.tokens {
                from_x = x[(row_first + line) * words + at];
            }
            if at < words && column_first + line < params.outputs {
                let word = (column_first + line) * words + at;
                from_w = w[word / 4][word % 4];
            }
            tile_x[i % DEPTH][line / 4][line % 4] = from_x;
            tile_w[i % DEPTH][line / 4][line % 4] = from_w;
        }
        workgroupBarrier();
        for (var i = 0u; i < DEPTH; i++) {
            let rows = tile_x[i][local.y];
            let columns = tile_w[i][local.x];
            sums[0] += products(rows.x, columns);
            sums[1] += products(rows.y, columns);
            sums[2] += products(rows.z, columns);
            sums[3] += products(rows.w, columns);
        }
        workgroupBarrier();
    }

    let column = column_first + local.x * 4;
    for (var i = 0u; i < 4; i++) {
        let row = row_first + local.y * 4 + i;
        let results = vec4<f32>(sums[i]);
        store_pair(results.xy, row, column);
        store_pair(results.zw, row, column + 2);
    }
}

fn products(row: u32, columns: vec4<u32>) -> vec4<i32> {
    return vec4(
        dot4I8Packed(row, columns.x),
        dot4I8Packed(row, columns.y),
        dot4I8Packed(row, columns.z),
        dot4I8Packed(row, columns.w),
    );
}
