// A row's share of 32 inputs in int8: eight signed bytes to a 64-bit load. Products of bytes and sums of 32 of them are
// exact in f32, larger sums are kept as integers.
const STEP: u32 = 32;
alias Sum = i32;
alias Inputs = vec4<f32>;

@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> w: array<vec4<u64>>;
@group(0) @binding(4) var<storage, read> scales: array<f32>;
@group(0) @binding(5) var<storage, read> input_scales: array<f32>;

/// Four signed bytes, each times 2^24: moved to the top of a word they need no second shift to bring their sign back.
fn bytes(word: u32) -> vec4<f32> {
    let tops = vec4(word << 24, word << 16, word << 8, word) & vec4(0xff000000u);
    return vec4<f32>(bitcast<vec4<i32>>(tops));
}

/// Sum of the products of a block of 32, times 2^24.
fn dot_block(block: u32, inputs: vec4<f32>) -> f32 {
    let words = w[block];
    var sum = bytes(u32(words.x)) * subgroupBroadcast(inputs, 0u);
    sum = fma(bytes(u32(words.x >> 32u)), subgroupBroadcast(inputs, 1u), sum);
    sum = fma(bytes(u32(words.y)), subgroupBroadcast(inputs, 2u), sum);
    sum = fma(bytes(u32(words.y >> 32u)), subgroupBroadcast(inputs, 3u), sum);
    sum = fma(bytes(u32(words.z)), subgroupBroadcast(inputs, 4u), sum);
    sum = fma(bytes(u32(words.z >> 32u)), subgroupBroadcast(inputs, 5u), sum);
    sum = fma(bytes(u32(words.w)), subgroupBroadcast(inputs, 6u), sum);
    sum = fma(bytes(u32(words.w >> 32u)), subgroupBroadcast(inputs, 7u), sum);
    return (sum.x + sum.y) + (sum.z + sum.w);
}

/// This lane's four of the 32 inputs, without the 2^24 of the weights.
fn load_inputs(step: u32, lane: u32) -> vec4<f32> {
    return 0x1p-24 * vec4<f32>(unpack4xI8(x[step * 8 + lane]));
}

fn dot_step(step: u32, inputs: vec4<f32>) -> i32 {
    return i32(dot_block(step, inputs));
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum * (scales[row] * input_scales[token]);
}
