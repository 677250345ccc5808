// y[m, n] = x[m, k] * w[n, k]^T without sharing anything: an invocation computes two outputs one after the other,
// the least that can be written in 16 bits.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let column = id.x * 2;
    let row = id.y;
    if column >= params.outputs || row >= params.tokens {
        return;
    }
    store_pair(vec2(product(row, column), product(row, column + 1)), row, column);
}

fn product(row: u32, column: u32) -> f32 {
    let fours = params.inputs / 4;
    var sum = 0.0;
    for (var i = 0u; i < fours; i++) {
        sum += dot(unpack4(x[row * fours + i]), weights4(column * fours + i));
    }
    return sum;
}
