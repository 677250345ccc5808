//! The rows of one device of one task: what they say of it, and whether they are what they claim to be.

use super::card;
use super::flags::Seen;
use super::record::Records;
use super::rows::{Lines, calibration_s};
use super::times::{ROUNDING_S, Span, seconds};
use crate::fleet::collected::{Aside, Cell, Rows, Unit, Visit, Why};
use crate::measurement::{Identity, Measurement, Outcome, wire};
use crate::stats::median;
use crate::table::quote;

/// The file with the rows of a device.
pub const FILE: &str = "measurements.csv";

/// A device's rows, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlaceRead {
    /// The device; its type is not known yet.
    pub unit: Unit,
    /// The cells with a good row, and one of each.
    pub cells: Vec<(Cell, Measurement)>,
    /// The good rows; their cells are those above.
    pub visits: Vec<Visit>,
    /// What is needed until all tasks are known.
    pub seen: Seen,
}

/// What was read of a file: its device with the lines of its rows, the rows, and what was set aside.
pub type FileRead = (Option<(PlaceRead, String)>, u64, Vec<Aside>);

/// Rows as they come in.
pub struct Reading<'r> {
    task: u32,
    place: &'r str,
    records: &'r Records,
    rows: u64,
    read: PlaceRead,
    lines: Option<Lines>,
    /// The place of each of the file's cells among those with a good row.
    locals: Vec<Option<u32>>,
    against: Option<(Why, String)>,
    begun_s: Option<i64>,
    /// Rows of earlier attempts and of the last one.
    times: [Option<Span>; 2],
    last_s: Option<i64>,
    clocks_hz: Vec<f64>,
    temperatures_c: Vec<f64>,
    calibrations_s: Vec<f64>,
}

impl<'r> Reading<'r> {
    /// Of a place of a task. `table` says whether the lines of its rows are wanted.
    pub fn of(task: u32, place: &'r str, records: &'r Records, table: bool) -> Self {
        Self {
            task,
            place,
            records,
            rows: 0,
            read: PlaceRead::default(),
            lines: table.then(|| Lines::new(task, place)),
            locals: Vec::new(),
            against: None,
            begun_s: records.last.as_ref().and_then(|last| seconds(&last.begun_utc)),
            times: [None; 2],
            last_s: None,
            clocks_hz: Vec::new(),
            temperatures_c: Vec::new(),
            calibrations_s: Vec::new(),
        }
    }

    /// Reads the file of the folder at `path`.
    pub fn file(mut self, path: &str, bytes: &[u8]) -> FileRead {
        let path = format!("{path}/{FILE}");
        let (whole, torn) = bytes.split_at(wire::whole_lines(bytes));
        let read = if whole.is_empty() {
            Ok(())
        } else {
            wire::each_of_cell(whole, |cell, row| self.row(cell, row))
        };
        let rows = self.rows;
        if let Err(fault) = read {
            let path = match (fault.line, fault.column) {
                (0, _) => path,
                (line, 0) => format!("{path}:{line}"),
                (line, column) => format!("{path}:{line}:{column}"),
            };
            let aside =
                Aside { path, why: Why::Unreadable, what: fault.what + ": none of its rows counts", rows };
            return (None, rows, vec![aside]);
        }
        let mut aside = Vec::new();
        if whole.is_empty() || !torn.is_empty() {
            let line = whole.iter().filter(|byte| **byte == b'\n').count() + 1;
            let what = match rows {
                0 => format!("was torn after {} bytes: no row is whole", bytes.len()),
                rows => {
                    format!("its last row was torn after {} bytes; the {rows} before it count", torn.len())
                }
            };
            aside.push(Aside { path: format!("{path}:{line}"), why: Why::Torn, what, rows: 0 });
        }
        match self.finish() {
            Ok(read) => (read, rows, aside),
            Err((why, what)) => {
                aside.push(Aside { path, why, what, rows });
                (None, rows, aside)
            }
        }
    }

    fn row(&mut self, cell: u32, row: Measurement) {
        self.rows += 1;
        self.check_identity(&row.provenance.identity);
        self.check_time(&row.provenance.time_utc);
        if let Some(lines) = &mut self.lines {
            lines.add(cell, &row);
        }
        let counts = &mut self.read.unit.rows;
        match &row.outcome {
            Outcome::Ok(..) => {
                counts.ok += 1;
                self.good(cell, row);
            }
            Outcome::Wrong(..) => counts.wrong += 1,
            Outcome::Failed(_) => counts.failed += 1,
            Outcome::Skipped(_) => counts.skipped += 1,
            Outcome::Imported(_) => {
                self.object(Why::Foreign, || "has rows that were imported from another tool".into());
            }
        }
    }

    /// Keeps the first reason for which the file does not count.
    fn object(&mut self, why: Why, what: impl FnOnce() -> String) {
        self.against.get_or_insert_with(|| (why, what()));
    }

    fn check_identity(&mut self, identity: &Identity) {
        let first = &self.read.unit.identity;
        if self.rows == 1 {
            self.read.unit.identity = identity.clone();
            return;
        }
        let device = |it: &Identity| (it.adapter.clone(), it.pci_bus_id.clone());
        if first.adapter != identity.adapter
            || first.pci_bus_id != identity.pci_bus_id
            || first.device_type != identity.device_type
            || first.backend != identity.backend
        {
            let [(adapter, bus), (other, other_bus)] = [device(first), device(identity)];
            self.object(Why::OtherDevice, || {
                let [one, two] = [card::shown(&adapter, &bus), card::shown(&other, &other_bus)];
                format!("has rows of {one} and of {two}")
            });
            return;
        }
        let seen = &mut self.read.seen;
        seen.versions_mixed |= first.tool_version != identity.tool_version
            || first.tool_commit != identity.tool_commit
            || first.build_profile != identity.build_profile;
        seen.drivers_mixed |= first.driver != identity.driver || first.driver_info != identity.driver_info;
    }

    fn check_time(&mut self, time_utc: &str) {
        let Some(at_s) = seconds(time_utc) else { return };
        let (row, unit) = (self.rows, &mut self.read.unit);
        if unit.first_utc.is_empty() {
            time_utc.clone_into(&mut unit.first_utc);
        }
        time_utc.clone_into(&mut unit.last_utc);
        if let Some(before_s) = self.last_s.filter(|last_s| at_s + ROUNDING_S < *last_s) {
            let back_s = before_s - at_s;
            self.object(Why::Backwards, || format!("row {row} ended {back_s} s before the row above it"));
        }
        self.last_s = Some(at_s);
        let earlier = self.begun_s.is_some_and(|begun_s| at_s + ROUNDING_S < begun_s);
        let [before, since] = &mut self.times;
        let span = if earlier { before } else { since };
        let Span { start_s, .. } = span.unwrap_or(Span { start_s: at_s, end_s: at_s });
        *span = Some(Span { start_s, end_s: at_s });
    }

    fn good(&mut self, file_cell: u32, row: Measurement) {
        let Some(timing) = row.timing() else { return };
        self.clocks_hz.extend(timing.sensed.clock_hz);
        self.temperatures_c.extend(timing.sensed.temperature_c);
        self.calibrations_s.extend(timing.calibration.map(calibration_s));
        let (run, median_s) = (row.run, timing.seconds.median);
        let place = usize::try_from(file_cell).unwrap_or(usize::MAX);
        if self.locals.len() <= place {
            self.locals.resize(place + 1, None);
        }
        let Some(local) = self.locals.get_mut(place) else { return };
        let cells = &mut self.read.cells;
        let cell = *local.get_or_insert_with(|| {
            let cell = Cell { name: row.cell(), op: row.op, variant: row.variant.clone(), cache: row.cache };
            cells.push((cell, row));
            u32::try_from(cells.len() - 1).unwrap_or(u32::MAX)
        });
        self.read.visits.push(Visit { unit: 0, cell, run, median_s });
    }

    fn finish(mut self) -> Result<Option<(PlaceRead, String)>, (Why, String)> {
        if self.rows == 0 {
            return Ok(None);
        }
        if let Some(against) = self.against {
            return Err(against);
        }
        let unit = &mut self.read.unit;
        let card = self.records.last.as_ref().and_then(|last| card::card(last, self.place, &unit.identity));
        let Some(card) = card else {
            let device = card::shown(&unit.identity.adapter, &unit.identity.pci_bus_id);
            return Err((
                Why::Foreign,
                format!("its folder is not named for the device of its rows, {device}"),
            ));
        };
        if let Some(what) = card::contradiction(&card, &unit.identity) {
            return Err((Why::OtherDevice, what));
        }
        unit.card = card;
        unit.task = self.task;
        let spans = spans(self.records, self.records.is_of_last(self.place), self.begun_s, self.times);
        self.read.seen.spans = spans.map_err(|what| (Why::Backwards, what))?;
        unit.clock_hz = median(&self.clocks_hz);
        unit.temperature_c = median(&self.temperatures_c);
        unit.calibration_s = median(&self.calibrations_s);
        let Rows { ok, .. } = unit.rows;
        self.read.visits.shrink_to_fit();
        debug_assert_eq!(ok, self.read.visits.len() as u64, "every good row is a visit");
        Ok(Some((self.read, self.lines.map(|lines| lines.text).unwrap_or_default())))
    }
}

/// When the device was busy: with earlier attempts while rows came, with the last one from its begin to its end.
fn spans(
    records: &Records,
    of_last_attempt: bool,
    begun_s: Option<i64>,
    [before, since]: [Option<Span>; 2],
) -> Result<Vec<Span>, String> {
    let status = records.ended();
    let ended_s = status.and_then(|status| seconds(&status.ended_utc));
    if !of_last_attempt {
        return Ok(before.into_iter().chain(since).collect());
    }
    let first_attempt = records.last.as_ref().is_some_and(|last| last.attempt <= 1);
    if let (Some(_), Some(last), true) = (before, &records.last, first_attempt) {
        return Err(format!("has a row that ended before the task began at {}", quote(&last.begun_utc)));
    }
    let last_s = since.map(|since| since.end_s);
    if let (Some(last_s), Some(ended_s), Some(status)) = (last_s, ended_s, status)
        && last_s > ended_s + ROUNDING_S
    {
        let late_s = last_s - ended_s;
        let ended = quote(&status.ended_utc);
        return Err(format!("its last row ended {late_s} s after the task, which ended at {ended}"));
    }
    let start_s = begun_s.or(since.map(|since| since.start_s));
    let end_s = ended_s.or(last_s).or(begun_s);
    let last = start_s.zip(end_s).map(|(start_s, end_s)| Span { start_s, end_s });
    Ok(before.into_iter().chain(last).collect())
}
