// int8: signed bytes, 16 to a vector of four words, with one scale per row; inputs are signed bytes as well, with one
// scale per token. Sums are whole numbers until both scales are applied: exact up to 133,000 products.
const CHUNK: u32 = 16;
alias Inputs = vec4<u32>;
alias Sum = i32;

@group(0) @binding(2) var<storage, read> w: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> scales: array<f32>;
@group(0) @binding(5) var<storage, read> input_scales: array<f32>;

/// Weights 4 · four to 4 · four + 3 of the matrix, without the scale of their row.
fn weights4(four: u32) -> vec4<f32> {
    return vec4<f32>(unpack4xI8(w[four / 4][four % 4]));
}

fn load_inputs(chunk: u32) -> Inputs {
    let at = chunk * 4;
    return vec4(x[at], x[at + 1], x[at + 2], x[at + 3]);
}

fn dot_chunk(chunk: u32, inputs: Inputs) -> Sum {
    let words = w[chunk];
    return dot4I8Packed(words.x, inputs.x) + dot4I8Packed(words.y, inputs.y)
        + dot4I8Packed(words.z, inputs.z) + dot4I8Packed(words.w, inputs.w);
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum * (scales[row] * input_scales[token]);
}
