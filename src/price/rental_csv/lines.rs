//! Text of strangers on its way to the CSV reader: one kind of line end, and no endless line.

use std::io::{self, Read};

use crate::table::Fault;

/// A line longer than this is no row of a table.
const MAX_LINE: usize = 1 << 20;

/// A text with `\n` at the ends of its lines: the csv crate counts the line of a row from the `\n` of a `\r\n` before it, one
/// too early.
pub(super) struct Lines<R> {
    input: R,
    /// Bytes since the last line end.
    line: usize,
    /// A carriage return that was the last byte of a read: what follows decides whether it is part of a line end.
    held: bool,
}

impl<R> Lines<R> {
    pub fn new(input: R) -> Self {
        Self { input, line: 0, held: false }
    }

    /// Turns `\r\n` into `\n` in place; answers how many bytes are left of the first `length`.
    fn unix(&mut self, out: &mut [u8], length: usize) -> usize {
        let held = std::mem::take(&mut self.held).then_some(b'\r');
        let mut bytes: Vec<u8> = held.into_iter().chain(out.iter().take(length).copied()).collect();
        self.held = bytes.last() == Some(&b'\r');
        if self.held {
            bytes.pop();
        }
        let following = bytes.iter().skip(1).map(Some).chain([None]);
        let pairs = bytes.iter().zip(following);
        let kept = pairs.filter(|(byte, next)| **byte != b'\r' || *next != Some(&b'\n'));
        out.iter_mut().zip(kept).map(|(to, (from, _))| *to = *from).count()
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        // One byte stays free for a carriage return that was held back.
        let room = out.len().saturating_sub(1).max(1);
        let length = self.input.read(out.get_mut(..room).unwrap_or_default())?;
        if length == 0 {
            // A carriage return ended the text.
            let last = std::mem::take(&mut self.held);
            return Ok(out.iter_mut().take(usize::from(last)).map(|byte| *byte = b'\r').count());
        }
        let newest = out.get(..length).unwrap_or_default();
        self.line = match newest.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => length - at - 1,
            None => self.line + length,
        };
        if self.line > MAX_LINE {
            let what = "has a line longer than 1 MiB (a quote left open?)".to_owned();
            return Err(io::Error::other(Fault { line: 0, column: 0, what }));
        }
        if !self.held && !newest.contains(&b'\r') {
            return Ok(length);
        }
        // Zero bytes would be the end of the text, and may only mean that all of them are held.
        match self.unix(out, length) {
            0 => self.read(out),
            kept => Ok(kept),
        }
    }
}
