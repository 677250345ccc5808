//! Workflow commands of GitHub Actions, which mark a check: an error for each regression, a warning for each row
//! whose evidence is doubted, a notice for the whole.

use super::DiffReport;
use super::columns::change;
use crate::diff::{Ending, Reason, Row};
use crate::text::inert;

/// The commands, one per line.
pub fn annotations(report: &DiffReport) -> String {
    let mut out = String::new();
    for row in report.sorted() {
        let level = match row.reason {
            _ if row.regression => "error",
            _ if row.suspect => "warning",
            Some(Reason::Missing | Reason::NewSkipped) => "warning",
            _ => continue,
        };
        out += &command(level, &format!("{} {}", row.verdict, row.cell), &message(row));
    }
    let level = match report.kernels.as_ref().map(|diff| diff.summary.ending) {
        Some(Ending::Inconclusive) => "warning",
        _ => "notice",
    };
    match report.answer(str::to_owned) {
        Some(answer) => out + &command(level, "mtok diff", &answer),
        None => out,
    }
}

fn message(row: &Row) -> String {
    let reason = row.reason.map_or("", Reason::name);
    let mut parts = vec![reason.to_owned()];
    if row.time_ratio.is_some() {
        parts.insert(0, format!("time {}", change(row.time_ratio)));
    }
    if row.time_ratio_low.is_some() {
        let (low, high) = (change(row.time_ratio_low), change(row.time_ratio_high));
        parts.insert(1, format!("95 % interval {low} to {high}"));
    }
    if !row.note.is_empty() {
        parts.push(row.note.clone());
    }
    parts.join("; ")
}

/// `::level title=…::message`, escaped as the runner reads it back: in data `%`, CR and LF, in a property also `:`
/// and `,` (github.com/actions/toolkit, packages/core/src/command.ts).
fn command(level: &str, title: &str, message: &str) -> String {
    let data = |text: &str| inert(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = data(title).replace(':', "%3A").replace(',', "%2C");
    format!("::{level} title={property}::{}\n", data(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_end_a_property_or_start_a_command() {
        assert_eq!(
            command("error", "a:b,c\n::error::x", "50 %\r\n::warning::y"),
            "::error title=a%3Ab%2Cc\\u{a}%3A%3Aerror%3A%3Ax::50 %25\\u{d}\\u{a}::warning::y\n"
        );
    }
}
