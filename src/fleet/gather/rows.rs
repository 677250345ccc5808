//! The rows of a fleet as CSV: lean, since what they share is in the table of devices.

use crate::fleet::tables::line;
use crate::measurement::{Calibration, Measurement, wire};

/// The columns of `rows.csv`, in order.
pub const ROW_COLUMNS: [&str; 19] = [
    "task",
    "place",
    "cell",
    "kernel",
    "format",
    "shape",
    "variant",
    "cache",
    "run",
    "status",
    "reason",
    "median_s",
    "q1_s",
    "q3_s",
    "samples",
    "clock_hz",
    "temperature_c",
    "calibration_s",
    "time_utc",
];

/// The lines of one file. What rows of a cell share is made once.
#[derive(Debug, Default)]
pub struct Lines {
    start: String,
    cells: Vec<String>,
    /// The lines.
    pub text: String,
}

impl Lines {
    /// Of a place of a task.
    pub fn new(task: u32, place: &str) -> Self {
        Self { start: part([&task.to_string(), place]), ..Self::default() }
    }

    /// Adds a row of the cell with this place among those of the file.
    pub fn add(&mut self, cell: u32, row: &Measurement) {
        let cell = usize::try_from(cell).unwrap_or(usize::MAX);
        while self.cells.len() <= cell {
            let (op, cache) = (&row.op, row.cache.name());
            let words = [&row.cell(), op.kernel(), op.format().name(), &op.shape(), &row.variant, cache];
            self.cells.push(part(words));
        }
        self.text += &self.start;
        self.text += self.cells.get(cell).map(String::as_str).unwrap_or_default();
        self.text += &row.run.to_string();
        self.text.push(',');
        self.text += row.outcome.status();
        self.text.push(',');
        if !row.outcome.reason().is_empty() {
            self.text += part([row.outcome.reason()]).trim_end_matches(',');
        }
        let timing = row.timing();
        let sensed = timing.map(|timing| &timing.sensed);
        let numbers = [
            timing.map(|timing| timing.seconds.median),
            timing.map(|timing| timing.seconds.q1),
            timing.map(|timing| timing.seconds.q3),
            timing.map(|timing| f64::from(timing.samples)),
            sensed.and_then(|sensed| sensed.clock_hz),
            sensed.and_then(|sensed| sensed.temperature_c),
            timing.and_then(|timing| timing.calibration).map(calibration_s),
        ];
        for number in numbers {
            self.text.push(',');
            if let Some(number) = number {
                self.text += &wire::number(number);
            }
        }
        self.text.push(',');
        self.text += &line([&row.provenance.time_utc]);
    }
}

/// Seconds of the calibration kernel: the mean of before and after.
pub fn calibration_s(calibration: Calibration) -> f64 {
    let [before, after] = calibration.seconds();
    0.5 * (before + after)
}

/// Cells of a line with what follows them.
fn part<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    line(words).trim_end_matches('\n').to_owned() + ","
}
