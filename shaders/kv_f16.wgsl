// Keys and values as halves, [rows, head_dim]: eight to a vector.
@group(0) @binding(3) var<storage, read> k: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read> v: array<vec4<u32>>;

struct Eight {
    low: vec4<f32>,
    high: vec4<f32>,
}

fn halves8(words: vec4<u32>) -> Eight {
    return Eight(
        vec4(unpack2x16float(words.x), unpack2x16float(words.y)),
        vec4(unpack2x16float(words.z), unpack2x16float(words.w)),
    );
}

// Eight elements, counted in eights; they are to be multiplied by the scale of their block of 32.
fn key8(at: u32) -> Eight {
    return halves8(k[at]);
}

fn value8(at: u32) -> Eight {
    return halves8(v[at]);
}

fn key_scale(block: u32) -> f32 {
    return 1.0;
}

fn value_scale(block: u32) -> f32 {
    return 1.0;
}
