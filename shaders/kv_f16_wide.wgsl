// Keys and values as halves, [rows, head_dim], by loads of four times 64 bits: a CPU adapter pays per load.
@group(0) @binding(3) var<storage, read> k: array<vec4<u64>>;
@group(0) @binding(4) var<storage, read> v: array<vec4<u64>>;

alias Words = vec4<u64>;

struct Sixteen {
    e0: vec4<f32>,
    e1: vec4<f32>,
    e2: vec4<f32>,
    e3: vec4<f32>,
}

fn halves4(word: u64) -> vec4<f32> {
    return vec4(unpack2x16float(u32(word)), unpack2x16float(u32(word >> 32u)));
}

fn sixteen(words: Words) -> Sixteen {
    return Sixteen(halves4(words.x), halves4(words.y), halves4(words.z), halves4(words.w));
}

// What holds sixteen elements, counted in sixteens; they are to be multiplied by the scale of their block of 32.
fn key_words(at: u32) -> Words {
    return k[at];
}

fn value_words(at: u32) -> Words {
    return v[at];
}

fn key_scale(block: u32) -> f32 {
    return 1.0;
}

fn value_scale(block: u32) -> f32 {
    return 1.0;
}

// Some bits of each cache line (64 bytes) of two values of 128 dimensions.
fn value_lines(row0: u32, row1: u32) -> u32 {
    let a = row0 * 8;
    let b = row1 * 8;
    return u32(
        v[a].x | v[b].x | v[a + 2].x | v[b + 2].x | v[a + 4].x | v[b + 4].x | v[a + 6].x | v[b + 6].x,
    );
}
