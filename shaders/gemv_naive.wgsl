// y[n] = w[n, k] * x[k]: one invocation for two results, the least that can be written in 16 bits.
struct Params {
    outputs: u32,
    inputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Packed4>;
@group(0) @binding(3) var<storage, read_write> y: array<Pair>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x * 2;
    if row >= params.outputs {
        return;
    }
    let fours = params.inputs / 4;
    var sum = vec2(0.0);
    for (var i = 0u; i < fours; i++) {
        let inputs = unpack4(x[i]);
        sum += vec2(dot(weights4(row * fours + i), inputs), dot(weights4((row + 1) * fours + i), inputs));
    }
    y[id.x] = pack_pair(vec2(scaled(sum.x, row, 0u), scaled(sum.y, row + 1, 0u)));
}
