//! Drivers and workers that are missing, doubled, or say what nobody asked.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::common::measured::{Mark, adapter_is_here, measurements, rows};
use super::common::{Run, folder, mtok, names, run, write};
use super::{Call, Ended};

/// A manifest of a Vulkan driver.
fn manifest(library: &str) -> String {
    format!(r#"{{"file_format_version":"1.0.0","ICD":{{"library_path":"{library}","api_version":"1.1.0"}}}}"#)
}

#[track_caller]
fn with_drivers(files: &str, words: &str) -> Run {
    let mut command = mtok(&words.split(' ').collect::<Vec<_>>());
    command.env("VK_DRIVER_FILES", files).env_remove("VK_ICD_FILENAMES");
    run(command)
}

#[test]
fn a_driver_that_cannot_be_loaded_is_no_adapter() {
    let here = folder();
    let text = write(here.path(), "text.so", "no library");
    let drivers = [
        "/nonexistent".to_owned(),
        write(here.path(), "empty.json", ""),
        write(here.path(), "missing.json", manifest("/nonexistent/libvulkan.so")),
        write(here.path(), "text.json", manifest(&text)),
        write(here.path(), "broken.json", r#"{"ICD": {"#),
    ];
    for driver in drivers {
        let run = with_drivers(&driver, "devices");
        let expected = format!(
            "mtok: no adapter found; backends tried: vulkan (0 adapters); gl was not asked (--gl)\n  \
             VK_DRIVER_FILES is set to \"{driver}\"\n"
        );
        assert_eq!((run.code, run.out.as_str()), (Some(3), ""), "{driver}");
        assert!(run.complaint().starts_with(&expected), "{}", run.err);
        // GL has drivers of its own: those that it finds are shown, and otherwise it was asked.
        let gl = with_drivers(&driver, "devices --gl");
        match gl.code {
            Some(0) => assert!(gl.out.starts_with("0: ") && gl.out.contains(" (gl, "), "{}", gl.out),
            code => {
                let tried = "no adapter found; backends tried: vulkan (0 adapters), gl (0 adapters)\n";
                assert_eq!(code, Some(3), "{}", gl.err);
                assert!(gl.complaint().contains(tried), "{}", gl.err);
            }
        }
    }
}

/// The manifest of Mesa's software driver, where it is installed.
fn software_driver() -> Option<PathBuf> {
    let folders = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    let files =
        folders.into_iter().filter_map(|folder| Path::new(folder).read_dir().ok()).flatten().flatten();
    let is_software =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("lvp_icd"));
    let found = files.map(|entry| entry.path()).find(is_software);
    if found.is_none() {
        eprintln!("skipped: Mesa's software driver is not installed");
    }
    found
}

#[test]
fn two_identical_adapters_are_told_apart_by_their_index() {
    let Some(driver) = software_driver() else { return };
    let here = folder();
    let copies = ["a.json", "b.json"].map(|name| write(here.path(), name, std::fs::read(&driver).unwrap()));
    let both = copies.join(":");
    let devices = with_drivers(&both, "devices --json").ok().json();
    let devices = devices.as_array().unwrap();
    assert_eq!(devices.len(), 2, "{devices:?}");
    let line = |index: usize| {
        let name = devices[index]["name"].as_str().unwrap();
        format!("  {index}: {name} (vulkan, software)\n")
    };
    for verb in ["measure --device llvmpipe --list", "measure --device llvmpipe --kernel dispatch"] {
        let ambiguous = with_drivers(&both, verb);
        let what = "mtok: several adapters' names contain \"llvmpipe\"; name one by its index:\n";
        assert_eq!(
            (ambiguous.code, ambiguous.complaint()),
            (Some(2), &*(what.to_owned() + &line(0) + &line(1)))
        );
    }
    for index in ["0", "1"] {
        let options = format!("--device {index} --kernel dispatch --budget 1s --repeat 1");
        let here = folder();
        let mut call = Call::new(here.path(), "", &options);
        call.command.env("VK_DRIVER_FILES", &both).env_remove("VK_ICD_FILENAMES");
        let ended = call.end();
        assert_eq!(ended.lines(), ["dispatch 0 ok", "dispatch 0 ok"]);
        assert!(ended.rows.iter().all(|row| row.provenance.identity.adapter_index.to_string() == index));
    }
}

#[test]
fn all_adapters_are_measured_in_one_call_and_one_that_cannot_be_does_not_stop_the_others() {
    let Some(driver) = software_driver() else { return };
    let here = folder();
    let copies = ["a.json", "b.json"].map(|name| write(here.path(), name, std::fs::read(&driver).unwrap()));
    let out = here.path().join("all");
    let words = format!(
        "measure --device all --kernel dispatch --budget 1s --repeat 1 --json --out {}",
        out.display()
    );
    let first = with_drivers(&copies.join(":"), &words).ok();
    assert_eq!(first.json().as_array().unwrap().len(), 2);
    let folders = names(&out);
    assert_eq!(folders.len(), 2);
    for (index, name) in folders.iter().enumerate() {
        assert!(name.starts_with(&format!("{index}-llvmpipe")), "{name}");
        let rows = rows(&measurements(&out.join(name)));
        assert!(rows.iter().all(|row| row.provenance.identity.adapter_index as usize == index));
        assert_eq!(rows.len(), 2);
    }
    std::fs::remove_dir_all(out.join(&folders[1])).unwrap();
    let second = with_drivers(&copies.join(":"), &words);
    assert_eq!(second.code, Some(2), "{}", second.err);
    assert!(second.complaint().contains("is there already"), "{}", second.err);
    assert_eq!(second.json().as_array().unwrap().len(), 1);
    assert_eq!(rows(&measurements(&out.join(&folders[1]))).len(), 2);
    let two = with_drivers(&copies.join(":"), "measure --device all --aa --kernel dispatch");
    let what = "mtok: two sides are measured on one adapter: name it with --device\n";
    assert_eq!((two.code, two.complaint()), (Some(2), what));
}

/// Measures against a worker that is a script; answers the call and the rows of its side.
#[track_caller]
fn against(script: &str, options: &str, limits: &str) -> Ended {
    let here = folder();
    let worker = write(here.path(), "other", format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&worker, std::fs::Permissions::from_mode(0o755)).unwrap();
    let options = format!("--kernel dispatch --budget 1s --repeat 1 --against {worker} {options}");
    let Call { mut command, out, .. } = Call::new(here.path(), "", &options).after(limits);
    let mark = Mark::of(&mut command);
    let run = run(command);
    mark.assert_all_end_within(super::ENDED);
    Ended::of(run, &out.join("a"))
}

#[test]
fn what_a_driver_prints_between_the_replies_is_passed_over() {
    if !adapter_is_here() {
        return;
    }
    let script = format!(
        r#"printf 'hello\n\377\376\n{{"Listed":\nnull\n[1]\n{{"Alive":1}}\nno end of line'; exec {} "$@""#,
        env!("CARGO_BIN_EXE_mtok")
    );
    let ended = against(&script, "", "");
    assert_eq!(ended.lines(), ["dispatch 0 ok", "dispatch 0 ok"], "{}", ended.run.err);
    // One run a side is too few for a verdict.
    assert_eq!(ended.run.code, Some(6), "{}", ended.run.err);
}

#[test]
fn a_worker_that_talks_nonsense_is_ended_and_told() {
    if !adapter_is_here() {
        return;
    }
    let killed = "timed out after 2 s, child killed";
    for (script, complaint) in [
        ("exec yes nonsense", killed),
        ("exec sleep 1000", killed),
        // A line without an end does not fill the memory.
        ("exec cat /dev/zero", killed),
        ("exec 1>&-; exec sleep 1000", "child killed: it closed its output and did not end"),
        ("exit 7", "child ended with exit code 7"),
        ("kill -11 $$", "child ended by signal 11"),
        (r#"echo '{"Refused":{"reason":"no"}}'; cat"#, "no"),
        (r#"echo '"Alive"'; exit 0"#, "child ended with exit code 0"),
        (
            r#"echo '{"Measured":{"row":"x","samples":[],"gone":false}}'; cat"#,
            "the worker did not open the device",
        ),
    ] {
        let ended = against(script, "--timeout 2s", "ulimit -v 2000000;");
        let told = ended.run.complaint();
        assert_eq!(ended.run.code, Some(1), "{script}: {}", ended.run.err);
        assert!(told.starts_with("mtok: adapter 0: "), "{script}: {told}");
        assert!(told.ends_with(&format!("): {complaint}\n")), "{script}: {told}");
        assert!(ended.rows.is_empty());
    }
}

#[test]
fn a_program_to_compare_with_that_is_not_there_is_bad_input() {
    let here = folder();
    let missing = here.path().join("gone").display().to_string();
    let ended = run(mtok(&["measure", "--kernel", "dispatch", "--against", &missing]));
    if adapter_is_here() {
        assert_eq!(
            (ended.code, ended.complaint()),
            (Some(2), &*format!("mtok: {missing}: is not a program\n"))
        );
    }
}
