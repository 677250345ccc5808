// Weights of 32 bits: four to a vector.
const CHUNK: u32 = 4;
alias Inputs = array<vec4<f32>, 1>;
alias Sum = f32;

@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;

/// Weights 4 · four to 4 · four + 3 of the matrix.
fn weights4(four: u32) -> vec4<f32> {
    return w[four];
}

fn load_inputs(chunk: u32) -> Inputs {
    return Inputs(unpack4(x[chunk]));
}

fn dot_chunk(chunk: u32, inputs: Inputs) -> Sum {
    return dot(w[chunk], inputs[0]);
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum;
}
