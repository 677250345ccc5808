// Blocks of 32 nibbles, sixteen to a 64-bit load.
alias Sum = f32;

@group(0) @binding(1) var<storage, read> x: array<u64>;
@group(0) @binding(2) var<storage, read> w: array<vec4<u64>>;

fn unpack_halves(bits: u64) -> vec4<f32> {
    return vec4(unpack2x16float(u32(bits)), unpack2x16float(u32(bits >> 32u)));
}

/// Four nibbles minus eight, each times 2^28, of a word whose nibbles have their highest bit inverted: moved to the
/// top of a word that bit is the sign's.
fn low_nibbles(word: u32) -> vec4<f32> {
    let tops = vec4(word << 28, word << 20, word << 12, word << 4) & vec4(0xf0000000u);
    return vec4<f32>(bitcast<vec4<i32>>(tops));
}

fn high_nibbles(word: u32) -> vec4<f32> {
    let tops = vec4(word << 24, word << 16, word << 8, word) & vec4(0xf0000000u);
    return vec4<f32>(bitcast<vec4<i32>>(tops));
}

/// This lane's four inputs of a block, without the 2^28 of the nibbles.
fn load_block_inputs(at: u32, lane: u32) -> vec4<f32> {
    return 0x1p-28 * unpack_halves(x[at + lane]);
}

/// Sum over a block of input times nibble minus eight.
fn dot_block(block: vec2<u64>, inputs: vec4<f32>) -> f32 {
    let words = vec4(u32(block.x), u32(block.x >> 32u), u32(block.y), u32(block.y >> 32u)) ^ vec4(0x88888888u);
    var sum = low_nibbles(words.x) * subgroupBroadcast(inputs, 0u);
    sum = fma(low_nibbles(words.y), subgroupBroadcast(inputs, 1u), sum);
    sum = fma(low_nibbles(words.z), subgroupBroadcast(inputs, 2u), sum);
    sum = fma(low_nibbles(words.w), subgroupBroadcast(inputs, 3u), sum);
    sum = fma(high_nibbles(words.x), subgroupBroadcast(inputs, 4u), sum);
    sum = fma(high_nibbles(words.y), subgroupBroadcast(inputs, 5u), sum);
    sum = fma(high_nibbles(words.z), subgroupBroadcast(inputs, 6u), sum);
    sum = fma(high_nibbles(words.w), subgroupBroadcast(inputs, 7u), sum);
    return (sum.x + sum.y) + (sum.z + sum.w);
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum;
}
