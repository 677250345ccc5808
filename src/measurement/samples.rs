//! `samples.csv`: one row per sample, and the timing that follows from the samples of a cell.

use std::io::Read;

use super::wire::{line, number};
use super::{Calibration, Sensed, Timing, TimingMethod};
use crate::stats::outlier::{Counts, labels};
use crate::stats::series::signs;
use crate::stats::{self, Summary};
use crate::table::Fault;
use crate::text;
use crate::units::Seconds;

/// The columns, in order. Seconds are per execution of the op.
pub const COLUMNS: [&str; 7] = ["cell", "run", "sample", "executions", "device_s", "wall_s", "label"];

/// Fewer samples carry no spread.
pub const SPREAD_MIN: usize = 5;

/// One sample, per execution of the op.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Sample {
    /// Executions in the submission.
    pub executions: u32,
    /// By the device's clock.
    pub device_s: Option<f64>,
    /// By the host's clock.
    pub wall_s: f64,
}

/// The samples that one run took of one cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The cell's name.
    pub cell: String,
    /// The run.
    pub run: u32,
    /// In the order in which they were taken.
    pub samples: Vec<Sample>,
    /// The line of the file on which they start.
    pub line: u64,
}

/// What of a [`Timing`] does not follow from its samples.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Circumstances {
    /// Which clock makes the headline.
    pub method: TimingMethod,
    /// Samples dropped for want of a reading.
    pub dropped: u32,
    /// Why sampling ended.
    pub stop_reason: String,
    /// How fast the device was before and after.
    pub calibration: Option<Calibration>,
    /// What its sensors said.
    pub sensed: Sensed,
}

impl Timing {
    /// Summarises samples. `None` without any, or where the headline's clock gave no reading in one of them.
    pub fn of(samples: &[Sample], circumstances: Circumstances) -> Option<Self> {
        let Circumstances { method, dropped, stop_reason, calibration, sensed } = circumstances;
        let wall: Vec<f64> = samples.iter().map(|sample| sample.wall_s).collect();
        let device: Vec<f64> = samples.iter().filter_map(|sample| sample.device_s).collect();
        let headline = headline(samples, method)?;
        let spread = Some(&headline).filter(|times| times.len() >= SPREAD_MIN);
        Some(Self {
            seconds: Summary::of(&headline)?,
            method,
            device_median: stats::median(&device).map(Seconds),
            wall_median: Seconds(stats::median(&wall)?),
            samples: samples.len() as u32,
            dropped,
            executions_per_sample: samples.first()?.executions,
            stop_reason,
            relative_stdev: spread.and_then(|times| stats::relative_stdev(times)),
            outliers: Counts::of(&headline),
            signs: signs(&headline).iter().map(|sign| sign.name()).collect::<Vec<_>>().join(";"),
            calibration,
            sensed,
        })
    }

    /// What a recomputation from samples must be given.
    pub fn circumstances(&self) -> Circumstances {
        Circumstances {
            method: self.method,
            dropped: self.dropped,
            stop_reason: self.stop_reason.clone(),
            calibration: self.calibration,
            sensed: self.sensed.clone(),
        }
    }
}

/// The times that make the headline, in order; `None` where one is missing.
pub fn headline(samples: &[Sample], method: TimingMethod) -> Option<Vec<f64>> {
    let time = |sample: &Sample| match method {
        TimingMethod::Timestamp => sample.device_s,
        TimingMethod::Wall => Some(sample.wall_s),
        TimingMethod::Unknown => None,
    };
    samples.iter().map(time).collect()
}

/// The header line with its end.
pub fn header() -> String {
    line(COLUMNS)
}

/// The samples of one run of a cell as rows with their line ends, each labelled by the headline's clock.
pub fn rows(cell: &str, run: u32, method: TimingMethod, samples: &[Sample]) -> String {
    let times = headline(samples, method).unwrap_or_default();
    let labels = labels(&times);
    let row = |(index, sample): (usize, &Sample)| {
        line([
            text::csv_cell(cell),
            run.to_string(),
            index.to_string(),
            sample.executions.to_string(),
            sample.device_s.map(number).unwrap_or_default(),
            number(sample.wall_s),
            labels.get(index).map(|label| label.name().to_owned()).unwrap_or_default(),
        ])
    };
    samples.iter().enumerate().map(row).collect()
}

/// Reads the file a series at a time: a million samples need no more memory than the longest series.
///
/// # Errors
/// The first fault with its line and column, or what `each` finds wrong with a series.
pub fn read(input: impl Read, mut each: impl FnMut(Series) -> Result<(), Fault>) -> Result<(), Fault> {
    let mut reader = csv::Reader::from_reader(input);
    let header = reader.headers().map_err(|error| Fault::of_csv(&error))?;
    let position =
        |name: &str| header.iter().position(|column| column.trim_start_matches('\u{feff}') == name);
    let needed = |name: &str| {
        let missing = || Fault { line: 1, column: 0, what: format!("column \"{name}\" is missing") };
        position(name).ok_or_else(missing)
    };
    let columns = Columns {
        cell: needed("cell")?,
        run: position("run"),
        executions: needed("executions")?,
        device_s: needed("device_s")?,
        wall_s: needed("wall_s")?,
    };
    let mut record = csv::StringRecord::new();
    let mut series: Option<Series> = None;
    while reader.read_record(&mut record).map_err(|error| Fault::of_csv(&error))? {
        let row = columns.row(&record)?;
        match &mut series {
            Some(series) if series.cell == row.cell && series.run == row.run => {
                series.samples.push(row.sample)
            }
            _ => {
                let line = record.position().map_or(0, csv::Position::line);
                let next =
                    Series { cell: row.cell.to_owned(), run: row.run, samples: vec![row.sample], line };
                series.replace(next).map_or(Ok(()), &mut each)?;
            }
        }
    }
    series.map_or(Ok(()), each)
}

/// Where the columns that count stand.
struct Columns {
    cell: usize,
    run: Option<usize>,
    executions: usize,
    device_s: usize,
    wall_s: usize,
}

struct Row<'r> {
    cell: &'r str,
    run: u32,
    sample: Sample,
}

impl Columns {
    fn row<'r>(&self, record: &'r csv::StringRecord) -> Result<Row<'r>, Fault> {
        let text = |column: usize| record.get(column).unwrap_or_default();
        let fault = |column: usize, what: &str| Fault {
            line: record.position().map_or(0, csv::Position::line),
            column: column + 1,
            what: format!("\"{}\" is not {what}", text::inert(text(column))),
        };
        let count = |column: usize| text(column).parse::<u32>().map_err(|_| fault(column, "a count"));
        let seconds = |column: usize| {
            let parsed = text(column).parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0);
            parsed.ok_or_else(|| fault(column, "a finite number > 0"))
        };
        let device_s = if text(self.device_s).is_empty() { None } else { Some(seconds(self.device_s)?) };
        Ok(Row {
            cell: text(self.cell),
            run: self.run.map_or(Ok(0), count)?,
            sample: Sample { executions: count(self.executions)?, device_s, wall_s: seconds(self.wall_s)? },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_all(text: &str) -> Result<Vec<Series>, String> {
        let mut all = Vec::new();
        let read = read(text.as_bytes(), |series| {
            all.push(series);
            Ok(())
        });
        read.map(|()| all).map_err(|fault| fault.to_string())
    }

    fn written(cell: &str, run: u32, samples: &[Sample]) -> String {
        rows(cell, run, TimingMethod::Timestamp, samples)
    }

    fn sample(seconds: f64) -> Sample {
        Sample { executions: 3, device_s: Some(seconds), wall_s: 2.0 * seconds }
    }

    #[test]
    fn a_series_ends_where_the_cell_or_the_run_changes() {
        let (one, two) = ([sample(1e-3), sample(2e-3)], [sample(3e-3)]);
        let text = header() + &written("a", 0, &one) + &written("a", 1, &two) + &written("b", 1, &two);
        let all = read_all(&text).unwrap();
        let shown: Vec<_> = all.iter().map(|s| (s.cell.as_str(), s.run, s.samples.len(), s.line)).collect();
        assert_eq!(shown, [("a", 0, 2, 2), ("a", 1, 1, 4), ("b", 1, 1, 5)]);
        assert_eq!(all[0].samples, one);
    }

    #[test]
    fn files_of_one_run_have_no_column_for_it() {
        let all = read_all("cell,sample,executions,device_s,wall_s\na,0,3,,0.5\n").unwrap();
        assert_eq!(all[0].run, 0);
        assert_eq!(all[0].samples, [Sample { executions: 3, device_s: None, wall_s: 0.5 }]);
    }

    #[test]
    fn hostile_samples_are_refused_where_they_are() {
        let head = header();
        for (row, fault) in [
            ("a,0,0,3,NaN,1,", "2:5: \"NaN\" is not a finite number > 0"),
            ("a,0,0,3,,0,", "2:6: \"0\" is not a finite number > 0"),
            ("a,x,0,3,,1,", "2:2: \"x\" is not a count"),
            ("a,0,0,-3,,1,", "2:4: \"-3\" is not a count"),
            ("a,0", "2: has 2 fields, the header has 7 (a quote left open or a comma too many?)"),
        ] {
            assert_eq!(read_all(&format!("{head}{row}\n")).unwrap_err(), fault);
        }
        assert_eq!(read_all("cell,run\n").unwrap_err(), "1: column \"executions\" is missing");
    }

    #[test]
    fn outliers_are_labelled_and_kept() {
        let mut samples = [1.0, 1.001, 0.999, 1.002, 1.0, 0.998].map(sample).to_vec();
        samples.push(sample(9.0));
        let text = written("a", 0, &samples);
        assert!(text.lines().last().is_some_and(|line| line.ends_with(",high-severe")), "{text}");
        assert_eq!(text.lines().filter(|line| line.ends_with(',')).count(), 6);
        let timing = Timing::of(&samples, Circumstances::default()).unwrap();
        assert_eq!((timing.outliers, timing.samples), (Counts { mild: 0, severe: 1 }, 7));
    }

    #[test]
    fn few_samples_have_no_spread() {
        let timing = |count| Timing::of(&vec![sample(1e-3); count], Circumstances::default());
        assert_eq!(timing(4).unwrap().relative_stdev, None);
        assert_eq!(timing(5).unwrap().relative_stdev, Some(0.0));
        assert_eq!(timing(0), None);
    }

    #[test]
    fn a_headline_needs_a_reading_in_every_sample() {
        let mut samples = [sample(1e-3); 6];
        samples[3].device_s = None;
        assert_eq!(headline(&samples, TimingMethod::Timestamp), None);
        assert_eq!(headline(&samples, TimingMethod::Wall), Some(vec![2e-3; 6]));
    }

    proptest! {
        #[test]
        fn written_samples_read_back_bit_for_bit(
            times in prop::collection::vec((1u32..10_000, 1e-9f64..1e3, any::<bool>()), 1..20), run in 0u32..9,
        ) {
            let sample = |(executions, seconds, device): &(u32, f64, bool)| Sample {
                executions: *executions, device_s: device.then_some(*seconds), wall_s: seconds * 1.5,
            };
            let samples: Vec<Sample> = times.iter().map(sample).collect();
            let text = header() + &written("gemm/f32/m=1;n=2/x", run, &samples);
            prop_assert_eq!(&read_all(&text).unwrap()[0].samples, &samples);
        }
    }
}
