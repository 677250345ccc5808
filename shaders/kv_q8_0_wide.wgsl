// Keys and values as signed bytes, [rows, head_dim], with a half per block of 32 in arrays of their own, by loads of
// twice 64 bits: a CPU adapter pays per load.
@group(0) @binding(3) var<storage, read> k: array<vec2<u64>>;
@group(0) @binding(4) var<storage, read> v: array<vec2<u64>>;
@group(0) @binding(6) var<storage, read> k_scales: array<u32>;
@group(0) @binding(7) var<storage, read> v_scales: array<u32>;

alias Words = vec2<u64>;

struct Sixteen {
    e0: vec4<f32>,
    e1: vec4<f32>,
    e2: vec4<f32>,
    e3: vec4<f32>,
}

fn bytes4(word: u32) -> vec4<f32> {
    return vec4<f32>((vec4<i32>(i32(word)) << vec4(24u, 16u, 8u, 0u)) >> vec4(24u));
}

fn sixteen(words: Words) -> Sixteen {
    return Sixteen(
        bytes4(u32(words.x)), bytes4(u32(words.x >> 32u)), bytes4(u32(words.y)), bytes4(u32(words.y >> 32u)),
    );
}

// What holds sixteen elements, counted in sixteens; they are to be multiplied by the scale of their block of 32.
fn key_words(at: u32) -> Words {
    return k[at];
}

fn value_words(at: u32) -> Words {
    return v[at];
}

fn key_scale(block: u32) -> f32 {
    return unpack2x16float(k_scales[block / 2] >> (block % 2 * 16)).x;
}

fn value_scale(block: u32) -> f32 {
    return unpack2x16float(v_scales[block / 2] >> (block % 2 * 16)).x;
}

// Some bits of each cache line (64 bytes) of two values of 128 dimensions.
fn value_lines(row0: u32, row1: u32) -> u32 {
    let a = row0 * 8;
    let b = row1 * 8;
    return u32(v[a].x | v[b].x | v[a + 4].x | v[b + 4].x);
}
