//! Files as strangers pack them: plain, gzip, or a zip with one file in it, opened with bounds.
//!
//! What comes out is a stream of text: it is not held in memory, a byte-order mark is gone, and UTF-16, archives inside
//! archives and other packings are refused by name. Nothing believes a size that an archive claims: bytes are counted
//! as they come out, against a limit and against the bytes that went in.

mod bounded;
mod magic;
mod zip;

use std::io::{self, BufReader, Read};

use flate2::read::MultiGzDecoder;

use crate::table::Fault;
use bounded::{Bounded, Counted, Limited};
use magic::Packing;

/// The most bytes that come out of a file, unless the user says that it may be large.
pub const MAX_BYTES: u64 = 256 << 20;

/// The most bytes of a zip as packed: its directory stands at its end, so all of it is held.
pub const MAX_ZIP_BYTES: u64 = 64 << 20;

/// The most bytes that may come out for a byte that goes in. Price tables shrink to a fifth or a thirtieth; repeated
/// zeros to a thousandth.
pub const MAX_RATIO: u64 = 200;

/// What may come out before the ratio counts.
pub const RATIO_FREE_BYTES: u64 = 1 << 20;

/// Bytes at the start that tell what a file is.
const HEAD: u64 = 64;

/// A file opened as text.
pub struct Unpacked<'r> {
    /// The name inside the archive, as written there by strangers; `None` outside a zip.
    pub member: Option<String>,
    reader: Box<dyn Read + 'r>,
}

impl Read for Unpacked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}

/// Opens a stream as text of at most `max_bytes`, unpacking it where it is packed.
///
/// # Errors
/// A fault of the whole file: unreadable, empty, UTF-16 or UTF-32, a packing that is not read, a zip that is damaged,
/// encrypted or holds other than one file. Bounds that break later are errors of the reader; [`fault`] words them.
pub fn unpack<'r>(input: impl Read + 'r, max_bytes: u64) -> Result<Unpacked<'r>, Fault> {
    let (head, mut input) = peek(input).map_err(|error| fault(&error))?;
    match magic::packing(&head) {
        Packing::None => text(Limited::new(input, max_bytes), None),
        Packing::Gzip => {
            let inflated = MultiGzDecoder::new(Counted::new(input));
            let consumed = |decoder: &MultiGzDecoder<Counted<_>>| decoder.get_ref().bytes();
            text(Limited::new(Bounded::new(inflated, "gzip", consumed), max_bytes), None)
        }
        Packing::Zip => {
            let mut bytes = Vec::new();
            input.by_ref().take(MAX_ZIP_BYTES + 1).read_to_end(&mut bytes).map_err(|error| fault(&error))?;
            if bytes.len() as u64 > MAX_ZIP_BYTES {
                let what = format!("is a zip of more than {} MiB: unpack it first", MAX_ZIP_BYTES >> 20);
                return Err(whole_file(what));
            }
            let (name, inflated) = zip::only_member(bytes, max_bytes)?;
            text(Limited::new(inflated, max_bytes), Some(name))
        }
        Packing::Other(name) => Err(whole_file(format!("is packed with {name}: unpack it first"))),
    }
}

/// Text without its byte-order mark.
fn text<'r>(input: impl Read + 'r, member: Option<String>) -> Result<Unpacked<'r>, Fault> {
    let (head, input) = peek(input).map_err(|error| fault(&error))?;
    if head.strip_prefix(magic::UTF8_MARK).unwrap_or(&head).is_empty() {
        return Err(whole_file("is empty".into()));
    }
    if let Some(encoding) = magic::wide_encoding(&head) {
        return Err(whole_file(format!("is {encoding}; save it as UTF-8")));
    }
    if magic::packing(&head) != Packing::None {
        return Err(whole_file("is an archive in an archive: unpack it first".into()));
    }
    let mut input = BufReader::new(input);
    if head.starts_with(magic::UTF8_MARK) {
        let mut mark = [0; magic::UTF8_MARK.len()];
        input.read_exact(&mut mark).map_err(|error| fault(&error))?;
    }
    Ok(Unpacked { member, reader: Box::new(input) })
}

/// The first bytes, and the stream with them.
fn peek<R: Read>(mut input: R) -> io::Result<(Vec<u8>, impl Read + use<R>)> {
    let mut head = Vec::new();
    input.by_ref().take(HEAD).read_to_end(&mut head)?;
    Ok((head.clone(), io::Cursor::new(head).chain(input)))
}

/// An error of an [`Unpacked`] reader as a fault of the whole file: its own words where a bound was broken.
pub fn fault(error: &io::Error) -> Fault {
    let refused = error.get_ref().and_then(|inner| inner.downcast_ref::<bounded::Refused>());
    whole_file(refused.map_or_else(|| format!("cannot be read: {error}"), ToString::to_string))
}

/// The words for a file that is larger than `max_bytes`.
pub fn too_large(max_bytes: u64) -> String {
    format!("is larger than {} MiB; --large reads it all the same", max_bytes >> 20)
}

fn whole_file(what: String) -> Fault {
    Fault { line: 0, column: 0, what }
}

#[cfg(test)]
mod tests;
