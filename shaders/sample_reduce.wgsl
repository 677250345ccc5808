// The best of all parts of a row, one workgroup per row, and its probability.
override WORKGROUP: u32 = 64;

struct Params {
    vectors: u32,
    parts: u32,
    vectors_per_part: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> found: array<Best>;
// Of each row the token and the bits of its probability.
@group(0) @binding(2) var<storage, read_write> chosen: array<vec2<u32>>;

var<workgroup> shared_best: array<Best, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    var best = NONE;
    for (var part = local; part < params.parts; part += WORKGROUP) {
        best = better(best, found[group.x * params.parts + part]);
    }
    shared_best[local] = best;
    workgroupBarrier();
    for (var half = WORKGROUP / 2; half > 0; half /= 2u) {
        if local < half {
            shared_best[local] = better(shared_best[local], shared_best[local + half]);
        }
        workgroupBarrier();
    }
    if local == 0 {
        let row = shared_best[0];
        chosen[group.x] = vec2(row.token, bitcast<u32>(1.0 / row.sum));
    }
}
