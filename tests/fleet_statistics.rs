//! What is found of faults that were planted in simulated fleets, and what is found where there are none.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use mtok::fleet::analysis::{Kind, Outlier, analyse};
use mtok::fleet::collected::Collected;
use mtok::fleet::simulate::{Faults, Fleet, Spreads, collected, task_files};
use mtok::stats::random::Random;

/// Upper ends of the sizes that are told apart.
const SIZES: [u32; 4] = [30, 100, 1_000, 10_000];

/// What was found in fleets of about one size.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    fleets: u32,
    planted: u32,
    found: u32,
    healthy: u32,
    accused: u32,
    fleets_with_accused: u32,
}

impl Tally {
    fn recall(&self) -> f64 {
        f64::from(self.found) / f64::from(self.planted.max(1))
    }

    fn alarms(&self) -> f64 {
        f64::from(self.accused) / f64::from(self.healthy.max(1))
    }

    fn add(&mut self, other: &Self) {
        self.fleets += other.fleets;
        self.planted += other.planted;
        self.found += other.found;
        self.healthy += other.healthy;
        self.accused += other.accused;
        self.fleets_with_accused += other.fleets_with_accused;
    }

    fn line(&self, name: &str) -> String {
        format!(
            "{name:>9}: {:5} fleets, {:6} of {:6} found ({:.2} %), {:4} of {:8} healthy accused ({:.4} %), in {} fleets ({:.2} %)",
            self.fleets,
            self.found,
            self.planted,
            100.0 * self.recall(),
            self.accused,
            self.healthy,
            100.0 * self.alarms(),
            self.fleets_with_accused,
            100.0 * f64::from(self.fleets_with_accused) / f64::from(self.fleets.max(1))
        )
    }
}

/// Between two numbers, each order of magnitude as likely.
fn log_uniform(random: &mut Random, from: f64, to: f64) -> f64 {
    (from.ln() + random.unit() * (to / from).ln()).exp()
}

/// Fleets of 10 to `tasks_max` devices, of which one or up to 3 % are slower by `by` to `to`; none with `by` 0.
fn fleet(random: &mut Random, tasks_max: f64, rows: u32, (by, to): (f64, f64), spreads: Spreads) -> Fleet {
    let tasks = log_uniform(random, 10.0, tasks_max).round() as u32;
    let most = (f64::from(tasks) * 0.03).max(1.0);
    let slow = if by > 0.0 { 1 + random.below(most as usize) as u32 } else { 0 };
    let slow_by = log_uniform(random, by.max(0.01), to.max(0.01));
    let faults = Faults { slow: (slow, slow_by), ..Faults::default() };
    let gpus_per_node = [1, 2, 4, 8][random.below(4)];
    Fleet { tasks, gpus_per_node, rows, seed: random.next_u64(), spreads, faults }
}

fn tally(fleet: &Fleet) -> Tally {
    let planted = fleet.planted().unwrap();
    let slow: Vec<u32> = planted.outliers.iter().flat_map(|it| it.tasks.clone()).collect();
    let found = accused(&collected(fleet, &planted));
    let right = found.iter().filter(|task| slow.contains(task)).count() as u32;
    let accused = found.len() as u32 - right;
    let (planted, healthy) = (slow.len() as u32, fleet.tasks - slow.len() as u32);
    Tally { fleets: 1, planted, found: right, healthy, accused, fleets_with_accused: accused.min(1) }
}

/// The tasks of devices that are called anything but alike.
fn accused(collected: &Collected) -> Vec<u32> {
    let units = analyse(collected).outliers.into_iter().flat_map(|it| it.units);
    let mut tasks: Vec<u32> = units.map(|unit| collected.units[unit as usize].task).collect();
    tasks.sort_unstable();
    tasks.dedup();
    tasks
}

/// One tally per size, and one of all.
fn tallies(fleets: u32, tasks_max: f64, rows: u32, by: (f64, f64), spreads: Spreads) -> ([Tally; 4], Tally) {
    let mut random = Random::new(2026);
    let (mut sizes, mut all) = ([Tally::default(); 4], Tally::default());
    for _ in 0..fleets {
        let fleet = fleet(&mut random, tasks_max, rows, by, spreads);
        let tally = tally(&fleet);
        all.add(&tally);
        let size = SIZES.iter().position(|most| fleet.tasks <= *most).unwrap();
        sizes[size].add(&tally);
    }
    (sizes, all)
}

fn report(title: &str, (sizes, all): &([Tally; 4], Tally)) {
    println!("{title}");
    sizes.iter().zip(SIZES).for_each(|(tally, most)| println!("{}", tally.line(&format!("to {most}"))));
    println!("{}", all.line("all"));
}

#[test]
fn devices_that_are_slower_by_5_percent_and_more_are_found_and_no_others() {
    let (_, all) = tallies(100, 300.0, 30, (0.05, 0.1), Spreads::default());
    assert!(all.recall() >= 0.95, "{all:?}");
    assert!(all.alarms() <= 0.001 && all.fleets_with_accused <= 3, "{all:?}");
}

/// `cargo test --release --test fleet_statistics -- --ignored --nocapture`: the figures of METHODOLOGY; with `CASE=0` in the
/// environment those of the first case only.
#[test]
#[ignore = "takes minutes: 1,000 fleets of up to 10,000 devices, several times"]
fn a_thousand_fleets() {
    let usual = Spreads::default();
    let wide = |by| Spreads { cards_arithmetic: by, cards_memory: by, ..usual };
    let heavy = Spreads { heavy_tails: true, ..usual };
    let (none, five, more) = ((0.0, 0.0), (0.05, 0.05), (0.05, 0.10));
    let cases = [
        ("slower by 5 % to 10 %", more, usual),
        ("slower by 5 %", five, usual),
        ("none slower", none, usual),
        ("slower by 5 %, heavy tails", five, heavy),
        ("none slower, heavy tails", none, heavy),
        ("slower by 5 %, devices differ by 1 % on every kernel", five, wide(0.010)),
        ("slower by 5 %, devices differ by 1.5 % on every kernel", five, wide(0.015)),
        ("none slower, devices differ by 1.5 % on every kernel", none, wide(0.015)),
    ];
    let only: Option<usize> = std::env::var("CASE").ok().and_then(|it| it.parse().ok());
    for (at, (title, by, spreads)) in cases.into_iter().enumerate() {
        if only.is_some_and(|only| only != at) {
            continue;
        }
        let tallies = tallies(1_000, 10_000.0, 60, by, spreads);
        report(title, &tallies);
        if at == 0 {
            assert!(tallies.1.recall() >= 0.95 && tallies.1.alarms() <= 0.01);
        }
    }
}

/// Few siblings tell little: what is found of 5 % and of 10 % among 3 to 9 devices, for METHODOLOGY.
#[test]
#[ignore = "prints figures"]
fn fewer_than_ten_devices() {
    for tasks in [3, 4, 5, 6, 8] {
        for by in [0.0, 0.05, 0.1] {
            let mut all = Tally::default();
            for seed in 0..1_000 {
                let faults = Faults { slow: (u32::from(by > 0.0), by), ..Faults::default() };
                let rows = 60;
                let fleet = Fleet { tasks, rows, seed, faults, gpus_per_node: 8, ..Fleet::default() };
                all.add(&tally(&fleet));
            }
            println!("{}", all.line(&format!("{tasks} {by}")));
        }
    }
}

/// Slow and throttling nodes among 3 to 1,000 nodes, for METHODOLOGY.
#[test]
#[ignore = "prints figures"]
fn slow_nodes() {
    for (nodes, gpus_per_node) in [(3, 8), (4, 8), (8, 4), (32, 8), (125, 8), (64, 2)] {
        let (mut found, mut alarms) = (0, 0);
        for seed in 0..300 {
            let faults = Faults {
                slow_nodes: (1, 0.05),
                throttling_nodes: (u32::from(nodes > 5), 0.05),
                ..Faults::default()
            };
            let tasks = nodes * gpus_per_node;
            let fleet = Fleet { tasks, rows: 60, seed, faults, gpus_per_node, ..Fleet::default() };
            let planted = fleet.planted().unwrap();
            let all = collected(&fleet, &planted);
            for it in analyse(&all).outliers {
                let of: Vec<u32> = it.units.iter().map(|unit| all.units[*unit as usize].task).collect();
                let right =
                    planted.outliers.iter().any(|planted| planted.kind == it.kind && planted.tasks == of);
                *(if right { &mut found } else { &mut alarms }) += 1;
            }
        }
        let planted = 300 * (1 + u32::from(nodes > 5));
        println!("{nodes} nodes of {gpus_per_node}: {found} of {planted} found, {alarms} others named");
    }
}

#[test]
#[ignore = "a timing"]
fn two_million_rows_are_made_in_time() {
    let fleet = Fleet { tasks: 10_000, rows: 200, ..Fleet::default() };
    let (planted, plan) = (fleet.planted().unwrap(), fleet.plan(("0.1.0", "")));
    let start = std::time::Instant::now();
    let bytes: usize = task_files(&fleet, &planted, &plan, 0..1_000)
        .map(|files| files.iter().map(|file| file.bytes.len()).sum::<usize>())
        .sum();
    println!("200,000 rows of {bytes} bytes: {:.2} s on one core", start.elapsed().as_secs_f64());
}

#[test]
#[ignore = "a timing"]
fn ten_thousand_devices_take_less_than_a_second() {
    let fleet = Fleet { tasks: 10_000, rows: 201, ..Fleet::default() };
    let all = collected(&fleet, &fleet.planted().unwrap());
    let start = std::time::Instant::now();
    let analysis = analyse(&all);
    println!("{} visits: {:.3} s, {:?}", all.visits.len(), start.elapsed().as_secs_f64(), analysis.types);
    assert!(start.elapsed().as_secs_f64() < 1.0);
}

#[test]
fn each_fault_is_found_with_its_kind_and_its_devices() {
    let faults = Faults {
        slow: (2, 0.06),
        slow_memory: (1, 0.08),
        fast: (1, 0.06),
        slow_nodes: (1, 0.05),
        throttling_nodes: (1, 0.08),
        drifted_nodes: (1, 0.12),
        other_driver: 5,
        ..Faults::default()
    };
    for seed in 0..4 {
        let fleet = Fleet { tasks: 240, seed, faults, ..Fleet::default() };
        let planted = fleet.planted().unwrap();
        let all = collected(&fleet, &planted);
        let analysis = analyse(&all);
        let tasks = |it: &Outlier| it.units.iter().map(|unit| all.units[*unit as usize].task).collect();
        let mut found: Vec<(Kind, Vec<u32>)> =
            analysis.outliers.iter().map(|it| (it.kind, tasks(it))).collect();
        let mut expected: Vec<(Kind, Vec<u32>)> =
            planted.outliers.iter().map(|it| (it.kind, it.tasks.clone())).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{:#?}", analysis.outliers);
        for it in &planted.outliers {
            let found =
                analysis.outliers.iter().find(|found| found.kind == it.kind && tasks(found) == it.tasks);
            let slower = found.unwrap().slower.unwrap();
            assert!((slower - it.slower).abs() < 0.03, "{it:?}: {slower}");
        }
        if seed == 0 {
            analysis.outliers.iter().for_each(|it| println!("{}: {}", it.kind, it.evidence));
        }
    }
}
