// Four rows' share of 32 inputs, weights of 32 bits: two to a 64-bit load.
const STEP: u32 = 32;
alias Sum = f32;
/// A column for each row: sums over even and over odd inputs.
alias Sums = mat4x2<f32>;

@group(0) @binding(1) var<storage, read> x: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read> w: array<vec4<u64>>;

fn pair(bits: u64) -> vec2<f32> {
    return vec2(bitcast<f32>(u32(bits)), bitcast<f32>(u32(bits >> 32u)));
}

/// This lane's four of the 32 inputs.
fn load_inputs(step: u32, lane: u32) -> vec4<f32> {
    let words = x[step * 8 + lane];
    return vec4(pair(words.x), pair(words.y));
}

fn add_eight(sum: vec2<f32>, weights: vec4<u64>, first: vec4<f32>, second: vec4<f32>) -> vec2<f32> {
    let low = fma(pair(weights.y), first.zw, fma(pair(weights.x), first.xy, sum));
    return fma(pair(weights.w), second.zw, fma(pair(weights.z), second.xy, low));
}

fn add_part(sums: Sums, at: vec4<u32>, first: vec4<f32>, second: vec4<f32>) -> Sums {
    return Sums(
        add_eight(sums[0], w[at.x], first, second),
        add_eight(sums[1], w[at.y], first, second),
        add_eight(sums[2], w[at.z], first, second),
        add_eight(sums[3], w[at.w], first, second),
    );
}

fn add_rows(sums: Sums, steps: vec4<u32>, inputs: vec4<f32>) -> Sums {
    let at = steps * 4;
    let one = add_part(sums, at, subgroupBroadcast(inputs, 0u), subgroupBroadcast(inputs, 1u));
    let two = add_part(one, at + 1, subgroupBroadcast(inputs, 2u), subgroupBroadcast(inputs, 3u));
    let three = add_part(two, at + 2, subgroupBroadcast(inputs, 4u), subgroupBroadcast(inputs, 5u));
    return add_part(three, at + 3, subgroupBroadcast(inputs, 6u), subgroupBroadcast(inputs, 7u));
}

fn totals(sums: Sums) -> vec4<f32> {
    return vec2(1.0) * sums;
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum;
}
