// The end of a routed layer: y[token] = residual[token] + sum over choices of weight[token, choice] * x[token, choice]. Four
// elements per invocation.
override WORKGROUP: u32 = 64;

struct Params {
    // Vectors of y, in all and per token.
    vectors: u32,
    width: u32,
    choices: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Packed4>;
// Of each choice the expert and the bits of its weight.
@group(0) @binding(2) var<storage, read> chosen: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> residual: array<Packed4>;
@group(0) @binding(4) var<storage, read_write> y: array<Packed4>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let index = (group.y * params.groups_x + group.x) * WORKGROUP + local;
    if index >= params.vectors {
        return;
    }
    let token = index / params.width;
    let column = index % params.width;
    var sum = unpack4(residual[index]);
    for (var i = 0u; i < params.choices; i++) {
        let pair = token * params.choices + i;
        sum += bitcast<f32>(chosen[pair].y) * unpack4(x[pair * params.width + column]);
    }
    y[index] = pack4(sum);
}
