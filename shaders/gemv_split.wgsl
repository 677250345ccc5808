// y[n] = w[n, k] * x[k] for matrices of few rows: all subgroups of a workgroup share two rows, so that a small matrix
// still fills the device; their sums meet in workgroup memory.
override WORKGROUP: u32 = 128;
// Subgroups have at least four lanes.
const SUBGROUPS_MAX: u32 = 32;

struct Params {
    outputs: u32,
    inputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Packed4>;
@group(0) @binding(3) var<storage, read_write> y: array<Pair>;

var<workgroup> partial: array<vec2<Sum>, SUBGROUPS_MAX>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) local: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    let row = group.x * 2;
    let chunks = params.inputs / CHUNK;
    var sum = vec2<Sum>();
    for (var chunk = local; chunk < chunks; chunk += WORKGROUP) {
        let inputs = load_inputs(chunk);
        sum += vec2(dot_chunk(row * chunks + chunk, inputs), dot_chunk((row + 1) * chunks + chunk, inputs));
    }
    let shared_sum = vec2(subgroupAdd(sum.x), subgroupAdd(sum.y));
    if lane == 0 {
        partial[subgroup] = shared_sum;
    }
    workgroupBarrier();
    if local == 0 {
        var total = partial[0];
        for (var i = 1u; i < subgroups; i++) {
            total += partial[i];
        }
        y[group.x] = pack_pair(vec2(scaled(f32(total.x), row, 0u), scaled(f32(total.y), row + 1, 0u)));
    }
}
