//! Every summary of a `measurements.csv` again, from the raw samples beside it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, Read};

use super::samples::{self, Series};
use super::{Measurement, Outcome, Timing, wire};
use crate::table::Fault;
use crate::text::inert;

/// The columns that follow from the samples and the shape. All others are facts of the run and are kept as they
/// stand: nothing in the two files could confirm them.
pub const RECOMPUTED: [&str; 17] = [
    "cell",
    "median_s",
    "min_s",
    "q1_s",
    "q3_s",
    "mean_s",
    "mad_s",
    "device_median_s",
    "wall_median_s",
    "samples",
    "executions_per_sample",
    "relative_stdev",
    "outliers_mild",
    "outliers_severe",
    "signs",
    "flops",
    "bytes",
];

/// Which of the two files a fault is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum File {
    /// `measurements.csv`.
    Measurements,
    /// `samples.csv`.
    Samples,
}

/// What the samples say of a `measurements.csv`.
#[derive(Clone, Debug, PartialEq)]
pub struct Recomputed {
    /// The file as the samples give it: byte for byte the stored one where `faults` is empty.
    pub text: String,
    /// Where the two do not agree: a summary that is another, rows without samples, samples without a row, samples
    /// of a row that may have none.
    pub faults: Vec<(File, Fault)>,
    /// Columns of [`RECOMPUTED`] that the file does not have, so that they are not checked.
    pub absent: Vec<&'static str>,
}

/// Recomputes a file. `samples` is read once and never held as a whole.
///
/// # Errors
/// The first fault that makes one of the files unreadable.
pub fn recompute(stored: &[u8], samples: impl Read) -> Result<Recomputed, (File, Fault)> {
    let in_measurements = |fault| (File::Measurements, fault);
    let rows = wire::read(stored).map_err(in_measurements)?;
    let mut again = Again::new(rows);
    samples::read(samples, |series| {
        again.take(&series);
        Ok(())
    })
    .map_err(|fault| (File::Samples, fault))?;
    again.finish(stored).map_err(in_measurements)
}

/// The file in memory, with the timings replaced as their samples come by.
struct Again {
    rows: Vec<Measurement>,
    places: HashMap<(String, u32), usize>,
    /// Where the samples of a row start.
    sampled: HashMap<usize, u64>,
    faults: Vec<(File, Fault)>,
}

impl Again {
    fn new(rows: Vec<Measurement>) -> Self {
        let places = rows.iter().enumerate().map(|(place, row)| ((name(row), row.run), place)).collect();
        Self { rows, places, sampled: HashMap::new(), faults: vec![] }
    }

    /// Puts the timing of a series in the place of the stored one, or says why there is no such place.
    fn take(&mut self, series: &Series) {
        if let Err(what) = self.place(series) {
            let what = format!("samples of cell {} of run {}: {what}", inert(&series.cell), series.run);
            self.faults.push((File::Samples, Fault { line: series.line, column: 0, what }));
        }
    }

    fn place(&mut self, series: &Series) -> Result<(), String> {
        let key = (series.cell.clone(), series.run);
        let place = *self.places.get(&key).ok_or("there is no such row")?;
        match self.sampled.entry(place) {
            Entry::Occupied(first) => return Err(format!("others start on line {}", first.get())),
            Entry::Vacant(free) => free.insert(series.line),
        };
        let row = self.rows.get_mut(place).ok_or("there is no such row")?;
        match &mut row.outcome {
            Outcome::Ok(timing, _) => {
                let again = Timing::of(&series.samples, timing.circumstances());
                **timing = again.ok_or("the headline's clock gave no reading in one of them")?;
                Ok(())
            }
            other => Err(format!("the row has status {} and may have none", other.status())),
        }
    }

    /// Writes the file again and compares it with the stored one.
    fn finish(mut self, stored: &[u8]) -> Result<Recomputed, Fault> {
        let mut reader = csv::Reader::from_reader(without_mark(stored));
        let header = reader.headers().map_err(|error| Fault::of_csv(&error))?.clone();
        let columns = Column::of(&header);
        let absent = RECOMPUTED.into_iter().filter(|name| !header.iter().any(|it| it == *name)).collect();
        let mut out = Vec::with_capacity(stored.len());
        let mut writer = csv::Writer::from_writer(&mut out);
        let unwritable = |error: csv::Error| Fault { line: 0, column: 0, what: error.to_string() };
        writer.write_record(&header).map_err(unwritable)?;
        for (place, record) in reader.records().enumerate() {
            let record = record.map_err(|error| Fault::of_csv(&error))?;
            let cells = self.row(place, &record, &columns);
            writer.write_record(cells).map_err(unwritable)?;
        }
        writer.flush().map_err(|error: io::Error| unwritable(error.into()))?;
        drop(writer);
        if self.faults.is_empty() && out != stored {
            self.faults.push((File::Measurements, other_form(stored, &out)));
        }
        self.faults.sort_by_key(|(file, fault)| (*file == File::Samples, fault.line, fault.column));
        let text =
            String::from_utf8(out).map_err(|_| Fault { line: 0, column: 0, what: "is not UTF-8".into() })?;
        Ok(Recomputed { text, faults: self.faults, absent })
    }

    /// The cells of a row as the samples give them; where they differ from the stored ones, that is noted.
    fn row(&mut self, place: usize, record: &csv::StringRecord, columns: &[Column]) -> Vec<String> {
        let mut cells: Vec<String> = record.iter().map(str::to_owned).collect();
        let Some(row) = self.rows.get(place) else { return cells };
        let line = record.position().map_or(0, csv::Position::line);
        let of = format!("cell {} of run {}", name(row), row.run);
        if row.timing().is_some() && !self.sampled.contains_key(&place) {
            let what = format!("{of}: there are no samples of it");
            self.faults.push((File::Measurements, Fault { line, column: 0, what }));
            return cells;
        }
        let again = wire::cells(row);
        for column in columns {
            let (Some(stored), Some(again)) = (cells.get_mut(column.stored), again.get(column.known)) else {
                continue;
            };
            if stored != again {
                let what = format!(
                    "{of}: {} is \"{}\", the samples give \"{}\"",
                    column.name,
                    inert(stored),
                    inert(again)
                );
                self.faults.push((File::Measurements, Fault { line, column: column.stored + 1, what }));
                stored.clone_from(again);
            }
        }
        cells
    }
}

/// A recomputed column that the file has.
struct Column {
    name: &'static str,
    /// Its place in the file.
    stored: usize,
    /// Its place in [`wire::COLUMNS`].
    known: usize,
}

impl Column {
    fn of(header: &csv::StringRecord) -> Vec<Self> {
        let known = |name: &str| wire::COLUMNS.iter().position(|column| *column == name);
        let stored = |name: &str| header.iter().position(|column| column == name);
        let column = |name| Some(Self { name, stored: stored(name)?, known: known(name)? });
        RECOMPUTED.into_iter().filter_map(column).collect()
    }
}

/// The name of a row's cell as `samples.csv` has it.
fn name(row: &Measurement) -> String {
    crate::text::csv_cell(&row.cell())
}

fn without_mark(stored: &[u8]) -> &[u8] {
    stored.strip_prefix(b"\xef\xbb\xbf").unwrap_or(stored)
}

/// Equal cells in other bytes: quotes, spaces, line ends or a byte-order mark.
fn other_form(stored: &[u8], again: &[u8]) -> Fault {
    let same = stored.iter().zip(again).take_while(|(stored, again)| stored == again);
    let line = same.filter(|(stored, _)| **stored == b'\n').count() as u64 + 1;
    let what = "has the right values in another form than mtok writes (quotes, spaces, line ends or a mark)";
    Fault { line, column: 0, what: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measurement::samples::{Circumstances, Sample};
    use crate::measurement::{Cache, DeviceType, Identity, Provenance, TimingMethod, Verification};
    use crate::op::Op;
    use proptest::prelude::*;

    const CHECKED: Verification = Verification { nmse: 0.0, nmse_max: 1.0, compared: 1 };

    fn sample(seconds: f64) -> Sample {
        Sample { executions: 3, device_s: Some(seconds), wall_s: seconds * 1.3 }
    }

    fn row(chain: u64, run: u32, outcome: Outcome) -> Measurement {
        let identity = Identity {
            adapter: "an \"adapter\", quoted".into(),
            device_type: DeviceType::Other,
            backend: "vulkan".into(),
            tool_version: "0.1.0".into(),
            ..Identity::default()
        };
        Measurement {
            op: Op::Dispatch { chain },
            variant: "counter".into(),
            cache: Cache::Hot,
            run,
            outcome,
            provenance: Provenance { identity, ..Provenance::default() },
        }
    }

    fn ok(chain: u64, run: u32, samples: &[Sample]) -> (Measurement, String) {
        let circumstances =
            Circumstances { method: TimingMethod::Timestamp, dropped: 1, ..Circumstances::default() };
        let timing = Box::new(Timing::of(samples, circumstances).unwrap());
        let row = row(chain, run, Outcome::Ok(timing, CHECKED));
        let text = samples::rows(&row.cell(), run, TimingMethod::Timestamp, samples);
        (row, text)
    }

    /// Two good rows and one that failed, with their samples.
    fn good() -> (String, String) {
        let (one, of_one) = ok(1, 0, &[sample(1e-3), sample(2e-3), sample(4e-3)]);
        let (two, of_two) = ok(1, 1, &[0.1, 0.2, 0.3, 0.1, 0.7, 0.1].map(sample));
        let failed = row(2, 0, Outcome::Failed("lost".into()));
        let rows = [one, two, failed].iter().map(wire::row).collect::<String>();
        (wire::header() + &rows, samples::header() + &of_one + &of_two)
    }

    fn faults(stored: &str, samples: &str) -> Vec<String> {
        let again = recompute(stored.as_bytes(), samples.as_bytes()).unwrap();
        let shown = |(file, fault): &(File, Fault)| {
            format!("{}:{fault}", if *file == File::Samples { "s" } else { "m" })
        };
        again.faults.iter().map(shown).collect()
    }

    #[test]
    fn untouched_files_come_out_byte_for_byte() {
        let (stored, samples) = good();
        let again = recompute(stored.as_bytes(), samples.as_bytes()).unwrap();
        assert_eq!(again, Recomputed { text: stored, faults: vec![], absent: vec![] });
    }

    #[test]
    fn a_summary_that_the_samples_do_not_give_is_named() {
        let (stored, samples) = good();
        let edited = stored.replacen(",0.002,0.001,", ",0.0019,0.001,", 1);
        assert_eq!(
            faults(&edited, &samples),
            [
                "m:2:12: cell dispatch/f32/chain=1/counter of run 0: median_s is \"0.0019\", the samples give \"0.002\""
            ]
        );
        let again = recompute(edited.as_bytes(), samples.as_bytes()).unwrap();
        assert_eq!(again.text, stored);
    }

    #[test]
    fn rows_and_samples_that_do_not_belong_together_are_named() {
        let (stored, samples) = good();
        let lines: Vec<&str> = samples.split_inclusive('\n').collect();
        let cell = "dispatch/f32/chain=1/counter";
        assert_eq!(
            faults(&stored, &lines[..4].concat()),
            [format!("m:3: cell {cell} of run 1: there are no samples of it")]
        );
        let orphan = samples.clone() + "dispatch/f32/chain=9/counter,0,0,1,1,1,\n";
        assert_eq!(
            faults(&stored, &orphan),
            ["s:11: samples of cell dispatch/f32/chain=9/counter of run 0: there is no such row"]
        );
        let doubled = samples.clone() + lines[1];
        assert_eq!(
            faults(&stored, &doubled),
            [format!("s:11: samples of cell {cell} of run 0: others start on line 2")]
        );
        let of_failed = samples + "dispatch/f32/chain=2/counter,0,0,1,1,1,\n";
        assert_eq!(
            faults(&stored, &of_failed),
            [
                "s:11: samples of cell dispatch/f32/chain=2/counter of run 0: the row has status failed and may have none"
            ]
        );
    }

    #[test]
    fn a_wrong_row_may_have_neither_samples_nor_a_time() {
        let wrong = row(1, 0, Outcome::Wrong("off".into(), CHECKED));
        let stored = wire::header() + &wire::row(&wrong);
        let samples =
            samples::header() + &samples::rows(&wrong.cell(), 0, TimingMethod::Timestamp, &[sample(1.0)]);
        assert!(faults(&stored, &samples)[0].ends_with("the row has status wrong and may have none"));
        let timed = stored.replacen(",wrong,off,,", ",wrong,off,0.5,", 1);
        assert!(faults(&timed, &samples::header())[0].contains("median_s is \"0.5\", the samples give \"\""));
    }

    #[test]
    fn equal_values_in_other_bytes_are_not_equal_bytes() {
        let (stored, samples) = good();
        for (other, line) in [
            (stored.replace('\n', "\r\n"), 1),
            (format!("\u{feff}{stored}"), 1),
            (stored.replacen(",counter,", ",\"counter\",", 1), 2),
        ] {
            let shown = faults(&other, &samples);
            assert!(
                shown[0].starts_with(&format!("m:{line}: has the right values in another form")),
                "{shown:?}"
            );
        }
    }

    #[test]
    fn a_headline_without_a_reading_is_named() {
        let (stored, samples) = good();
        let holed = samples.replacen(",0.002,", ",,", 1);
        assert!(faults(&stored, &holed)[0].ends_with("gave no reading in one of them"));
    }

    #[test]
    fn every_recomputed_column_is_checked() {
        let (stored, samples) = good();
        for name in RECOMPUTED {
            let mut rows: Vec<csv::StringRecord> =
                csv::Reader::from_reader(stored.as_bytes()).records().map(Result::unwrap).collect();
            let place = wire::COLUMNS.iter().position(|column| *column == name).unwrap();
            // The same number in other digits is still another text.
            let other = |(index, cell)| if index == place { format!("0{cell}") } else { str::to_owned(cell) };
            rows[1] = rows[1].iter().enumerate().map(other).collect();
            let mut edited = csv::Writer::from_writer(Vec::new());
            edited.write_record(wire::COLUMNS).unwrap();
            rows.iter().for_each(|row| edited.write_record(row).unwrap());
            let edited = String::from_utf8(edited.into_inner().unwrap()).unwrap();
            let place = format!("m:3:{}: ", place + 1);
            assert!(faults(&edited, &samples)[0].starts_with(&place), "{name}");
        }
    }

    #[test]
    fn files_of_one_run_are_recomputed_as_far_as_their_columns_go() {
        let old = "schema_version,kernel,format,shape,variant,status,median_s,min_s,q1_s,q3_s,mean_s,mad_s,timing_method,\
             wall_median_s,samples,nmse,nmse_max,compared,adapter,device_type,backend,tool_version\n\
             1,dispatch,f32,chain=1,counter,ok,0.002,0.001,0.0015,0.003,0.0023333333333333335,0.001,timestamp,\
             0.0026000000000000003,3,0,1,1,x,other,vulkan,0.1.0\n";
        let first: String = good().1.split_inclusive('\n').take(4).collect();
        let again = recompute(old.as_bytes(), first.as_bytes()).unwrap();
        assert_eq!((again.text.as_str(), again.faults), (old, vec![]));
        let absent = ["cell", "device_median_s", "executions_per_sample", "relative_stdev"];
        assert!(again.absent.starts_with(&absent), "{:?}", again.absent);
    }

    proptest! {
        #[test]
        fn whatever_was_measured_is_recomputed_byte_for_byte(
            runs in prop::collection::vec(prop::collection::vec(1e-9f64..1e2, 1..40), 1..6),
        ) {
            let runs = runs.iter().map(|times| times.iter().map(|time| sample(*time)).collect::<Vec<_>>());
            let (mut stored, mut samples) = (wire::header(), samples::header());
            for (run, taken) in (0..).zip(runs) {
                let (row, text) = ok(1, run, &taken);
                stored += &wire::row(&row);
                samples += &text;
            }
            let again = recompute(stored.as_bytes(), samples.as_bytes()).unwrap();
            prop_assert_eq!(again.faults, vec![]);
            prop_assert_eq!(again.text, stored);
        }
    }
}
