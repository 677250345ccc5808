// q8_0: signed bytes, 16 to a vector of four words, and one f16 scale per 32 weights. Bytes and scales lie in
// arrays of their own, so that every load is aligned; the size is that of the 34-byte block.
const CHUNK: u32 = 16;
alias Inputs = array<vec4<f32>, 4>;

@group(0) @binding(4) var<storage, read> scales: array<u32>;

fn unpack_inputs(words: vec2<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

fn load_inputs(chunk: u32) -> Inputs {
    let low = x[chunk * 2];
    let high = x[chunk * 2 + 1];
    return Inputs(unpack_inputs(low.xy), unpack_inputs(low.zw), unpack_inputs(high.xy), unpack_inputs(high.zw));
}

fn bytes(word: u32) -> vec4<f32> {
    return vec4<f32>(unpack4xI8(word));
}

fn dot_chunk(chunk: u32, inputs: Inputs) -> f32 {
    let words = w[chunk];
    let block = chunk / 2;
    let scale = unpack2x16float(scales[block / 2])[block % 2];
    return scale * (dot(bytes(words.x), inputs[0]) + dot(bytes(words.y), inputs[1])
        + dot(bytes(words.z), inputs[2]) + dot(bytes(words.w), inputs[3]));
}
