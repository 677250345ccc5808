// y[n] = w[n, k] * x[k] for adapters without subgroups: a workgroup owns two rows, its invocations walk along
// them side by side and add up through workgroup memory.
override WORKGROUP: u32 = 64;

struct Params {
    outputs: u32,
    inputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Packed4>;
@group(0) @binding(3) var<storage, read_write> y: array<Pair>;

var<workgroup> partial: array<vec2<Sum>, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let row = group.x * 2;
    let chunks = params.inputs / CHUNK;
    var sum = vec2<Sum>();
    for (var chunk = local; chunk < chunks; chunk += WORKGROUP) {
        let inputs = load_inputs(chunk);
        sum += vec2(dot_chunk(row * chunks + chunk, inputs), dot_chunk((row + 1) * chunks + chunk, inputs));
    }
    partial[local] = sum;
    workgroupBarrier();
    for (var width = WORKGROUP / 2; width > 0; width /= 2u) {
        if local < width {
            partial[local] += partial[local + width];
        }
        workgroupBarrier();
    }
    if local == 0 {
        let total = partial[0];
        y[group.x] = pack_pair(vec2(scaled(f32(total.x), row, 0u), scaled(f32(total.y), row + 1, 0u)));
    }
}
