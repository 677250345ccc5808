// What is normalised: x + residual. The sums, which the next layer needs, come first in y, their norms behind them.
struct Params {
    rows: u32,
    width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Packed4>;
@group(0) @binding(2) var<storage, read> scale: array<Packed4>;
@group(0) @binding(3) var<storage, read_write> y: array<Packed4>;
@group(0) @binding(4) var<storage, read> residual: array<Packed4>;

fn value(at: u32) -> vec4<f32> {
    return unpack4(x[at]) + unpack4(residual[at]);
}

fn keep(at: u32, values: vec4<f32>) {
    y[at] = pack4(values);
}

fn place(at: u32) -> u32 {
    return params.rows * params.width / 4 + at;
}
