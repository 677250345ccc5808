// q4_K: nibbles; for every 256 weights two f16, d and dmin, and for each of their eight blocks a scale and a minimum
// of six bits, packed into twelve bytes as ggml does. A weight is d * scale * nibble - dmin * minimum.
@group(0) @binding(4) var<storage, read> scales: array<vec4<u32>>;

/// d * scale and dmin * minimum of a block.
fn scale_and_minimum(block: u32) -> vec2<f32> {
    let words = scales[block / 8];
    let shift = block % 4 * 8;
    // The last four blocks have low nibbles side by side in the last word, high bits above those of the first four.
    let first = (vec2(words.y, words.z) >> vec2(shift)) & vec2(63u);
    let both = vec2(words.w >> shift, words.w >> (shift + 4)) & vec2(15u);
    let last = both | ((vec2(words.y, words.z) >> vec2(shift + 2)) & vec2(48u));
    return unpack2x16float(words.x) * vec2<f32>(select(first, last, block % 8 >= 4));
}

/// Weights 4 · four to 4 · four + 3 of the matrix.
fn weights4(four: u32) -> vec4<f32> {
    let scale = scale_and_minimum(four / 8);
    return scale.x * vec4<f32>(nibbles4(four)) - scale.y;
}

fn dot_word(word: u32, low: vec4<f32>, high: vec4<f32>) -> f32 {
    return dot(vec4<f32>(nibbles(word, 0u)), low) + dot(vec4<f32>(nibbles(word, 4u)), high);
}

fn dot_chunk(chunk: u32, inputs: Inputs) -> Sum {
    let words = w[chunk];
    let scale = scale_and_minimum(chunk);
    let sums = inputs[0] + inputs[1] + inputs[2] + inputs[3] + inputs[4] + inputs[5] + inputs[6] + inputs[7];
    return scale.x * (dot_word(words.x, inputs[0], inputs[4]) + dot_word(words.y, inputs[1], inputs[5])
        + dot_word(words.z, inputs[2], inputs[6]) + dot_word(words.w, inputs[3], inputs[7]))
        - scale.y * dot(sums, vec4(1.0));
}
