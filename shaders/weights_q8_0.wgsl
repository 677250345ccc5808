// q8_0: signed bytes, 16 to a vector of four words, and one f16 scale per 32 weights.
const CHUNK: u32 = 16;
alias Inputs = array<vec4<f32>, 4>;
alias Sum = f32;

@group(0) @binding(2) var<storage, read> w: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> scales: array<u32>;

fn scale_of(block: u32) -> f32 {
    return unpack2x16float(scales[block / 2])[block % 2];
}

fn bytes(word: u32) -> vec4<f32> {
    return vec4<f32>(unpack4xI8(word));
}

/// Weights 4 · four to 4 · four + 3 of the matrix.
fn weights4(four: u32) -> vec4<f32> {
    return scale_of(four / 8) * bytes(w[four / 4][four % 4]);
}

fn load_inputs(chunk: u32) -> Inputs {
    let at = chunk * 4;
    return Inputs(unpack4(x[at]), unpack4(x[at + 1]), unpack4(x[at + 2]), unpack4(x[at + 3]));
}

fn dot_chunk(chunk: u32, inputs: Inputs) -> Sum {
    let words = w[chunk];
    return scale_of(chunk / 2) * (dot(bytes(words.x), inputs[0]) + dot(bytes(words.y), inputs[1])
        + dot(bytes(words.z), inputs[2]) + dot(bytes(words.w), inputs[3]));
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum;
}
