// Four rows' share of 64 inputs, weights of 16 bits: four to a 64-bit load.
const STEP: u32 = 64;
alias Sum = f32;
/// A column for each row.
alias Sums = mat4x4<f32>;

@group(0) @binding(1) var<storage, read> x: array<vec2<u64>>;
@group(0) @binding(2) var<storage, read> w: array<vec4<u64>>;

struct Inputs {
    low: vec4<f32>,
    high: vec4<f32>,
}

fn unpack_halves(bits: u64) -> vec4<f32> {
    return vec4(unpack2x16float(u32(bits)), unpack2x16float(u32(bits >> 32u)));
}

/// This lane's eight of the 64 inputs.
fn load_inputs(step: u32, lane: u32) -> Inputs {
    let words = x[step * 8 + lane];
    return Inputs(unpack_halves(words.x), unpack_halves(words.y));
}

fn add_sixteen(sum: vec4<f32>, weights: vec4<u64>, first: Inputs, second: Inputs) -> vec4<f32> {
    let low = fma(unpack_halves(weights.y), first.high, fma(unpack_halves(weights.x), first.low, sum));
    return fma(unpack_halves(weights.w), second.high, fma(unpack_halves(weights.z), second.low, low));
}

fn add_part(sums: Sums, at: vec4<u32>, first: Inputs, second: Inputs) -> Sums {
    return Sums(
        add_sixteen(sums[0], w[at.x], first, second),
        add_sixteen(sums[1], w[at.y], first, second),
        add_sixteen(sums[2], w[at.z], first, second),
        add_sixteen(sums[3], w[at.w], first, second),
    );
}

fn add_rows(sums: Sums, steps: vec4<u32>, inputs: Inputs) -> Sums {
    let at = steps * 4;
    let low = inputs.low;
    let high = inputs.high;
    // The lane of a broadcast must be a constant.
    let lane0 = Inputs(subgroupBroadcast(low, 0u), subgroupBroadcast(high, 0u));
    let lane1 = Inputs(subgroupBroadcast(low, 1u), subgroupBroadcast(high, 1u));
    let lane2 = Inputs(subgroupBroadcast(low, 2u), subgroupBroadcast(high, 2u));
    let lane3 = Inputs(subgroupBroadcast(low, 3u), subgroupBroadcast(high, 3u));
    let lane4 = Inputs(subgroupBroadcast(low, 4u), subgroupBroadcast(high, 4u));
    let lane5 = Inputs(subgroupBroadcast(low, 5u), subgroupBroadcast(high, 5u));
    let lane6 = Inputs(subgroupBroadcast(low, 6u), subgroupBroadcast(high, 6u));
    let lane7 = Inputs(subgroupBroadcast(low, 7u), subgroupBroadcast(high, 7u));
    let half = add_part(add_part(sums, at, lane0, lane1), at + 1, lane2, lane3);
    return add_part(add_part(half, at + 2, lane4, lane5), at + 3, lane6, lane7);
}

fn totals(sums: Sums) -> vec4<f32> {
    return vec4(1.0) * sums;
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum;
}
