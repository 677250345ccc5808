// Causal grouped-query attention with online softmax: a workgroup takes 16 queries of one head and walks over the
// keys in tiles of 16 held in workgroup memory; eight invocations share a query.
override HEAD_DIM: u32 = 128;
const QUERIES: u32 = 16;
const KEYS: u32 = 16;
const PER_QUERY: u32 = 8;
// Vectors of four dimensions that an invocation may own: heads up to 128 wide.
const OWNED_MAX: u32 = 4;

struct Params {
    tokens: u32,
    heads: u32,
    kv_heads: u32,
    window: u32,
    scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// q and y [tokens, heads, head_dim], k and v [tokens, kv_heads, head_dim]: four halves to a vector.
@group(0) @binding(1) var<storage, read> q: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> k: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read> v: array<vec2<u32>>;
@group(0) @binding(4) var<storage, read_write> y: array<vec2<u32>>;

var<workgroup> tile_q: array<vec2<u32>, QUERIES * HEAD_DIM / 4>;
var<workgroup> tile_k: array<vec2<u32>, KEYS * HEAD_DIM / 4>;
var<workgroup> tile_v: array<vec2<u32>, KEYS * HEAD_DIM / 4>;
var<workgroup> scores: array<array<f32, KEYS>, QUERIES>;

fn unpack(words: vec2<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

@compute @workgroup_size(PER_QUERY, QUERIES)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) local: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    let vectors = HEAD_DIM / 4;
    let owned = vectors / PER_QUERY;
    let head = group.y;
    let kv_head = head / (params.heads / params.kv_heads);
    let query_first = group.x * QUERIES;
    let query = query_first + local.y;
    for (var i = index; i < QUERIES * vectors; i += PER_QUERY * QUERIES) {
        let row = min(query_first + i / vectors, params.tokens - 1);
        tile_q[i] = q[(row * params.heads + head) * vectors + i % vectors];
    }

    var sums: array<vec4<f32>, OWNED_MAX>;
    var largest = -1e30;
    var total = 0.0;
    let query_last = min(query_first + QUERIES, params.tokens) - 1;
    let seen_first = select(0u, query_first + 1 - params.window, query_first + 1 > params.window);
    for (var first = seen_first / KEYS * KEYS; first <= query_last; first += KEYS) {
        for (var i = index; i < KEYS * vectors; i += PER_QUERY * QUERIES) {
            let row = min(first + i / vectors, params.tokens - 1);
            let at = (row * params.kv_heads + kv_head) * vectors + i % vectors;
            tile_k[i] = k[at];
            tile_v[i] = v[at];
        }
        workgroupBarrier();
        for (var i = local.x; i < KEYS; i += PER_QUERY) {
            var score = 0.0;
            for (var at = 0u; at < vectors; at++) {
                score += dot(unpack(tile_q[local.y * vectors + at]), unpack(tile_k[i * vectors + at]));
            }
            let key = first + i;
            let seen = key <= query && key + params.window > query;
            scores[local.y][i] = select(-1e30, score * params.scale, seen);
        }
        workgroupBarrier();
        var tile_largest = largest;
        for (var i = 0u; i < KEYS; i++) {
            tile_largest = max(tile_largest, scores[local.y][i]);
        }
        let keep = exp(largest - tile_largest);
        largest = tile_largest;
        total *= keep;
        for (var at = 0u; at < owned; at++) {
            sums[at] *= keep;
        }
        for (var i = 0u; i < KEYS; i++) {
            // A tile that a query does not see at all must add nothing, whatever the maximum so far.
            let score = scores[local.y][i];
            let weight = select(exp(score - largest), 0.0, score <= -1e30);
            total += weight;
            for (var at = 0u; at < owned; at++) {
                sums[at] += weight * unpack(tile_v[i * vectors + local.x * owned + at]);
            }
        }
        workgroupBarrier();
    }
    if query < params.tokens {
        for (var at = 0u; at < owned; at++) {
            let result = sums[at] / total;
            y[(query * params.heads + head) * vectors + local.x * owned + at] =
                vec2(pack2x16float(result.xy), pack2x16float(result.zw));
        }
    }
}
