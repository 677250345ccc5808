// Keys and values as signed bytes, [rows, head_dim], with a half per block of 32 in arrays of their own, by loads of
// 64 bits: a CPU adapter pays per load.
@group(0) @binding(3) var<storage, read> k: array<u64>;
@group(0) @binding(4) var<storage, read> v: array<u64>;
@group(0) @binding(6) var<storage, read> k_scales: array<u32>;
@group(0) @binding(7) var<storage, read> v_scales: array<u32>;

struct Eight {
    low: vec4<f32>,
    high: vec4<f32>,
}

fn bytes4(word: u32) -> vec4<f32> {
    return vec4<f32>((vec4<i32>(i32(word)) << vec4(24u, 16u, 8u, 0u)) >> vec4(24u));
}

fn bytes8(word: u64) -> Eight {
    return Eight(bytes4(u32(word)), bytes4(u32(word >> 32u)));
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
