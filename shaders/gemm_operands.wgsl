// What every matrix product reads and writes: columns `first` to `first + outputs` of y[tokens, stride] are
// x[tokens, inputs] * w[outputs, inputs]^T. A matrix larger than one binding takes several such products.
struct Params {
    tokens: u32,
    outputs: u32,
    inputs: u32,
    stride: u32,
    first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Packed4>;
@group(0) @binding(3) var<storage, read_write> y: array<Pair>;

/// Writes the sums of two neighbouring outputs, unless they lie beyond an edge.
fn store_pair(sums: vec2<f32>, row: u32, column: u32) {
    if row < params.tokens && column < params.outputs {
        let results = vec2(scaled(sums.x, column, row), scaled(sums.y, column + 1, row));
        y[(row * params.stride + params.first + column) / 2] = pack_pair(results);
    }
}
