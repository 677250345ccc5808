//! Laws of the statistics of fleets, on fleets with known spreads.

use super::*;
use crate::fleet::collected::{Flag, Visit};
use crate::fleet::simulate::{Faults, Fleet, Spreads, collected};
use crate::stats::random::Random;
use proptest::prelude::*;

fn fleet(tasks: u32, faults: Faults, seed: u64) -> Fleet {
    Fleet { tasks, faults, seed, rows: 30, ..Fleet::default() }
}

fn made(fleet: &Fleet) -> Collected {
    collected(fleet, &fleet.planted().unwrap())
}

fn slow(count: u32) -> Faults {
    Faults { slow: (count, 0.06), ..Faults::default() }
}

fn kinds(analysis: &Analysis) -> Vec<(Kind, Vec<u32>)> {
    analysis.outliers.iter().map(|it| (it.kind, it.units.clone())).collect()
}

#[test]
fn the_variance_is_split_as_it_was_made() {
    let spreads = Spreads {
        cards_arithmetic: 0.02,
        cards_memory: 0.02,
        nodes: 0.01,
        runs: 0.0,
        visits: 0.004,
        heavy_tails: false,
    };
    let fleet = Fleet { tasks: 4_000, spreads, rows: 36, ..Fleet::default() };
    let mut all = made(&fleet);
    // Cells of one noise: those that are mostly start have more.
    let noisy: Vec<u32> = (0u32..)
        .zip(&all.cells)
        .filter(|(_, cell)| cell.op.kernel() == "dispatch")
        .map(|(at, _)| at)
        .collect();
    all.visits.retain(|visit| !noisy.contains(&visit.cell));
    let found = analyse(&all).types[0].variance.unwrap();
    for (found, made) in [(found.nodes, 0.01), (found.devices, 0.02), (found.runs, 0.004)] {
        assert!((found.unwrap() / made - 1.0).abs() < 0.15, "{found:?} {made}");
    }
}

#[test]
fn what_a_fleet_cannot_tell_apart_is_not_told() {
    let one_per_node = Fleet { gpus_per_node: 1, ..fleet(40, Faults::default(), 1) };
    let found = analyse(&made(&one_per_node)).types[0].variance.unwrap();
    assert!((found.nodes, found.devices.is_some(), found.runs.is_some()) == (None, true, true), "{found:?}");
    let one_node = Fleet { gpus_per_node: 32, ..fleet(32, Faults::default(), 1) };
    assert_eq!(analyse(&made(&one_node)).types[0].variance.unwrap().nodes, None);
    let mut one_run = made(&fleet(40, Faults::default(), 1));
    one_run.visits.retain(|visit| visit.run == 0);
    let found = analyse(&one_run).types[0].variance.unwrap();
    assert!(found.runs.is_none() && found.devices.is_some(), "{found:?}");
}

#[test]
fn what_is_said_to_be_detectable_is_found_in_95_of_100_fleets() {
    for tasks in [12, 200] {
        let quiet = analyse(&made(&fleet(tasks, Faults::default(), 99))).types[0].detectable.unwrap();
        let faults = Faults { slow: (1, quiet), ..Faults::default() };
        let found =
            (0..200).filter(|seed| !analyse(&made(&fleet(tasks, faults, *seed))).outliers.is_empty()).count();
        // The spread that it was computed from is that of one fleet, and so not exact.
        assert!(found >= 164, "{tasks} tasks, slower by {quiet}: {found} of 200");
    }
}

#[test]
fn devices_that_are_not_comparable_or_alone_are_not_judged() {
    let mut all = made(&fleet(20, Faults::default(), 1));
    all.units[3].comparable = false;
    let analysis = analyse(&all);
    assert!(analysis.standings.iter().enumerate().all(|(at, it)| it.is_none() == (at == 3)));
    assert_eq!((analysis.types[0].devices, analysis.types[0].nodes), (19, 3));
    all.units.iter_mut().skip(2).for_each(|unit| unit.comparable = false);
    let analysis = analyse(&all);
    assert_eq!(analysis.standings, vec![None; 20]);
    assert_eq!(
        (analysis.types[0].devices, analysis.types[0].spread, analysis.types[0].variance),
        (2, None, None)
    );
    assert_eq!(analyse(&Collected { units: Vec::new(), visits: Vec::new(), ..all }).types, []);
}

#[test]
fn another_driver_is_named_and_compared_among_its_own() {
    let faults = Faults { other_driver: 6, ..Faults::default() };
    let mut all = made(&fleet(60, faults, 2));
    let others: Vec<u32> =
        (0..60).filter(|at| all.units[*at as usize].flags.contains(&Flag::OtherDriver)).collect();
    // The whole group is far slower: that is the driver's fault and not that of six cards.
    all.visits.iter_mut().filter(|it| others.contains(&it.unit)).for_each(|it| it.median_s *= 1.2);
    let analysis = analyse(&all);
    assert_eq!(kinds(&analysis), [(Kind::MixedDriver, others.clone())]);
    let slower = analysis.outliers[0].slower.unwrap();
    assert!((slower - 0.212).abs() < 0.02, "{slower}");
    let own = analysis.standings[others[0] as usize].unwrap();
    assert!(own.label == Label::Alike && own.slower.abs() < 0.03, "{own:?}");
    assert!(analysis.outliers[0].evidence.contains("simulated 0.9"), "{}", analysis.outliers[0].evidence);
}

#[test]
fn half_a_device_is_judged_by_what_it_has() {
    let faults = Faults { failed: 1, torn: 1, ..slow(1) };
    for seed in 0..5 {
        let all = made(&fleet(60, faults, seed));
        let analysis = analyse(&all);
        assert_eq!(analysis.outliers.len(), 1, "{:?}", analysis.outliers);
        assert!(analysis.standings.iter().all(Option::is_some));
    }
    // One noisy cell, 10 % slower, is no slow card.
    let mut all = made(&fleet(60, Faults::default(), 1));
    all.visits.retain(|visit| visit.unit != 5 || visit.cell == 0);
    all.visits.iter_mut().filter(|it| it.unit == 5).for_each(|it| it.median_s *= 1.1);
    assert_eq!(kinds(&analyse(&all)), []);
}

#[test]
fn slow_cards_and_a_slow_node_hide_nothing() {
    let faults = Faults { slow_nodes: (1, 0.05), slow: (2, 0.05), ..Faults::default() };
    for seed in 0..10 {
        let fleet = fleet(32, faults, seed);
        let planted = fleet.planted().unwrap();
        let mut expected: Vec<(Kind, Vec<u32>)> =
            planted.outliers.iter().map(|it| (it.kind, it.tasks.clone())).collect();
        let mut found = kinds(&analyse(&collected(&fleet, &planted)));
        expected.sort();
        found.sort();
        assert_eq!(found, expected, "seed {seed}");
    }
}

#[test]
fn four_devices_on_a_shaken_machine_are_not_accused() {
    // As where several software adapters share a processor: runs of a device differ by a tenth.
    let spreads = Spreads { runs: 0.1, visits: 0.1, ..Spreads::default() };
    let tries = 300;
    let accused = |seed| {
        let fleet = Fleet { tasks: 4, gpus_per_node: 2, rows: 30, seed, spreads, ..Fleet::default() };
        !analyse(&made(&fleet)).outliers.is_empty()
    };
    let alarms = (0..tries).filter(|seed| accused(*seed)).count();
    assert!(alarms <= 9, "{alarms} of {tries}");
}

#[test]
fn quartiles_of_a_cell_are_those_of_its_devices() {
    let mut all = made(&fleet(5, Faults::default(), 1));
    all.visits = (0..5).map(|unit| Visit { unit, cell: 2, run: 0, median_s: f64::from(unit + 1) }).collect();
    let spread = &analyse(&all).cells[0];
    assert_eq!((spread.cell, spread.devices), (2, 5));
    for (found, expected) in [
        (spread.min_s, 1.0),
        (spread.q1_s, 2.0),
        (spread.median_s, 3.0),
        (spread.q3_s, 4.0),
        (spread.max_s, 5.0),
    ] {
        assert!((found - expected).abs() < 1e-9, "{spread:?}");
    }
}

#[test]
fn nonsense_in_a_row_is_no_panic() {
    let mut all = made(&fleet(10, Faults::default(), 1));
    for (at, wild) in [f64::NAN, 0.0, -1.0, f64::INFINITY, 1e-300, 1e300].into_iter().enumerate() {
        all.visits[at].median_s = wild;
    }
    all.visits[8].unit = 1_000;
    all.visits[9].cell = 1_000;
    all.units[0].type_index = 7;
    all.units[1].clock_hz = Some(0.0);
    assert_eq!(analyse(&all).standings.len(), 10);
}

fn same(a: &Analysis, b: &Analysis) -> Result<(), TestCaseError> {
    prop_assert_eq!(kinds(a), kinds(b));
    for (a, b) in a.standings.iter().zip(&b.standings) {
        let (a, b) = (a.unwrap(), b.unwrap());
        prop_assert_eq!(a.label, b.label);
        prop_assert!((a.slower - b.slower).abs() < 1e-9, "{:?} {:?}", a, b);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn neither_the_unit_of_time_nor_the_order_of_visits_matters(seed in 0u64..1_000, by in 1e-3f64..1e3) {
        let all = made(&fleet(24, slow(2), seed));
        let before = analyse(&all);
        let mut scaled = all.clone();
        scaled.visits.iter_mut().for_each(|visit| visit.median_s *= by);
        scaled.visits.reverse();
        same(&before, &analyse(&scaled))?;
    }

    #[test]
    fn a_cell_of_another_length_changes_nothing(seed in 0u64..1_000, by in 1e-3f64..1e3) {
        // The class of a cell is by its time: of all other tests only the devices' distances are compared.
        let all = made(&fleet(24, slow(2), seed));
        let mut scaled = all.clone();
        scaled.visits.iter_mut().filter(|it| it.cell == 5).for_each(|visit| visit.median_s *= by);
        let [before, after] = [&all, &scaled].map(|it| analyse(it).standings);
        for (before, after) in before.iter().zip(&after) {
            prop_assert!((before.unwrap().slower - after.unwrap().slower).abs() < 1e-9);
        }
    }

    #[test]
    fn the_order_of_devices_does_not_matter(seed in 0u64..1_000) {
        let all = made(&fleet(24, slow(2), seed));
        let last = all.units.len() as u32 - 1;
        let mut turned = all.clone();
        turned.units.reverse();
        turned.visits.iter_mut().for_each(|visit| visit.unit = last - visit.unit);
        let (before, mut after) = (analyse(&all), analyse(&turned));
        after.standings.reverse();
        after.outliers.iter_mut().for_each(|it| it.units.iter_mut().for_each(|unit| *unit = last - *unit));
        after.outliers.iter_mut().for_each(|it| it.units.sort());
        same(&before, &after)?;
    }

    #[test]
    fn a_device_exactly_at_the_median_is_alike(seed in 0u64..1_000, tasks in 3u32..40) {
        let mut all = made(&fleet(tasks, slow(u32::from(tasks > 12)), seed));
        let spreads = analyse(&all).cells;
        let at = Random::new(seed).below(tasks as usize) as u32;
        all.visits.retain(|visit| visit.unit != at);
        let medians = spreads.iter().map(|it| Visit { unit: at, cell: it.cell, run: 0, median_s: it.median_s });
        all.visits.extend(medians);
        let standing = analyse(&all).standings[at as usize].unwrap();
        prop_assert_eq!(standing.label, Label::Alike);
        prop_assert!(standing.slower.abs() < 0.02, "{:?}", standing);
    }
}
