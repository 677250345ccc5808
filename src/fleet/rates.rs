//! How fast a type of device is: the rows of its median device, and what all its devices compute together.

use std::collections::HashMap;

use super::analysis::{Analysis, CellSpread, Label};
use super::collected::Collected;
use super::serving::devices_of;
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
    /// Mean of their speeds, the median device's being 1: `Σ 1/(1 + slower) / devices`.
    pub mean: f64,
    /// What those that are called slow take from it: `Σ (1 − 1/(1 + slower)) / devices` over them.
    pub lost: f64,
    /// How many are called slow.
    pub slow: u32,
}

/// How fast the comparable devices of a type are together; `None` where there is none. A device without siblings is its own
/// median.
pub fn speed(collected: &Collected, analysis: &Analysis, type_index: u32) -> Option<Speed> {
    let (mut devices, mut sum, mut lost, mut slow) = (0, 0.0, 0.0, 0);
    for units in devices_of(collected, type_index) {
        let comparable =
            |unit: &&u32| collected.units.get(**unit as usize).is_some_and(|unit| unit.comparable);
        let mut speeds = Vec::new();
        let mut named = false;
        for unit in units.iter().filter(comparable) {
            let standing = analysis.standings.get(*unit as usize).copied().flatten();
            speeds.push(standing.map_or(1.0, |standing| 1.0 / (1.0 + standing.slower)));
            named |= standing.is_some_and(|standing| is_slow(standing.label));
        }
        if speeds.is_empty() {
            continue;
        }
        let mean = speeds.iter().sum::<f64>() / speeds.len() as f64;
        devices += 1;
        sum += mean;
        if named {
            slow += 1;
            lost += 1.0 - mean;
        }
    }
    let each = |sum: f64| sum / f64::from(devices);
    let known = devices > 0 && each(sum).is_finite() && sum > 0.0;
    known.then(|| Speed { devices, mean: each(sum), lost: each(lost), slow })
}

fn is_slow(label: Label) -> bool {
    match label {
        Label::SlowCard | Label::SlowNode | Label::ThrottlingNode => true,
        Label::Alike | Label::FastCard => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::by_hand::{Fleet, spread};
    use super::*;
    use proptest::prelude::*;

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
        let of = |fleet: &Fleet| speed(&fleet.collected, &fleet.analysis, 0).unwrap();
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
        assert_eq!(speed(&fleet.collected, &fleet.analysis, 0).unwrap().mean, 1.0);
        assert_eq!(speed(&fleet.collected, &fleet.analysis, 1), None);
    }

    #[test]
    fn a_device_that_two_tasks_measured_is_one_device() {
        let mut fleet = Fleet::of(&[0.0, 0.0, 0.25]);
        for unit in [1, 2] {
            fleet.collected.units[unit].card.uuid = "GPU-1".into();
        }
        let speed = speed(&fleet.collected, &fleet.analysis, 0).unwrap();
        assert_eq!((speed.devices, speed.mean), (2, 0.95));
    }

    proptest! {
        #[test]
        fn twice_the_devices_have_the_same_mean(slower in proptest::collection::vec(-0.1f64..0.5, 1..20)) {
            let twice: Vec<f64> = slower.iter().chain(&slower).copied().collect();
            let of = |slower: &[f64]| {
                let fleet = Fleet::of(slower);
                speed(&fleet.collected, &fleet.analysis, 0).unwrap()
            };
            prop_assert!((of(&slower).mean - of(&twice).mean).abs() < 1e-12);
            prop_assert_eq!(2 * of(&slower).devices, of(&twice).devices);
        }
    }
}
