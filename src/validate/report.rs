//! The error tables of a validation.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::{Case, Impossible, Origin, Phase, Prediction, Rows};
use crate::stats::{quantile_sorted, sorted};
use crate::throughput::Workload;
use crate::throughput::datasheet::Engine;

/// Rows that are shown as the worst.
const WORST: usize = 10;

/// The errors of a group of rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// `overall`, `source`, `gpu`, `model`, `phase`, `precision` or `population`.
    pub by: &'static str,
    /// The group's name; empty overall.
    pub name: String,
    /// Rows.
    pub n: usize,
    /// Median of the absolute relative error of the time.
    pub median_ape: f64,
    /// Its 90th percentile.
    pub p90_ape: f64,
    /// Median of the relative error: above zero where the model is too slow.
    pub bias: f64,
    /// Share of the rows inside the 80 % interval.
    pub coverage_80: f64,
}

/// A row far from its prediction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Worst {
    /// `file:line`.
    pub row: String,
    /// The row's own name.
    pub id: String,
    /// GPU, model and what was measured.
    pub what: String,
    /// Relative error of the time.
    pub error: f64,
    /// What makes the row hard to predict, if anything is known to.
    pub reason: String,
}

/// Rows without a prediction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotPredicted {
    /// Why.
    pub reason: String,
    /// How many.
    pub n: usize,
}

/// A row that cannot be true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// `file:line`.
    pub row: String,
    /// The claim and the bound.
    pub what: String,
}

/// The result of a validation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// `gpu` or `model` where each was left out of the fit that predicts it.
    pub left_out: Option<&'static str>,
    /// All rows with a prediction.
    pub overall: Option<Group>,
    /// The same by group.
    pub groups: Vec<Group>,
    /// Rows without, by reason.
    pub not_predicted: Vec<NotPredicted>,
    /// Rows above the bandwidth bound: they count nowhere.
    pub impossible: Vec<Refused>,
    /// The largest errors.
    pub worst: Vec<Worst>,
}

/// Sums up predictions, one per case in the same order.
pub fn report(rows: &Rows<'_>, predictions: &[Prediction], left_out: Option<&'static str>) -> Report {
    let pairs: Vec<(&Case<'_>, &Prediction)> = rows.cases.iter().zip(predictions).collect();
    type Key = fn(&Case<'_>) -> String;
    let keys: [(&'static str, Key); 6] = [
        ("phase", |case| case.phase.name().to_owned()),
        ("kind", |case| case.population().to_string()),
        ("source", |case| case.origin.source.clone()),
        ("precision", |case| case.workload.weights.to_string()),
        ("gpu", |case| case.gpu.name.clone()),
        ("model", |case| case.model.name.clone()),
    ];
    let mut groups = Vec::new();
    for (by, key) in keys {
        let mut members: BTreeMap<String, Vec<(&Case<'_>, &Prediction)>> = BTreeMap::new();
        for pair in &pairs {
            members.entry(key(pair.0)).or_default().push(*pair);
        }
        groups.extend(members.into_iter().filter_map(|(name, members)| group(by, name, &members)));
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows.unpredicted {
        *reasons.entry(&row.reason).or_default() += 1;
    }
    let mut not_predicted: Vec<NotPredicted> =
        reasons.into_iter().map(|(reason, n)| NotPredicted { reason: reason.to_owned(), n }).collect();
    not_predicted.sort_by_key(|row| std::cmp::Reverse(row.n));
    Report {
        left_out,
        overall: group("overall", String::new(), &pairs),
        groups,
        not_predicted,
        impossible: rows.impossible.iter().map(refused).collect(),
        worst: worst(pairs),
    }
}

fn refused(row: &Impossible) -> Refused {
    Refused { row: place(&row.origin), what: row.what.clone() }
}

fn place(origin: &Origin) -> String {
    format!("{}:{}", origin.file, origin.line)
}

fn group(by: &'static str, name: String, members: &[(&Case<'_>, &Prediction)]) -> Option<Group> {
    let errors: Vec<f64> = members.iter().map(|(case, predicted)| predicted.error(case.measured_s)).collect();
    let absolute = sorted(&errors.iter().map(|error| error.abs()).collect::<Vec<_>>());
    let inside = members.iter().filter(|(case, predicted)| predicted.covers(case.measured_s)).count();
    Some(Group {
        by,
        name,
        n: members.len(),
        median_ape: quantile_sorted(&absolute, 0.5)?,
        p90_ape: quantile_sorted(&absolute, 0.9)?,
        bias: quantile_sorted(&sorted(&errors), 0.5)?,
        coverage_80: inside as f64 / members.len() as f64,
    })
}

fn worst(mut pairs: Vec<(&Case<'_>, &Prediction)>) -> Vec<Worst> {
    // A time half as long is as far off as one twice as long.
    let distance = |pair: &(&Case<'_>, &Prediction)| (pair.1.seconds / pair.0.measured_s).ln().abs();
    pairs.sort_by(|one, other| distance(other).total_cmp(&distance(one)));
    let shown = |(case, predicted): (&Case<'_>, &Prediction)| Worst {
        row: place(&case.origin),
        id: case.origin.id.clone(),
        what: format!(
            "{} {}, {}, {}, {}",
            case.workload.serving.tp,
            case.gpu.name,
            case.model.name,
            case.workload.weights,
            case.phase.name()
        ),
        error: predicted.error(case.measured_s),
        reason: reasons(case).join(", "),
    };
    pairs.into_iter().take(WORST).map(shown).collect()
}

/// What of a row the constants know least about.
fn reasons(case: &Case<'_>) -> Vec<String> {
    let Workload { batch, isl, osl, serving, .. } = case.workload;
    let known = [
        (case.experts(), "MoE".to_owned()),
        (serving.tp > 1, format!("tensor parallel over {}", serving.tp)),
        (case.phase == Phase::Offline, format!("batch assumed: {}", batch)),
        (case.cut && case.phase == Phase::Served, format!("batch cut to the {} that fit", batch)),
        (case.engine == Engine::Local && case.gpu.stacked, "llama.cpp on HBM".to_owned()),
        (case.engine == Engine::Local && case.phase == Phase::Prefill, "llama.cpp prefill".to_owned()),
        (case.gpu.fp16.is_none(), "16-bit peak unknown".to_owned()),
        (isl + osl > 8192, "extrapolated: long context".to_owned()),
        (batch > 512, "extrapolated: large batch".to_owned()),
    ];
    known.into_iter().filter(|(applies, _)| *applies).map(|(_, reason)| reason).collect()
}

/// The groups as CSV.
pub fn csv(report: &Report) -> String {
    let mut out = "by,name,n,median_ape,p90_ape,bias,coverage_80\n".to_owned();
    for group in report.overall.iter().chain(&report.groups) {
        let name = if group.name.contains([',', '"']) {
            format!("\"{}\"", group.name.replace('"', "\"\""))
        } else {
            group.name.clone()
        };
        let figures = [group.median_ape, group.p90_ape, group.bias, group.coverage_80]
            .map(|figure| format!("{figure:.4}"))
            .join(",");
        let _ = writeln!(out, "{},{name},{},{figures}", group.by, group.n);
    }
    out
}

/// The groups as a Markdown table.
pub fn markdown(report: &Report) -> String {
    let mut out = "| | n | median | p90 | bias | in 80 % |\n|---|---|---|---|---|---|\n".to_owned();
    for group in report.overall.iter().chain(&report.groups) {
        let name = crate::text::markdown_cell(&label(group));
        let _ = writeln!(out, "| {name} | {} | {} |", group.n, shown(group).join(" | "));
    }
    out
}

fn label(group: &Group) -> String {
    if group.name.is_empty() { group.by.to_owned() } else { format!("{}: {}", group.by, group.name) }
}

fn shown(group: &Group) -> [String; 4] {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let bias = format!("{:+.1} %", group.bias * 100.0);
    [percent(group.median_ape), percent(group.p90_ape), bias, percent(group.coverage_80)]
}

/// The report for people.
pub fn terminal(report: &Report) -> String {
    let mut out = match report.left_out {
        Some(what) => format!("datasheet model, each {what} predicted by constants fitted without it\n\n"),
        None => "datasheet model, constants as in the program\n\n".to_owned(),
    };
    let _ =
        writeln!(out, "{:<42} {:>5} {:>8} {:>8} {:>8} {:>9}", "", "n", "median", "p90", "bias", "in 80 %");
    for group in report.overall.iter().chain(&report.groups) {
        let name: String = crate::text::inert(&label(group)).chars().take(42).collect();
        let [median, p90, bias, inside] = shown(group);
        let _ = writeln!(out, "{name:<42} {:>5} {median:>8} {p90:>8} {bias:>8} {inside:>9}", group.n);
    }
    if !report.worst.is_empty() {
        out += "\nworst rows\n";
    }
    for row in &report.worst {
        let reason = if row.reason.is_empty() { "no known reason" } else { &row.reason };
        let _ = writeln!(
            out,
            "  {:+6.0} %  {} {}  {} ({reason})",
            row.error * 100.0,
            crate::text::inert(&row.row),
            crate::text::inert(&row.id),
            row.what
        );
    }
    if !report.impossible.is_empty() {
        out += "\nimpossible\n";
    }
    for row in &report.impossible {
        let _ = writeln!(out, "  {}  {}", crate::text::inert(&row.row), row.what);
    }
    if !report.not_predicted.is_empty() {
        out += "\nnot predicted\n";
    }
    for row in &report.not_predicted {
        let _ = writeln!(out, "  {:5}  {}", row.n, row.reason);
    }
    out
}
