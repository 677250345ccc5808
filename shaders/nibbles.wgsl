// Weights of four bits, 32 to a vector of four words: byte i holds weight i in its low half and weight i + 16 in its
// high half.
const CHUNK: u32 = 32;
alias Inputs = array<vec4<f32>, 8>;
alias Sum = f32;

@group(0) @binding(2) var<storage, read> w: array<vec4<u32>>;

/// One word's nibbles, low ones at a shift of 0 and high ones at a shift of 4.
fn nibbles(word: u32, shift: u32) -> vec4<u32> {
    return unpack4xU8((word >> shift) & 0x0f0f0f0fu);
}

/// Values 4 · four to 4 · four + 3 of the matrix, not yet scaled.
fn nibbles4(four: u32) -> vec4<u32> {
    return nibbles(w[four / 8][four % 4], four & 4);
}

fn load_inputs(chunk: u32) -> Inputs {
    let at = chunk * 8;
    return Inputs(
        unpack4(x[at]), unpack4(x[at + 1]), unpack4(x[at + 2]), unpack4(x[at + 3]),
        unpack4(x[at + 4]), unpack4(x[at + 5]), unpack4(x[at + 6]), unpack4(x[at + 7]),
    );
}

fn scaled(sum: f32, row: u32, token: u32) -> f32 {
    return sum;
}
