//! Bytes of strangers on their way to the CSV reader: one kind of line end, no byte-order mark, no endless line.

use std::io::{self, Read};

use crate::table::Fault;

/// A line longer than this is no row of a table.
const MAX_LINE: usize = 1 << 20;

/// Refuses what is no text file of bearable size.
pub(super) struct Clean<R> {
    input: R,
    max_bytes: u64,
    seen: u64,
    /// Bytes since the last line end.
    line: usize,
    /// A carriage return that was the last byte of a read: what follows decides whether it is part of a line end.
    held: bool,
}

impl<R: Read> Clean<R> {
    pub fn new(input: R, max_bytes: u64) -> Self {
        Self { input, max_bytes, seen: 0, line: 0, held: false }
    }

    /// The first bytes of the file, without its byte-order mark.
    fn start(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut first = [0; 3];
        let mut there = 0;
        while let Some(rest) = first.get_mut(there..).filter(|rest| !rest.is_empty()) {
            match self.input.read(rest)? {
                0 => break,
                read => there += read,
            }
        }
        self.seen = there as u64;
        let first = first.get(..there).unwrap_or_default();
        if first.starts_with(&[0xff, 0xfe]) || first.starts_with(&[0xfe, 0xff]) {
            return Err(refused("is UTF-16; save it as UTF-8"));
        }
        let first = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
        // A reader asks for far more than three bytes.
        let kept = first.len().min(out.len());
        out.iter_mut().zip(first).for_each(|(to, from)| *to = *from);
        Ok(kept)
    }

    fn more(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(out)?;
        self.seen += read as u64;
        if self.seen > self.max_bytes {
            return Err(refused(&format!("is larger than {} MiB", self.max_bytes >> 20)));
        }
        Ok(read)
    }
}

impl<R: Read> Read for Clean<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // One byte stays free for a carriage return that was held back.
        let room = out.len().saturating_sub(1).max(1);
        let Some(buffer) = out.get_mut(..room) else { return Ok(0) };
        let mut length = if self.seen == 0 { self.start(buffer)? } else { 0 };
        if length == 0 {
            length = self.more(buffer)?;
        }
        if length == 0 {
            // A carriage return alone ended the file.
            return Ok(std::mem::take(&mut self.held)
                .then(|| out.first_mut().map(|byte| *byte = b'\r'))
                .map_or(0, |_| 1));
        }
        let newest = out.get(..length).unwrap_or_default();
        self.line = match newest.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => length - at - 1,
            None => self.line + length,
        };
        if self.line > MAX_LINE {
            return Err(refused("has a line longer than 1 MiB (a quote left open?)"));
        }
        if self.held || newest.contains(&b'\r') {
            length = self.unix(out, length);
        }
        // All of it was one held carriage return: zero bytes would be the end of the file.
        if length == 0 { self.read(out) } else { Ok(length) }
    }
}

impl<R> Clean<R> {
    /// Turns `\r\n` into `\n` in place: the csv crate counts the line of a row from the `\n` before it, one too early.
    fn unix(&mut self, out: &mut [u8], length: usize) -> usize {
        let mut bytes = Vec::with_capacity(length + 1);
        if std::mem::take(&mut self.held) {
            bytes.push(b'\r');
        }
        bytes.extend_from_slice(out.get(..length).unwrap_or_default());
        self.held = bytes.last() == Some(&b'\r');
        if self.held {
            bytes.pop();
        }
        let mut kept = 0;
        let mut rest = bytes.iter().peekable();
        while let Some(byte) = rest.next() {
            if *byte == b'\r' && rest.peek() == Some(&&b'\n') {
                continue;
            }
            if let Some(to) = out.get_mut(kept) {
                *to = *byte;
                kept += 1;
            }
        }
        kept
    }
}

fn refused(what: &str) -> io::Error {
    io::Error::other(Fault { line: 0, column: 0, what: what.to_owned() })
}

/// The fault that was raised here and came through the CSV reader.
pub(super) fn fault(error: &csv::Error) -> Option<Fault> {
    let csv::ErrorKind::Io(error) = error.kind() else { return None };
    error.get_ref()?.downcast_ref::<Fault>().cloned()
}
