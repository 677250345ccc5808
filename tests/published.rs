//! Datasheet estimates against published measurements, so that a change cannot quietly make them worse: the project's own
//! table, and larger ones that are no part of the project. Those are read from `../shared/data/model`, and their tests skip
//! with a message where that folder is absent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::fs::File;
use std::path::Path;

use mtok::arch::{self, Architecture};
use mtok::hardware::{self, GpuSpec};
use mtok::throughput::datasheet::FITTED;
use mtok::validate::{
    Case, Group, LeaveOut, Report, Rows, Tables, leave_out, predictions, read_served, read_validation, refit,
    report,
};

/// The tables that estimates need.
struct Bundled {
    models: Vec<Architecture>,
    gpus: Vec<GpuSpec>,
}

impl Bundled {
    fn new() -> Self {
        Self {
            models: arch::read_models(&include_bytes!("../data/models.csv")[..]).unwrap(),
            gpus: hardware::read_gpus(&include_bytes!("../data/gpus.csv")[..]).unwrap(),
        }
    }

    fn tables(&self) -> Tables<'_> {
        Tables { models: &self.models, gpus: &self.gpus }
    }

    fn own(&self) -> Rows<'_> {
        let own = include_bytes!("../data/validation.csv");
        read_validation(&own[..], "validation.csv", self.tables()).unwrap()
    }

    fn shared(&self) -> Option<Rows<'_>> {
        let mut rows = read_validation(open("validation.csv")?, "validation.csv", self.tables()).unwrap();
        rows.append(read_served(open("served_latency.csv")?, "served_latency.csv", self.tables()).unwrap());
        Some(rows)
    }
}

fn open(name: &str) -> Option<File> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/model").join(name);
    match File::open(&path) {
        Ok(file) => Some(file),
        Err(error) => {
            eprintln!("skipped: {}: {error}", path.display());
            None
        }
    }
}

/// A group of a report holds what it held: rows, median and 90th percentile of the error, coverage.
#[track_caller]
fn holds(report: &Report, kind: &str, n: usize, median: f64, p90: f64) {
    let group: &Group = report.groups.iter().find(|group| group.name == kind).unwrap();
    println!("{group:?}");
    assert!(group.n >= n && group.median_ape <= median && group.p90_ape <= p90, "{group:?}");
}

#[test]
fn the_projects_own_table_is_predicted_as_well_as_it_is() {
    let bundled = Bundled::new();
    let rows = bundled.own();
    assert!(rows.cases.len() >= 60 && rows.impossible.is_empty(), "{}", rows.cases.len());
    let report = report(&rows, &predictions(&rows.cases), None);
    holds(&report, "llama.cpp decode", 30, 0.14, 0.36);
    holds(&report, "dense, served", 30, 0.06, 0.17);
    holds(&report, "dense, filled", 20, 0.09, 0.28);
    holds(&report, "MoE, served", 8, 0.10, 0.20);
    let overall = report.overall.unwrap();
    assert!(overall.median_ape <= 0.09 && (0.75..0.92).contains(&overall.coverage_80), "{overall:?}");
}

#[test]
fn unseen_gpus_of_the_projects_own_table_are_predicted_nearly_as_well() {
    let bundled = Bundled::new();
    let rows = bundled.own();
    let report = report(&rows, &leave_out(&rows.cases, LeaveOut::Gpu), Some("gpu"));
    let overall = report.overall.unwrap();
    assert!(overall.median_ape <= 0.13, "{overall:?}");
}

#[test]
fn published_tables_are_predicted_as_well_as_they_are() {
    let bundled = Bundled::new();
    let Some(rows) = bundled.shared() else { return };
    let report = report(&rows, &predictions(&rows.cases), None);
    holds(&report, "llama.cpp decode", 250, 0.08, 0.25);
    holds(&report, "dense, served", 390, 0.06, 0.17);
    holds(&report, "dense, filled", 95, 0.11, 0.28);
    holds(&report, "MoE, served", 90, 0.08, 0.22);
    let overall = report.overall.unwrap();
    assert!(overall.n >= 1050 && (0.75..0.90).contains(&overall.coverage_80), "{overall:?}");
}

#[test]
fn the_constants_are_those_that_the_published_tables_give() {
    let bundled = Bundled::new();
    let Some(rows) = bundled.shared() else { return };
    let cases: Vec<&Case<'_>> = rows.cases.iter().collect();
    let found = refit(&cases).constants;
    println!("{found:?}");
    for (found, fitted) in [
        (found.bandwidth, FITTED.bandwidth),
        (found.arithmetic, FITTED.arithmetic),
        (found.link, FITTED.link),
        (found.layer.0, FITTED.layer.0),
        (found.sequence.0, FITTED.sequence.0),
        (found.local_stacked, FITTED.local_stacked),
        (found.local_flops_per_weight, FITTED.local_flops_per_weight),
        (found.local_flops_per_kv, FITTED.local_flops_per_kv),
        (found.local_arithmetic, FITTED.local_arithmetic),
        (found.local_attention, FITTED.local_attention),
        (found.expert_bandwidth, FITTED.expert_bandwidth),
        (found.expert_arithmetic, FITTED.expert_arithmetic),
        (found.expert_layer.0, FITTED.expert_layer.0),
    ] {
        assert!((found / fitted - 1.0).abs() < 0.03, "{found} {fitted}");
    }
}
