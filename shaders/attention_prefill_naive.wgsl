// One query of one head per invocation, key after key, nothing shared.
override HEAD_DIM: u32 = 128;
const WORKGROUP: u32 = 16;
// Heads up to 128 wide.
const VECTORS_MAX: u32 = 32;

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

fn unpack(words: vec2<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let query = id.x;
    let head = id.y;
    if query >= params.tokens {
        return;
    }
    let vectors = HEAD_DIM / 4;
    let row = (query * params.heads + head) * vectors;
    var sums: array<vec4<f32>, VECTORS_MAX>;
    var largest = -1e30;
    var total = 0.0;
    for (var key = select(0u, query + 1 - params.window, query + 1 > params.window); key <= query; key++) {
        let at = (key * params.kv_heads + head / (params.heads / params.kv_heads)) * vectors;
        var score = 0.0;
        for (var i = 0u; i < vectors; i++) {
            score += dot(unpack(q[row + i]), unpack(k[at + i]));
        }
        let raised = max(largest, score * params.scale);
        let keep = exp(largest - raised);
        let weight = exp(score * params.scale - raised);
        for (var i = 0u; i < vectors; i++) {
            sums[i] = sums[i] * keep + weight * unpack(v[at + i]);
        }
        total = total * keep + weight;
        largest = raised;
    }
    for (var i = 0u; i < vectors; i++) {
        let result = sums[i] / total;
        y[row + i] = vec2(pack2x16float(result.xy), pack2x16float(result.zw));
    }
}
