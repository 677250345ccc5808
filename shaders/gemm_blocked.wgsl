// y[m, n] = x[m, k] * w[n, k]^T through workgroup memory and registers: a workgroup owns TILE_ROWS x TILE_COLUMNS
// outputs, an invocation 8 x 8 of them, as two halves in each direction, so that neighbours read neighbouring vectors.
// Weights are unpacked once per tile.
override TILE_ROWS: u32 = 128;
override TILE_COLUMNS: u32 = 128;
override DEPTH: u32 = 16;
const BLOCK: u32 = 8;
// Four more than the tile: vectors stay aligned, and stores of neighbouring depths meet different banks.
const PAD: u32 = 4;
override ACROSS: u32 = TILE_COLUMNS / BLOCK;
override THREADS: u32 = ACROSS * TILE_ROWS / BLOCK;
override ROWS_STRIDE: u32 = (TILE_ROWS + PAD) / 4;
override COLUMNS_STRIDE: u32 = (TILE_COLUMNS + PAD) / 4;

// Stored depth-first.
var<workgroup> tile_x: array<vec4<f32>, DEPTH * ROWS_STRIDE>;
var<workgroup> tile_w: array<vec4<f32>, DEPTH * COLUMNS_STRIDE>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) index: u32) {
    let row_first = group.x * TILE_ROWS;
    let column_first = group.y * TILE_COLUMNS;
    let row = index / ACROSS * 4;
    let column = index % ACROSS * 4;
    var low0 = vec4(0.0);
    var high0 = vec4(0.0);
    var low1 = vec4(0.0);
    var high1 = vec4(0.0);
    var low2 = vec4(0.0);
    var high2 = vec4(0.0);
    var low3 = vec4(0.0);
    var high3 = vec4(0.0);
    var low4 = vec4(0.0);
    var high4 = vec4(0.0);
    var low5 = vec4(0.0);
    var high5 = vec4(0.0);
    var low6 = vec4(0.0);
    var high6 = vec4(0.0);
    var low7 = vec4(0.0);
    var high7 = vec4(0.0);
    for (var depth = 0u; depth < params.inputs; depth += DEPTH) {
        fill(index, row_first, column_first, depth);
        workgroupBarrier();
        for (var i = 0u; i < DEPTH; i++) {
            let rows = tile_x[i * ROWS_STRIDE + row / 4];
            let more_rows = tile_x[i * ROWS_STRIDE + (row + TILE_ROWS / 2) / 4];
            let low = tile_w[i * COLUMNS_STRIDE + column / 4];
            let high = tile_w[i * COLUMNS_STRIDE + (column + TILE_COLUMNS / 2) / 4];
            low0 += rows.x * low;
            high0 += rows.x * high;
            low1 += rows.y * low;
            high1 += rows.y * high;
            low2 += rows.z * low;
            high2 += rows.z * high;
            low3 += rows.w * low;
            high3 += rows.w * high;
            low4 += more_rows.x * low;
            high4 += more_rows.x * high;
            low5 += more_rows.y * low;
            high5 += more_rows.y * high;
            low6 += more_rows.z * low;
            high6 += more_rows.z * high;
            low7 += more_rows.w * low;
            high7 += more_rows.w * high;
        }
        workgroupBarrier();
    }
    let above = row_first + row;
    let left = column_first + column;
    store_row(low0, high0, above, left);
    store_row(low1, high1, above + 1, left);
    store_row(low2, high2, above + 2, left);
    store_row(low3, high3, above + 3, left);
    store_row(low4, high4, above + TILE_ROWS / 2, left);
    store_row(low5, high5, above + TILE_ROWS / 2 + 1, left);
    store_row(low6, high6, above + TILE_ROWS / 2 + 2, left);
    store_row(low7, high7, above + TILE_ROWS / 2 + 3, left);
}

fn store_row(low: vec4<f32>, high: vec4<f32>, row: u32, column: u32) {
    store_pair(low.xy, row, column);
    store_pair(low.zw, row, column + 2);
    store_pair(high.xy, row, column + TILE_COLUMNS / 2);
    store_pair(high.zw, row, column + TILE_COLUMNS / 2 + 2);
}

// Four inputs at a time; zeros beyond the edges.
fn fill(index: u32, row_first: u32, column_first: u32, depth: u32) {
    let fours = params.inputs / 4;
    for (var i = index; i < TILE_ROWS * DEPTH / 4; i += THREADS) {
        let row = i / (DEPTH / 4);
        let at = i % (DEPTH / 4);
        var inputs = vec4(0.0);
        if row_first + row < params.tokens && depth / 4 + at < fours {
            inputs = unpack4(x[(row_first + row) * fours + depth / 4 + at]);
        }
        for (var k = 0u; k < 4; k++) {
            tile_x[(at * 4 + k) * ROWS_STRIDE + row / 4][row % 4] = inputs[k];
        }
    }
    for (var i = index; i < TILE_COLUMNS * DEPTH / 4; i += THREADS) {
        let column = i / (DEPTH / 4);
        let at = i % (DEPTH / 4);
        var weights = vec4(0.0);
        if column_first + column < params.outputs && depth / 4 + at < fours {
            weights = weights4((column_first + column) * fours + depth / 4 + at);
        }
        for (var k = 0u; k < 4; k++) {
            tile_w[(at * 4 + k) * COLUMNS_STRIDE + column / 4][column % 4] = weights[k];
        }
    }
}
