//! Following a fleet until nothing more happens by itself.

use std::io::{self, IsTerminal};
use std::thread;
use std::time::{Duration, Instant};

use mtok::fleet::follow::{Counts, Row, changes, remaining_s};
use mtok::report::listing;

use super::look::{Looker, Seen};
use super::status;
use crate::cmd::output::{note, print, terminal};
use crate::cmd::{Exit, Failure};

/// Rows of the table while somebody watches: all of it has to fit on a screen.
const ROWS: usize = 15;

/// Looks every so many seconds until no task is queued or running: a table that is written over on a terminal, a line per
/// change anywhere else.
pub fn watch(looker: &mut Looker, pause_s: u64, all: bool) -> Result<Exit, Failure> {
    let start = Instant::now();
    let redraws = io::stdout().is_terminal();
    let mut before: Option<Seen> = None;
    let mut first = Counts::default();
    let mut height = 0;
    loop {
        let now = looker.look()?;
        if before.is_none() {
            first = now.counts;
        }
        let progress = progress(&now.counts, first.over(), start.elapsed());
        if redraws {
            let shown = screen(&now, &progress, all);
            // Up to where the last one began, and all below wiped.
            let up = if height > 0 { format!("\u{1b}[{height}A\u{1b}[J") } else { String::new() };
            print(&(up + &shown))?;
            height = shown.lines().count();
        } else {
            log(before.as_ref(), &now, &progress)?;
        }
        if !goes_on(&now) {
            return Ok(status::exit(&now.counts));
        }
        before = Some(now);
        thread::sleep(Duration::from_secs(pause_s));
    }
}

/// Whether something can still happen by itself. Without a scheduler every task without an end may still begin.
fn goes_on(now: &Seen) -> bool {
    let open = now.rows.iter().any(|row| row.state.is_open());
    open || now.slurm != Some(true) && now.counts.missing > 0
}

fn log(before: Option<&Seen>, now: &Seen, progress: &str) -> Result<(), Failure> {
    let Some(before) = before else {
        now.warnings.iter().for_each(|warning| note(&format!("warning: {warning}")));
        return print(&format!("{progress}\n"));
    };
    let new = now.warnings.iter().filter(|warning| !before.warnings.contains(warning));
    new.for_each(|warning| note(&format!("warning: {warning}")));
    let changed = changes(&before.rows, &now.rows);
    if changed.is_empty() {
        return Ok(());
    }
    let lines: String = changed.iter().map(|line| mtok::text::inert(line) + "\n").collect();
    print(&format!("{lines}{progress}\n"))
}

fn screen(now: &Seen, progress: &str, all: bool) -> String {
    let width = terminal().0;
    let rows = status::shown(&now.rows, all);
    let some: Vec<Row> = rows.iter().take(ROWS).cloned().collect();
    let more = rows.len().saturating_sub(some.len());
    let more = if more > 0 { format!("and {more} more\n") } else { String::new() };
    let warnings: String = now
        .warnings
        .iter()
        .take(3)
        .map(|it| cut(&format!("warning: {}", mtok::text::inert(it)), width))
        .collect();
    listing::terminal(&some, width) + &more + &warnings + &cut(progress, width)
}

/// A line that takes one line of the terminal.
fn cut(line: &str, width: u16) -> String {
    line.chars().take(usize::from(width).saturating_sub(1)).collect::<String>() + "\n"
}

/// Done, of what, how long it has taken, and how long the rest will take at the same pace.
fn progress(counts: &Counts, over_at_first: u32, elapsed: Duration) -> String {
    let all =
        counts.over() + counts.queued + counts.running + counts.begun + counts.not_submitted + counts.missing;
    let open = counts.queued + counts.running + counts.begun;
    let ended = counts.over().saturating_sub(over_at_first);
    let left = remaining_s(ended, open, elapsed.as_secs_f64()).filter(|_| open > 0);
    let left = left.map(|left_s| format!(", {} left", time(left_s))).unwrap_or_default();
    format!("{} of {all} over: {}; {}{left}", counts.over(), counts.words(), time(elapsed.as_secs_f64()))
}

fn time(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        ..7200.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_says_how_many_are_over_for_how_long_and_how_long_it_will_take() {
        let counts = Counts { done: 37, running: 3, queued: 24, ..Counts::default() };
        let line = progress(&counts, 1, Duration::from_secs(720));
        assert_eq!(line, "37 of 64 over: 37 done, 3 running, 24 queued; 12 min, 9 min left");
        assert_eq!(
            progress(&counts, 37, Duration::from_secs(5)),
            "37 of 64 over: 37 done, 3 running, 24 queued; 5 s"
        );
        let over = Counts { done: 63, lost: 1, ..Counts::default() };
        assert_eq!(progress(&over, 0, Duration::from_secs(9000)), "64 of 64 over: 63 done, 1 lost; 2.5 h");
    }
}
