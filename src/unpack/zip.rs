//! A zip with one file in it. The directory at its end and the header before the data must tell the same story.

use std::io::{self, Cursor, Read, Take};

use flate2::{Crc, bufread::DeflateDecoder};
use rawzip::{CompressionMethod, ZipArchive, ZipSliceArchive, ZipVerification};

use super::bounded::{Bounded, bomb, refused, sane_ratio};
use super::{too_large, whole_file};
use crate::table::Fault;
use crate::text;

/// The most entries that are looked at.
const MAX_ENTRIES: usize = 1000;
/// The most names that a message tells.
const NAMES_TOLD: usize = 5;

/// Where the only file of a zip lies.
struct Member {
    name: String,
    start: u64,
    end: u64,
    deflated: bool,
    promised: ZipVerification,
}

/// The name and the content of the only file; folders do not count.
///
/// # Errors
/// A fault of the whole file.
pub fn only_member(bytes: Vec<u8>, max_bytes: u64) -> Result<(String, Box<dyn Read>), Fault> {
    let archive = ZipArchive::from_slice(bytes).map_err(|error| damaged(&error))?;
    let member = find(&archive)?;
    let size = member.promised.uncompressed_size;
    if !sane_ratio(member.end - member.start, size) {
        return Err(whole_file(bomb("zip")));
    }
    if size > max_bytes {
        return Err(whole_file(too_large(max_bytes)));
    }
    let mut packed = Cursor::new(archive.into_inner());
    packed.set_position(member.start);
    let packed = packed.take(member.end - member.start);
    let promised = member.promised;
    let reader: Box<dyn Read> = if member.deflated {
        let consumed = |decoder: &DeflateDecoder<Take<Cursor<Vec<u8>>>>| decoder.total_in();
        Box::new(Checked::new(Bounded::new(DeflateDecoder::new(packed), "zip", consumed), promised))
    } else {
        Box::new(Checked::new(packed, promised))
    };
    Ok((member.name, reader))
}

fn find(archive: &ZipSliceArchive<Vec<u8>>) -> Result<Member, Fault> {
    let mut entries = archive.entries();
    let mut found = None;
    let mut names = Vec::new();
    for seen in 0.. {
        let Some(entry) = entries.next_entry().map_err(|error| damaged(&error))? else { break };
        if seen == MAX_ENTRIES {
            return Err(whole_file(format!("is a zip with more than {MAX_ENTRIES} entries")));
        }
        if entry.is_dir() {
            continue;
        }
        let path = entry.file_path();
        names.push(String::from_utf8_lossy(path.as_bytes()).into_owned());
        if names.len() == 1 {
            found = Some(entry);
        }
    }
    let (Some(entry), [name]) = (found, names.as_slice()) else { return Err(not_one(&names)) };
    if entry.flags().is_encrypted() || entry.flags().has_strong_encryption() || entry.flags().is_masked() {
        return Err(whole_file("is an encrypted zip: unpack it first".into()));
    }
    let deflated = match entry.compression_method() {
        CompressionMethod::STORE => false,
        CompressionMethod::DEFLATE => true,
        _ => return Err(whole_file("is a zip packed in an unusual way: unpack it first".into())),
    };
    let data = archive.get_entry(entry.wayfinder()).map_err(|error| damaged(&error))?;
    let local = data.local_header();
    let (start, end) = data.compressed_data_range();
    let same_name = local.file_path().as_bytes() == entry.file_path().as_bytes();
    if !same_name || local.compression_method() != entry.compression_method() {
        return Err(whole_file("is a zip whose headers contradict each other".into()));
    }
    if end > archive.directory_offset() {
        return Err(whole_file("is a zip whose parts overlap".into()));
    }
    Ok(Member { name: name.clone(), start, end, deflated, promised: data.claim_verifier() })
}

fn not_one(names: &[String]) -> Fault {
    if names.is_empty() {
        return whole_file("is a zip with no file in it".into());
    }
    let mut told: Vec<String> = names.iter().take(NAMES_TOLD).map(|name| text::inert(name)).collect();
    if names.len() > NAMES_TOLD {
        told.push("…".into());
    }
    let (count, told) = (names.len(), told.join(", "));
    whole_file(format!("is a zip with {count} files ({told}): unpack it and name those that you want"))
}

fn damaged(error: &rawzip::Error) -> Fault {
    whole_file(format!("is a damaged zip: {}", text::inert(&error.to_string())))
}

/// Content that must have the size and the checksum that the directory promises.
struct Checked<R> {
    inner: R,
    promised: ZipVerification,
    crc: Crc,
    bytes: u64,
}

impl<R> Checked<R> {
    fn new(inner: R, promised: ZipVerification) -> Self {
        Self { inner, promised, crc: Crc::new(), bytes: 0 }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.crc.update(buffer.get(..read).unwrap_or_default());
        self.bytes += read as u64;
        let over = self.bytes > self.promised.uncompressed_size;
        let short = read == 0 && !buffer.is_empty() && self.bytes < self.promised.uncompressed_size;
        if over || short {
            return Err(refused("is a zip that lies about the size of its file"));
        }
        if read == 0 && !buffer.is_empty() && self.crc.sum() != self.promised.crc {
            return Err(refused("is a damaged zip: its checksum does not fit"));
        }
        Ok(read)
    }
}
