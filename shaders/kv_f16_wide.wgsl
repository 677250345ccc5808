// Keys and values as halves, [rows, head_dim], by loads of 64 bits: a CPU adapter pays per load.
@group(0) @binding(3) var<storage, read> k: array<u64>;
@group(0) @binding(4) var<storage, read> v: array<u64>;

struct Eight {
    low: vec4<f32>,
    high: vec4<f32>,
}

// Halves to floats by moving their bits and multiplying by 2^112, which is less work for a CPU adapter than unpacking;
// caches hold neither infinities nor NaN.
fn halves4(word: u64) -> vec4<f32> {
    let words = vec4(u32(word), u32(word), u32(word >> 32u), u32(word >> 32u)) << vec4(16u, 0u, 16u, 0u);
    let bits = ((words >> vec4(3u)) & vec4(0x0fffe000u)) | (words & vec4(0x80000000u));
    return bitcast<vec4<f32>>(bits) * 5.192296858534828e33;
}

// Eight elements, counted in eights; they are to be multiplied by the scale of their block of 32.
fn key8(at: u32) -> Eight {
    return Eight(halves4(k[at * 2]), halves4(k[at * 2 + 1]));
}

fn value8(at: u32) -> Eight {
    return Eight(halves4(v[at * 2]), halves4(v[at * 2 + 1]));
}

fn key_scale(block: u32) -> f32 {
    return 1.0;
}

fn value_scale(block: u32) -> f32 {
    return 1.0;
}
