// y = v / sqrt(mean(v^2) + epsilon) * scale, one subgroup of any size per row, sums in 32 bits.
override WORKGROUP: u32 = 64;
override EPSILON: f32 = 1e-5;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_invocation_id) lane: u32,
) {
    // A subgroup larger than the workgroup is partly filled: what counts is the lanes that are there.
    let lanes = subgroupAdd(1u);
    let number = group.x * subgroups + subgroup;
    // The grid fits the largest subgroup of the adapter; with smaller ones some lie beyond the last row.
    if number >= params.rows {
        return;
    }
    let width4 = params.width / 4;
    let row = number * width4;
    var sum = 0.0;
    for (var i = lane; i < width4; i += lanes) {
        let values = value(row + i);
        keep(row + i, values);
        sum += dot(values, values);
    }
    let factor = inverseSqrt(subgroupAdd(sum) / f32(params.width) + EPSILON);
    for (var i = lane; i < width4; i += lanes) {
        y[place(row + i)] = pack4(value(row + i) * factor * unpack4(scale[i]));
    }
}
