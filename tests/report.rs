//! What `mtok report` promises: exact bytes in every format, exit codes for CI, summaries that follow from samples.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::Path;

use common::{Grid, Run, assert_is, data, folder, mtok, run, write};
use mtok::measurement::samples::{self, Circumstances, Sample};
use mtok::measurement::{
    Cache, DeviceType, Identity, Measurement, Outcome, Provenance, Timing, TimingMethod, Verification, wire,
};
use mtok::op::Op;
use mtok::report::outputs::ALL;
use mtok::report::results::Results;
use proptest::prelude::*;

/// The verb on a path.
fn report(path: impl AsRef<Path>, options: &[&str]) -> Run {
    let path = path.as_ref().display().to_string();
    run(mtok(&[&["report", &path], options].concat()))
}

fn fixture() -> String {
    fs::read_to_string(data("report/measurements.csv")).unwrap()
}

/// The call is refused with this code and message and prints no result.
#[track_caller]
fn refused(run: &Run, code: i32, message: &str) {
    assert_eq!((run.code, run.out.as_str()), (Some(code), ""), "{}", run.err);
    assert_eq!(run.complaint().trim_end(), format!("mtok: {message}"));
}

#[test]
fn every_format_has_these_bytes() {
    let here = data("report");
    assert_is("report.terminal", &report(&here, &[]).ok().out);
    for output in ALL {
        let shown = report(&here, &["--format", output.name]).ok();
        assert_is(&format!("report.{}", output.name), &shown.out);
        assert_eq!(shown.err, "", "{}", output.name);
    }
    let golden = common::names(&data("golden")).into_iter().filter(|name| name.starts_with("report."));
    assert_eq!(golden.count(), ALL.len() + 1, "a format was removed and its expected bytes were not");
}

#[test]
fn a_report_of_a_bad_run_is_a_report_unless_it_shall_be_strict() {
    let here = folder();
    // Row 4 failed, row 5 is wrong.
    let failed = Grid::of(&fixture()).with(5, "status", "skipped").text();
    let skipped = Grid::of(&failed).with(4, "status", "skipped").text();
    for (text, code) in [(fixture(), 5), (failed, 1), (skipped, 0)] {
        let file = write(here.path(), "m.csv", text);
        assert_eq!(report(&file, &[]).code, Some(0));
        assert_eq!(report(&file, &["--strict", "--format", "json"]).code, Some(code));
    }
}

#[test]
fn bad_input_is_located() {
    let here = folder();
    let text = Grid::of(&fixture());
    let column = text.column("median_s") + 1;
    let file = write(here.path(), "m.csv", text.with(0, "median_s", "-1").text());
    refused(
        &report(&file, &[]),
        2,
        &format!("{file}:2:{column}: median_s \"-1\" is not a finite number > 0"),
    );

    let other = write(here.path(), "m.csv", Grid::of(&fixture()).with(1, "adapter", "RTX\u{1b} 4090").text());
    let message = "cell copy/f32/bytes=1048576/vec4 of run 0 is of RTX\\u{1b} 4090, 0000:01:00.0, vulkan, \
                   discrete-gpu, the first row of NVIDIA H100 <80GB>, 0000:01:00.0, vulkan, discrete-gpu: report \
                   each device by itself";
    refused(&report(&other, &[]), 2, &format!("{other}: {message}"));

    let empty = here.path().display().to_string();
    let message = format!("{empty}: has no measurements.csv; name a result folder or such a file");
    refused(&report(&empty, &[]), 2, &message);
    let header = write(here.path(), "m.csv", wire::header());
    refused(&report(&header, &[]), 2, &format!("{header}: there are no measurements"));

    write(here.path(), "measurements.csv", fixture());
    let costs = write(here.path(), "costs.csv", "model,weights,usd_per_mtok_blended\nm,f16,NaN\n");
    let message = format!("{costs}:2:3: usd_per_mtok_blended \"NaN\" is not a finite number > 0");
    refused(&report(here.path(), &["--format", "markdown"]), 2, &message);
}

#[cfg(unix)]
#[test]
fn pipes_and_folders_are_not_waited_for() {
    let here = folder();
    let pipe = common::fifo(here.path(), "measurements.csv");
    refused(&report(here.path(), &[]), 2, &format!("{pipe}: is not a plain file"));
}

#[test]
fn output_goes_to_a_file_as_a_whole() {
    let here = folder();
    let out = write(here.path(), "out.xml", "old");
    let shown = report(data("report"), &["--format", "junit", "--out", &out]).ok();
    assert_eq!(shown.out, "");
    let golden = fs::read_to_string(data("golden").join("report.junit")).unwrap();
    assert_eq!(fs::read_to_string(&out).unwrap(), golden);
    assert_eq!(common::names(here.path()), ["out.xml"]);

    let folder = here.path().display().to_string();
    let into_folder = report(data("report"), &["--format", "json", "--out", &folder]);
    refused(&into_folder, 4, &format!("{folder}: cannot be written: is a folder"));
    let nowhere = here.path().join("none/out.csv").display().to_string();
    assert_eq!(report(data("report"), &["--format", "csv", "--out", &nowhere]).code, Some(4));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_a_device_stays_a_device() {
    use std::os::unix::fs::FileTypeExt;
    for format in ALL {
        let full = report(data("report"), &["--format", format.name, "--out", "/dev/full"]);
        assert_eq!(full.code, Some(4), "{}", format.name);
        assert!(full.complaint().starts_with("mtok: /dev/full: cannot be written: "), "{}", full.err);
    }
    let mut to_stdout = mtok(&["report", &data("report").display().to_string()]);
    to_stdout.stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    assert_eq!(to_stdout.status().unwrap().code(), Some(4));
    assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let here = folder();
    let file = write(here.path(), "real.csv", "old");
    let link = here.path().join("link.csv");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    report(data("report"), &["--format", "csv", "--out", &link.display().to_string()]).ok();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&file).unwrap().starts_with("schema_version,cell,"));
}

#[test]
fn a_software_adapter_is_never_in_one_series_with_a_gpu() {
    let here = folder();
    let file = write(here.path(), "m.csv", Grid::of(&fixture()).with_all("device_type", "software").text());
    let names = |path: &Path| -> Vec<String> {
        let points = report(path, &["--format", "github-action-benchmark"]).ok().json();
        let metrics = report(path, &["--format", "bencher"]).ok().json();
        let points =
            points.as_array().unwrap().iter().map(|point| point["name"].as_str().unwrap().to_owned());
        points.chain(metrics.as_object().unwrap().keys().cloned()).collect()
    };
    let (software, gpu) = (names(Path::new(&file)), names(&data("report")));
    assert_eq!(software.len(), gpu.len());
    assert!(software.iter().all(|name| name.contains("software") && !gpu.contains(name)), "{software:?}");
    for format in ALL {
        let text = report(&file, &["--format", format.name]).ok().out;
        assert!(text.contains("software"), "{}", format.name);
    }
}

#[test]
fn only_verified_cells_are_points() {
    for format in ["github-action-benchmark", "bencher"] {
        let text = report(data("report"), &["--format", format]).ok().out;
        assert!(text.contains("gemm/") && !text.contains("gemv/"), "{text}");
    }
}

#[test]
fn annotations_stay_below_what_github_shows() {
    let here = folder();
    let mut text = wire::header();
    let failed = |chain| row(chain, 0, Outcome::Failed(format!("lost {chain}")));
    (1..=15).for_each(|chain| text += &wire::row(&failed(chain)));
    let file = write(here.path(), "m.csv", text);
    let shown = report(&file, &["--format", "annotations"]).ok().out;
    let errors: Vec<&str> = shown.lines().filter(|line| line.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 10);
    assert!(errors[9].ends_with("::6 more like these: see the job summary or the report"), "{}", errors[9]);
}

#[test]
fn every_case_of_the_junit_file_has_one_ending() {
    let text = report(data("report"), &["--format", "junit"]).ok().out;
    let document = roxmltree::Document::parse(&text).unwrap();
    let suite = document.root_element().first_element_child().unwrap();
    let cases: Vec<_> = suite.children().filter(|node| node.has_tag_name("testcase")).collect();
    let ended = |tag: &str| {
        cases.iter().filter(|case| case.children().any(|child| child.has_tag_name(tag))).count().to_string()
    };
    assert_eq!(suite.attribute("tests"), Some(cases.len().to_string().as_str()));
    for (attribute, tag) in [("failures", "failure"), ("errors", "error"), ("skipped", "skipped")] {
        assert_eq!(suite.attribute(attribute), Some(ended(tag).as_str()), "{tag}");
        assert_eq!(document.root_element().attribute(attribute), suite.attribute(attribute));
    }
    assert!(cases.iter().all(|case| case.children().filter(|child| child.is_element()).count() == 1));
    let mut names: Vec<_> = cases.iter().map(|case| case.attribute("name")).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cases.len());
}

const CHECKED: Verification = Verification { nmse: 0.0, nmse_max: 1e-9, compared: 8 };

fn row(chain: u64, run: u32, outcome: Outcome) -> Measurement {
    let identity = Identity {
        adapter: "some GPU".into(),
        device_type: DeviceType::DiscreteGpu,
        backend: "vulkan".into(),
        tool_version: "0.1.0".into(),
        ..Identity::default()
    };
    let provenance = Provenance { identity, ..Provenance::default() };
    Measurement {
        op: Op::Dispatch { chain },
        variant: "counter".into(),
        cache: Cache::Hot,
        run,
        outcome,
        provenance,
    }
}

/// A result folder of 3 cells in 2 runs, as `measure` writes it.
fn measured(into: &Path) -> (String, String) {
    let (mut rows, mut raw) = (wire::header(), samples::header());
    for (run, chain) in (0..2).flat_map(|run| (1..=3).map(move |chain| (run, chain))) {
        let time = |index: u32| 1e-3 * (chain as f64) + 1e-6 * f64::from(index * (7 + run) % 11);
        let sample =
            |index| Sample { executions: 4, device_s: Some(time(index)), wall_s: time(index) + 1e-4 };
        let taken: Vec<Sample> = (0..30).map(sample).collect();
        let timing = Timing::of(&taken, Circumstances::default()).unwrap();
        let row = row(chain, run, Outcome::Ok(Box::new(timing), CHECKED));
        rows += &wire::row(&row);
        raw += &samples::rows(&row.cell(), run, TimingMethod::Timestamp, &taken);
    }
    write(into, "measurements.csv", &rows);
    write(into, "samples.csv", &raw);
    (rows, raw)
}

#[test]
fn recomputed_summaries_are_the_stored_bytes() {
    let here = folder();
    let (rows, _) = measured(here.path());
    let shown = report(here.path(), &["--recompute"]).ok();
    assert_eq!((shown.out, shown.err), (rows.clone(), String::new()));
    let out = here.path().join("again.csv").display().to_string();
    report(here.path(), &["--recompute", "--out", &out]).ok();
    assert_eq!(fs::read_to_string(&out).unwrap(), rows);
}

#[test]
fn every_recorded_run_can_be_recomputed() {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    for name in common::names(&recorded).iter().filter(|name| recorded.join(name).is_dir()) {
        let stored = fs::read_to_string(recorded.join(name).join("measurements.csv")).unwrap();
        let again = report(recorded.join(name), &["--recompute"]).ok();
        assert!(again.out == stored, "{name}: {}", again.err);
    }
}

#[test]
fn a_summary_that_does_not_follow_from_its_samples_is_named() {
    let here = folder();
    let (rows, raw) = measured(here.path());
    let grid = Grid::of(&rows);
    let (column, stored) = (grid.column("q3_s") + 1, grid.cell(4, "q3_s").to_owned());
    let file = write(here.path(), "measurements.csv", grid.with(4, "q3_s", "0.5").text());
    let run = report(here.path(), &["--recompute"]);
    let message = format!(
        "mtok: {file}:6:{column}: cell dispatch/f32/chain=2/counter of run 1: q3_s is \"0.5\", the samples give \
         \"{stored}\"\n"
    );
    assert_eq!((run.code, run.err.as_str()), (Some(1), message.as_str()));
    assert_eq!(run.out, rows, "what is printed is what the samples give");

    let lines: Vec<&str> = raw.split_inclusive('\n').collect();
    let samples = write(here.path(), "samples.csv", lines[..lines.len() - 30].concat());
    let file = write(here.path(), "measurements.csv", rows);
    let run = report(here.path(), &["--recompute"]);
    let message = format!("{file}:7: cell dispatch/f32/chain=3/counter of run 1: there are no samples of it");
    assert_eq!((run.code, run.err.as_str()), (Some(1), format!("mtok: {message}\n").as_str()));

    write(here.path(), "samples.csv", raw.replacen(",4,", ",x,", 1));
    refused(&report(here.path(), &["--recompute"]), 2, &format!("{samples}:2:4: \"x\" is not a count"));
    fs::remove_file(&samples).unwrap();
    let run = report(here.path(), &["--recompute"]);
    assert!(
        run.code == Some(2) && run.err.starts_with(&format!("mtok: {samples}: cannot be read")),
        "{}",
        run.err
    );
}

#[test]
fn many_faults_are_counted_not_listed() {
    let here = folder();
    let (rows, _) = measured(here.path());
    write(
        here.path(),
        "measurements.csv",
        Grid::of(&rows)
            .with_all("samples", "9")
            .with_all("mean_s", "9")
            .with_all("mad_s", "9")
            .with_all("relative_stdev", "9")
            .text(),
    );
    let run = report(here.path(), &["--recompute"]);
    assert_eq!((run.code, run.err.lines().count()), (Some(1), 21));
    assert!(run.err.ends_with("\n4 more\n"), "{}", run.err);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Names and reasons come from drivers and files: no text breaks a format.
    #[test]
    fn no_text_breaks_a_format(
        variant in "\\PC*|[\\x00-\\x7f\u{fffe}\u{ffff}\u{202e}]*", reason in "\\PC*|[\\x00-\\x7f\u{fffe}\u{ffff}]*",
        adapter in "\\PC*|[\\x00-\\x7f]*",
    ) {
        let outcomes = [Outcome::Wrong(reason.clone(), CHECKED), Outcome::Failed(reason.clone()), Outcome::Skipped(reason)];
        let timing = Timing::of(&[Sample { executions: 1, device_s: Some(1.0), wall_s: 1.0 }], Circumstances::default());
        let ok = Outcome::Ok(Box::new(timing.unwrap()), CHECKED);
        let rows = (1..).zip(outcomes.into_iter().chain([ok])).map(|(chain, outcome)| {
            let mut row = row(chain, 0, outcome);
            row.variant.clone_from(&variant);
            row.provenance.identity.adapter.clone_from(&adapter);
            row
        });
        let results = Results::new(rows.collect()).unwrap();
        for output in ALL {
            let text = (output.text)(&results);
            prop_assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{} {text:?}", output.name);
            match output.name {
                "junit" => prop_assert_eq!(roxmltree::Document::parse(&text).unwrap().descendants()
                    .filter(|node| node.has_tag_name("testcase")).count(), 4),
                "json" | "bencher" | "github-action-benchmark" => {
                    prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{}", text)
                }
                "csv" => prop_assert_eq!(Grid::of(&text).rows.len(), 5),
                "annotations" => prop_assert!(text.lines().all(|line| line.starts_with("::"))),
                "markdown" => {}
                other => prop_assert!(false, "{other} is not checked"),
            }
        }
    }
}
