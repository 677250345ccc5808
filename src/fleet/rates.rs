//! How fast a type of device is: the rows of its median device, and what all its devices compute together.

use std::collections::{HashMap, HashSet};

use super::analysis::{Analysis, CellSpread, Kind, Label};
use super::collected::Collected;
use super::serving::Devices;
use crate::measurement::{Measurement, Outcome, Sensed, Timing};
use crate::op::Op;
use crate::stats::Summary;
use crate::units::Seconds;

/// The device in the middle of its siblings, as rows that rates are made from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MedianDevice {
    /// A row per cell.
    pub rows: Vec<Measurement>,
    /// Those of them that fewer than half of the devices measured.
    pub thin: u32,
}

/// The median device of a type: each cell at the median of the devices' medians, its spread the wider of what one device
/// shows and of how devices differ.
///
/// A variant that less than half as many devices ran as ran the most common one of its op is left out: one device that
/// chose a faster one does not speak for all.
pub fn median_device(collected: &Collected, analysis: &Analysis, type_index: u32) -> MedianDevice {
    let spreads: HashMap<u32, &CellSpread> = (analysis.cells.iter())
        .filter(|spread| spread.type_index == type_index)
        .map(|spread| (spread.cell, spread))
        .collect();
    let examples = || {
        let of_type = collected.examples.iter().filter(|(of, ..)| *of == type_index);
        of_type.filter_map(|(_, cell, row)| Some((*spreads.get(cell)?, row)))
    };
    let mut most: HashMap<Op, u32> = HashMap::new();
    for (spread, row) in examples() {
        let devices = most.entry(row.op).or_default();
        *devices = spread.devices.max(*devices);
    }
    let common = |(spread, row): &(&CellSpread, &Measurement)| {
        most.get(&row.op).is_none_or(|most| 2 * spread.devices >= *most)
    };
    let devices = spreads.values().map(|spread| spread.devices).max().unwrap_or_default();
    let kept = || examples().filter(common);
    MedianDevice {
        rows: kept().filter_map(|(spread, row)| at_the_median(row, spread)).collect(),
        thin: kept().filter(|(spread, _)| 2 * spread.devices < devices).count() as u32,
    }
}

/// A row with the times of the median device; `None` where there is nothing to scale.
///
/// The fast end is the first quartile of the devices, not the fastest of them, which only says how many there are. What
/// the sensors of one device said is left out: nobody knows that of the median device.
fn at_the_median(example: &Measurement, spread: &CellSpread) -> Option<Measurement> {
    let timing = example.timing()?;
    let own = timing.seconds;
    let factor = spread.median_s / own.median;
    if !(factor.is_finite() && factor > 0.0) {
        return None;
    }
    let timing = Box::new(Timing {
        seconds: Summary {
            min: (own.min * factor).min(spread.q1_s),
            q1: (own.q1 * factor).min(spread.q1_s),
            median: spread.median_s,
            q3: (own.q3 * factor).max(spread.q3_s),
            mean: own.mean * factor,
            mad: (own.mad * factor).max((spread.q3_s - spread.q1_s) / 2.0),
        },
        device_median: timing.device_median.map(|median| median * factor),
        wall_median: Seconds(timing.wall_median.0 * factor),
        calibration: None,
        sensed: Sensed::default(),
        ..timing.clone()
    });
    let outcome = match example.outcome {
        Outcome::Ok(_, verification) => Outcome::Ok(timing, verification),
        _ => Outcome::Imported(timing),
    };
    Some(Measurement { outcome, run: 0, ..example.clone() })
}

/// What the devices of a type compute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Comparable devices.
    pub devices: u32,
    /// Mean of the speeds that are known, the median device's being 1: `Σ 1/(1 + slower) / devices`.
    pub mean: f64,
    /// What those that are called slow take from it: `Σ (1 − 1/(1 + slower)) / devices` over them.
    pub lost: f64,
    /// How many are called slow, in all kernels or in some.
    pub slow: u32,
}

/// How fast the comparable devices of a type are together; `None` where there is none. A device that nobody could set beside
/// siblings is as fast as the others on average; where that is so of all of them, each is its own median.
pub fn speed(
    collected: &Collected,
    analysis: &Analysis,
    devices: &Devices,
    type_index: u32,
) -> Option<Speed> {
    let others: HashMap<u32, Option<f64>> = units_of(analysis, Kind::MixedDriver).collect();
    let partly: HashSet<u32> = units_of(analysis, Kind::SlowKernels).map(|(unit, _)| unit).collect();
    let of_unit = |unit: u32| {
        let standing = analysis.standings.get(unit as usize).copied().flatten();
        let speed = match (others.get(&unit), standing) {
            (None, standing) => standing.map(|standing| 1.0 / (1.0 + standing.slower)),
            (Some(None), _) => None,
            (Some(Some(driver)), standing) => {
                let own = standing.map_or(0.0, |standing| standing.slower);
                Some(1.0 / ((1.0 + driver) * (1.0 + own)))
            }
        };
        let slow = standing.is_some_and(|standing| is_slow(standing.label)) || partly.contains(&unit);
        speed.filter(|speed| speed.is_finite() && *speed > 0.0).map(|speed| (speed, slow))
    };
    let comparable = |unit: &&u32| collected.units.get(**unit as usize).is_some_and(|unit| unit.comparable);
    let (mut count, mut known, mut sum, mut lost, mut slow) = (0, 0, 0.0, 0.0, 0);
    for units in devices.of_type(type_index) {
        let units: Vec<&u32> = units.iter().filter(comparable).collect();
        count += u32::from(!units.is_empty());
        let speeds: Vec<(f64, bool)> = units.into_iter().filter_map(|unit| of_unit(*unit)).collect();
        if speeds.is_empty() {
            continue;
        }
        let mean = speeds.iter().map(|(speed, _)| speed).sum::<f64>() / speeds.len() as f64;
        known += 1;
        sum += mean;
        if speeds.iter().any(|(_, slow)| *slow) {
            slow += 1;
            // One that is slow in some kernels may be fast in all others.
            lost += (1.0 - mean).max(0.0);
        }
    }
    let each = |sum: f64| sum / f64::from(known);
    let (mean, lost) = if known == 0 { (1.0, 0.0) } else { (each(sum), each(lost)) };
    (count > 0).then_some(Speed { devices: count, mean, lost, slow })
}

/// The units of a kind of outlier, with how much slower they are.
fn units_of(analysis: &Analysis, kind: Kind) -> impl Iterator<Item = (u32, Option<f64>)> {
    let of_kind = analysis.outliers.iter().filter(move |outlier| outlier.kind == kind);
    of_kind.flat_map(|outlier| outlier.units.iter().map(|unit| (*unit, outlier.slower)))
}

fn is_slow(label: Label) -> bool {
    match label {
        Label::SlowCard | Label::SlowNode | Label::ThrottlingNode => true,
        Label::Alike | Label::FastCard => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::analysis::Outlier;
    use super::super::by_hand::{Fleet, spread};
    use super::*;
    use proptest::prelude::*;

    fn speed_of(fleet: &Fleet, type_index: u32) -> Option<Speed> {
        speed(&fleet.collected, &fleet.analysis, &Devices::of(&fleet.collected), type_index)
    }

    #[test]
    fn the_median_device_has_the_median_of_the_devices_and_the_wider_spread() {
        let mut fleet = Fleet::of(&[0.0; 5]);
        let (own, cell) = fleet.row(2.0);
        fleet.analysis.cells = vec![spread(cell, 5, [2.2, 2.4, 3.0])];
        let median = median_device(&fleet.collected, &fleet.analysis, 0);
        let [row] = median.rows.as_slice() else { panic!("{median:?}") };
        let seconds = row.timing().unwrap().seconds;
        // The example's samples are 10 % below to 20 % above its median.
        assert_eq!(own.timing().unwrap().seconds.min, 1.8);
        assert_eq!((seconds.median, seconds.q1, seconds.q3), (2.4, 2.2, 3.0));
        assert!((seconds.min - 1.8 * 1.2).abs() < 1e-12, "{seconds:?}");
        assert_eq!(median.thin, 0);

        fleet.analysis.cells = vec![spread(cell, 5, [2.39, 2.4, 2.41])];
        let median = median_device(&fleet.collected, &fleet.analysis, 0);
        let seconds = median.rows[0].timing().unwrap().seconds;
        assert!((seconds.q3 - 2.4 * 1.2).abs() < 1e-12, "{seconds:?}");
    }

    #[test]
    fn a_variant_that_few_devices_ran_does_not_speak_for_all() {
        let mut fleet = Fleet::of(&[0.0; 10]);
        let (_, slow) = fleet.row(2.0);
        let (_, fast) = fleet.variant("better", 1.0);
        fleet.analysis.cells = vec![spread(slow, 9, [2.0; 3]), spread(fast, 1, [1.0; 3])];
        let medians = |fleet: &Fleet| -> Vec<f64> {
            let rows = median_device(&fleet.collected, &fleet.analysis, 0).rows;
            rows.iter().map(|row| row.timing().unwrap().seconds.median).collect()
        };
        assert_eq!(medians(&fleet), [2.0]);
        fleet.analysis.cells[1].devices = 5;
        assert_eq!(medians(&fleet), [2.0, 1.0]);
    }

    #[test]
    fn a_cell_that_few_devices_reached_is_counted() {
        let mut fleet = Fleet::of(&[0.0; 10]);
        let (_, all) = fleet.row(2.0);
        let (_, few) = fleet.other_op(1.0);
        fleet.analysis.cells = vec![spread(all, 10, [2.0; 3]), spread(few, 4, [1.0; 3])];
        let median = median_device(&fleet.collected, &fleet.analysis, 0);
        assert_eq!((median.rows.len(), median.thin), (2, 1));
    }

    #[test]
    fn slow_devices_lower_the_speed_by_exactly_their_share() {
        let mut fleet = Fleet::of(&[0.0, 0.0, 0.0, 0.25]);
        let of = |fleet: &Fleet| speed_of(fleet, 0).unwrap();
        assert_eq!(of(&fleet), Speed { devices: 4, mean: 0.95, lost: 0.0, slow: 0 });
        fleet.label(3, Label::SlowCard);
        let Speed { devices, mean, lost, slow } = of(&fleet);
        assert_eq!((devices, mean, slow), (4, 0.95, 1));
        assert!((lost - 0.05).abs() < 1e-12, "{lost}");
        // Nobody may set its rows beside those of the others.
        fleet.collected.units[3].comparable = false;
        assert_eq!(of(&fleet), Speed { devices: 3, mean: 1.0, lost: 0.0, slow: 0 });
    }

    #[test]
    fn a_device_alone_is_its_own_median_and_no_device_has_no_speed() {
        let mut fleet = Fleet::of(&[0.0]);
        fleet.analysis.standings = vec![None];
        assert_eq!(speed_of(&fleet, 0).unwrap().mean, 1.0);
        assert_eq!(speed_of(&fleet, 1), None);
    }

    #[test]
    fn a_device_that_nobody_could_judge_is_as_fast_as_the_others_on_average() {
        let mut fleet = Fleet::of(&[0.0, 0.25, 0.5]);
        fleet.analysis.standings[2] = None;
        let speed = speed_of(&fleet, 0).unwrap();
        assert_eq!((speed.devices, speed.mean), (3, 0.9));
    }

    #[test]
    fn devices_on_another_driver_are_set_beside_most_by_what_their_driver_takes() {
        // The last two are alike among themselves.
        let mut fleet = Fleet::of(&[0.0; 4]);
        let mixed = |slower| Outlier {
            kind: Kind::MixedDriver,
            type_index: 0,
            units: vec![2, 3],
            slower,
            p_adjusted: None,
            evidence: String::new(),
        };
        fleet.analysis.outliers = vec![mixed(Some(0.25))];
        let mean = speed_of(&fleet, 0).unwrap().mean;
        assert!((mean - 0.9).abs() < 1e-12, "{mean}");
        fleet.analysis.outliers = vec![mixed(None)];
        assert_eq!(speed_of(&fleet, 0).unwrap().mean, 1.0);
    }

    #[test]
    fn a_device_that_two_tasks_measured_is_one_device() {
        let mut fleet = Fleet::of(&[0.0, 0.0, 0.25]);
        for unit in [1, 2] {
            fleet.collected.units[unit].card.uuid = "GPU-1".into();
        }
        let speed = speed_of(&fleet, 0).unwrap();
        assert_eq!((speed.devices, speed.mean), (2, 0.95));
    }

    proptest! {
        #[test]
        fn twice_the_devices_have_the_same_mean(slower in proptest::collection::vec(-0.1f64..0.5, 1..20)) {
            let twice: Vec<f64> = slower.iter().chain(&slower).copied().collect();
            let of = |slower: &[f64]| {
                let fleet = Fleet::of(slower);
                speed_of(&fleet, 0).unwrap()
            };
            prop_assert!((of(&slower).mean - of(&twice).mean).abs() < 1e-12);
            prop_assert_eq!(2 * of(&slower).devices, of(&twice).devices);
        }
    }
}
