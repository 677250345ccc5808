// The largest of some logits, the first place where it stands, and the sum of exp(logit - largest) over all of them
// (Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018).
struct Best {
    largest: f32,
    sum: f32,
    token: u32,
}

// Of no logits. Less than any half, and finite: the difference of two infinities is no number.
const NONE: Best = Best(-1e30, 0.0, 0xffffffffu);

fn better(a: Best, b: Best) -> Best {
    let largest = max(a.largest, b.largest);
    let sum = a.sum * exp(a.largest - largest) + b.sum * exp(b.largest - largest);
    let first = a.largest > b.largest || (a.largest == b.largest && a.token < b.token);
    return Best(largest, sum, select(b.token, a.token, first));
}
