// Weights of 16 bits: eight to a vector of four words.
const CHUNK: u32 = 8;
alias Inputs = array<vec4<f32>, 2>;
alias Sum = f32;

@group(0) @binding(2) var<storage, read> w: array<vec4<u32>>;

fn unpack_halves(words: vec2<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

/// Weights 4 · four to 4 · four + 3 of the matrix.
fn weights4(four: u32) -> vec4<f32> {
    let word = four % 2 * 2;
    return unpack_halves(vec2(w[four / 2][word], w[four / 2][word + 1]));
}

fn load_inputs(chunk: u32) -> Inputs {
    return Inputs(unpack4(x[chunk * 2]), unpack4(x[chunk * 2 + 1]));
}

fn dot_chunk(chunk: u32, inputs: Inputs) -> Sum {
    let words = w[chunk];
    return dot(unpack_halves(words.xy), inputs[0]) + dot(unpack_halves(words.zw), inputs[1]);
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum;
}
