// sum += left * right over and over, matrices in registers: the peak of the matrix units. A workgroup is one subgroup
// and keeps eight sums, of each pair of four left and two right matrices, so that none waits for the one before and none
// equals another. All end in the stored sum, so that none can be left out.
override WORKGROUP: u32 = 32;
// Workgroups this far apart have the same inputs, which then lie in the first cache.
const PERIOD: u32 = 16;
const MATRIX: u32 = SIDE * SIDE;

struct Params {
    rounds: u32,
    groups_x: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// Of each workgroup four matrices, rows first.
@group(0) @binding(1) var<storage, read> lefts: array<f16>;
// Of each workgroup two.
@group(0) @binding(2) var<storage, read> rights: array<f16>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
    let index = group.y * params.groups_x + group.x;
    let left = index % PERIOD * 4 * MATRIX;
    let right = index % PERIOD * 2 * MATRIX;
    let l0 = coopLoadT<Left>(&lefts[left], SIDE);
    let l1 = coopLoadT<Left>(&lefts[left + MATRIX], SIDE);
    let l2 = coopLoadT<Left>(&lefts[left + 2 * MATRIX], SIDE);
    let l3 = coopLoadT<Left>(&lefts[left + 3 * MATRIX], SIDE);
    let r0 = coopLoadT<Right>(&rights[right], SIDE);
    let r1 = coopLoadT<Right>(&rights[right + MATRIX], SIDE);
    var s00 = Sum();
    var s01 = Sum();
    var s10 = Sum();
    var s11 = Sum();
    var s20 = Sum();
    var s21 = Sum();
    var s30 = Sum();
    var s31 = Sum();
    for (var round = 0u; round < params.rounds; round++) {
        s00 = coopMultiplyAdd(l0, r0, s00);
        s01 = coopMultiplyAdd(l0, r1, s01);
        s10 = coopMultiplyAdd(l1, r0, s10);
        s11 = coopMultiplyAdd(l1, r1, s11);
        s20 = coopMultiplyAdd(l2, r0, s20);
        s21 = coopMultiplyAdd(l2, r1, s21);
        s30 = coopMultiplyAdd(l3, r0, s30);
        s31 = coopMultiplyAdd(l3, r1, s31);
    }
    let sum = ((s00 + s01) + (s10 + s11)) + ((s20 + s21) + (s30 + s31));
    coopStoreT(sum, &sums[index * MATRIX], SIDE);
}
