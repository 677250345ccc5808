// A row's share of 32 inputs, weights of 16 bits: four to a 64-bit load.
const STEP: u32 = 32;
alias Sum = f32;

@group(0) @binding(1) var<storage, read> x: array<u64>;
@group(0) @binding(2) var<storage, read> w: array<vec4<u64>>;

fn unpack_halves(bits: u64) -> vec4<f32> {
    return vec4(unpack2x16float(u32(bits)), unpack2x16float(u32(bits >> 32u)));
}

/// This lane's four of the 32 inputs.
fn load_inputs(step: u32, lane: u32) -> vec4<f32> {
    return unpack_halves(x[step * 8 + lane]);
}

fn dot_step(step: u32, inputs: vec4<f32>) -> f32 {
    let low = w[step * 2];
    let high = w[step * 2 + 1];
    var sum = unpack_halves(low.x) * subgroupBroadcast(inputs, 0u);
    sum = fma(unpack_halves(low.y), subgroupBroadcast(inputs, 1u), sum);
    sum = fma(unpack_halves(low.z), subgroupBroadcast(inputs, 2u), sum);
    sum = fma(unpack_halves(low.w), subgroupBroadcast(inputs, 3u), sum);
    sum = fma(unpack_halves(high.x), subgroupBroadcast(inputs, 4u), sum);
    sum = fma(unpack_halves(high.y), subgroupBroadcast(inputs, 5u), sum);
    sum = fma(unpack_halves(high.z), subgroupBroadcast(inputs, 6u), sum);
    sum = fma(unpack_halves(high.w), subgroupBroadcast(inputs, 7u), sum);
    return (sum.x + sum.y) + (sum.z + sum.w);
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum;
}
