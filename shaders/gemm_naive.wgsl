// y[m, n] = x[m, k] * w[n, k]^T, one output per invocation: the baseline of the benches.
override WORKGROUP: u32 = 64;

struct Params {
    tokens: u32,
    outputs: u32,
    inputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let column = id.x;
    let row = id.y;
    if column >= params.outputs || row >= params.tokens {
        return;
    }
    var sum = 0.0;
    for (var i = 0u; i < params.inputs; i++) {
        sum += x[row * params.inputs + i] * w[column * params.inputs + i];
    }
    y[row * params.outputs + column] = sum;
}
