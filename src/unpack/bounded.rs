//! Readers that count: bytes in, bytes out, and what the two may be.

use std::fmt;
use std::io::{self, Read};

use super::{MAX_RATIO, RATIO_FREE_BYTES, too_large};

/// A bound that a file breaks, or damage to its packing, in words.
#[derive(Debug)]
pub struct Refused(pub String);

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// The error of a broken bound.
pub fn refused(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Refused(what.into()))
}

/// Whether so much may come out of so little.
pub fn sane_ratio(packed: u64, unpacked: u64) -> bool {
    unpacked <= RATIO_FREE_BYTES.saturating_add(MAX_RATIO.saturating_mul(packed))
}

/// The words for what is not.
pub fn bomb(name: &str) -> String {
    format!("is a {name} bomb: more than {MAX_RATIO} bytes come out for each that went in")
}

/// A stream that ends with an error where it is longer than allowed.
pub struct Limited<R> {
    inner: R,
    max_bytes: u64,
    left: u64,
}

impl<R> Limited<R> {
    pub fn new(inner: R, max_bytes: u64) -> Self {
        Self { inner, max_bytes, left: max_bytes }
    }
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| refused(too_large(self.max_bytes)))?;
        Ok(read)
    }
}

/// A stream that knows how much was read of it.
pub struct Counted<R> {
    inner: R,
    bytes: u64,
}

impl<R> Counted<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, bytes: 0 }
    }

    /// How much was read.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// A decoder that ends with an error where too much comes out for what goes in.
pub struct Bounded<D> {
    decoder: D,
    name: &'static str,
    consumed: fn(&D) -> u64,
    unpacked: u64,
}

impl<D> Bounded<D> {
    /// `consumed` tells how many packed bytes the decoder has read.
    pub fn new(decoder: D, name: &'static str, consumed: fn(&D) -> u64) -> Self {
        Self { decoder, name, consumed, unpacked: 0 }
    }
}

impl<D: Read> Read for Bounded<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.decoder.read(buffer).map_err(|error| damaged(self.name, error))?;
        self.unpacked += read as u64;
        if !sane_ratio((self.consumed)(&self.decoder), self.unpacked) {
            return Err(refused(bomb(self.name)));
        }
        Ok(read)
    }
}

/// The decoder's complaint in words of ours; what reading the file itself complains about stays as it is.
fn damaged(name: &str, error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => refused(format!("is cut short: its {name} data has no end")),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData if !is_ours(&error) => {
            refused(format!("is damaged: its {name} data cannot be unpacked"))
        }
        _ => error,
    }
}

fn is_ours(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<Refused>())
}
