// A row's share of 64 inputs in mxfp4: two blocks of codes, sixteen to a 64-bit load.
const STEP: u32 = 64;
alias Sum = f32;

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

/// Weights i and i + 2 (i below 2) of each half of a word's codes, times 2^-14: sign, exponent and mantissa of a code
/// are those of an f16 with the exponent's low bits alone.
fn codes(word: u32) -> vec2<f32> {
    return unpack2x16float((word & 0x80008000u) | ((word >> 3) & 0x0e000e00u));
}

fn low_codes(word: u32) -> vec4<f32> {
    let even = codes(word << 12);
    let odd = codes(word << 4);
    return vec4(even.x, odd.x, even.y, odd.y);
}

fn high_codes(word: u32) -> vec4<f32> {
    let even = codes(word << 8);
    let odd = codes(word);
    return vec4(even.x, odd.x, even.y, odd.y);
}

fn dot_block(block: vec2<u64>, inputs: vec4<f32>) -> f32 {
    let words = vec4(u32(block.x), u32(block.x >> 32u), u32(block.y), u32(block.y >> 32u));
    var sum = low_codes(words.x) * subgroupBroadcast(inputs, 0u);
    sum = fma(low_codes(words.y), subgroupBroadcast(inputs, 1u), sum);
    sum = fma(low_codes(words.z), subgroupBroadcast(inputs, 2u), sum);
    sum = fma(low_codes(words.w), subgroupBroadcast(inputs, 3u), sum);
    sum = fma(high_codes(words.x), subgroupBroadcast(inputs, 4u), sum);
    sum = fma(high_codes(words.y), subgroupBroadcast(inputs, 5u), sum);
    sum = fma(high_codes(words.z), subgroupBroadcast(inputs, 6u), sum);
    sum = fma(high_codes(words.w), subgroupBroadcast(inputs, 7u), sum);
    return (sum.x + sum.y) + (sum.z + sum.w);
}

/// This lane's four inputs of each block, times the 2^14 that `codes` leaves out.
fn load_inputs(step: u32, lane: u32) -> Inputs {
    let at = step * 16 + lane;
    return Inputs(0x1p14 * unpack_halves(x[at]), 0x1p14 * unpack_halves(x[at + 8]));
}

fn dot_step(step: u32, inputs: Inputs) -> f32 {
    let exponents = scales[step / 2] >> (step % 2 * 16);
    let first = bitcast<f32>((exponents & 255) << 23);
    let second = bitcast<f32>(((exponents >> 8) & 255) << 23);
    let blocks = w[step];
    return first * dot_block(blocks.xy, inputs.first) + second * dot_block(blocks.zw, inputs.second);
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum;
}
