// A row's share of 16 inputs, weights of 32 bits: two to a 64-bit load.
const STEP: u32 = 16;
alias Sum = f32;

@group(0) @binding(1) var<storage, read> x: array<u64>;
@group(0) @binding(2) var<storage, read> w: array<vec4<u64>>;

fn pair(bits: u64) -> vec2<f32> {
    return vec2(bitcast<f32>(u32(bits)), bitcast<f32>(u32(bits >> 32u)));
}

/// This lane's two of the 16 inputs.
fn load_inputs(step: u32, lane: u32) -> vec2<f32> {
    return pair(x[step * 8 + lane]);
}

fn dot_step(step: u32, inputs: vec2<f32>) -> f32 {
    let low = w[step * 2];
    let high = w[step * 2 + 1];
    var sum = pair(low.x) * subgroupBroadcast(inputs, 0u);
    sum = fma(pair(low.y), subgroupBroadcast(inputs, 1u), sum);
    sum = fma(pair(low.z), subgroupBroadcast(inputs, 2u), sum);
    sum = fma(pair(low.w), subgroupBroadcast(inputs, 3u), sum);
    sum = fma(pair(high.x), subgroupBroadcast(inputs, 4u), sum);
    sum = fma(pair(high.y), subgroupBroadcast(inputs, 5u), sum);
    sum = fma(pair(high.z), subgroupBroadcast(inputs, 6u), sum);
    sum = fma(pair(high.w), subgroupBroadcast(inputs, 7u), sum);
    return sum.x + sum.y;
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum;
}
