//! The texts of `mtok diff`: what became slower first, what stayed the same folded into a line.

pub mod annotations;

mod columns;

use serde::Serialize;

use self::columns::{COSTS, ROWS};
use super::{Safe, csv, json, markdown as page, number, terminal as window};
use crate::diff::cost::{self, CostRow};
use crate::diff::{Diff, Ending, Row, Summary, Verdict};
use crate::measurement::SOFTWARE_LABEL;
use crate::text::{inert, markdown_cell};

/// Grows by one when a key changes its meaning or goes away; a new key does not change it.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that is said of two sides.
#[derive(Clone, Debug, PartialEq)]
pub struct DiffReport {
    /// Names base.
    pub base: String,
    /// Names new.
    pub new: String,
    /// Kernels; `None` where only costs were given.
    pub kernels: Option<Diff>,
    /// Costs, in the order of base.
    pub costs: Vec<CostRow>,
}

#[derive(Serialize)]
struct Whole<'r> {
    schema_version: u32,
    base: &'r str,
    new: &'r str,
    summary: Option<&'r Summary>,
    rows: &'r [Row],
    costs: &'r [CostRow],
}

impl DiffReport {
    fn rows(&self) -> &[Row] {
        self.kernels.as_ref().map_or(&[], |diff| &diff.rows)
    }

    /// How it ended and why: the line that everything else explains.
    fn answer(&self, safe: Safe) -> Option<String> {
        let summary = &self.kernels.as_ref()?.summary;
        let word = match summary.ending {
            Ending::Ok => "OK",
            Ending::Regression => "REGRESSION",
            Ending::Inconclusive => "INCONCLUSIVE",
        };
        let label = if summary.software { format!(" — {SOFTWARE_LABEL}") } else { String::new() };
        let sides = format!("{} against {}", safe(&self.new), safe(&self.base));
        Some(format!("{word}: {} ({sides}){label}", summary.ending_reason))
    }

    /// Counts, what could have been seen, and what else differs.
    fn grounds(&self, safe: Safe) -> Vec<String> {
        let Some(Diff { summary, .. }) = &self.kernels else { return vec![] };
        let counts = [
            (Verdict::Slower, summary.slower),
            (Verdict::Faster, summary.faster),
            (Verdict::Same, summary.same),
            (Verdict::Unsure, summary.unsure),
            (Verdict::NotComparable, summary.not_comparable),
        ];
        let counts: Vec<String> =
            counts.iter().map(|(verdict, count)| format!("{verdict} {count}")).collect();
        let mut grounds = vec![format!("{} rows: {}.", summary.rows, counts.join(", "))];
        if let Some(detectable) = summary.detectable_median {
            grounds.push(format!(
                "A slowdown of {} % would have been told from chance in half of {} rows (Holm, {} % false alarms).",
                number(Some(detectable * 100.0)),
                summary.tested,
                summary.alpha * 100.0,
            ));
        }
        if let Some(ratio) = summary.machine_ratio {
            grounds.push(format!("Calibration kernel, new against base: {}.", columns::change(Some(ratio))));
        }
        grounds.extend(summary.notes.iter().map(|note| format!("Differs: {}.", safe(note))));
        grounds
    }

    /// Worst first; rows of one verdict by how much slower they became.
    fn sorted(&self) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.rows().iter().collect();
        let slowness = |row: &Row| row.time_ratio.unwrap_or(0.0);
        rows.sort_by(|a, b| {
            let urgency = |row: &Row| (!row.regression, !row.suspect, row.verdict);
            urgency(a).cmp(&urgency(b)).then(slowness(b).total_cmp(&slowness(a)))
        });
        rows
    }

    fn sorted_costs(&self) -> Vec<&CostRow> {
        let mut rows: Vec<&CostRow> = self.costs.iter().collect();
        let dearness = |row: &CostRow| row.usd_ratio.unwrap_or(0.0);
        rows.sort_by(|a, b| a.verdict.cmp(&b.verdict).then(dearness(b).total_cmp(&dearness(a))));
        rows
    }
}

/// For a terminal of `width` columns; `all` shows the rows that are SAME.
pub fn terminal(report: &DiffReport, width: u16, colour: bool, all: bool) -> String {
    let line = |text: &str| window::wrapped(text, width);
    let mut out: String = report.answer(inert).iter().map(|answer| line(answer)).collect();
    report.grounds(inert).iter().for_each(|ground| out += &line(ground));
    let (same, shown): (Vec<&Row>, Vec<&Row>) =
        report.sorted().into_iter().partition(|row| row.verdict == Verdict::Same && !all);
    if !shown.is_empty() {
        out += &format!("\n{}\n", window::table(&ROWS, &shown, width, colour));
    }
    if !same.is_empty() {
        out += &format!("\n{} SAME; --all shows them\n", rows(same.len()));
    }
    let (same, shown): (Vec<&CostRow>, Vec<&CostRow>) =
        report.sorted_costs().into_iter().partition(|row| row.verdict == cost::Verdict::Same && !all);
    if !shown.is_empty() {
        out += &format!(
            "\nCost per million tokens, new / base\n{}\n",
            window::table(&COSTS, &shown, width, colour)
        );
    }
    if !same.is_empty() {
        out += &format!("\n{} of costs SAME; --all shows them\n", rows(same.len()));
    }
    out.trim_start().to_owned()
}

/// For a job summary or a comment: the answer, what is not SAME, and the rest behind a fold.
pub fn markdown(report: &DiffReport) -> String {
    let safe = markdown_cell;
    let mut out: String = report.answer(safe).iter().map(|answer| format!("**{answer}**\n\n")).collect();
    report.grounds(safe).iter().for_each(|ground| out += &format!("- {ground}\n"));
    let (same, shown): (Vec<&Row>, Vec<&Row>) =
        report.sorted().into_iter().partition(|row| row.verdict == Verdict::Same);
    if !shown.is_empty() {
        out += &format!("\n{}", page::table(&ROWS, &shown));
    }
    out += &folded(same.len(), "SAME", || page::table(&ROWS, &same));
    let (same, shown): (Vec<&CostRow>, Vec<&CostRow>) =
        report.sorted_costs().into_iter().partition(|row| row.verdict == cost::Verdict::Same);
    if !shown.is_empty() {
        out += &format!("\nCost per million tokens, new / base:\n\n{}", page::table(&COSTS, &shown));
    }
    out + &folded(same.len(), "of costs SAME", || page::table(&COSTS, &same))
}

fn folded(count: usize, what: &str, table: impl Fn() -> String) -> String {
    if count == 0 {
        return String::new();
    }
    format!("\n<details><summary>{} {what}</summary>\n\n{}\n</details>\n", rows(count), table())
}

fn rows(count: usize) -> String {
    if count == 1 { "1 row".into() } else { format!("{count} rows") }
}

/// Every field of every row, in the order of base.
///
/// # Errors
/// Those of the JSON writer, which has none for this type.
pub fn to_json(report: &DiffReport) -> serde_json::Result<String> {
    let whole = Whole {
        schema_version: SCHEMA_VERSION,
        base: &report.base,
        new: &report.new,
        summary: report.kernels.as_ref().map(|diff| &diff.summary),
        rows: report.rows(),
        costs: &report.costs,
    };
    Ok(json::visible(&serde_json::to_string_pretty(&whole)?) + "\n")
}

/// The rows of kernels as CSV; of costs, where only those were given.
pub fn to_csv(report: &DiffReport) -> String {
    match &report.kernels {
        Some(diff) => csv::rows_csv(&diff.rows),
        None => csv::rows_csv(&report.costs),
    }
}
