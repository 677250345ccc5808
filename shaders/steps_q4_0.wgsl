// A row's share of 64 inputs in q4_0: two blocks, two scales to a word.
const STEP: u32 = 64;

@group(0) @binding(4) var<storage, read> scales: array<u32>;

struct Inputs {
    first: vec4<f32>,
    second: vec4<f32>,
}

fn load_inputs(step: u32, lane: u32) -> Inputs {
    return Inputs(load_block_inputs(step * 16, lane), load_block_inputs(step * 16 + 8, lane));
}

fn dot_step(step: u32, inputs: Inputs) -> f32 {
    let scale = unpack2x16float(scales[step]);
    let blocks = w[step];
    return scale.x * dot_block(blocks.xy, inputs.first) + scale.y * dot_block(blocks.zw, inputs.second);
}
