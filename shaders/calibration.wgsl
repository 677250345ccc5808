// A fixed amount of work, the same in every version: how fast the device itself is right now. Twelve sums at a time
// keep the arithmetic units busy rather than waiting, so that whoever shares them is noticed; their input comes
// through the caches. All results are stored so that none can be left out.

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const INVOCATIONS = 65536u;
const INPUTS = 4u;
const ROUNDS = 64u;
const STEPS = 4u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let scale = vec4<f32>(0.5, 0.25, 0.125, 0.0625);
    var a = vec4<f32>(1.0);
    var b = vec4<f32>(2.0);
    var c = vec4<f32>(3.0);
    for (var round = 0u; round < ROUNDS; round++) {
        let factor = scale * x[round % INPUTS * INVOCATIONS + id.x];
        for (var step = 0u; step < STEPS; step++) {
            a = fma(a, factor, scale);
            b = fma(b, factor, scale);
            c = fma(c, factor, scale);
        }
    }
    let sum = a + b + c;
    y[id.x] = sum.x + sum.y + sum.z + sum.w;
}
