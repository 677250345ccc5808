// The best of one part of a row, one workgroup per part: each invocation walks over vectors of eight logits, then pairs
// of invocations are compared.
override WORKGROUP: u32 = 64;

struct Params {
    vectors: u32,
    parts: u32,
    vectors_per_part: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read_write> found: array<Best>;

var<workgroup> shared_best: array<Best, WORKGROUP>;

fn with_pair(best: Best, values: vec2<f32>, token: u32) -> Best {
    var next = best;
    if values.x > next.largest {
        next.largest = values.x;
        next.token = token;
    }
    if values.y > next.largest {
        next.largest = values.y;
        next.token = token + 1;
    }
    return next;
}

fn exponentials(values: vec2<f32>, largest: f32) -> f32 {
    let each = exp(values - largest);
    return each.x + each.y;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let first = group.x * params.vectors_per_part;
    let end = min(first + params.vectors_per_part, params.vectors);
    var best = NONE;
    for (var i = first + local; i < end; i += WORKGROUP) {
        let words = logits[group.y * params.vectors + i];
        let a = unpack2x16float(words.x);
        let b = unpack2x16float(words.y);
        let c = unpack2x16float(words.z);
        let d = unpack2x16float(words.w);
        let before = best.largest;
        best = with_pair(with_pair(best, a, 8 * i), b, 8 * i + 2);
        best = with_pair(with_pair(best, c, 8 * i + 4), d, 8 * i + 6);
        best.sum = best.sum * exp(before - best.largest)
            + exponentials(a, best.largest) + exponentials(b, best.largest)
            + exponentials(c, best.largest) + exponentials(d, best.largest);
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
        found[group.y * params.parts + group.x] = shared_best[0];
    }
}
