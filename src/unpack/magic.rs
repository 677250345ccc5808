//! What the first bytes of a file say about it.

/// The mark that some programs put before UTF-8.
pub const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Not at all, as far as its start tells.
    None,
    /// RFC 1952.
    Gzip,
    /// PKWARE APPNOTE.
    Zip,
    /// A packing that is not read, by its name.
    Other(&'static str),
}

const MAGIC: [(&[u8], Packing); 9] = [
    (b"\x1f\x8b", Packing::Gzip),
    (b"PK\x03\x04", Packing::Zip),
    // A zip with nothing in it, and one that was split.
    (b"PK\x05\x06", Packing::Zip),
    (b"PK\x07\x08", Packing::Zip),
    (b"\x28\xb5\x2f\xfd", Packing::Other("zstd")),
    (b"\xfd7zXZ\0", Packing::Other("xz")),
    (b"7z\xbc\xaf\x27\x1c", Packing::Other("7-Zip")),
    (b"Rar!\x1a\x07", Packing::Other("RAR")),
    (b"\x1f\x9d", Packing::Other("compress")),
];

/// The packing of a file that starts like this.
pub fn packing(head: &[u8]) -> Packing {
    // A table may well start with the letters BZh.
    if head.starts_with(b"BZh") && head.get(4..10) == Some(b"1AY&SY") {
        return Packing::Other("bzip2");
    }
    MAGIC.into_iter().find(|(magic, _)| head.starts_with(magic)).map_or(Packing::None, |(_, packing)| packing)
}

/// The name of an encoding with more than one byte per letter, with its mark or without.
pub fn wide_encoding(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"\xff\xfe\0\0") || head.starts_with(b"\0\0\xfe\xff") {
        return Some("UTF-32");
    }
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Some("UTF-16");
    }
    // Plain letters in UTF-16 have a zero in every other byte.
    let zeros = |offset: usize| head.iter().skip(offset).step_by(2).all(|byte| *byte == 0);
    let letters = |offset: usize| head.iter().skip(offset).step_by(2).all(|byte| *byte != 0);
    let wide = |zero: usize, letter: usize| head.len() >= 4 && zeros(zero) && letters(letter);
    (wide(0, 1) || wide(1, 0)).then_some("UTF-16 without its mark")
}
