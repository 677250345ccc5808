// Results of 16 bits, written two at a time: a word is the least that an adapter without 16-bit storage can write.
alias Pair = u32;

fn pack_pair(values: vec2<f32>) -> Pair {
    return pack2x16float(values);
}
