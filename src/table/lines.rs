//! Bytes of a text as a table reader wants them: every line ends in `\n`, and no row is endless.

use std::io::{self, Read};

/// The most bytes of one row; a quote that is left open would take in the rest of the file.
pub const MAX_ROW_BYTES: usize = 1 << 20;

/// Turns CRLF and CR into LF and ends the last line: the csv crate counts a line from its `\n` only, so that rows after a
/// CRLF would be one line too early.
#[derive(Debug)]
pub struct UnixLines<R> {
    input: R,
    after_return: bool,
    last: u8,
    ended: bool,
    /// Bytes that may still be read before the row at hand must have ended.
    left: usize,
}

impl<R> UnixLines<R> {
    /// The lines of `input`.
    pub fn new(input: R) -> Self {
        Self { input, after_return: false, last: b'\n', ended: false, left: MAX_ROW_BYTES }
    }

    /// A row has ended.
    pub fn row_ended(&mut self) {
        self.left = MAX_ROW_BYTES;
    }

    /// Rewrites the bytes in place; how many are left of them.
    fn rewrite(&mut self, bytes: &mut [u8]) -> usize {
        if !self.after_return && !bytes.contains(&b'\r') {
            return bytes.len();
        }
        let mut kept = 0;
        for index in 0..bytes.len() {
            let byte = bytes.get(index).copied().unwrap_or_default();
            let skipped = self.after_return && byte == b'\n';
            self.after_return = byte == b'\r';
            if let (false, Some(place)) = (skipped, bytes.get_mut(kept)) {
                *place = if byte == b'\r' { b'\n' } else { byte };
                kept += 1;
            }
        }
        kept
    }
}

impl<R: Read> Read for UnixLines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.ended {
            return Ok(0);
        }
        loop {
            let read = self.input.read(buffer)?;
            let bytes = buffer.get_mut(..read).unwrap_or_default();
            if read == 0 {
                self.ended = true;
                if let (true, Some(place)) = (self.last != b'\n', buffer.first_mut()) {
                    *place = b'\n';
                    return Ok(1);
                }
                return Ok(0);
            }
            let kept = self.rewrite(bytes);
            if kept == 0 {
                continue;
            }
            self.last = bytes.get(kept - 1).copied().unwrap_or_default();
            self.left = self.left.checked_sub(kept).ok_or_else(|| {
                io::Error::other(format!(
                    "a row is longer than {} MiB (a quote left open?)",
                    MAX_ROW_BYTES >> 20
                ))
            })?;
            return Ok(kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives its bytes in pieces.
    struct Pieces<'t>(&'t [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(buffer.len()).min(self.0.len());
            buffer[..length].copy_from_slice(&self.0[..length]);
            self.0 = &self.0[length..];
            Ok(length)
        }
    }

    proptest! {
        #[test]
        fn lines_end_alike_wherever_the_pieces_are_cut(text in "[ab\r\n]{0,40}", size in 1usize..9) {
            let mut read = String::new();
            UnixLines::new(Pieces(text.as_bytes(), size)).read_to_string(&mut read).unwrap();
            let mut wanted = text.replace("\r\n", "\n").replace('\r', "\n");
            if !wanted.is_empty() && !wanted.ends_with('\n') {
                wanted.push('\n');
            }
            prop_assert_eq!(read, wanted);
        }
    }

    #[test]
    fn a_row_without_an_end_is_not_read_to_the_end() {
        let error = UnixLines::new(io::repeat(b'a')).read_to_end(&mut vec![]).unwrap_err();
        assert_eq!(error.to_string(), "a row is longer than 1 MiB (a quote left open?)");
    }
}
