// Results of 32 bits, written two at a time.
alias Pair = vec2<f32>;

fn pack_pair(values: vec2<f32>) -> Pair {
    return values;
}
