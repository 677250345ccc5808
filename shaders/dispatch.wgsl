// Next to no work: counts its own dispatches, so that each must wait for the one before.
@group(0) @binding(1) var<storage, read_write> count: array<u32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(1)
fn main() {
    count[0] += 1u;
    output[0] = f32(count[0]);
}
