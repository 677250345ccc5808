//! Small fleets in memory, whole and spoilt.

use proptest::prelude::*;

use super::*;
use crate::fleet::collected::{Flag, State, Why};
use crate::fleet::folders::place;
use crate::fleet::plan::Per;
use crate::fleet::record::{Begun, Card, Ended, SCHEMA_VERSION, Status};
use crate::measurement::samples::{Circumstances, Sample};
use crate::measurement::{
    Cache, DeviceType, Identity, Measurement, Outcome, Provenance, Timing, Verification, wire,
};
use crate::op::Op;

/// A task as its files are made from it.
#[derive(Clone)]
struct Made {
    begun: Begun,
    ended: Option<(Ended, String)>,
    rows: Vec<(String, Vec<Measurement>)>,
}

/// A clock that shows minutes and seconds of one hour.
fn at(second: u32) -> String {
    format!("2026-11-22T10:{:02}:{:02}Z", second / 60, second % 60)
}

fn plan(tasks: u32) -> Plan {
    Plan::new(tasks, Per::Gpu, vec![], ("0.1.0", "abc"), false, at(0))
}

fn card(node: &str, bus: &str) -> Card {
    Card {
        node: node.into(),
        place: place(node, bus, 0),
        adapter: "GPU".into(),
        device_type: DeviceType::DiscreteGpu,
        pci_bus_id: bus.into(),
        ..Card::default()
    }
}

fn row(card: &Card, chain: u64, second: u32) -> Measurement {
    let sample = |place: u32| Sample {
        executions: 1,
        device_s: Some(1e-3 + 1e-6 * f64::from(place)),
        wall_s: 1e-3 + 1e-6 * f64::from(place),
    };
    let mut timing = Timing::of(&(0..5).map(sample).collect::<Vec<_>>(), Circumstances::default()).unwrap();
    timing.sensed.clock_hz = Some(1e9 + 1e6 * chain as f64);
    Measurement {
        op: Op::Dispatch { chain },
        variant: "counter".into(),
        cache: Cache::Hot,
        run: 0,
        outcome: Outcome::Ok(Box::new(timing), Verification { nmse: 0.0, nmse_max: 1e-9, compared: 1 }),
        provenance: Provenance {
            identity: Identity {
                adapter: card.adapter.clone(),
                device_type: card.device_type,
                pci_bus_id: card.pci_bus_id.clone(),
                backend: "vulkan".into(),
                driver: "NVIDIA".into(),
                driver_info: "580".into(),
                tool_version: "0.1.0".into(),
                tool_commit: "abc".into(),
                build_profile: "release".into(),
                ..Identity::default()
            },
            time_utc: at(second),
            ..Provenance::default()
        },
    }
}

/// A task that measured three cells on one card from `start` on, and was done a minute later.
fn made(plan: &Plan, index: u32, card: Card, start: u32) -> Made {
    let rows = (1..4u32).map(|chain| row(&card, chain.into(), start + 10 * chain)).collect();
    let begun = Begun {
        schema_version: SCHEMA_VERSION,
        plan: plan.id.clone(),
        index,
        of: plan.tasks,
        attempt: 1,
        node: card.node.clone(),
        begun_utc: at(start),
        cards: vec![card.clone()],
        ..Begun::default()
    };
    Made { begun, ended: Some((Ended::Done, at(start + 60))), rows: vec![(card.place, rows)] }
}

/// A fleet of four tasks on two nodes, one after the other.
fn fleet() -> (Plan, Vec<Made>) {
    let plan = plan(4);
    let buses = ["0000:01:00.0", "0000:02:00.0"];
    let task = |index: u32| {
        let card = card(&format!("n{}", index / 2), buses[index as usize % 2]);
        made(&plan, index, card, index * 60)
    };
    let tasks = (0..4).map(task).collect();
    (plan, tasks)
}

/// The bytes of a task's files.
#[derive(Clone)]
struct Files {
    begun: Vec<u8>,
    status: Option<Vec<u8>>,
    places: Vec<(String, Vec<u8>)>,
}

fn files(task: &Made) -> Files {
    let status = task.ended.as_ref().map(|(ended, ended_utc)| {
        let (begun, ended_utc) = (task.begun.clone(), ended_utc.clone());
        Status { begun, ended: *ended, exit: 0, reason: String::new(), ended_utc }.json().into_bytes()
    });
    let text = |rows: &[Measurement]| wire::header() + &rows.iter().map(wire::row).collect::<String>();
    let places = task.rows.iter().map(|(place, rows)| (place.clone(), text(rows).into_bytes()));
    Files { begun: task.begun.json().into_bytes(), status, places: places.collect() }
}

fn collected_files(plan: &Plan, tasks: &[Files]) -> Collected {
    let mut all = Gatherer::new(plan.clone());
    for (index, Files { begun, status, places }) in (0..).zip(tasks) {
        let status = status.clone().map_or(Found::Absent, Found::Bytes);
        let places = places.iter().map(|(name, bytes)| (name.clone(), Found::Bytes(bytes.clone())));
        let folder = Folder { index, begun: Found::Bytes(begun.clone()), status, places };
        all.take(TaskRead::of(plan, folder, true));
    }
    all.finish()
}

fn collected(plan: &Plan, tasks: &[Made]) -> Collected {
    collected_files(plan, &tasks.iter().map(files).collect::<Vec<_>>())
}

fn kept(collected: &Collected) -> u64 {
    collected
        .units
        .iter()
        .map(|unit| unit.rows.ok + unit.rows.wrong + unit.rows.failed + unit.rows.skipped)
        .sum()
}

fn set_aside(collected: &Collected) -> u64 {
    collected.aside.iter().map(|aside| aside.rows).sum()
}

fn flags(collected: &Collected) -> Vec<&[Flag]> {
    collected.units.iter().map(|unit| unit.flags.as_slice()).collect()
}

/// Collects the fleet after a change to its task 1; what was set aside, and the state of the task with its reason.
fn changed(change: impl FnOnce(&mut Made)) -> (Vec<String>, State, String) {
    let (plan, mut tasks) = fleet();
    change(&mut tasks[1]);
    let all = collected(&plan, &tasks);
    assert_eq!(kept(&all) + set_aside(&all), all.rows);
    assert_eq!(
        all.tasks.iter().filter(|task| task.state == State::Done && task.rows_ok == 3).count().min(3),
        3
    );
    let aside =
        all.aside.iter().map(|it| format!("{} {} {} {}", it.path, it.why, it.rows, it.what)).collect();
    (aside, all.tasks[1].state, all.tasks[1].reason.clone())
}

#[test]
fn a_whole_fleet_is_whole() {
    let (plan, tasks) = fleet();
    let all = collected(&plan, &tasks);
    assert!(all.tasks.iter().all(|task| task.state == State::Done && task.units == 1 && task.rows_ok == 3));
    assert_eq!((all.rows, all.visits.len(), all.cells.len(), all.types.len()), (12, 12, 3, 1));
    assert_eq!(
        all.examples.iter().map(|(kind, cell, _)| (*kind, *cell)).collect::<Vec<_>>(),
        [(0, 0), (0, 1), (0, 2)]
    );
    assert_eq!(all.aside, []);
    assert!(all.units.iter().all(|unit| unit.comparable && unit.flags.is_empty()), "{:?}", flags(&all));
    let visit = all.visits[7];
    assert_eq!((visit.unit, visit.cell, visit.run, visit.median_s), (2, 1, 0, 1.002e-3));
    assert_eq!(all.units[0].clock_hz, Some(1.002e9));
    assert_eq!(
        (all.units[0].first_utc.as_str(), all.units[0].last_utc.as_str()),
        (at(10).as_str(), at(30).as_str())
    );
}

#[test]
fn what_is_of_another_plan_or_task_is_set_aside_whole() {
    let (aside, state, _) = changed(|task| task.begun.plan = "other".into());
    assert_eq!(
        aside,
        [format!("tasks/00001 other-plan 0 is of plan \"other\", this fleet is plan \"{}\"", plan(4).id)]
    );
    assert_eq!(state, State::Missing);
    let (aside, state, _) = changed(|task| task.begun.index = 3);
    assert_eq!(aside, ["tasks/00001 duplicate 0 its record is of task 3"]);
    assert_eq!(state, State::Missing);
}

#[test]
fn clocks_that_run_backwards_are_seen() {
    let file = "tasks/00001/n0-0000-02-00-0/measurements.csv";
    let (aside, state, reason) = changed(|task| task.ended = Some((Ended::Done, at(50))));
    let what = "ended at \"2026-11-22T10:00:50Z\", before it began at \"2026-11-22T10:01:00Z\"";
    assert_eq!(aside, [format!("tasks/00001 backwards-clock 3 {what}")]);
    assert_eq!((state, reason), (State::Failed, format!("tasks/00001: {what}")));
    let time = |task: &mut Made, row: usize, second| task.rows[0].1[row].provenance.time_utc = at(second);
    let (aside, ..) = changed(|task| time(task, 1, 65));
    assert_eq!(aside, [format!("{file} backwards-clock 3 row 2 ended 5 s before the row above it")]);
    let (aside, ..) = changed(|task| time(task, 0, 50));
    let what = "has a row that ended before the task began at \"2026-11-22T10:01:00Z\"";
    assert_eq!(aside, [format!("{file} backwards-clock 3 {what}")]);
    let (aside, ..) = changed(|task| time(task, 2, 300));
    let what = "its last row ended 180 s after the task, which ended at \"2026-11-22T10:02:00Z\"";
    assert_eq!(aside, [format!("{file} backwards-clock 3 {what}")]);
    // Seconds are cut off, and a device need not know the time.
    for second in [89, 90] {
        assert_eq!(changed(|task| time(task, 2, second)).0, [""; 0]);
    }
    assert_eq!(changed(|task| task.rows[0].1[1].provenance.time_utc = "yesterday".into()).0, [""; 0]);
}

#[test]
fn rows_of_another_device_are_set_aside() {
    let file = "tasks/00001/n0-0000-02-00-0/measurements.csv";
    let each = |task: &mut Made, change: fn(&mut Identity)| {
        task.rows[0].1.iter_mut().for_each(|row| change(&mut row.provenance.identity));
    };
    let (aside, state, _) =
        changed(|task| each(task, |identity| identity.pci_bus_id = "0000:0a:00.0".into()));
    let what = "its rows are of \"GPU\" at 0000:0a:00.0, the record of the task says \"GPU\" at 0000:02:00.0";
    assert_eq!(aside, [format!("{file} other-device 3 {what}")]);
    assert_eq!(state, State::Failed);
    let (aside, ..) = changed(|task| each(task, |identity| identity.adapter = "Other".into()));
    let what =
        "its rows are of \"Other\" at 0000:02:00.0, the record of the task says \"GPU\" at 0000:02:00.0";
    assert_eq!(aside, [format!("{file} other-device 3 {what}")]);
    let (aside, ..) = changed(|task| task.rows[0].1[2].provenance.identity.adapter = "Other".into());
    let what = "has rows of \"GPU\" at 0000:02:00.0 and of \"Other\" at 0000:02:00.0";
    assert_eq!(aside, [format!("{file} other-device 3 {what}")]);
    let (aside, ..) = changed(|task| task.rows[0].0 = "n0-backup".into());
    let what = "its folder is not named for the device of its rows, \"GPU\" at 0000:02:00.0";
    assert_eq!(aside, [format!("tasks/00001/n0-backup/measurements.csv foreign 3 {what}")]);
    // The maker's library writes the domain of a bus address with eight digits.
    assert_eq!(changed(|task| task.begun.cards[0].pci_bus_id = "00000000:02:00.0".into()).0, [""; 0]);
}

#[test]
fn an_attempt_on_another_device_before_the_last_one_counts() {
    let (plan, mut tasks) = fleet();
    let earlier = card("n9", "0000:07:00.0");
    tasks[1].begun.attempt = 2;
    tasks[1].rows.insert(0, (earlier.place.clone(), vec![row(&earlier, 1, 5)]));
    let all = collected(&plan, &tasks);
    assert_eq!((all.aside.len(), all.units.len(), all.rows), (0, 5, 13));
    let Unit { card, task, .. } = &all.units[1];
    assert_eq!((card.node.as_str(), card.pci_bus_id.as_str(), *task), ("n9", "0000:07:00.0", 1));
    assert_eq!(all.tasks[1].units, 2);
}

#[test]
fn what_an_earlier_attempt_left_torn_does_not_spoil_what_the_last_one_did_elsewhere() {
    let (plan, mut tasks) = fleet();
    let earlier = Card {
        uuid: "GPU-9".into(),
        ..card("a-node-with-a-name-that-is-too-long-for-a-folder", "0000:07:00.0")
    };
    tasks[1].begun.attempt = 2;
    tasks[1].begun.earlier = vec![earlier.clone()];
    let mut files: Vec<Files> = tasks.iter().map(files).collect();
    let text = wire::header() + &wire::row(&row(&earlier, 1, 5)) + "2,disp";
    files[1].places.insert(0, (earlier.place.clone(), text.into_bytes()));
    let all = collected_files(&plan, &files);
    assert_eq!((all.tasks[1].state, all.units[1].card.uuid.as_str(), all.rows), (State::Done, "GPU-9", 13));
    let whys: Vec<Why> = all.aside.iter().map(|aside| aside.why).collect();
    assert_eq!(whys, [Why::Torn]);
    assert!(flags(&all)[1].is_empty());
}

#[test]
fn a_task_that_was_begun_again_has_not_ended() {
    let (plan, tasks) = fleet();
    let mut files: Vec<Files> = tasks.iter().map(files).collect();
    let begun = Begun { attempt: 2, ..tasks[1].begun.clone() };
    files[1].begun = begun.json().into_bytes();
    let all = collected_files(&plan, &files);
    let task = &all.tasks[1];
    assert_eq!(
        (task.state, task.attempts, task.exit, task.ended_utc.as_str()),
        (State::Begun, Some(2), Some(0), "")
    );
    assert_eq!(flags(&all)[1], [Flag::Partial]);
    assert!(all.units[1].comparable);
}

#[test]
fn a_task_that_says_it_is_done_and_has_no_rows_failed() {
    let (aside, state, reason) = changed(|task| task.rows.clear());
    assert_eq!((aside.len(), state, reason.as_str()), (0, State::Failed, "has no measurements"));
}

#[test]
fn rows_without_a_record_are_set_aside() {
    let (plan, tasks) = fleet();
    let mut files: Vec<Files> = tasks.iter().map(files).collect();
    (files[1].begun, files[1].status) = (b"{".to_vec(), None);
    let all = collected_files(&plan, &files);
    let aside: Vec<String> =
        all.aside.iter().map(|it| format!("{} {}: {}", it.path, it.rows, it.what)).collect();
    assert_eq!(
        aside,
        [
            "tasks/00001 3: has rows and no record that can be read: nothing says which plan they are of",
            "tasks/00001/begun.json:1:1 0: is no record of a task: EOF while parsing an object",
        ]
    );
    assert_eq!((all.tasks[1].state, kept(&all), all.rows), (State::Begun, 9, 12));
}

#[test]
fn another_version_is_not_comparable_and_another_driver_is_marked() {
    let (plan, mut tasks) = fleet();
    let mut each = |task: usize, change: fn(&mut Identity)| {
        tasks[task].rows[0].1.iter_mut().for_each(|row| change(&mut row.provenance.identity));
    };
    each(0, |identity| identity.tool_commit = "def".into());
    each(1, |identity| identity.build_profile = "debug".into());
    each(2, |identity| identity.driver_info = "570".into());
    tasks[3].rows[0].1[1].provenance.identity.driver_info = "570".into();
    let all = collected(&plan, &tasks);
    let wanted: [&[Flag]; 4] =
        [&[Flag::OtherVersion], &[Flag::OtherVersion], &[Flag::OtherDriver], &[Flag::OtherDriver]];
    assert_eq!(flags(&all), wanted);
    assert_eq!(all.units.iter().map(|unit| unit.comparable).collect::<Vec<_>>(), [false, false, true, false]);
}

#[test]
fn tasks_that_shared_a_node_or_a_device_are_told_from_those_that_followed_each_other() {
    let pair = |one: Card, other: Card, start: u32| {
        let plan = plan(4);
        let all = collected(&plan, &[made(&plan, 0, one, 0), made(&plan, 1, other, start)]);
        let flags: Vec<Vec<Flag>> = all.units.iter().map(|unit| unit.flags.clone()).collect();
        (flags, all.units.iter().map(|unit| unit.comparable).collect::<Vec<_>>())
    };
    let both = |flag: &[Flag], comparable: bool| (vec![flag.to_vec(); 2], vec![comparable; 2]);
    let [a, b] = ["0000:01:00.0", "0000:02:00.0"];
    assert_eq!(pair(card("n", a), card("n", b), 30), both(&[Flag::SharedNode], true));
    assert_eq!(pair(card("n", a), card("n", a), 30), both(&[Flag::SharedDevice], false));
    assert_eq!(pair(card("n", a), card("n", a), 60), both(&[Flag::MeasuredTwice], true));
    assert_eq!(pair(card("n", a), card("m", a), 0), both(&[], true));
    let known = |uuid: &str| Card { uuid: uuid.into(), ..card("n", a) };
    assert_eq!(pair(known("MIG-1"), known("MIG-2"), 0), both(&[Flag::SharedNode], true));
    assert_eq!(pair(known("GPU-1"), card("n", a), 0), both(&[Flag::SharedDevice], false));
    assert_eq!(pair(card("", ""), card("", ""), 0), both(&[], true));
}

#[test]
fn strays_are_named_for_what_they_are() {
    let (plan, tasks) = fleet();
    let named = |name: &str, record: Option<&Made>| {
        let begun = record.map_or(Found::Absent, |task| Found::Bytes(files(task).begun));
        let Aside { path, why, what, .. } = stray(&plan, name, begun, Found::Absent);
        assert_eq!(path, format!("tasks/{name}"));
        (why, what)
    };
    let foreign = |what: &str| (Why::Foreign, what.to_owned());
    assert_eq!(
        named("00003 (copy)", None),
        (Why::Duplicate, "is named like another folder of task 3".into())
    );
    assert_eq!(named("backup", Some(&tasks[2])), (Why::Duplicate, "is another folder of task 2".into()));
    assert_eq!(named("notes.txt", None), foreign("is no folder of a task"));
    assert_eq!(named("000031", None), foreign("is no folder of a task"));
    assert_eq!(named("00004", None), foreign("the plan has tasks 0 to 3"));
    let mut other = tasks[2].clone();
    other.begun.plan = "x".into();
    assert_eq!(named("00009", Some(&other)).0, Why::OtherPlan);
}

#[test]
fn hostile_cells_cannot_drive_a_spreadsheet_or_a_terminal() {
    let (plan, mut tasks) = fleet();
    let hostile = "=cmd|'/c calc'!A1,\"\u{1b}[2J\u{202e}";
    tasks[0].begun.node = hostile.into();
    tasks[0].begun.cards[0].node = hostile.into();
    tasks[0].rows[0].1[0].outcome = Outcome::Failed(hostile.into());
    let files: Vec<Files> = tasks.iter().map(files).collect();
    let read = TaskRead::of(
        &plan,
        Folder {
            index: 0,
            begun: Found::Bytes(files[0].begun.clone()),
            status: Found::Absent,
            places: vec![(files[0].places[0].0.clone(), Found::Bytes(files[0].places[0].1.clone()))],
        },
        true,
    );
    let all = collected_files(&plan, &files);
    use crate::fleet::tables;
    let safe = "\"'=cmd|'/c calc'!A1,\"\"\\u{1b}[2J\\u{202e}\"";
    for text in [tables::tasks(&all), tables::devices(&all), read.table] {
        assert!(text.contains(safe), "{text}");
        assert!(text.chars().all(|letter| letter == '\n' || !letter.is_control()), "{text}");
    }
}

/// Changes one file of the fleet: its bytes are those that `change` makes of them.
fn with_file(files: &mut [Files], which: usize, change: impl FnOnce(&mut Vec<u8>)) {
    let (task, kind) = (which / 3, which % 3);
    let Files { begun, status, places } = &mut files[task];
    match kind {
        0 => change(begun),
        1 => change(status.as_mut().unwrap()),
        _ => change(&mut places[0].1),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn a_cut_loses_what_was_cut_and_nothing_else(which in 0usize..12, share in 0.0f64..1.0) {
        let (plan, tasks) = fleet();
        let mut files: Vec<Files> = tasks.iter().map(files).collect();
        let whole = collected_files(&plan, &files);
        let mut left = 3;
        with_file(&mut files, which, |bytes| {
            bytes.truncate((bytes.len() as f64 * share) as usize);
            if which % 3 == 2 {
                left = bytes.iter().filter(|byte| **byte == b'\n').count().saturating_sub(1) as u64;
            }
        });
        let all = collected_files(&plan, &files);
        prop_assert_eq!(kept(&all) + set_aside(&all), all.rows);
        prop_assert_eq!(all.rows, 9 + left);
        prop_assert_eq!(kept(&all), 9 + left);
        let cut = which / 3;
        for (index, (task, before)) in all.tasks.iter().zip(&whole.tasks).enumerate() {
            prop_assert!(index == cut || task == before);
        }
        // A cut between two rows shows nowhere in the file; all others are named.
        prop_assert!(which % 3 == 2 || !all.aside.is_empty());
        prop_assert_eq!(&all, &collected_files(&plan, &files));
    }

    #[test]
    fn a_changed_byte_spoils_no_other_task(which in 0usize..12, share in 0.0f64..1.0, byte in any::<u8>()) {
        let (plan, tasks) = fleet();
        let mut files: Vec<Files> = tasks.iter().map(files).collect();
        let whole = collected_files(&plan, &files);
        with_file(&mut files, which, |bytes| {
            let place = (bytes.len() as f64 * share) as usize;
            bytes[place] = byte;
        });
        let all = collected_files(&plan, &files);
        prop_assert_eq!(kept(&all) + set_aside(&all), all.rows);
        for (index, (task, before)) in all.tasks.iter().zip(&whole.tasks).enumerate() {
            prop_assert!(index == which / 3 || task == before);
        }
    }
}
