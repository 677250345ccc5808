//! What the verbs that need an adapter promise: a helpful message without one, whole rows whatever happens, and
//! runs that go on where they stopped. Without an adapter the tests that need one skip with a message, unless
//! MTOK_REQUIRE_ADAPTER is set (CI sets it).
#![cfg(feature = "gpu")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use common::measured::{Delays, Mark, adapter_is_here, asked, assert_samples_belong, measurements, rows};
use common::{Grid, Run, folder, mtok, names, run, tuned};
use mtok::kernel::ALL;
use tempfile::TempDir;

/// Four quick kernels: eight cells.
const QUICK: &str =
    "--kernel rmsnorm --kernel rope --kernel silu_mul --kernel dispatch --budget 1s --repeat 1";
const CELLS: usize = 8;

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// `measure` of the quick kernels into a folder, with more options.
fn quick(out: &Path, options: &str) -> Vec<String> {
    let folder = ["--out".to_owned(), out.display().to_string()];
    [words("measure"), words(QUICK), folder.to_vec(), words(options)].concat()
}

/// A copy of a complete run of the quick kernels, which is measured once; `None` without an adapter.
fn complete_run() -> Option<(TempDir, PathBuf)> {
    static COMPLETE: OnceLock<TempDir> = OnceLock::new();
    if !adapter_is_here() {
        return None;
    }
    let complete = COMPLETE.get_or_init(|| {
        let made = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        run(mtok(&quick(made.path(), "--json"))).ok();
        made
    });
    let copy = folder();
    let out = copy.path().join("run");
    fs::create_dir(&out).unwrap();
    for name in names(complete.path()) {
        fs::copy(complete.path().join(&name), out.join(&name)).unwrap();
    }
    Some((copy, out))
}

/// The lines of a file that a kill cannot have torn.
fn whole(text: &str) -> &str {
    &text[..text.rfind('\n').map_or(0, |last| last + 1)]
}

/// The cells of a run in order; none may be there twice.
#[track_caller]
fn cells(text: &str) -> Vec<String> {
    rows(text).iter().map(mtok::measurement::Measurement::cell).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn without_an_adapter_every_verb_says_what_was_tried_and_what_to_install() {
    let here = folder();
    for verb in ["devices", "measure", "run", "measure --out made --json", "run --out made"] {
        let mut command = mtok(&words(verb));
        command.env("VK_DRIVER_FILES", "/nonexistent").env_remove("VK_ICD_FILENAMES");
        let Run { code, out, err } = run({
            command.current_dir(here.path());
            command
        });
        assert_eq!((code, out.as_str()), (Some(3), ""), "{verb}: {err}");
        let expected = "\
mtok: no adapter found; backends tried: vulkan (0 adapters); gl was not asked (--gl)
  VK_DRIVER_FILES is set to \"/nonexistent\"
  GPU: install its driver (NVIDIA: the driver's Vulkan library; AMD and Intel: mesa-vulkan-drivers)
  no GPU: a software adapter checks the tool: apt install mesa-vulkan-drivers libvulkan1, \
dnf install mesa-vulkan-drivers vulkan-loader, pacman -S vulkan-swrast vulkan-icd-loader
";
        assert_eq!(err, expected, "{verb}");
        assert_eq!(names(here.path()), [""; 0], "{verb} made files");
    }
}

#[test]
fn an_unknown_kernel_is_answered_with_the_known_ones() {
    let run = common::call("measure --kernel gem");
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    let known: Vec<&str> = ALL.iter().map(|kernel| kernel.name).collect();
    assert_eq!(run.complaint(), format!("mtok: unknown kernel \"gem\"; known: {}\n", known.join(", ")));
}

#[test]
fn arguments_that_make_no_sense_are_refused_before_anything_is_measured() {
    let here = folder();
    for bad in [
        "--budget 0s",
        "--budget 60",
        "--budget -5s",
        "--seed -1",
        "--seed x",
        "--device 99",
        "--device nope",
    ] {
        for verb in ["measure", "run"] {
            let mut command = mtok(&[words(verb), words("--out made"), words(bad)].concat());
            command.current_dir(here.path());
            let run = run(command);
            // Without an adapter there is none to choose from.
            let unchosen = bad.starts_with("--device") && !adapter_is_here();
            let expected = if unchosen { 3 } else { 2 };
            assert_eq!((run.code, run.out.as_str()), (Some(expected), ""), "{verb} {bad}: {}", run.err);
            assert_eq!(names(here.path()), [""; 0], "{verb} {bad} made files");
        }
    }
}

#[test]
fn unknown_names_end_a_run_before_it_measures() {
    let here = folder();
    for bad in ["--model lama", "--hardware H10", "--isl 0", "--batch 0", "--as-of never", "--data none"] {
        let mut command = mtok(&[words("run --out made"), words(bad)].concat());
        command.current_dir(here.path());
        let run = run(command);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{bad}: {}", run.err);
        assert_eq!(names(here.path()), [""; 0], "{bad} made files");
    }
}

#[test]
fn devices_say_what_can_be_measured() {
    if !adapter_is_here() {
        return;
    }
    let json = common::call("devices --json").ok().json();
    let devices = json.as_array().unwrap();
    assert!(!devices.is_empty());
    for (index, device) in devices.iter().enumerate() {
        assert_eq!(device["index"], index);
        for key in ["name", "backend", "driver", "driver_info", "device_type", "pci_bus_id"] {
            assert!(device[key].is_string(), "{key} of {device}");
        }
        for key in ["buffer_bytes", "binding_bytes", "workgroup_bytes", "invocations_per_workgroup"] {
            assert!(device["limits"][key].as_u64().unwrap() > 0, "{key} of {device}");
        }
        for key in ["f16", "subgroups", "timestamps"] {
            assert!(device["features"][key].is_boolean(), "{key} of {device}");
        }
        assert!(device["features"]["cooperative_matrices"].is_array());
        assert!(device.get("gpu").unwrap().is_string() || device["gpu"].is_null());
        let sensors = &device["sensors"];
        // What is not there says why, and what is there says from where.
        assert_eq!(sensors["energy"].is_null(), sensors["missing"].is_string(), "{sensors}");
        let read =
            sensors["energy"].is_string() || sensors["clock"] == true || sensors["temperature"] == true;
        assert!(!read || sensors["source"].is_string(), "{sensors}");
        let text = common::call("devices").ok().out;
        assert!(text.contains("\n  sensors   "), "{text}");
        assert!(text.contains(device["name"].as_str().unwrap()), "{text}");
    }
}

#[test]
fn the_list_of_cells_names_every_kernel_and_measures_nothing() {
    let here = folder();
    let list = |options: &str| {
        let mut command = mtok(&[words("measure --list"), words(options)].concat());
        command.current_dir(here.path());
        run(command).ok()
    };
    let (json, text) = (list("--json").json(), list("").out);
    let named: BTreeSet<&str> =
        json.as_array().unwrap().iter().map(|cell| cell["kernel"].as_str().unwrap()).collect();
    assert_eq!(named, ALL.iter().map(|kernel| kernel.name).collect());
    assert_eq!(text.lines().count(), json.as_array().unwrap().len());
    for kernel in ALL {
        assert!(text.lines().any(|line| line.split(' ').next() == Some(kernel.name)), "{text}");
    }
    assert!(list("--kernel gemm").out.lines().all(|line| line.starts_with("gemm ")));
    for kernel in ALL {
        let formats = kernel.formats.iter().map(|format| format.name());
        let named = |format: &&str| {
            let of = |cell: &serde_json::Value| cell["kernel"] == kernel.name && cell["format"] == **format;
            json.as_array().unwrap().iter().any(of)
        };
        assert!(formats.clone().all(|format| named(&format)), "{}", kernel.name);
        for variant in kernel.variants {
            assert!(text.contains(variant.name), "{} of {}", variant.name, kernel.name);
        }
    }
    assert_eq!(names(here.path()), [""; 0]);
}

/// A row has of energy, clock and temperature no more than the sensors of its device offer, and no zero.
#[track_caller]
fn assert_sensed(rows: &Grid, row: usize, sensors: &serde_json::Value) {
    let cell = |column| rows.cell(row, column);
    let energy = ["energy_j", "energy_window_s", "energy_source"].map(|column| !cell(column).is_empty());
    assert!(energy == [true; 3] || energy == [false; 3], "row {row}");
    assert!(!energy[0] || sensors["energy"].is_string(), "row {row}: {sensors}");
    for (column, offered) in [("clock_hz", "clock"), ("temperature_c", "temperature")] {
        assert!(cell(column).is_empty() || sensors[offered] == true, "{column} of row {row}: {sensors}");
        assert_ne!(cell(column), "0", "{column} of row {row}");
    }
}

#[test]
fn every_row_has_its_share_of_the_peaks_that_were_measured_along() {
    if !adapter_is_here() {
        return;
    }
    let here = folder();
    let arguments = words("measure --kernel gemm --quick --no-tune --budget 1s --repeat 1 --json --out run");
    let mut command = tuned(&arguments, here.path());
    command.current_dir(here.path());
    let report = run(command).ok().json();
    let cells = report["measured"].as_array().unwrap();
    let kernels: BTreeSet<&str> = cells.iter().map(|cell| cell["kernel"].as_str().unwrap()).collect();
    assert!(["fma", "copy", "read", "gemm"].iter().all(|kernel| kernels.contains(kernel)), "{kernels:?}");
    for cell in cells {
        let share = cell["share_of_peak"].as_f64().unwrap();
        assert!(share > 0.0 && share < 2.0, "{cell}");
        let of_memory = matches!(cell["kernel"].as_str(), Some("copy" | "read"));
        assert_eq!(cell["peak_bound"], if of_memory { "bandwidth" } else { "compute" });
        assert_eq!((&cell["tuned"], cell["variant"].is_string()), (&false.into(), true));
    }
    let fma = cells.iter().find(|cell| cell["kernel"] == "fma").unwrap();
    let share = fma["share_of_peak"].as_f64().unwrap();
    assert!((share - 1.0).abs() < 1e-12, "the peak is all of itself: {share}");
}

#[test]
fn every_row_says_where_its_numbers_come_from() {
    let Some((_keep, out)) = complete_run() else { return };
    assert_eq!(names(&out), ["device.json", "measurements.csv", "samples.csv"]);
    let rows = Grid::of(&measurements(&out));
    assert_eq!(rows.rows.len(), CELLS + 1);
    let columns = "variant adapter device_type driver driver_info backend os shader_hash input_hash seed \
        distribution timing_method device_median_s wall_median_s samples stop_reason bounds_checks \
        wgpu_version tool_version argv time_utc";
    let devices = common::call("devices --json").ok().json();
    for row in 0..CELLS {
        assert_eq!(rows.cell(row, "status"), "ok");
        for column in columns.split_whitespace() {
            let timed = rows.cell(row, "timing_method") == "timestamp" || column != "device_median_s";
            assert!(!rows.cell(row, column).is_empty() || !timed, "{column} of row {row}");
        }
        let software = rows.cell(row, "device_type") == "software";
        assert_eq!(rows.cell(row, "note"), if software { "software adapter (not a GPU)" } else { "" });
        assert!(!rows.cell(row, "argv").contains('/'), "paths are nobody's business");
        let adapter: usize = rows.cell(row, "adapter_index").parse().unwrap();
        assert_sensed(&rows, row, &devices[adapter]["sensors"]);
    }
    assert_samples_belong(&out);
    let device: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(out.join("device.json")).unwrap()).unwrap();
    assert_eq!(device["adapter"]["name"], rows.cell(0, "adapter"));
}

#[test]
fn resuming_a_complete_run_measures_nothing_again() {
    let Some((_keep, out)) = complete_run() else { return };
    let files = || ["measurements.csv", "samples.csv"].map(|name| fs::read(out.join(name)).unwrap());
    let before = files();
    run(mtok(&quick(&out, "--resume"))).ok();
    assert!(files() == before, "files changed");
    assert_eq!(names(&out), ["device.json", "measurements.csv", "samples.csv"]);
}

#[test]
fn a_folder_that_holds_a_run_is_neither_overwritten_nor_touched() {
    let Some((_keep, out)) = complete_run() else { return };
    let files = || names(&out).into_iter().map(|name| fs::read(out.join(name)).unwrap()).collect::<Vec<_>>();
    let before = files();
    let shown = out.join("measurements.csv").display().to_string();
    for verb in ["measure", "run"] {
        let run = run(mtok(&[verb, "--out", &out.display().to_string()]));
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
        let what = "is there already; --resume goes on with it, --out names another folder";
        assert_eq!(run.complaint(), format!("mtok: {shown}: {what}\n"));
    }
    assert!(files() == before, "files changed");
}

#[test]
fn a_run_of_another_device_driver_or_version_is_not_resumed() {
    let Some((_keep, out)) = complete_run() else { return };
    let good = measurements(&out);
    for (column, what) in [
        ("adapter", "adapter"),
        ("pci_bus_id", "PCI bus"),
        ("backend", "backend"),
        ("driver_info", "driver"),
        ("tool_version", "version"),
        ("tool_commit", "commit"),
    ] {
        let changed = Grid::of(&good).with(4, column, "another").text();
        fs::write(out.join("measurements.csv"), &changed).unwrap();
        let run = run(mtok(&quick(&out, "--resume")));
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{column}: {}", run.err);
        let shown = format!("measurements.csv: was measured with {what} \"another\", now it is \"");
        assert!(run.complaint().contains(&shown), "{column}: {}", run.err);
        assert!(run.complaint().ends_with("\": not comparable; choose another --out\n"), "{}", run.err);
        assert!(measurements(&out) == changed, "{column}: the file changed");
    }
}

#[test]
fn rows_of_another_seed_are_neither_doubled_nor_lost() {
    let Some((_keep, out)) = complete_run() else { return };
    let before = measurements(&out);
    let run = run(mtok(&quick(&out, "--resume --seed 2")));
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{}", run.err);
    let what = "was measured with another seed or other sources: not comparable; choose another --out\n";
    assert!(run.complaint().ends_with(what), "{}", run.err);
    assert!(measurements(&out) == before, "the file changed");
}

#[test]
fn every_cell_is_visited_once_per_run_by_a_process_of_its_own() {
    if !adapter_is_here() {
        return;
    }
    let here = folder();
    let out = here.path().join("run");
    let args = "measure --kernel dispatch --repeat 2 --budget 60s --json --out";
    let json = run(mtok(&[words(args), vec![out.display().to_string()]].concat())).ok().json();
    let rows = Grid::of(&measurements(&out));
    let visits: Vec<_> =
        (0..rows.rows.len() - 1).map(|row| (rows.cell(row, "shape"), rows.cell(row, "run"))).collect();
    assert_eq!(visits, [("chain=1", "0"), ("chain=100", "0"), ("chain=1", "1"), ("chain=100", "1")]);
    for row in 0..4 {
        for column in ["calibration_before_s", "calibration_after_s", "session", "build_profile"] {
            assert!(!rows.cell(row, column).is_empty(), "{column}");
        }
    }
    assert_eq!(json["measured"].as_array().unwrap().len(), 2, "a report has a row per cell");
    assert_samples_belong(&out);
}

#[test]
fn two_sides_take_turns_and_each_has_a_folder() {
    if !adapter_is_here() {
        return;
    }
    let here = folder();
    let out = here.path().join("both");
    let side = |name: &str| Grid::of(&measurements(&out.join(name)));
    for (options, variants) in [
        ("--kernel dispatch --aa", ["counter", "counter"]),
        ("--kernel silu_mul --variant vec8 --against-variant vec8", ["vec8", "vec8"]),
    ] {
        let args = [words("measure --repeat 2 --budget 1s"), words(options), words("--out")].concat();
        let ended = run(mtok(&[args, vec![out.display().to_string()]].concat()));
        // Two runs a side are too few for a verdict, and that is what is said.
        assert_eq!(ended.code, Some(6), "{}", ended.err);
        assert!(ended.out.starts_with("INCONCLUSIVE"), "{}", ended.out);
        let sides = ["a", "b"].map(side);
        let sessions: BTreeSet<&str> = sides.iter().map(|side| side.cell(0, "session")).collect();
        assert_eq!(sessions.len(), 1);
        assert_eq!([0, 1].map(|index: usize| sides[index].cell(0, "variant")), variants);
        assert_eq!(sides[0].rows.len(), sides[1].rows.len());
        fs::remove_dir_all(&out).unwrap();
    }
}

#[test]
fn a_malformed_row_is_not_resumed() {
    let Some((_keep, out)) = complete_run() else { return };
    let text = Grid::of(&measurements(&out)).with(2, "median_s", "NaN");
    let column = text.column("median_s") + 1;
    fs::write(out.join("measurements.csv"), text.text()).unwrap();
    let run = run(mtok(&quick(&out, "--resume")));
    assert_eq!(run.code, Some(2));
    let what = format!("measurements.csv:4:{column}: median_s \"NaN\" is not a finite number > 0\n");
    assert!(run.complaint().ends_with(&what), "{}", run.err);
    assert!(measurements(&out) == text.text(), "the file changed");
}

#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_run_is_not_waited_for() {
    let Some((_keep, out)) = complete_run() else { return };
    fs::remove_file(out.join("measurements.csv")).unwrap();
    let pipe = common::fifo(&out, "measurements.csv");
    let run = run(mtok(&quick(&out, "--resume")));
    assert_eq!(run.code, Some(2));
    assert_eq!(run.complaint(), format!("mtok: {pipe}: is not a plain file\n"));
}

#[test]
fn two_runs_do_not_write_into_one_folder() {
    let Some((_keep, out)) = complete_run() else { return };
    let before = measurements(&out);
    let lock = fs::File::open(&out).unwrap();
    lock.lock().unwrap();
    let run = run(mtok(&quick(&out, "--resume")));
    assert_eq!(run.code, Some(2), "{}", run.err);
    let what = format!("mtok: {}: another mtok is writing here\n", out.display());
    assert_eq!((run.complaint(), measurements(&out)), (what.as_str(), before));
}

#[test]
fn a_torn_row_is_cut_and_measured_again() {
    let Some((_keep, out)) = complete_run() else { return };
    let text = measurements(&out);
    let last = whole(&text[..text.len() - 1]).len();
    for torn in [1, 40] {
        fs::write(out.join("measurements.csv"), &text[..last + torn]).unwrap();
        let run = run(mtok(&quick(&out, "--resume"))).ok();
        let note = format!("measurements.csv: the last row was torn ({torn} bytes); it is measured again\n");
        assert!(run.err.contains(&note), "{}", run.err);
        let now = measurements(&out);
        assert!(now.starts_with(&text[..last]), "a finished row changed");
        assert_eq!(cells(&now), cells(&text));
        assert_samples_belong(&out);
    }
}

#[cfg(unix)]
#[test]
fn an_output_folder_that_cannot_be_written_leaves_nothing_behind() {
    if !adapter_is_here() {
        return;
    }
    let here = folder();
    let file = common::write(here.path(), "file", "mine");
    for out in [format!("{file}/sub/deeper"), file.clone(), "/proc/mtok/run".into(), "/dev/null/run".into()] {
        for verb in ["measure", "run"] {
            let run = run(mtok(&[verb, "--budget", "1s", "--out", &out]));
            assert_eq!((run.code, run.out.as_str()), (Some(4), ""), "{out}: {}", run.err);
            assert!(run.complaint().starts_with(&format!("mtok: {out}: cannot be written: ")), "{}", run.err);
        }
    }
    assert_eq!(names(here.path()), ["file"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_stdout_loses_no_measurement() {
    let Some((_keep, out)) = complete_run() else { return };
    let before = measurements(&out);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = mtok(&quick(&out, "--resume")).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(measurements(&out) == before);
}

#[test]
fn cells_that_are_missing_for_an_estimate_are_named() {
    let Some((_keep, out)) = complete_run() else { return };
    let file = out.join("measurements.csv").display().to_string();
    let run = run(mtok(&["compare", "--measurements", &file, "--usd-per-hour", "0.10", "--json"]));
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    let what = "no verified measurement of gemv, gemm, attention_decode, attention_prefill: \
        an estimate needs them all";
    assert_eq!(run.complaint(), format!("mtok: {file}: {what}\n"));
}

/// How long a worker may outlive its parent; a busy machine may take a while to end a process.
const ORPHANED: Duration = Duration::from_secs(10);

/// Measures into a new folder and is killed over and over: in every second try as soon as a row is added, else
/// somewhere in the first moments, which are those of the resuming. Answers how often it was killed, and how long the
/// slowest worker outlived its parent.
fn survives_kills(kills: usize, delays: &mut Delays) -> (usize, Duration) {
    let here = folder();
    let out = here.path().join("run");
    let (mut killed, mut slowest) = (0, Duration::ZERO);
    let mut kept = String::new();
    while killed < kills {
        let mut command = mtok(&quick(&out, "--resume"));
        let mark = Mark::of(&mut command);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let lines = kept.lines().count();
        if killed % 2 == 0 {
            while child.try_wait().unwrap().is_none() && whole(&measurements(&out)).lines().count() <= lines {
                std::thread::sleep(Duration::from_millis(1));
            }
            std::thread::sleep(delays.next(60));
        } else {
            std::thread::sleep(delays.next(400));
        }
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        slowest = slowest.max(mark.assert_all_end_within(ORPHANED));
        killed += 1;
        let text = measurements(&out);
        assert!(text.starts_with(&kept), "kill {killed} lost or changed a row:\n{kept}\nis not in\n{text}");
        kept = whole(&text).to_owned();
        if !kept.is_empty() {
            cells(&kept);
        }
    }
    run(mtok(&quick(&out, "--resume"))).ok();
    let text = measurements(&out);
    assert!(text.starts_with(&kept), "resuming lost or changed a row");
    assert_eq!(cells(&text).len(), CELLS);
    assert_samples_belong(&out);
    assert_eq!(names(&out), ["device.json", "measurements.csv", "samples.csv"], "a kill left files behind");
    (killed, slowest)
}

#[test]
fn a_killed_run_loses_no_finished_row_and_goes_on() {
    if !adapter_is_here() {
        return;
    }
    let (killed, _) = survives_kills(6, &mut Delays(1));
    assert!(killed >= 4, "only {killed} kills came before the end");
}

#[test]
#[ignore = "minutes"]
fn a_thousand_kills_lose_no_finished_row() {
    if !adapter_is_here() {
        return;
    }
    let mut delays = Delays(asked("MTOK_KILL_SEED", 2));
    let wanted = asked("MTOK_KILLS", 1_000);
    let (mut killed, mut slowest) = (0, Duration::ZERO);
    while killed < wanted {
        let (kills, outlived) = survives_kills(10, &mut delays);
        (killed, slowest) = (killed + kills as u64, slowest.max(outlived));
        println!("{killed} kills; the slowest worker ended {slowest:.1?} after its parent");
    }
}

#[test]
#[ignore = "minutes"]
fn the_whole_chain_leaves_a_report() {
    if !adapter_is_here() {
        return;
    }
    let here = folder();
    let out = here.path().join("run").display().to_string();
    let run = run(mtok(&["run", "--budget", "10s", "--model", "llama-3.1-8b", "--out", &out])).ok();
    assert!(run.out.contains("llama-3.1-8b"), "{}", run.out);
    let expected =
        ["costs.csv", "device.json", "measurements.csv", "report.html", "report.md", "samples.csv"];
    assert_eq!(names(Path::new(&out)), expected);
}

#[test]
fn damaged_samples_are_not_thrown_away_by_a_resume() {
    let Some((_keep, out)) = complete_run() else { return };
    let file = out.join("samples.csv");
    let mut bytes = fs::read(&file).unwrap();
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    // In the middle of a number of the last line.
    let at = bytes.len() - 5;
    bytes[at] = 0xff;
    fs::write(&file, &bytes).unwrap();
    let refused = run(mtok(&quick(&out, "--resume")));
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.complaint().ends_with(&format!("samples.csv:{lines}: is not UTF-8\n")),
        "{}",
        refused.err
    );
    assert!(fs::read(&file).unwrap() == bytes, "the file changed");
    fs::remove_file(&file).unwrap();
    let run = run(mtok(&quick(&out, "--resume"))).ok();
    assert!(run.err.contains("samples.csv: lacks the samples of"), "{}", run.err);
}
