// Keys and values as signed bytes, [rows, head_dim], with a half per block of 32 in arrays of their own.
@group(0) @binding(3) var<storage, read> k: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read> v: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read> k_scales: array<u32>;
@group(0) @binding(7) var<storage, read> v_scales: array<u32>;

struct Eight {
    low: vec4<f32>,
    high: vec4<f32>,
}

fn bytes8(words: vec2<u32>) -> Eight {
    return Eight(vec4<f32>(unpack4xI8(words.x)), vec4<f32>(unpack4xI8(words.y)));
}

// Eight elements, counted in eights; they are to be multiplied by the scale of their block of 32.
fn key8(at: u32) -> Eight {
    return bytes8(k[at]);
}

fn value8(at: u32) -> Eight {
    return bytes8(v[at]);
}

fn key_scale(block: u32) -> f32 {
    return unpack2x16float(k_scales[block / 2])[block % 2];
}

fn value_scale(block: u32) -> f32 {
    return unpack2x16float(v_scales[block / 2])[block % 2];
}
