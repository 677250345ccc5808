// Four rows' share of 64 inputs in q8_0: two blocks, eight signed bytes to a 64-bit load, two scales to a word. A block of
// all rows is loaded before the next block, which is faster than a row after the other.
const STEP: u32 = 64;
alias Sum = f32;
alias Sums = vec4<f32>;

@group(0) @binding(1) var<storage, read> x: array<u64>;
@group(0) @binding(2) var<storage, read> w: array<vec4<u64>>;
@group(0) @binding(4) var<storage, read> scales: array<u32>;

struct Inputs {
    first: vec4<f32>,
    second: vec4<f32>,
}

fn unpack_halves(bits: u64) -> vec4<f32> {
    return vec4(unpack2x16float(u32(bits)), unpack2x16float(u32(bits >> 32u)));
}

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

/// This lane's four inputs of each block, without the 2^24 of the bytes.
fn load_inputs(step: u32, lane: u32) -> Inputs {
    let at = step * 16 + lane;
    return Inputs(0x1p-24 * unpack_halves(x[at]), 0x1p-24 * unpack_halves(x[at + 8]));
}

/// One block of each row.
fn dot_blocks(at: vec4<u32>, inputs: vec4<f32>) -> vec4<f32> {
    return vec4(dot_block(at.x, inputs), dot_block(at.y, inputs), dot_block(at.z, inputs), dot_block(at.w, inputs));
}

fn add_rows(sums: Sums, steps: vec4<u32>, inputs: Inputs) -> Sums {
    let x = unpack2x16float(scales[steps.x]);
    let y = unpack2x16float(scales[steps.y]);
    let z = unpack2x16float(scales[steps.z]);
    let w = unpack2x16float(scales[steps.w]);
    let half = fma(vec4(x.x, y.x, z.x, w.x), dot_blocks(steps * 2, inputs.first), sums);
    return fma(vec4(x.y, y.y, z.y, w.y), dot_blocks(steps * 2 + 1, inputs.second), half);
}

fn totals(sums: Sums) -> vec4<f32> {
    return sums;
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum;
}
