// A row's share of 256 inputs in q4_K: one super-block, its scales and minima in two 64-bit loads.
const STEP: u32 = 256;
alias Inputs = vec2<u32>;

@group(0) @binding(4) var<storage, read> scales: array<vec2<u64>>;

/// Where the inputs of a step begin, and this lane: 256 inputs of all lanes are too many to hold.
fn load_inputs(step: u32, lane: u32) -> vec2<u32> {
    return vec2(step * 64, lane);
}

/// Sum over a block of its inputs, the same in all lanes, without the 2^-28 of `load_block_inputs`.
fn sum_of(inputs: vec4<f32>) -> f32 {
    let part = (inputs.x + inputs.y) + (inputs.z + inputs.w);
    return 0x1p28 * (subgroupBroadcast(part, 0u) + subgroupBroadcast(part, 1u) + subgroupBroadcast(part, 2u)
        + subgroupBroadcast(part, 3u) + subgroupBroadcast(part, 4u) + subgroupBroadcast(part, 5u)
        + subgroupBroadcast(part, 6u) + subgroupBroadcast(part, 7u));
}

/// One block, with its scale and minimum of six bits. `dot_block` takes eight from each nibble: given back here.
fn dot_scaled(block: vec2<u64>, at: vec2<u32>, i: u32, heads: vec2<f32>, scale: u32, minimum: u32) -> f32 {
    let inputs = load_block_inputs(at.x + 8 * i, at.y);
    let scaled = heads.x * f32(i32(scale));
    return scaled * dot_block(block, inputs) + (8.0 * scaled - heads.y * f32(i32(minimum))) * sum_of(inputs);
}

fn dot_step(step: u32, at: vec2<u32>) -> f32 {
    let words = scales[step];
    let heads = unpack2x16float(u32(words.x));
    let a = u32(words.x >> 32u);
    let b = u32(words.y);
    let c = u32(words.y >> 32u);
    // The last four blocks have low nibbles side by side in the last word, high bits above those of the first four.
    let tops_a = (a >> 2) & 0x30303030u;
    let tops_b = (b >> 2) & 0x30303030u;
    let last_a = (c & 0x0f0f0f0fu) | tops_a;
    let last_b = ((c >> 4) & 0x0f0f0f0fu) | tops_b;
    let first = w[step * 4];
    let second = w[step * 4 + 1];
    let third = w[step * 4 + 2];
    let fourth = w[step * 4 + 3];
    return dot_scaled(first.xy, at, 0u, heads, a & 63, b & 63)
        + dot_scaled(first.zw, at, 1u, heads, (a >> 8) & 63, (b >> 8) & 63)
        + dot_scaled(second.xy, at, 2u, heads, (a >> 16) & 63, (b >> 16) & 63)
        + dot_scaled(second.zw, at, 3u, heads, (a >> 24) & 63, (b >> 24) & 63)
        + dot_scaled(third.xy, at, 4u, heads, last_a & 255, last_b & 255)
        + dot_scaled(third.zw, at, 5u, heads, (last_a >> 8) & 255, (last_b >> 8) & 255)
        + dot_scaled(fourth.xy, at, 6u, heads, (last_a >> 16) & 255, (last_b >> 16) & 255)
        + dot_scaled(fourth.zw, at, 7u, heads, last_a >> 24, last_b >> 24);
}
