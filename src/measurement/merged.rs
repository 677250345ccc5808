//! One row per cell: what several runs of it say together.

use std::collections::HashMap;

use super::{Cache, Energy, Measurement, Outcome, Sensed, Timing};
use crate::op::Op;
use crate::stats::outlier::Counts;
use crate::stats::{self, Summary};
use crate::units::{Seconds, Watts};

/// Cold time over hot time from which the hot cell is called cached.
const CACHED_FROM: f64 = 1.1;

/// Joins the runs of each cell, in the order in which cells first appear.
///
/// A wrong result in any run makes the cell wrong. Else the runs that ended well count, before those that were
/// imported; where there are none, the first of the others speaks for the cell. Provenance is that of the first run that counts. A hot cell that is more than
/// 10 % faster than the same one cold gets the sign `cached` (after MLPerf's TEST04).
pub fn merged(rows: &[Measurement]) -> Vec<Measurement> {
    let mut places: HashMap<(Op, &str, Cache), usize> = HashMap::new();
    let mut cells: Vec<Vec<&Measurement>> = Vec::new();
    for row in rows {
        let place = *places.entry((row.op, row.variant.as_str(), row.cache)).or_insert(cells.len());
        match cells.get_mut(place) {
            Some(runs) => runs.push(row),
            None => cells.push(vec![row]),
        }
    }
    let mut merged: Vec<Measurement> = cells.iter().filter_map(|runs| cell(runs)).collect();
    let cold: HashMap<(Op, String), f64> = merged
        .iter()
        .filter(|row| row.cache == Cache::Cold)
        .filter_map(|row| Some(((row.op, row.variant.clone()), row.timing()?.seconds.median)))
        .collect();
    for row in merged.iter_mut().filter(|row| row.cache == Cache::Hot) {
        let cold = cold.get(&(row.op, row.variant.clone())).copied().unwrap_or_default();
        if let Outcome::Ok(timing, _) = &mut row.outcome
            && cold > CACHED_FROM * timing.seconds.median
        {
            let signs = timing.sign_names().chain(["cached"]);
            timing.signs = signs.collect::<Vec<_>>().join(";");
        }
    }
    merged
}

fn cell(runs: &[&Measurement]) -> Option<Measurement> {
    let rank = |row: &&&Measurement| match row.outcome {
        Outcome::Wrong(..) => 0,
        Outcome::Ok(..) => 1,
        Outcome::Imported(_) => 2,
        Outcome::Failed(_) => 3,
        Outcome::Skipped(_) => 4,
    };
    let first = runs.iter().min_by_key(rank)?;
    let mut merged = (*first).clone();
    let same = |row: &&&Measurement| row.outcome.status() == first.outcome.status();
    let timings: Vec<&Timing> = runs.iter().filter(same).filter_map(|row| row.timing()).collect();
    if timings.len() > 1 {
        let joined = Box::new(timing(&timings)?);
        merged.outcome = match &first.outcome {
            Outcome::Ok(_, verification) => Outcome::Ok(joined, *verification),
            _ => Outcome::Imported(joined),
        };
    }
    Some(merged)
}

/// Medians over the runs. The quartiles are the wider of what one run shows and of how runs differ: samples of one
/// run share whatever slowed it down.
fn timing(runs: &[&Timing]) -> Option<Timing> {
    let first = runs.first()?;
    let each = |of: fn(&Summary) -> f64| runs.iter().map(|run| of(&run.seconds)).collect::<Vec<f64>>();
    let middle = |of: fn(&Summary) -> f64| stats::median(&each(of));
    let medians = Summary::of(&each(|seconds| seconds.median))?;
    let samples: u32 = runs.iter().map(|run| run.samples).sum();
    let weighted = runs.iter().map(|run| run.seconds.mean * f64::from(run.samples)).sum::<f64>();
    let devices: Vec<f64> = runs.iter().filter_map(|run| Some(run.device_median?.0)).collect();
    let walls: Vec<f64> = runs.iter().map(|run| run.wall_median.0).collect();
    let mut signs: Vec<&str> = runs.iter().flat_map(|run| run.sign_names()).collect();
    signs.sort_unstable();
    signs.dedup();
    Some(Timing {
        seconds: Summary {
            min: each(|seconds| seconds.min).into_iter().fold(f64::INFINITY, f64::min),
            q1: middle(|seconds| seconds.q1)?.min(medians.q1),
            median: medians.median,
            q3: middle(|seconds| seconds.q3)?.max(medians.q3),
            mean: if samples > 0 { weighted / f64::from(samples) } else { middle(|seconds| seconds.mean)? },
            mad: middle(|seconds| seconds.mad)?.max(medians.mad),
        },
        method: first.method,
        device_median: stats::median(&devices).map(Seconds),
        wall_median: Seconds(stats::median(&walls)?),
        samples,
        dropped: runs.iter().map(|run| run.dropped).sum(),
        executions_per_sample: first.executions_per_sample,
        stop_reason: first.stop_reason.clone(),
        relative_stdev: stats::median(&runs.iter().filter_map(|run| run.relative_stdev).collect::<Vec<_>>()),
        outliers: Counts {
            mild: runs.iter().map(|run| run.outliers.mild).sum(),
            severe: runs.iter().map(|run| run.outliers.severe).sum(),
        },
        signs: signs.join(";"),
        calibration: None,
        sensed: sensed(runs),
    })
}

/// Medians of the runs that have a value. The energy is the median power over the median window: medians of energies
/// and of windows could be of two runs, and their quotient a power that no run had.
fn sensed(runs: &[&Timing]) -> Sensed {
    let median = |of: fn(&Timing) -> Option<f64>| {
        stats::median(&runs.iter().filter_map(|run| of(run)).collect::<Vec<f64>>())
    };
    let power_w = median(|run| run.mean_power().map(|power| power.0));
    let window_s = median(|run| run.sensed.energy.as_ref().map(|energy| energy.window.0));
    let source = runs.iter().find_map(|run| run.sensed.energy.as_ref()).map(|energy| energy.source.clone());
    Sensed {
        energy: power_w.zip(window_s).zip(source).map(|((power_w, window_s), source)| Energy {
            joules: Watts(power_w) * Seconds(window_s),
            window: Seconds(window_s),
            source,
        }),
        clock_hz: median(|run| run.sensed.clock_hz),
        temperature_c: median(|run| run.sensed.temperature_c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::samples::{Circumstances, Sample};
    use crate::measurement::{Provenance, Verification};

    const CHECKED: Verification = Verification { nmse: 0.0, nmse_max: 1.0, compared: 1 };

    fn row(run: u32, outcome: Outcome) -> Measurement {
        Measurement {
            op: Op::Dispatch { chain: 1 },
            variant: "counter".into(),
            cache: Cache::Hot,
            run,
            outcome,
            provenance: Provenance::default(),
        }
    }

    fn ok(seconds: &[f64]) -> Outcome {
        let sample = |s: &f64| Sample { executions: 1, device_s: Some(*s), wall_s: *s };
        let samples: Vec<Sample> = seconds.iter().map(sample).collect();
        Outcome::Ok(Box::new(Timing::of(&samples, Circumstances::default()).unwrap()), CHECKED)
    }

    #[test]
    fn the_headline_is_the_median_run_and_the_spread_is_that_between_runs() {
        let runs = [ok(&[1.0, 1.0, 1.0]), ok(&[2.0, 2.0, 2.0]), ok(&[9.0, 9.0, 9.0])];
        let rows: Vec<_> = (0..).zip(runs).map(|(run, outcome)| row(run, outcome)).collect();
        let all = merged(&rows);
        assert_eq!(all.len(), 1);
        let timing = all[0].timing().unwrap();
        assert_eq!((timing.seconds.median, timing.seconds.min, timing.samples), (2.0, 1.0, 9));
        assert_eq!((timing.seconds.q1, timing.seconds.q3, timing.seconds.mean), (1.5, 5.5, 4.0));
    }

    #[test]
    fn a_hot_cell_that_is_faster_than_the_cold_one_is_called_cached() {
        for (cold_s, signs) in [(1.09, ""), (1.2, "cached")] {
            let cold = Measurement { cache: Cache::Cold, ..row(0, ok(&[cold_s])) };
            let all = merged(&[row(0, ok(&[1.0])), cold]);
            assert_eq!(
                all.iter().map(|row| row.timing().unwrap().signs.as_str()).collect::<Vec<_>>(),
                [signs, ""]
            );
        }
    }

    #[test]
    fn runs_join_what_their_sensors_said_and_a_silent_one_does_not_count() {
        let sensed = |watts: f64, window_s: f64, clock_hz| Sensed {
            energy: Some(Energy {
                joules: Watts(watts) * Seconds(window_s),
                window: Seconds(window_s),
                source: "rapl".into(),
            }),
            clock_hz,
            temperature_c: None,
        };
        let said = [
            sensed(50.0, 1.0, Some(3e9)),
            Sensed::default(),
            sensed(80.0, 2.0, None),
            sensed(60.0, 4.0, Some(1e9)),
        ];
        let rows: Vec<Measurement> = (0..)
            .zip(said)
            .map(|(run, said)| {
                let mut row = row(run, ok(&[2.0]));
                let Outcome::Ok(timing, _) = &mut row.outcome else { unreachable!() };
                timing.sensed = said;
                row
            })
            .collect();
        let all = merged(&rows);
        let timing = all[0].timing().unwrap();
        assert_eq!(timing.sensed, sensed(60.0, 2.0, Some(2e9)));
        assert_eq!(timing.mean_power(), Some(Watts(60.0)));
        assert_eq!(timing.energy_per_execution().map(|joules| joules.0), Some(120.0));
        assert_eq!(merged(&rows[1..2])[0].timing().unwrap().sensed, Sensed::default());
    }

    #[test]
    fn what_others_measured_joins_among_itself_and_speaks_only_where_nothing_was_verified() {
        let imported = |run, median_s| {
            row(run, Outcome::Imported(Box::new(Timing::imported(median_s, median_s, median_s, Some(0.1)))))
        };
        let all = merged(&[imported(0, 1.0), imported(1, 3.0)]);
        let seconds = all[0].timing().unwrap().seconds;
        assert_eq!((all[0].outcome.status(), seconds.median, seconds.mean), ("imported", 2.0, 2.0));
        let all = merged(&[imported(0, 1.0), row(1, ok(&[5.0]))]);
        assert_eq!((all[0].outcome.status(), all[0].timing().unwrap().seconds.median), ("ok", 5.0));
    }

    #[test]
    fn one_run_is_itself() {
        let rows = [row(0, ok(&[1.0, 2.0, 3.0, 4.0, 5.0]))];
        assert_eq!(merged(&rows), rows);
    }

    #[test]
    fn a_wrong_run_makes_the_cell_wrong_and_a_failed_one_does_not_hide_the_others() {
        let wrong = row(1, Outcome::Wrong("off".into(), CHECKED));
        let failed = row(2, Outcome::Failed("lost".into()));
        let good = row(0, ok(&[1.0]));
        assert_eq!(merged(&[good.clone(), wrong, failed.clone()])[0].outcome.status(), "wrong");
        assert_eq!(merged(&[failed.clone(), good])[0].outcome.status(), "ok");
        assert_eq!(merged(std::slice::from_ref(&failed)), [failed]);
    }
}
