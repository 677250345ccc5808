// y = v / sqrt(mean(v^2) + epsilon) * scale, one invocation per row, sums in 32 bits.
override WORKGROUP: u32 = 64;
override EPSILON: f32 = 1e-5;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= params.rows {
        return;
    }
    let width4 = params.width / 4;
    let row = id.x * width4;
    var sum = 0.0;
    for (var i = 0u; i < width4; i++) {
        let values = value(row + i);
        keep(row + i, values);
        sum += dot(values, values);
    }
    let factor = inverseSqrt(sum / f32(params.width) + EPSILON);
    for (var i = 0u; i < width4; i++) {
        y[place(row + i)] = pack4(value(row + i) * factor * unpack4(scale[i]));
    }
}
