use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use rawzip::{CompressionMethod, ZipArchiveWriter};

use super::magic::UTF8_MARK;
use super::*;

const CSV: &str = "provider,gpu,usd_per_hour\nlambda,H100,2.99\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in members {
        if name.ends_with('/') {
            archive.new_dir(*name).create().unwrap();
            continue;
        }
        let (mut entry, config) = archive.new_file(*name).compression_method(method).start().unwrap();
        let descriptor = if method == CompressionMethod::DEFLATE {
            let mut writer = config.wrap(flate2::write::DeflateEncoder::new(&mut entry, Compression::best()));
            writer.write_all(bytes).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap().1
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap()
}

fn deflated(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip(members, CompressionMethod::DEFLATE)
}

/// What comes out, or why nothing does.
fn read_within(bytes: &[u8], max_bytes: u64) -> Result<(Option<String>, Vec<u8>), String> {
    let mut opened = unpack(Cursor::new(bytes), max_bytes).map_err(|fault| fault.to_string())?;
    let mut text = Vec::new();
    opened.read_to_end(&mut text).map_err(|error| fault(&error).to_string())?;
    Ok((opened.member, text))
}

fn read(bytes: &[u8]) -> Result<(Option<String>, Vec<u8>), String> {
    read_within(bytes, MAX_BYTES)
}

/// The bytes of a zip's central directory record, which ends the archive together with a record of 22 bytes.
fn directory(zip: &[u8]) -> usize {
    zip.windows(4).position(|window| window == b"PK\x01\x02").unwrap()
}

#[test]
fn the_same_text_comes_out_of_every_packing() {
    let plain = |name: Option<&str>| Ok((name.map(str::to_owned), CSV.as_bytes().to_vec()));
    let with_mark = [UTF8_MARK, CSV.as_bytes()].concat();
    assert_eq!(read(CSV.as_bytes()), plain(None));
    assert_eq!(read(&with_mark), plain(None));
    assert_eq!(read(&gzip(&with_mark)), plain(None));
    assert_eq!(read(&deflated(&[("nebius.csv", &with_mark)])), plain(Some("nebius.csv")));
    assert_eq!(read(&zip(&[("a.csv", CSV.as_bytes())], CompressionMethod::STORE)), plain(Some("a.csv")));
    assert_eq!(read(&deflated(&[("data/", b""), ("data/a.csv", CSV.as_bytes())])), plain(Some("data/a.csv")));
    let (first, second) = CSV.as_bytes().split_at(10);
    assert_eq!(read(&[gzip(first), gzip(second)].concat()), plain(None), "gzip files may be joined");
}

#[test]
fn other_encodings_and_packings_are_refused_by_name() {
    let utf16: Vec<u8> = CSV.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16_be: Vec<u8> = CSV.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (bytes, what) in [
        (b"".to_vec(), "is empty"),
        (UTF8_MARK.to_vec(), "is empty"),
        ([b"\xff\xfe", &utf16[..]].concat(), "is UTF-16; save it as UTF-8"),
        ([b"\xfe\xff", &utf16_be[..]].concat(), "is UTF-16; save it as UTF-8"),
        (utf16.clone(), "is UTF-16 without its mark; save it as UTF-8"),
        (utf16_be, "is UTF-16 without its mark; save it as UTF-8"),
        (b"\xff\xfe\0\0a\0\0\0".to_vec(), "is UTF-32; save it as UTF-8"),
        (gzip(&[b"\xff\xfe", &utf16[..]].concat()), "is UTF-16; save it as UTF-8"),
        (gzip(b""), "is empty"),
        (gzip(&gzip(CSV.as_bytes())), "is an archive in an archive: unpack it first"),
        (deflated(&[("a.gz", &gzip(CSV.as_bytes()))]), "is an archive in an archive: unpack it first"),
        (deflated(&[("a.zip", &deflated(&[("b", b"b")]))]), "is an archive in an archive: unpack it first"),
        (b"\x28\xb5\x2f\xfd rest".to_vec(), "is packed with zstd: unpack it first"),
        (b"\xfd7zXZ\0rest".to_vec(), "is packed with xz: unpack it first"),
        (b"BZh91AY&SYrest".to_vec(), "is packed with bzip2: unpack it first"),
        (b"7z\xbc\xaf\x27\x1crest".to_vec(), "is packed with 7-Zip: unpack it first"),
        (b"BZh,price\n".to_vec(), "accepted"),
    ] {
        let shown = read(&bytes).map_or_else(|what| what, |_| "accepted".into());
        assert_eq!(shown, what, "{:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn bombs_are_refused_before_they_fill_anything() {
    let zeros = vec![b'0'; 16 << 20];
    let bomb = "bomb: more than 200 bytes come out for each that went in";
    assert_eq!(read(&gzip(&zeros)), Err(format!("is a gzip {bomb}")));
    let packed = deflated(&[("a.csv", &zeros)]);
    assert_eq!(read(&packed), Err(format!("is a zip {bomb}")));
    // One that claims to be small comes as far as its claim.
    let mut lying = packed;
    let at = directory(&lying) + 24;
    lying[at..at + 4].copy_from_slice(&1000u32.to_le_bytes());
    assert_eq!(read(&lying), Err("is a zip that lies about the size of its file".into()));
}

#[test]
fn no_more_comes_out_than_is_allowed() {
    let text = CSV.repeat(100);
    let bytes = text.as_bytes();
    let size = bytes.len() as u64;
    for packed in [bytes.to_vec(), gzip(bytes), deflated(&[("a.csv", bytes)])] {
        assert!(read_within(&packed, size).is_ok(), "the limit itself is allowed");
        let refusal = read_within(&packed, size - 1).unwrap_err();
        assert!(refusal.starts_with("is larger than 0 MiB; --large"), "{refusal}");
    }
}

#[test]
fn archives_cut_short_or_damaged_are_told() {
    let packed = gzip(CSV.as_bytes());
    for end in 3..packed.len() {
        let refusal = read(&packed[..end]).unwrap_err();
        assert_eq!(refusal, "is cut short: its gzip data has no end", "{end}");
    }
    let mut wrong = packed.clone();
    wrong[packed.len() - 6] ^= 1;
    assert_eq!(read(&wrong), Err("is damaged: its gzip data cannot be unpacked".into()));
    let garbage = [&packed[..], b"garbage"].concat();
    assert!(read(&garbage).is_err(), "what follows is no gzip");
    let packed = deflated(&[("a.csv", CSV.as_bytes())]);
    for end in 4..packed.len() {
        let refusal = read(&packed[..end]).unwrap_err();
        assert!(refusal.starts_with("is a damaged zip: "), "{end}: {refusal}");
    }
    for (offset, what) in [
        (16, "is a damaged zip: its checksum does not fit"),
        (24, "is a zip that lies about the size of its file"),
        (8, "is an encrypted zip: unpack it first"),
        (10, "is a zip packed in an unusual way: unpack it first"),
        (46, "is a zip whose headers contradict each other"),
    ] {
        let mut wrong = packed.clone();
        let at = directory(&packed) + offset;
        wrong[at] ^= 1;
        assert_eq!(read(&wrong), Err(what.into()), "byte {offset}");
    }
}

#[test]
fn a_zip_holds_one_file() {
    let csv = CSV.as_bytes();
    assert_eq!(
        read(b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
        Err("is a zip with no file in it".into())
    );
    assert_eq!(read(&deflated(&[("data/", b"")])), Err("is a zip with no file in it".into()));
    assert_eq!(
        read(&deflated(&[("aws.csv", csv), ("\u{1b}[2J.csv", csv)])),
        Err("is a zip with 2 files (aws.csv, \\u{1b}[2J.csv): unpack it and name those that you want".into())
    );
    let names: Vec<String> = (0..1001).map(|number| format!("{number}.csv")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), csv)).collect();
    assert_eq!(read(&deflated(&members)), Err("is a zip with more than 1000 entries".into()));
    let many = read(&deflated(&members[..7])).unwrap_err();
    assert!(many.starts_with("is a zip with 7 files (0.csv, 1.csv, 2.csv, 3.csv, 4.csv, …)"), "{many}");
}

#[test]
fn data_that_reaches_into_the_directory_is_refused() {
    let mut packed = zip(&[("a.csv", CSV.as_bytes())], CompressionMethod::STORE);
    let at = directory(&packed);
    let longer = (CSV.len() as u32 + 30).to_le_bytes();
    packed[at + 20..at + 24].copy_from_slice(&longer);
    packed[at + 24..at + 28].copy_from_slice(&longer);
    assert_eq!(read(&packed), Err("is a zip whose parts overlap".into()));
}

#[test]
fn an_error_of_the_disk_is_told_in_its_own_words() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is gone"))
        }
    }
    let refusal = |input: Box<dyn Read>| unpack(input, MAX_BYTES).err().unwrap().to_string();
    assert_eq!(refusal(Box::new(Broken)), "cannot be read: the disk is gone");
    let packed = Cursor::new(gzip(CSV.as_bytes()).into_iter().take(20).collect::<Vec<u8>>());
    assert_eq!(refusal(Box::new(packed.chain(Broken))), "cannot be read: the disk is gone");
}

proptest! {
    #[test]
    fn no_bytes_make_a_panic(start in 0usize..3, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let magic: [&[u8]; 3] = [b"", b"\x1f\x8b\x08\0", b"PK\x03\x04"];
        let _ = read_within(&[magic[start], &bytes].concat(), 1 << 16);
    }

    #[test]
    fn a_changed_byte_never_yields_another_text(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        for packed in [gzip(CSV.as_bytes()), deflated(&[("a.csv", CSV.as_bytes())])] {
            let mut changed = packed.clone();
            changed[at.index(packed.len())] ^= 1 << bit;
            // Without the first bytes it is no archive any more, and what it is then is for the importers to tell.
            if let Ok((_, text)) = read_within(&changed, 1 << 16) {
                prop_assert!(text == CSV.as_bytes() || at.index(packed.len()) < 4);
            }
        }
    }
}
