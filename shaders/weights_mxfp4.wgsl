// mxfp4: codes of E2M1 (a sign, two bits of exponent, one of mantissa), and for every 32 weights a power of two with
// 127 added.
@group(0) @binding(4) var<storage, read> scales: array<u32>;

/// Half of the block's power of two, since `e2m1` gives doubled magnitudes. The smallest powers, 2^-127 and 2^-126,
/// are no normal numbers then and may count as zero.
fn half_scale_of(block: u32) -> f32 {
    let exponent = (scales[block / 4] >> (block % 4 * 8)) & 255;
    return bitcast<f32>(max(exponent, 1u) - 1 << 23);
}

/// Twice the number of each code.
fn e2m1(codes: vec4<u32>) -> vec4<f32> {
    // The magnitudes 0, 1, 2, 3, 4, 6, 8, 12 are the nibbles of one word.
    let magnitudes = (vec4(0xc8643210u) >> ((codes & vec4(7u)) * 4)) & vec4(15u);
    return bitcast<vec4<f32>>(bitcast<vec4<u32>>(vec4<f32>(magnitudes)) | ((codes & vec4(8u)) << vec4(28u)));
}

/// Weights 4 · four to 4 · four + 3 of the matrix.
fn weights4(four: u32) -> vec4<f32> {
    return half_scale_of(four / 8) * e2m1(nibbles4(four));
}

fn dot_word(word: u32, low: vec4<f32>, high: vec4<f32>) -> f32 {
    return dot(e2m1(nibbles(word, 0u)), low) + dot(e2m1(nibbles(word, 4u)), high);
}

fn dot_chunk(chunk: u32, inputs: Inputs) -> Sum {
    let words = w[chunk];
    return half_scale_of(chunk)
        * (dot_word(words.x, inputs[0], inputs[4]) + dot_word(words.y, inputs[1], inputs[5])
            + dot_word(words.z, inputs[2], inputs[6]) + dot_word(words.w, inputs[3], inputs[7]));
}
