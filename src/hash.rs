//! Names for data: a hash that is the same on every machine and in every version.

/// FNV-1a over 64-bit words (the last one padded with zeros): names data and sources, resists nothing.
pub fn hash<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325u64;
    for part in parts {
        for chunk in part.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            state = (state ^ u64::from_le_bytes(word)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    state
}

/// A hash as the 16 digits that files show.
pub fn hexadecimal(hash: u64) -> String {
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_see_every_byte() {
        assert_ne!(hash([&b"abcdefghi"[..]]), hash([&b"abcdefghj"[..]]));
        assert_eq!(hexadecimal(hash([])), "cbf29ce484222325");
    }
}
