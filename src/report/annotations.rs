//! Findings as annotations of GitHub: workflow commands on stdout.

use super::findings::{Finding, findings};
use super::github::{Level, SHOWN_PER_LEVEL, command};
use super::results::Results;

/// One command per finding. Where a level has more than GitHub shows, the last one says how many there are.
pub fn annotations(results: &Results) -> String {
    let all = findings(results);
    Level::ALL.iter().map(|level| of_level(*level, &all)).collect()
}

fn of_level(level: Level, all: &[Finding]) -> String {
    let of_level: Vec<&Finding> = all.iter().filter(|finding| finding.level == level).collect();
    let shown = if of_level.len() > SHOWN_PER_LEVEL { SHOWN_PER_LEVEL - 1 } else { of_level.len() };
    let mut out: String =
        of_level.iter().take(shown).map(|it| command(level, &it.title, &it.message)).collect();
    if shown < of_level.len() {
        let more = format!("{} more like these: see the job summary or the report", of_level.len() - shown);
        out += &command(level, "not all are shown", &more);
    }
    out
}
