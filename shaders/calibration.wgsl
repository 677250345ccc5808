// A fixed amount of arithmetic, the same in every version: how fast the device itself is right now. Four sums at a
// time hide the latency of each; their result is stored so that none can be left out.

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const ROUNDS = 512u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let factor = vec4<f32>(x[id.x]) * vec4<f32>(0.5, 0.25, 0.125, 0.0625);
    var sum = vec4<f32>(1.0);
    for (var round = 0u; round < ROUNDS; round++) {
        sum = fma(sum, factor, vec4<f32>(0.5));
    }
    y[id.x] = sum.x + sum.y + sum.z + sum.w;
}
