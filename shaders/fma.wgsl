// x <- x * a + b over and over on registers: the arithmetic peak. CHAINS independent vectors per invocation hide the
// latency of each step; a branch on a pipeline constant is decided before the shader runs. Every chain ends in the
// stored sum, so that none can be left out.
override WORKGROUP: u32 = 64;
override CHAINS: u32 = 4;
// Invocations this far apart have the same inputs, which then lie in the first cache.
const PERIOD: u32 = 256;

struct Params {
    rounds: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// Per invocation a vector of starts, then one that holds the factor and the addend.
@group(0) @binding(1) var<storage, read> inputs: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec4<f32>>;

// Written out: a loop costs a CPU adapter more than the steps in it.
fn eight_steps(x: Lanes, a: Lanes, b: Lanes) -> Lanes {
    let two = fma(fma(x, a, b), a, b);
    let four = fma(fma(two, a, b), a, b);
    let six = fma(fma(four, a, b), a, b);
    return fma(fma(six, a, b), a, b);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    let start = inputs[index % PERIOD * 2];
    let line = inputs[index % PERIOD * 2 + 1];
    let a = Lanes(line.xxxx);
    let b = Lanes(line.yyyy);
    var x0 = Lanes(start);
    var x1 = Lanes(start + 1.0);
    var x2 = Lanes(start + 2.0);
    var x3 = Lanes(start + 3.0);
    var x4 = Lanes(start + 4.0);
    var x5 = Lanes(start + 5.0);
    var x6 = Lanes(start + 6.0);
    var x7 = Lanes(start + 7.0);
    for (var round = 0u; round < params.rounds; round++) {
        x0 = eight_steps(x0, a, b);
        if CHAINS > 1 {
            x1 = eight_steps(x1, a, b);
        }
        if CHAINS > 2 {
            x2 = eight_steps(x2, a, b);
        }
        if CHAINS > 3 {
            x3 = eight_steps(x3, a, b);
        }
        if CHAINS > 4 {
            x4 = eight_steps(x4, a, b);
            x5 = eight_steps(x5, a, b);
            x6 = eight_steps(x6, a, b);
            x7 = eight_steps(x7, a, b);
        }
    }
    var sum = vec4<f32>(x0);
    if CHAINS > 1 {
        sum += vec4<f32>(x1);
    }
    if CHAINS > 2 {
        sum += vec4<f32>(x2);
    }
    if CHAINS > 3 {
        sum += vec4<f32>(x3);
    }
    if CHAINS > 4 {
        sum += vec4<f32>(x4) + vec4<f32>(x5) + vec4<f32>(x6) + vec4<f32>(x7);
    }
    sums[index] = sum;
}
