// What every attention_decode_* kernel declares: sizes, queries, the parts that it leaves, and where a key lies.
override HEAD_DIM: u32 = 128;
// Query heads per KV head.
override GROUP: u32 = 4;
// Keys per page; 0 for sequences in one part.
override PAGE: u32 = 0;

// Of one piece of the cache: `keys` keys of each sequence from `first_sequence` on.
struct Params {
    keys: u32,
    heads: u32,
    kv_heads: u32,
    first_sequence: u32,
    first_part: u32,
    // Of a whole sequence.
    parts: u32,
    part_keys: u32,
    pages_per_sequence: u32,
    scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// [batch, heads, head_dim]: four halves to a vector.
@group(0) @binding(1) var<storage, read> q: array<vec2<u32>>;
// [batch, heads, parts, head_dim + 2]: the weighted sum of values, the largest score, the sum of exponentials.
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;
@group(0) @binding(5) var<storage, read> pages: array<u32>;

fn query4(at: u32) -> vec4<f32> {
    let words = q[at];
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y)) * params.scale;
}

// The row of the cache that holds a key of a KV head; sequences and keys count within the piece.
fn row_of(sequence: u32, key: u32, kv_head: u32) -> u32 {
    var row = sequence * params.keys + key;
    if PAGE > 0 {
        let page = max(PAGE, 1u);
        row = pages[sequence * params.pages_per_sequence + key / page] * page + key % page;
    }
    return row * params.kv_heads + kv_head;
}

// Where a part of a query head begins in `partial`.
fn part_start(sequence: u32, head: u32, part: u32) -> u32 {
    let row = (params.first_sequence + sequence) * params.heads + head;
    return (row * params.parts + params.first_part + part) * (HEAD_DIM + 2);
}
