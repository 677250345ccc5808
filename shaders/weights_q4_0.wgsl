// q4_0: nibbles minus eight, 32 to a vector of four words (lowest nibble first), and one f16 scale per 32.
// Nibbles and scales lie in arrays of their own, so that every load is aligned; the size is that of the 18-byte
// block.
const CHUNK: u32 = 32;
alias Inputs = array<vec4<f32>, 8>;

@group(0) @binding(4) var<storage, read> scales: array<u32>;

fn unpack_inputs(words: vec2<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

fn load_inputs(chunk: u32) -> Inputs {
    let a = x[chunk * 4];
    let b = x[chunk * 4 + 1];
    let c = x[chunk * 4 + 2];
    let d = x[chunk * 4 + 3];
    return Inputs(
        unpack_inputs(a.xy), unpack_inputs(a.zw), unpack_inputs(b.xy), unpack_inputs(b.zw),
        unpack_inputs(c.xy), unpack_inputs(c.zw), unpack_inputs(d.xy), unpack_inputs(d.zw),
    );
}

fn nibbles(half_word: u32) -> vec4<f32> {
    return vec4<f32>((vec4(half_word) >> vec4(0u, 4u, 8u, 12u)) & vec4(15u)) - 8.0;
}

fn dot_word(word: u32, low: vec4<f32>, high: vec4<f32>) -> f32 {
    return dot(nibbles(word), low) + dot(nibbles(word >> 16), high);
}

fn dot_chunk(chunk: u32, inputs: Inputs) -> f32 {
    let words = w[chunk];
    let scale = unpack2x16float(scales[chunk / 2])[chunk % 2];
    return scale * (dot_word(words.x, inputs[0], inputs[1]) + dot_word(words.y, inputs[2], inputs[3])
        + dot_word(words.z, inputs[4], inputs[5]) + dot_word(words.w, inputs[6], inputs[7]));
}
