// One element of the output per invocation, over the whole piece: every invocation computes every score anew.
const WORKGROUP: u32 = 64;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let head = (group.y * WORKGROUP + local) / HEAD_DIM;
    let element = (group.y * WORKGROUP + local) % HEAD_DIM;
    let query = ((params.first_sequence + group.z) * params.heads + head) * (HEAD_DIM / 4);
    var largest = -1e30;
    var total = 0.0;
    var sum = 0.0;
    for (var key = 0u; key < params.keys; key++) {
        let row = row_of(group.z, key, head / GROUP);
        var score = 0.0;
        for (var i = 0u; i < HEAD_DIM / 8; i++) {
            let eight = key8(row * (HEAD_DIM / 8) + i);
            let product = dot(query4(query + i * 2), eight.low) + dot(query4(query + i * 2 + 1), eight.high);
            score += product * key_scale((row * HEAD_DIM + i * 8) / 32);
        }
        let raised = max(largest, score);
        let keep = exp(largest - raised);
        let weight = exp(score - raised);
        let at = row * HEAD_DIM + element;
        let eight = value8(at / 8);
        var value = eight.low[at % 4];
        if at % 8 >= 4 {
            value = eight.high[at % 4];
        }
        sum = sum * keep + weight * value * value_scale(at / 32);
        total = total * keep + weight;
        largest = raised;
    }
    let out = part_start(group.z, head, 0u);
    partial[out + element] = sum;
    if element == 0 {
        partial[out + HEAD_DIM] = largest;
        partial[out + HEAD_DIM + 1] = total;
    }
}
