// y = v / sqrt(mean(v^2) + epsilon) * scale, one workgroup per row, sums in 32 bits.
override WORKGROUP: u32 = 256;
override EPSILON: f32 = 1e-5;

var<workgroup> partial: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let width4 = params.width / 4;
    let row = group.x * width4;
    var sum = 0.0;
    for (var i = local; i < width4; i += WORKGROUP) {
        let values = value(row + i);
        keep(row + i, values);
        sum += dot(values, values);
    }
    partial[local] = sum;
    workgroupBarrier();
    for (var half = WORKGROUP / 2; half > 0; half /= 2u) {
        if local < half {
            partial[local] += partial[local + half];
        }
        workgroupBarrier();
    }
    let factor = inverseSqrt(partial[0] / f32(params.width) + EPSILON);
    for (var i = local; i < width4; i += WORKGROUP) {
        y[place(row + i)] = pack4(value(row + i) * factor * unpack4(scale[i]));
    }
}
