//! How far a long read has come: one line on a terminal that is written over, nothing anywhere else.

use std::io::{self, IsTerminal, Read, Write};
use std::time::{Duration, Instant};

/// Reading shows nothing before it has taken this long.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two lines.
const PACE: Duration = Duration::from_millis(200);
/// Characters of a file's name.
const NAME: usize = 30;

/// A line that is written over while something takes long, and wiped at its end.
pub struct Line<W: Write> {
    out: W,
    start: Instant,
    patience: Duration,
    /// When the line was written, and its width.
    shown: Option<(Instant, usize)>,
}

/// A line of its own on stderr, where that is a terminal.
pub fn line_of_its_own() -> Option<Line<io::Stderr>> {
    io::stderr().is_terminal().then(|| Line::new(io::stderr(), PATIENCE))
}

/// A reader that says how much of its bytes it has read.
pub struct Progress<R, W: Write> {
    input: R,
    line: Line<W>,
    name: String,
    total: u64,
    read: u64,
}

/// A file of `total` bytes, watched where stderr is a terminal.
pub fn watched<R: Read + 'static>(input: R, name: &str, total: u64) -> Box<dyn Read> {
    if !io::stderr().is_terminal() {
        return Box::new(input);
    }
    Box::new(Progress::new(input, io::stderr(), name, total, PATIENCE))
}

impl<R: Read, W: Write> Progress<R, W> {
    fn new(input: R, out: W, name: &str, total: u64, patience: Duration) -> Self {
        let name: String = mtok::text::inert(name).chars().take(NAME).collect();
        Self { input, line: Line::new(out, patience), name, total, read: 0 }
    }
}

impl<W: Write> Line<W> {
    fn new(out: W, patience: Duration) -> Self {
        Self { out, start: Instant::now(), patience, shown: None }
    }

    /// Shows what `words` makes of the time that has passed, unless it is too early.
    pub fn show(&mut self, words: impl FnOnce(Duration) -> String) {
        let (elapsed, last) = (self.start.elapsed(), self.shown.map(|shown| shown.0));
        if elapsed < self.patience || last.is_some_and(|last| last.elapsed() < PACE.min(self.patience)) {
            return;
        }
        let line = words(elapsed);
        self.over(&line);
        self.shown = Some((Instant::now(), line.chars().count()));
    }

    /// Writes over what stands there. A terminal that is gone is no error of the file.
    fn over(&mut self, line: &str) {
        let width = self.shown.map_or(0, |shown| shown.1);
        let _ = write!(self.out, "\r{line:<width$}");
        let _ = self.out.flush();
    }
}

impl<R: Read, W: Write> Read for Progress<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.read += count as u64;
        let Self { line: shown, name, total, read, .. } = self;
        shown.show(|elapsed| bytes_line(name, *read, *total, elapsed));
        Ok(count)
    }
}

impl<W: Write> Drop for Line<W> {
    fn drop(&mut self) {
        if let Some((_, width)) = self.shown {
            let _ = write!(self.out, "\r{:width$}\r", "");
            let _ = self.out.flush();
        }
    }
}

/// Bytes read, of how many, and when the rest will be.
fn bytes_line(name: &str, read: u64, total: u64, elapsed: Duration) -> String {
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    format!("{name}: {:.0} of {:.0} MiB, {}", mib(read), mib(total), passed_and_left(read, total, elapsed))
}

/// How long it has taken, and how long the rest will take at the same pace.
pub fn passed_and_left(done: u64, total: u64, elapsed: Duration) -> String {
    let elapsed_s = elapsed.as_secs_f64();
    let share = if total == 0 { 1.0 } else { (done as f64 / total as f64).min(1.0) };
    match share {
        0.0 => format!("{elapsed_s:.0} s"),
        share => format!("{elapsed_s:.0} s, {:.0} s left", elapsed_s / share - elapsed_s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_done_total_elapsed_and_remaining() {
        let shown = bytes_line("a.csv", 30 << 20, 120 << 20, Duration::from_secs(3));
        assert_eq!(shown, "a.csv: 30 of 120 MiB, 3 s, 9 s left");
        assert_eq!(bytes_line("a", 0, 1 << 20, Duration::from_secs(2)), "a: 0 of 1 MiB, 2 s");
        assert_eq!(bytes_line("a", 5, 0, Duration::from_secs(2)), "a: 0 of 0 MiB, 2 s, 0 s left");
    }

    #[test]
    fn what_is_read_passes_unchanged_and_the_line_is_wiped_at_the_end() {
        let (bytes, mut out) = (vec![7; 100_000], Vec::new());
        let mut read = Vec::new();
        let name = format!("\u{1b}[31m{}", "x".repeat(99));
        let mut progress = Progress::new(bytes.as_slice(), &mut out, &name, 100_000, Duration::ZERO);
        progress.read_to_end(&mut read).unwrap();
        drop(progress);
        assert_eq!(read, bytes);
        let shown = String::from_utf8(out).unwrap();
        assert!(shown.contains("of 0 MiB") && !shown.contains('\u{1b}'), "{shown:?}");
        assert!(shown.split('\r').all(|line| line.chars().count() <= 80), "{shown:?}");
        let wiped = shown.split('\r').nth_back(1).unwrap();
        assert!(shown.ends_with('\r') && wiped.trim().is_empty(), "{shown:?}");
    }

    #[test]
    fn a_quick_read_shows_nothing() {
        let mut out = Vec::new();
        let mut progress = Progress::new(b"abc".as_slice(), &mut out, "a", 3, PATIENCE);
        io::copy(&mut progress, &mut io::sink()).unwrap();
        drop(progress);
        assert!(out.is_empty());
    }
}
