// x <- x + dot4(x, w) on registers, bytes of x times bytes of w: the peak of integer dot products. CHAINS independent
// words per invocation hide the latency of each step; a branch on a pipeline constant is decided before the shader runs.
// Each product needs the sum before it, so that none can be left out or moved out of the loop.
override WORKGROUP: u32 = 64;
override CHAINS: u32 = 8;
// Invocations this far apart have the same inputs, which then lie in the first cache.
const PERIOD: u32 = 256;

struct Params {
    rounds: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// A start and four bytes to multiply with.
@group(0) @binding(1) var<storage, read> inputs: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read_write> sums: array<u32>;

fn step_of(x: u32, w: u32) -> u32 {
    return x + bitcast<u32>(dot4I8Packed(x, w));
}

// Written out: a loop costs a CPU adapter more than the steps in it.
fn four_steps(x: u32, w: u32) -> u32 {
    return step_of(step_of(step_of(step_of(x, w), w), w), w);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    let given = inputs[index % PERIOD];
    let w = given.y;
    var x0 = given.x;
    var x1 = given.x + 1u;
    var x2 = given.x + 2u;
    var x3 = given.x + 3u;
    var x4 = given.x + 4u;
    var x5 = given.x + 5u;
    var x6 = given.x + 6u;
    var x7 = given.x + 7u;
    for (var round = 0u; round < params.rounds; round++) {
        x0 = four_steps(x0, w);
        if CHAINS > 1 {
            x1 = four_steps(x1, w);
        }
        if CHAINS > 2 {
            x2 = four_steps(x2, w);
            x3 = four_steps(x3, w);
        }
        if CHAINS > 4 {
            x4 = four_steps(x4, w);
            x5 = four_steps(x5, w);
            x6 = four_steps(x6, w);
            x7 = four_steps(x7, w);
        }
    }
    var sum = x0;
    if CHAINS > 1 {
        sum += x1;
    }
    if CHAINS > 2 {
        sum += x2 + x3;
    }
    if CHAINS > 4 {
        sum += x4 + x5 + x6 + x7;
    }
    sums[index] = sum;
}
