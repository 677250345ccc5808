// q4_0: nibbles minus eight, and one f16 scale per 32 weights.
@group(0) @binding(4) var<storage, read> scales: array<u32>;

fn scale_of(block: u32) -> f32 {
    return unpack2x16float(scales[block / 2])[block % 2];
}

/// Weights 4 · four to 4 · four + 3 of the matrix.
fn weights4(four: u32) -> vec4<f32> {
    return scale_of(four / 8) * (vec4<f32>(nibbles4(four)) - 8.0);
}

fn dot_word(word: u32, low: vec4<f32>, high: vec4<f32>) -> f32 {
    return dot(vec4<f32>(nibbles(word, 0u)) - 8.0, low) + dot(vec4<f32>(nibbles(word, 4u)) - 8.0, high);
}

fn dot_chunk(chunk: u32, inputs: Inputs) -> Sum {
    let words = w[chunk];
    return scale_of(chunk) * (dot_word(words.x, inputs[0], inputs[4]) + dot_word(words.y, inputs[1], inputs[5])
        + dot_word(words.z, inputs[2], inputs[6]) + dot_word(words.w, inputs[3], inputs[7]));
}
