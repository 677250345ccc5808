// 16 bytes as two words of 64 bits: a CPU adapter pays per word loaded, not per byte.
alias Vector = vec2<u64>;

fn halves(word: u64) -> vec2<u32> {
    return vec2(u32(word & 0xfffffffflu), u32(word >> 32u));
}

fn parity(vector: Vector) -> u32 {
    let both = halves(vector.x ^ vector.y);
    return both.x ^ both.y;
}
