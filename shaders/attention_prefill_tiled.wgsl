// Causal grouped-query attention with online softmax, blocked in registers: a workgroup takes 4 * TEAMS queries of one
// head and walks over the keys in tiles of 32. An invocation computes 4 x 4 scores, and owns for 4 queries an eighth of
// the value's dimensions. Keys and values take turns in one tile; rows are padded by a vector against bank conflicts.
override HEAD_DIM: u32 = 128;
override TEAMS: u32 = 8;
override VECTORS: u32 = HEAD_DIM / 4;
override STRIDE: u32 = VECTORS + 1;
const KEYS: u32 = 32;
// Invocations that share four queries.
const TEAM: u32 = 8;
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

var<workgroup> tile_q: array<vec2<u32>, TEAMS * 4 * STRIDE>;
var<workgroup> tile: array<vec2<u32>, KEYS * STRIDE>;
var<workgroup> weights: array<array<f32, KEYS + 1>, TEAMS * 4>;

fn unpack(words: vec2<u32>) -> vec4<f32> {
    return vec4(unpack2x16float(words.x), unpack2x16float(words.y));
}

@compute @workgroup_size(TEAM, TEAMS)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = local.y * TEAM + local.x;
    let invocations = TEAM * TEAMS;
    let queries = TEAMS * 4;
    let owned = VECTORS / TEAM;
    let head = group.y;
    let kv_head = head / (params.heads / params.kv_heads);
    let query_first = group.x * queries;
    let own_first = local.y * 4;
    for (var i = index; i < queries * VECTORS; i += invocations) {
        let row = min(query_first + i / VECTORS, params.tokens - 1);
        tile_q[i / VECTORS * STRIDE + i % VECTORS] = q[(row * params.heads + head) * VECTORS + i % VECTORS];
    }

    var sums: array<array<vec4<f32>, OWNED_MAX>, 4>;
    var largest = vec4(-1e30);
    var total = vec4(0.0);
    let query_last = min(query_first + queries, params.tokens) - 1;
    let seen_first = select(0u, query_first + 1 - params.window, query_first + 1 > params.window);
    for (var first = seen_first / KEYS * KEYS; first <= query_last; first += KEYS) {
        for (var i = index; i < KEYS * VECTORS; i += invocations) {
            let row = min(first + i / VECTORS, params.tokens - 1);
            tile[i / VECTORS * STRIDE + i % VECTORS] = k[(row * params.kv_heads + kv_head) * VECTORS + i % VECTORS];
        }
        workgroupBarrier();
        // By query; a component per key, each a team's width after the one before.
        var scores: array<vec4<f32>, 4>;
        for (var i = 0u; i < VECTORS; i++) {
            let key0 = unpack(tile[local.x * STRIDE + i]);
            let key1 = unpack(tile[(local.x + TEAM) * STRIDE + i]);
            let key2 = unpack(tile[(local.x + 2 * TEAM) * STRIDE + i]);
            let key3 = unpack(tile[(local.x + 3 * TEAM) * STRIDE + i]);
            for (var own = 0u; own < 4; own++) {
                let query = unpack(tile_q[(own_first + own) * STRIDE + i]);
                scores[own] += vec4(dot(query, key0), dot(query, key1), dot(query, key2), dot(query, key3));
            }
        }
        let keys = vec4(first + local.x) + vec4(0, TEAM, 2 * TEAM, 3 * TEAM);
        for (var own = 0u; own < 4; own++) {
            let query = query_first + own_first + own;
            let seen = (keys <= vec4(query)) & (keys + params.window > vec4(query));
            scores[own] = select(vec4(-1e30), scores[own] * params.scale, seen);
            for (var i = 0u; i < 4; i++) {
                weights[own_first + own][local.x + i * TEAM] = scores[own][i];
            }
        }
        workgroupBarrier();
        // Every score of the tile has been read from `tile`: values may follow.
        for (var i = index; i < KEYS * VECTORS; i += invocations) {
            let row = min(first + i / VECTORS, params.tokens - 1);
            tile[i / VECTORS * STRIDE + i % VECTORS] = v[(row * params.kv_heads + kv_head) * VECTORS + i % VECTORS];
        }
        for (var own = 0u; own < 4; own++) {
            var raised = largest[own];
            for (var i = 0u; i < KEYS; i++) {
                raised = max(raised, weights[own_first + own][i]);
            }
            let keep = exp(largest[own] - raised);
            largest[own] = raised;
            total[own] *= keep;
            for (var i = 0u; i < owned; i++) {
                sums[own][i] *= keep;
            }
            // A tile that a query does not see at all must add nothing, whatever the maximum so far.
            scores[own] = select(exp(scores[own] - raised), vec4(0.0), scores[own] <= vec4(-1e30));
        }
        workgroupBarrier();
        for (var own = 0u; own < 4; own++) {
            for (var i = 0u; i < 4; i++) {
                weights[own_first + own][local.x + i * TEAM] = scores[own][i];
            }
        }
        workgroupBarrier();
        for (var key = 0u; key < KEYS; key++) {
            let weight = vec4(
                weights[own_first][key],
                weights[own_first + 1][key],
                weights[own_first + 2][key],
                weights[own_first + 3][key],
            );
            total += weight;
            for (var i = 0u; i < owned; i++) {
                let value = unpack(tile[key * STRIDE + local.x + i * TEAM]);
                for (var own = 0u; own < 4; own++) {
                    sums[own][i] += weight[own] * value;
                }
            }
        }
        workgroupBarrier();
    }
    for (var own = 0u; own < 4; own++) {
        let query = query_first + own_first + own;
        if query < params.tokens {
            for (var i = 0u; i < owned; i++) {
                let result = sums[own][i] / total[own];
                y[(query * params.heads + head) * VECTORS + local.x + i * TEAM] =
                    vec2(pack2x16float(result.xy), pack2x16float(result.zw));
            }
        }
    }
}
