//! `mtok fleet simulate`: a fleet's folder whose faults are known.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use common::{call, folder, run};
use mtok::fleet::plan::Plan;
use mtok::fleet::record::Status;
use mtok::fleet::simulate::{ADAPTER, Fleet, collected};
use mtok::measurement::wire;
use mtok::throughput::Curves;
use serde_json::Value;

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => drop(
                    found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap()),
                ),
            }
        }
    }
    found
}

fn simulated(out: &Path, options: &str) -> common::Run {
    call(&format!("fleet simulate {options} --out {}", out.display()))
}

const ALL: &str = "--tasks 120 --rows 30 --slow 2 --slow-memory 1 --fast 1 --slow-nodes 1 --throttling-nodes 1 \
                   --drifted-nodes 1 --other-driver 3 --other-version 2 --failed 2 --missing 2 --torn 2 \
                   --duplicate 1 --backwards 1 --other-plan 1 --foreign 3";

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let folder = folder();
    let made = |name: &str, seed: u32| {
        let out = folder.path().join(name);
        simulated(&out, &format!("{ALL} --seed {seed}")).ok();
        files(&out)
    };
    let first = made("a", 7);
    assert_eq!(first.len(), files(&folder.path().join("a")).len());
    assert!(first == made("b", 7));
    assert!(first != made("c", 8));
}

#[test]
fn every_file_is_what_it_seems_and_says_that_nothing_was_measured() {
    let folder = folder();
    let out = folder.path().join("fleet");
    simulated(&out, "--tasks 9 --rows 60 --gpus-per-node 4").ok();
    let plan = Plan::read(&fs::read_to_string(out.join("fleet.json")).unwrap()).unwrap();
    assert!(plan.simulated && plan.tasks == 9);
    let status = fs::read_to_string(out.join("tasks/00008/status.json")).unwrap();
    let status = Status::read(&status).unwrap();
    assert_eq!((status.begun.plan.as_str(), status.begun.index), (plan.id.as_str(), 8));
    let place = &status.begun.cards[0].place;
    let rows = wire::read(File::open(out.join("tasks/00008").join(place).join("measurements.csv")).unwrap())
        .unwrap();
    assert_eq!(rows.len(), 60);
    assert!(rows.iter().all(|row| row.provenance.identity.adapter == ADAPTER && row.timing().is_some()));
    // Whole enough for an estimate.
    assert!(Curves::new(&rows).is_ok(), "{:?}", Curves::new(&rows).err());
}

#[test]
fn what_is_planted_is_what_the_statistics_are_tested_on() {
    let folder = folder();
    let out = folder.path().join("fleet");
    let said = simulated(&out, ALL).ok().out;
    let truth: Value = serde_json::from_slice(&fs::read(out.join("planted.json")).unwrap()).unwrap();
    let kinds: Vec<&str> =
        truth["outliers"].as_array().unwrap().iter().map(|it| it["kind"].as_str().unwrap()).collect();
    for (kind, count) in [
        ("slow-card", 2),
        ("slow-kernels", 1),
        ("fast-card", 1),
        ("slow-node", 2),
        ("throttling-node", 1),
        ("mixed-driver", 1),
    ] {
        assert_eq!(kinds.iter().filter(|it| **it == kind).count(), count, "{kind}");
        assert!(said.contains(&format!("planted: {kind}, ")), "{said}");
    }
    let schema: Value = serde_json::from_str(include_str!("../schemas/planted.schema.json")).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    assert_eq!(jsonschema::validate(&schema, &truth).map_err(|error| error.to_string()), Ok(()));
    assert_eq!(truth["aside"].as_array().unwrap().len(), 2 + 1 + 1 + 1 + 3);
    assert_eq!(truth["lacking"].as_array().unwrap().len(), 2 + 2 + 2 + 2);
    for it in truth["aside"].as_array().unwrap() {
        assert!(out.join(it["path"].as_str().unwrap()).exists(), "{it}");
    }
}

#[test]
fn the_times_in_files_are_those_that_statistics_see() {
    let folder = folder();
    let out = folder.path().join("fleet");
    simulated(&out, "--tasks 3 --rows 30 --seed 5").ok();
    let fleet = Fleet { tasks: 3, rows: 30, seed: 5, ..Fleet::default() };
    let all = collected(&fleet, &fleet.planted().unwrap());
    for (place, unit) in (0u32..).zip(&all.units) {
        let path = out.join(format!("tasks/{:05}/{}/measurements.csv", unit.task, unit.card.place));
        let written = wire::read(File::open(path).unwrap()).unwrap();
        let seen: Vec<f64> = all.visits.iter().filter(|it| it.unit == place).map(|it| it.median_s).collect();
        let read: Vec<f64> = written.iter().map(|row| row.timing().unwrap().seconds.median).collect();
        assert_eq!(seen, read);
    }
}

#[test]
fn nothing_is_written_over_and_faults_that_find_no_room_are_refused() {
    let folder = folder();
    let out = folder.path().join("fleet");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("mine.txt"), "mine").unwrap();
    let refused = simulated(&out, "--tasks 10");
    assert_eq!(
        (refused.code, refused.complaint().contains("is not empty")),
        (Some(2), true),
        "{}",
        refused.err
    );
    assert_eq!(files(&out).len(), 1);
    let other = folder.path().join("other");
    for (options, words) in [
        ("--tasks 10 --slow 11", "there is room for"),
        ("--tasks 10 --throttling-nodes 2", "the fleet has 1 whole nodes of 8"),
        ("--tasks 10 --slow-by 0", "0.1%"),
        ("--tasks 0", "0"),
        ("--tasks 10 --rows 901", "901"),
    ] {
        let refused = simulated(&other, options);
        assert_eq!(
            (refused.code, refused.err.contains(words)),
            (Some(2), true),
            "{options}: {}",
            refused.err
        );
        assert!(!other.exists(), "{options}");
    }
    let file = simulated(&out.join("mine.txt"), "--tasks 10");
    assert_eq!(file.code, Some(2), "{}", file.err);
    let full = simulated(Path::new("/proc/fleet"), "--tasks 10");
    assert_eq!(full.code, Some(4), "{}", full.err);
}

/// Whoever collects such a fleet finds what was planted, and names what is set aside.
#[test]
fn collect_finds_every_task_and_sets_aside_what_was_planted() {
    let folder = folder();
    let out = folder.path().join("fleet");
    simulated(&out, ALL).ok();
    let collected = run(common::mtok(&["fleet".as_ref(), "collect".as_ref(), out.as_os_str()]));
    assert_eq!(collected.code, Some(1), "{}", collected.err);
    let truth: Value = serde_json::from_slice(&fs::read(out.join("planted.json")).unwrap()).unwrap();
    let aside = fs::read_to_string(out.join("collected/aside.csv")).unwrap();
    for it in truth["aside"].as_array().unwrap() {
        let path = it["path"].as_str().unwrap();
        let first = path.split('/').take(2).collect::<Vec<_>>().join("/");
        assert!(aside.contains(&first), "{path} is not in\n{aside}");
    }
    let tasks = fs::read_to_string(out.join("collected/tasks.csv")).unwrap();
    assert_eq!(tasks.lines().count(), 121);
}
