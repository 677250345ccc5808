//! Results for people: a table for the terminal, and Markdown for the summary of a job.

use super::columns::{Rated, kernels};
use super::findings::{Finding, findings};
use super::github::Level;
use super::results::Results;
use super::{answer, by_device, costs, ended, markdown, terminal as page};
use crate::measurement::Measurement;
use crate::roofline::Ceilings;
use crate::text::{inert, markdown_cell};

/// Rows in one part of a summary: GitHub refuses a summary above 1 MiB and would then show nothing at all.
const SHOWN: usize = 1000;

/// The cells for a terminal: how they ended, the table, then what is wrong or to be doubted.
pub fn terminal(results: &Results, width: u16, colour: bool) -> String {
    let cells = joined(results);
    let rated = rated(&cells, results);
    let mut out = page::wrapped(&inert(&results.title()), width);
    answer(&results.costs.compared, inert).iter().for_each(|answer| out += &page::wrapped(answer, width));
    out += &page::wrapped(&ended(&cells.iter().collect::<Vec<_>>()), width);
    for (caption, rows) in by_device(&rated, inert) {
        out += &format!(
            "\n{}{}\n",
            page::wrapped(&caption, width),
            page::table(&kernels(&rows), &rows, width, colour)
        );
    }
    let loud: Vec<Finding> =
        findings(results).into_iter().filter(|finding| finding.level != Level::Notice).collect();
    if !loud.is_empty() {
        out.push('\n');
    }
    loud.iter().for_each(|it| {
        out += &page::wrapped(&format!("{}: {}: {}", it.level, inert(&it.title), inert(&it.message)), width);
    });
    out
}

/// The summary of a job as Markdown: how the cells ended, what is wrong, what to doubt, the tables, and what they
/// rest on.
pub fn summary(results: &Results) -> String {
    let safe = markdown_cell;
    let cells = joined(results);
    let rated = rated(&cells, results);
    let answer = answer(&results.costs.compared, safe).map(|answer| answer + "\n\n").unwrap_or_default();
    let ended = ended(&cells.iter().collect::<Vec<_>>());
    let mut out = format!("# {}\n\n{answer}{ended}\n", safe(&results.title()));
    let all = findings(results);
    out += &listed("Wrong or failed", Level::Error, &all);
    out += &listed("To be doubted", Level::Warning, &all);
    out += "\n## Measured kernels\n";
    for (caption, rows) in by_device(&rated, safe) {
        let shown: Vec<&Rated> = rows.iter().copied().take(SHOWN).collect();
        out +=
            &format!("\n{caption}\n\n{}{}", markdown::table(&kernels(&shown), &shown), left_out(rows.len()));
    }
    out += &cost_table(results);
    out += "\n## What this rests on\n\n";
    provenance(results).iter().for_each(|line| out += &format!("- {line}\n"));
    out
}

fn joined(results: &Results) -> Vec<Measurement> {
    results.cells().into_iter().map(|cell| cell.joined).collect()
}

fn rated(cells: &[Measurement], results: &Results) -> Vec<Rated> {
    Rated::all(cells, &Ceilings::of(cells, results.datasheet))
}

fn listed(heading: &str, level: Level, all: &[Finding]) -> String {
    let of_level: Vec<&Finding> = all.iter().filter(|finding| finding.level == level).collect();
    if of_level.is_empty() {
        return String::new();
    }
    let line =
        |it: &&Finding| format!("- **{}**: {}\n", markdown_cell(&it.title), markdown_cell(&it.message));
    let lines: String = of_level.iter().take(SHOWN).map(line).collect();
    format!("\n## {heading}\n\n{lines}{}", left_out(of_level.len()))
}

fn left_out(rows: usize) -> String {
    match rows.saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("\n{more} more are in measurements.csv.\n"),
    }
}

fn cost_table(results: &Results) -> String {
    let rows: Vec<&costs::Cost> = results.costs.rows.iter().take(SHOWN).collect();
    let Some(first) = rows.first() else { return String::new() };
    let day = if first.as_of.is_empty() { "an unknown day" } else { &first.as_of };
    format!(
        "\n## Cost per million tokens\n\nPrices as of {}; estimated from the kernels above.\n\n{}{}",
        markdown_cell(day),
        markdown::table(&costs::COLUMNS, &rows),
        left_out(results.costs.rows.len())
    )
}

/// Tool, device and command, each said once for all rows.
fn provenance(results: &Results) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for row in results.rows() {
        let it = &row.provenance.identity;
        let commit = if it.tool_commit.is_empty() { "commit unknown" } else { &it.tool_commit };
        let facts = [
            format!(
                "mtok {} ({commit}), {} build, wgpu {}",
                it.tool_version, it.build_profile, it.wgpu_version
            ),
            format!("{}, {}, {}, driver {} {}", it.adapter, it.device_type, it.os, it.driver, it.driver_info),
            format!("measured with: {}", it.argv),
        ];
        lines.extend(facts.into_iter().map(|fact| markdown_cell(fact.trim_end())));
    }
    let times = || results.rows().iter().map(|row| row.provenance.time_utc.as_str());
    if let (Some(first), Some(last)) = (times().filter(|time| !time.is_empty()).min(), times().max()) {
        lines.push(markdown_cell(&format!("between {first} and {last}")));
    }
    let mut seen = std::collections::HashSet::new();
    lines.retain(|line| seen.insert(line.clone()));
    lines
}
