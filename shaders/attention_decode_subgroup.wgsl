// Split-context decode for subgroups of at least eight lanes: a workgroup takes one KV head and one part of the
// context. Eight lanes take a key together, neighbours side by side in memory, add up its score by exchanging lanes,
// and serve all GROUP query heads with each load; the eights of a workgroup join in its memory at the end.
const WORKGROUP: u32 = 64;
const TEAM: u32 = 8;
const TEAMS: u32 = 8;
// Vectors of eight elements that a lane holds of a head.
override OWN: u32 = HEAD_DIM / 64;
// For heads up to 128 wide.
const OWN_MAX: u32 = 2;
const GROUP_MAX: u32 = 8;

// Of one head: the sums, the largest score, the sum of exponentials of each team.
var<workgroup> joined: array<f32, TEAMS * (HEAD_DIM + 2)>;

// Over the eight lanes of a team.
fn team_sum(value: f32) -> f32 {
    var sum = value + subgroupShuffleXor(value, 1u);
    sum += subgroupShuffleXor(sum, 2u);
    return sum + subgroupShuffleXor(sum, 4u);
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_size) subgroup_size: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    let part = group.x;
    let kv_head = group.y;
    let sequence = group.z;
    let local = subgroup * subgroup_size + lane;
    let team = local / TEAM;
    let member = local % TEAM;
    let first_head = kv_head * GROUP;

    var queries: array<array<Eight, OWN_MAX>, GROUP_MAX>;
    var sums: array<array<Eight, OWN_MAX>, GROUP_MAX>;
    var largest: array<f32, GROUP_MAX>;
    var total: array<f32, GROUP_MAX>;
    for (var head = 0u; head < GROUP; head++) {
        largest[head] = -1e30;
        let query = ((params.first_sequence + sequence) * params.heads + first_head + head) * (HEAD_DIM / 4);
        for (var i = 0u; i < OWN; i++) {
            let at = query + (i * TEAM + member) * 2;
            queries[head][i] = Eight(query4(at), query4(at + 1));
        }
    }

    let end = min((part + 1) * params.part_keys, params.keys);
    // Every team takes as many rounds, so that lanes are exchanged by all; those beyond the end repeat the last key.
    for (var first = part * params.part_keys; first < end; first += TEAMS) {
        let seen = first + team < end;
        let row = row_of(sequence, min(first + team, end - 1), kv_head);
        var keys: array<Eight, OWN_MAX>;
        var values: array<Eight, OWN_MAX>;
        for (var i = 0u; i < OWN; i++) {
            let vector = row * (HEAD_DIM / 8) + i * TEAM + member;
            let of_key = key_scale(vector / 4);
            let of_value = value_scale(vector / 4);
            let key = key8(vector);
            let value = value8(vector);
            keys[i] = Eight(key.low * of_key, key.high * of_key);
            values[i] = Eight(value.low * of_value, value.high * of_value);
        }
        for (var head = 0u; head < GROUP; head++) {
            var product = 0.0;
            for (var i = 0u; i < OWN; i++) {
                product += dot(queries[head][i].low, keys[i].low) + dot(queries[head][i].high, keys[i].high);
            }
            let score = select(-1e30, team_sum(product), seen);
            let raised = max(largest[head], score);
            let keep = exp(largest[head] - raised);
            let weight = select(0.0, exp(score - raised), seen);
            largest[head] = raised;
            total[head] = total[head] * keep + weight;
            for (var i = 0u; i < OWN; i++) {
                sums[head][i].low = sums[head][i].low * keep + weight * values[i].low;
                sums[head][i].high = sums[head][i].high * keep + weight * values[i].high;
            }
        }
    }

    let stride = HEAD_DIM + 2;
    for (var head = 0u; head < GROUP; head++) {
        for (var i = 0u; i < OWN; i++) {
            let at = team * stride + (i * TEAM + member) * 8;
            for (var e = 0u; e < 4; e++) {
                joined[at + e] = sums[head][i].low[e];
                joined[at + 4 + e] = sums[head][i].high[e];
            }
        }
        if member == 0 {
            joined[team * stride + HEAD_DIM] = largest[head];
            joined[team * stride + HEAD_DIM + 1] = total[head];
        }
        workgroupBarrier();
        var all_largest = -1e30;
        for (var it = 0u; it < TEAMS; it++) {
            all_largest = max(all_largest, joined[it * stride + HEAD_DIM]);
        }
        let out = part_start(sequence, first_head + head, part);
        // The sum of exponentials is joined as one more element.
        for (var element = local; element < HEAD_DIM + 1; element += WORKGROUP) {
            let source = select(element, HEAD_DIM + 1, element == HEAD_DIM);
            var sum = 0.0;
            for (var it = 0u; it < TEAMS; it++) {
                sum += joined[it * stride + source] * exp(joined[it * stride + HEAD_DIM] - all_largest);
            }
            partial[out + source] = sum;
        }
        if local == 0 {
            partial[out + HEAD_DIM] = all_largest;
        }
        workgroupBarrier();
    }
}
