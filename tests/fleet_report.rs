//! What the report of a fleet promises in each of its forms.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::time::Instant;

use common::fleets::Fleet;
use common::{Grid, mtok, run};
use mtok::fleet::analysis::Analysis;
use mtok::fleet::collected::State;
use mtok::fleet::simulate::{self, Faults};
use mtok::measurement::DeviceType;
use mtok::report::fleet::{FleetReport, csv, html, json, markdown, terminal};
use serde_json::{Value, json};
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr;

fn as_json(report: &FleetReport) -> Value {
    serde_json::from_str(&json(report)).unwrap()
}

/// The title as each form has it; CSV has a column instead.
fn all(report: &FleetReport) -> [String; 4] {
    [terminal(report, 80, false), markdown(report), html(report), json(report)]
}

#[test]
fn the_answer_comes_first_in_plain_sentences() {
    let shown = terminal(&Fleet::default().report(), 200, false);
    let lines: Vec<&str> = shown.lines().take(8).collect();
    assert_eq!(lines[0], "Fleet autumn");
    assert_eq!(
        lines[1],
        "62 of 67 tasks done, 1 failed, 1 begun and not ended, 3 missing: 64 devices on 16 nodes, 1536 rows."
    );
    assert_eq!(
        lines[2],
        "NVIDIA H100 80GB HBM3 (vulkan): 63 devices on 16 nodes compared; their times spread by 0.58 % about the median, the \
         slowest takes 16.0 % longer."
    );
    assert!(
        lines[3].starts_with("Out of line: 3. The worst first: gpu-node-0009 (4 devices) takes 15.0 % longer than siblings do (throttling-node); "),
        "{shown}"
    );
    assert!(shown.contains("2 files or folders were set aside: 1 other-plan, 1 torn."), "{shown}");
    assert!(shown.contains("1 device is not compared with siblings. Flags: 1 other-version"), "{shown}");
    assert!(
        shown.contains("121B tokens; rent 2,950 USD, buy 12,200 USD: RENT. Rent is the cheapest."),
        "{shown}"
    );
}

#[test]
fn exactly_the_outliers_are_listed_with_what_each_device_is_found_by() {
    let fleet = Fleet { throttling: None, slow: vec![40, 7, 12], ..Fleet::default() };
    let shown = as_json(&fleet.report());
    let found = shown["outliers"].as_array().unwrap();
    let tasks: Vec<u64> = found.iter().map(|it| it["devices"][0]["task"].as_u64().unwrap()).collect();
    assert_eq!(tasks, [40, 7, 12]);
    assert_eq!(
        found[1]["devices"],
        json!([{"task": 7, "node": "gpu-node-0001", "place": "place-7", "pci_bus_id": "0000:43:00.0",
            "uuid": "GPU-00000007-0000-4000-8000-000000000000"}])
    );
    assert_eq!(found[0]["kind"], "slow-card");
    let first = found[0]["slower"].as_f64().unwrap();
    assert!(first > 0.07 && first < 0.09, "a share, not percent: {first}");
}

#[test]
fn what_is_unknown_is_null_or_empty_or_a_dash_and_never_0() {
    let mut report = Fleet { slow: vec![], throttling: None, ..Fleet::default() }.report();
    report.analysis = Analysis { standings: vec![None; report.collected.units.len()], ..Analysis::default() };
    report.costs = None;
    report.as_of = None;
    let shown = as_json(&report);
    assert!(shown["types"][0]["spread"].is_null() && shown["costs"].is_null() && shown["as_of"].is_null());
    assert!(shown["devices"][0]["slower"].is_null() && shown["devices"][0]["label"].is_null());
    assert_eq!(shown["outliers"], json!([]));
    let grid = Grid::of(&csv(&report));
    assert_eq!([grid.cell(0, "slower"), grid.cell(0, "label"), grid.cell(0, "calibration_s")], ["", "", ""]);
    let people = terminal(&report, 80, false);
    assert!(people.contains("Whether a device is out of line cannot be said"), "{people}");
    assert!(!people.contains("USD") && !people.contains("Types of device"), "{people}");
}

#[test]
fn nothing_out_of_line_says_what_would_have_been_found() {
    let shown = terminal(&Fleet { slow: vec![], throttling: None, ..Fleet::default() }.report(), 200, false);
    assert!(
        shown.contains("Nothing is out of line. A device that takes 3.10 % longer would be seen in 95 of 100 such fleets."),
        "{shown}"
    );
}

#[test]
fn a_simulated_fleet_says_so_in_the_title_of_every_output() {
    let report = Fleet { simulated: true, ..Fleet::default() }.report();
    for text in all(&report) {
        assert!(text.contains("SIMULATED: Fleet autumn"), "{text:.200}");
        assert!(text.contains("Nothing was measured") || !text.contains("## "), "{text:.200}");
    }
    assert!(Grid::of(&csv(&report)).rows[1..].iter().all(|row| row[0] == "true"));
    assert!(all(&Fleet::default().report()).iter().all(|text| !text.contains("SIMULATED")));
}

#[test]
fn a_software_adapter_is_called_what_it_is_wherever_it_is_shown() {
    let report = Fleet { device_type: DeviceType::Software, ..Fleet::default() }.report();
    for text in all(&report) {
        assert!(text.contains("software adapter (not a GPU)"), "{text:.200}");
    }
    assert_eq!(Grid::of(&csv(&report)).cell(0, "software"), "true");
    assert_eq!(as_json(&report)["types"][0]["software"], true);
}

#[test]
fn no_line_is_longer_than_80_columns_unless_all_columns_are_asked_for() {
    let report = Fleet::default().report();
    let shown = terminal(&report, 80, false);
    let long: Vec<&str> = shown.lines().filter(|line| line.width() > 80).collect();
    assert!(long.is_empty(), "{long:#?}");
    assert!(shown.contains("12 cells by type and kernel: --wide shows them."), "{shown}");
    let wide = terminal(&report, 400, false);
    for column in ["fastest %", "uuid", "quartile 3 ms", "buy low to high", "lost to slow ones"] {
        assert!(wide.contains(column) && !shown.contains(column), "{column}");
    }
}

#[test]
fn tasks_that_are_missing_side_by_side_share_a_row_and_failed_ones_come_first() {
    let shown = terminal(&Fleet { missing: 5000, ..Fleet::default() }.report(), 120, false);
    let table = shown.split("Tasks that are not done. ").nth(1).unwrap();
    let (failed, missing) = (table.find("failed").unwrap(), table.find("64 to 5063").unwrap());
    assert!(failed < missing, "{table}");
    assert!(shown.lines().count() < 80, "{}", shown.lines().count());
}

#[test]
fn a_long_table_is_cut_and_the_rest_counted() {
    let mut report = Fleet::default().report();
    report
        .collected
        .tasks
        .iter_mut()
        .filter(|task| task.task % 2 == 0)
        .for_each(|task| task.state = State::Failed);
    let shown = terminal(&report, 80, false);
    assert!(shown.contains("more rows: --json has them all"), "{shown}");
    assert_eq!(as_json(&report)["tasks"]["not_done"].as_array().unwrap().len(), 36);
}

#[test]
fn csv_has_a_row_per_device_and_json_the_same_devices() {
    let report = Fleet::default().report();
    let grid = Grid::of(&csv(&report));
    let devices = as_json(&report)["devices"].as_array().unwrap().clone();
    assert_eq!((grid.rows.len() - 1, devices.len()), (64, 64));
    for (row, device) in devices.iter().enumerate() {
        assert_eq!(grid.cell(row, "node"), device["node"].as_str().unwrap());
        let slower: Option<f64> = grid.cell(row, "slower").parse().ok();
        assert_eq!(slower, device["slower"].as_f64());
    }
    assert_eq!([grid.cell(1, "comparable"), grid.cell(1, "flags")], ["false", "other-version"]);
    assert_eq!(grid.cell(2, "flags"), "shared-node;measured-twice");
}

#[test]
fn the_same_report_gives_the_same_bytes() {
    let report = Fleet::default().report();
    assert!(all(&report) == all(&report.clone()) && csv(&report) == csv(&report));
}

#[test]
fn a_fleet_of_which_nothing_is_there_yet_has_every_form() {
    let mut report =
        Fleet { nodes: 0, gpus: 1, cells: 0, slow: vec![], throttling: None, ..Fleet::default() };
    report.missing = 4;
    let mut report = report.report();
    report.analysis = Analysis::default();
    report.costs = None;
    for text in all(&report) {
        assert!(text.contains("0 of 4 tasks done, 4 missing: 0 devices on 0 nodes, 0 rows."), "{text}");
    }
    assert!(html(&report).contains("No task has measured anything yet."));
    assert_eq!(Grid::of(&csv(&report)).rows.len(), 1);
}

#[test]
fn a_device_that_two_tasks_measured_is_one_device_on_the_map() {
    let mut report = Fleet { nodes: 2, gpus: 2, slow: vec![], throttling: None, ..Fleet::default() }.report();
    let again = report.collected.units[0].clone();
    report.collected.units.push(again);
    report.analysis.standings.push(None);
    assert!(terminal(&report, 200, false).contains("4 devices on 2 nodes"));
    assert!(html(&report).contains("Map of 4 devices on 2 nodes."));
}

/// The folder of a simulated fleet, and the tasks in which slow devices were planted.
fn planted(faults: Faults) -> (TempDir, Vec<u64>) {
    let here = common::folder();
    let fleet = simulate::Fleet { tasks: 40, faults, ..simulate::Fleet::default() };
    let plan = fleet.plan((env!("CARGO_PKG_VERSION"), ""));
    let planted = fleet.planted().unwrap();
    fs::write(here.path().join("fleet.json"), plan.json()).unwrap();
    for file in simulate::task_files(&fleet, &planted, &plan, 0..fleet.tasks)
        .flatten()
        .chain(simulate::loose_files(&fleet))
    {
        let path = here.path().join(&file.path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file.bytes).unwrap();
    }
    let mut tasks: Vec<u64> =
        planted.outliers.iter().flat_map(|it| &it.tasks).map(|task| u64::from(*task)).collect();
    tasks.sort_unstable();
    (here, tasks)
}

fn found(shown: &Value) -> Vec<u64> {
    let devices =
        shown["outliers"].as_array().unwrap().iter().flat_map(|it| it["devices"].as_array().unwrap());
    let mut tasks: Vec<u64> = devices.map(|device| device["task"].as_u64().unwrap()).collect();
    tasks.sort_unstable();
    tasks
}

#[test]
fn collect_and_report_list_exactly_the_planted_devices_of_a_folder() {
    let (here, tasks) = planted(Faults { slow: (3, 0.1), ..Faults::default() });
    let dir = here.path().to_str().unwrap();
    let collected = run(mtok(&["fleet", "collect", dir, "--json", "--as-of", "2026-11-01"])).ok().json();
    let reported =
        run(mtok(&["report", "--fleet", dir, "--format", "json", "--as-of", "2026-11-01"])).ok().json();
    assert_eq!((found(&collected), tasks.len()), (tasks.clone(), 3));
    assert_eq!(found(&reported), tasks);
    assert_eq!(collected["tasks"]["done"], 40);
    let people = run(mtok(&["fleet", "collect", dir, "--as-of", "2026-11-01"])).ok().out;
    assert!(
        people.starts_with("SIMULATED: Fleet ") && people.contains("40 of 40 tasks done: 40 devices on "),
        "{people}"
    );
    let long: Vec<&str> = people.lines().filter(|line| line.width() > 80).collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn a_folder_of_a_fleet_has_every_form_and_a_page() {
    let (here, _) = planted(Faults { slow: (1, 0.2), missing: 2, torn: 1, foreign: 1, ..Faults::default() });
    let dir = here.path().to_str().unwrap();
    let with = |format: &str| {
        run(mtok(&["report", "--fleet", dir, "--format", format, "--as-of", "2026-11-01"])).ok().out
    };
    assert!(with("html").starts_with("<!doctype html>"));
    assert!(with("markdown").starts_with("# SIMULATED: Fleet "));
    assert_eq!(Grid::of(&with("csv")).cell(0, "simulated"), "true");
    let page = here.path().join("page.html");
    run(mtok(&[
        "report",
        "--fleet",
        dir,
        "--format",
        "html",
        "--as-of",
        "2026-11-01",
        "--out",
        page.to_str().unwrap(),
    ]))
    .ok();
    assert_eq!(fs::read_to_string(page).unwrap(), with("html"));
    // A report of a fleet that is not whole is a report, unless it shall be strict.
    assert_eq!(run(mtok(&["report", "--fleet", dir])).code, Some(0));
    assert_eq!(run(mtok(&["report", "--fleet", dir, "--strict"])).code, Some(1));
}

#[test]
fn a_report_has_the_costs_that_collect_says_at_the_same_terms() {
    let (here, _) = planted(Faults { slow: (1, 0.2), ..Faults::default() });
    let dir = here.path().to_str().unwrap();
    let terms = ["--usd-per-hour", "2.1", "--utilisation", "0.6", "--model", "llama-3.1-8b"];
    let day = ["--as-of", "2026-11-01"];
    let collected = run(mtok(&[&["fleet", "collect", dir, "--json"], &day[..], &terms].concat())).ok().json();
    let report = [&["report", "--fleet", dir, "--format", "json"], &day[..], &["--"], &terms].concat();
    let reported = run(mtok(&report)).ok().json();
    assert_eq!(reported["costs"], collected["costs"]);
    let rent = reported["costs"]["days"][0]["rent_usd_per_day"].as_f64().unwrap();
    assert!((rent - 40.0 * 24.0 * 2.1).abs() < 1e-9, "{rent}");
    let again = reported["command"].as_str().unwrap();
    assert!(again.ends_with(" -- --usd-per-hour 2.1 --utilisation 0.6 --model llama-3.1-8b"), "{again}");
}

#[test]
fn what_a_fleet_has_no_report_of_is_refused_by_name() {
    let here = common::folder();
    let dir = here.path().to_str().unwrap();
    for (words, names) in [
        (vec!["report", "--fleet", dir, "--format", "junit"], ["--format junit", "--fleet"]),
        (vec!["report", dir, "--fleet", dir], ["[DIR|FILE]", "--fleet"]),
        (vec!["report", "--fleet", dir], ["fleet.json", "mtok"]),
        (vec!["report"], ["DIR|FILE", "required"]),
        (vec!["report", "--fleet", dir, "--", "--csv"], ["behind --", "--csv"]),
        (vec!["report", "--fleet", dir, "--", "--model", "no-such"], ["no-such", "model"]),
        (vec!["report", dir, "--", "--utilisation", "0.5"], ["COSTS", "DIR|FILE"]),
    ] {
        let refused = run(mtok(&words));
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{words:?}: {}", refused.err);
        assert!(names.iter().all(|name| refused.err.contains(name)), "{words:?}: {}", refused.err);
    }
}

/// The largest fleet of METHODOLOGY: `cargo test --release --test fleet_report -- --ignored --nocapture large`.
#[test]
#[ignore = "a timing: it depends on what else the machine does"]
fn large_fleets_are_reported_within_a_second_and_pages_stay_below_a_megabyte() {
    for (nodes, gpus) in [(10_000, 1), (1250, 8)] {
        let fleet =
            Fleet { nodes, gpus, cells: 67, slow: vec![1234, 5000, 99], missing: 0, ..Fleet::default() };
        let report = fleet.report();
        for (name, form) in [
            ("html", html as fn(&FleetReport) -> String),
            ("json", json),
            ("csv", csv),
            ("markdown", markdown),
            ("terminal", |report| terminal(report, 80, false)),
        ] {
            let begun = Instant::now();
            let bytes = form(&report).len();
            println!("{nodes} x {gpus} {name}: {bytes} bytes in {:?}", begun.elapsed());
            assert!(name != "html" || bytes <= 1_000_000, "{bytes}");
        }
    }
}

#[test]
fn a_page_of_10_000_devices_stays_below_a_megabyte() {
    for (nodes, gpus) in [(10_000, 1), (1250, 8)] {
        let fleet = Fleet { nodes, gpus, cells: 5, slow: vec![1234, 5000], missing: 0, ..Fleet::default() };
        let bytes = html(&fleet.report()).len();
        assert!(bytes <= 900_000, "{nodes} x {gpus}: {bytes}");
    }
}
