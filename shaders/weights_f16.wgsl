// Weights of 16 bits: eight to a vector of four words.
const CHUNK: u32 = 8;
alias Inputs = array<vec4<f32>, 2>;

fn load_inputs(chunk: u32) -> Inputs {
    let words = x[chunk];
    return Inputs(
        vec4(unpack2x16float(words.x), unpack2x16float(words.y)),
        vec4(unpack2x16float(words.z), unpack2x16float(words.w)),
    );
}

fn dot_chunk(chunk: u32, inputs: Inputs) -> f32 {
    let words = w[chunk];
    let low = vec4(unpack2x16float(words.x), unpack2x16float(words.y));
    let high = vec4(unpack2x16float(words.z), unpack2x16float(words.w));
    return dot(low, inputs[0]) + dot(high, inputs[1]);
}
