//! `measurements.csv`: one row per cell and run, fixed columns, base facts only.

use std::io::{self, Read, Write};

use super::{Calibration, Energy, Identity, Measurement, Outcome, Provenance, Sensed, Timing, Verification};
use crate::op::Op;
use crate::stats::Summary;
use crate::stats::outlier::Counts;
use crate::table::{self, Fault, Row};
use crate::text;
use crate::units::{Bytes, Joules, Seconds};

/// Grows by one when a column changes its meaning or goes away; a new column does not change it. Version 1 had one
/// row per cell and is still read: its rows are those of run 0.
pub const SCHEMA_VERSION: u32 = 2;
const SCHEMA_VERSION_MIN: u32 = 1;

/// The columns of `measurements.csv`, in order.
pub const COLUMNS: [&str; 66] = [
    "schema_version",
    "cell",
    "kernel",
    "format",
    "shape",
    "variant",
    "chosen",
    "cache",
    "run",
    "status",
    "reason",
    "median_s",
    "min_s",
    "q1_s",
    "q3_s",
    "mean_s",
    "mad_s",
    "timing_method",
    "device_median_s",
    "wall_median_s",
    "samples",
    "dropped",
    "executions_per_sample",
    "stop_reason",
    "relative_stdev",
    "outliers_mild",
    "outliers_severe",
    "signs",
    "calibration_before_s",
    "calibration_after_s",
    "energy_j",
    "energy_window_s",
    "energy_source",
    "clock_hz",
    "temperature_c",
    "flops",
    "bytes",
    "nmse",
    "nmse_max",
    "compared",
    "seed",
    "distribution",
    "input_hash",
    "shader_hash",
    "adapter",
    "adapter_index",
    "device_type",
    "vendor_id",
    "device_id",
    "pci_bus_id",
    "backend",
    "driver",
    "driver_info",
    "os",
    "host_memory_bytes",
    "clock_quantum_s",
    "bounds_checks",
    "wgpu_version",
    "tool_version",
    "tool_commit",
    "build_profile",
    "session",
    "argv",
    "time_utc",
    "imported_from",
    "note",
];

/// The columns without which a file is no run. Readers tolerate that others are absent.
const REQUIRED: [&str; 20] = [
    "schema_version",
    "kernel",
    "format",
    "shape",
    "status",
    "median_s",
    "min_s",
    "q1_s",
    "q3_s",
    "mean_s",
    "mad_s",
    "timing_method",
    "wall_median_s",
    "samples",
    "nmse",
    "nmse_max",
    "compared",
    "adapter",
    "device_type",
    "tool_version",
];

/// The header line of `measurements.csv`, with its line end.
pub fn header() -> String {
    line(COLUMNS)
}

/// One row with its line end: written with one write, it is either whole or recognisably torn.
pub fn row(measurement: &Measurement) -> String {
    line(cells(measurement))
}

/// The cells of a row in the order of [`COLUMNS`].
pub(super) fn cells(measurement: &Measurement) -> Vec<String> {
    let Measurement { op, variant, cache, run, outcome, provenance } = measurement;
    let mut fields = vec![
        SCHEMA_VERSION.to_string(),
        measurement.cell(),
        op.kernel().to_owned(),
        op.format().to_string(),
        op.shape(),
        variant.clone(),
        provenance.chosen.to_string(),
        cache.to_string(),
        run.to_string(),
        outcome.status().to_owned(),
        outcome.reason().to_owned(),
    ];
    fields.extend(match outcome {
        Outcome::Imported(timing) => imported_fields(timing),
        _ => timing_fields(measurement.timing()),
    });
    fields.extend(sensed_fields(measurement.timing()));
    fields.extend([number(op.flops().0), number(op.bytes().0)]);
    fields.extend(verification_fields(outcome));
    fields.extend(provenance_fields(provenance));
    fields.iter().map(|field| text::csv_cell(field)).collect()
}

/// Reads `measurements.csv`.
///
/// # Errors
/// The first fault with its line and column; a result without identity, a rate that is not finite and positive,
/// and a cell that appears twice in one run are faults.
pub fn read(input: impl Read) -> Result<Vec<Measurement>, Fault> {
    let mut measurements = Vec::new();
    each(input, |measurement| measurements.push(measurement))?;
    Ok(measurements)
}

/// Reads `measurements.csv` a row at a time.
///
/// # Errors
/// Those of [`read`].
pub fn each(input: impl Read, mut each: impl FnMut(Measurement)) -> Result<(), Fault> {
    let mut seen = std::collections::HashMap::new();
    table::each_row(input, &REQUIRED, |row| {
        let measurement = read_row(row)?;
        if let Some(first) = seen.insert((measurement.cell(), measurement.run), row.line()) {
            let what = format!("cell {} of run {} is on line {first}", measurement.cell(), measurement.run);
            return Err(row.fault("cell", what + " already"));
        }
        each(measurement);
        Ok(())
    })
}

/// The length of the part of a file that ends with a complete line; what follows was torn by a kill.
pub fn whole_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1)
}

/// A CSV line with its end.
pub(super) fn line<T: AsRef<[u8]>>(fields: impl IntoIterator<Item = T>) -> String {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    // Writing to memory cannot fail; an empty line would be caught by every test that reads it back.
    let written: io::Result<Vec<u8>> = writer.write_record(fields).map_err(io::Error::other).and_then(|()| {
        writer.flush()?;
        writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
    });
    written.ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// The shortest text that reads back to the same bits.
pub(super) fn number(value: f64) -> String {
    if value != 0.0 && !(1e-4..1e15).contains(&value.abs()) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

fn timing_fields(timing: Option<&Timing>) -> [String; 19] {
    let Some(timing) = timing else { return Default::default() };
    let Timing { seconds, method, device_median, wall_median, outliers, calibration, .. } = timing;
    [
        number(seconds.median),
        number(seconds.min),
        number(seconds.q1),
        number(seconds.q3),
        number(seconds.mean),
        number(seconds.mad),
        method.to_string(),
        device_median.map(|median| number(median.0)).unwrap_or_default(),
        number(wall_median.0),
        timing.samples.to_string(),
        timing.dropped.to_string(),
        timing.executions_per_sample.to_string(),
        timing.stop_reason.clone(),
        timing.relative_stdev.map(number).unwrap_or_default(),
        outliers.mild.to_string(),
        outliers.severe.to_string(),
        timing.signs.clone(),
        calibration.map(|calibration| number(calibration.before.0)).unwrap_or_default(),
        calibration.map(|calibration| number(calibration.after.0)).unwrap_or_default(),
    ]
}

/// What the file of another tool gives. Quartiles and deviations follow from the standard deviation when the row is read.
fn imported_fields(timing: &Timing) -> [String; 19] {
    let mut fields: [String; 19] = Default::default();
    let known = [
        (0, Some(timing.seconds.median)),
        (1, Some(timing.seconds.min)),
        (4, Some(timing.seconds.mean)),
        (13, timing.relative_stdev),
    ];
    for (place, value) in known {
        if let (Some(field), Some(value)) = (fields.get_mut(place), value) {
            *field = number(value);
        }
    }
    if let Some(field) = fields.get_mut(6) {
        *field = timing.method.to_string();
    }
    fields
}

fn sensed_fields(timing: Option<&Timing>) -> [String; 5] {
    let Some(Sensed { energy, clock_hz, temperature_c }) = timing.map(|timing| &timing.sensed) else {
        return Default::default();
    };
    let energy = energy.as_ref();
    [
        energy.map(|energy| number(energy.joules.0)).unwrap_or_default(),
        energy.map(|energy| number(energy.window.0)).unwrap_or_default(),
        energy.map(|energy| energy.source.clone()).unwrap_or_default(),
        clock_hz.map(number).unwrap_or_default(),
        temperature_c.map(number).unwrap_or_default(),
    ]
}

fn verification_fields(outcome: &Outcome) -> [String; 3] {
    match outcome {
        Outcome::Ok(_, verification) | Outcome::Wrong(_, verification) => {
            [number(verification.nmse), number(verification.nmse_max), verification.compared.to_string()]
        }
        Outcome::Imported(_) | Outcome::Failed(_) | Outcome::Skipped(_) => Default::default(),
    }
}

fn provenance_fields(provenance: &Provenance) -> [String; 26] {
    let Provenance { identity, shader_hash, seed, distribution, input_hash, time_utc, imported_from, .. } =
        provenance;
    let software = identity.device_type == super::DeviceType::Software;
    [
        seed.to_string(),
        distribution.clone(),
        input_hash.clone(),
        shader_hash.clone(),
        identity.adapter.clone(),
        identity.adapter_index.to_string(),
        identity.device_type.to_string(),
        format!("0x{:04x}", identity.vendor_id),
        format!("0x{:04x}", identity.device_id),
        identity.pci_bus_id.clone(),
        identity.backend.clone(),
        identity.driver.clone(),
        identity.driver_info.clone(),
        identity.os.clone(),
        identity.host_memory.map(|memory| number(memory.0)).unwrap_or_default(),
        identity.clock_quantum.map(|quantum| number(quantum.0)).unwrap_or_default(),
        identity.bounds_checks.clone(),
        identity.wgpu_version.clone(),
        identity.tool_version.clone(),
        identity.tool_commit.clone(),
        identity.build_profile.clone(),
        identity.session.clone(),
        identity.argv.clone(),
        time_utc.clone(),
        imported_from.clone(),
        if software { super::SOFTWARE_LABEL.to_owned() } else { String::new() },
    ]
}

fn read_row(row: Row<'_>) -> Result<Measurement, Fault> {
    let schema: u32 = row.parse("schema_version")?;
    if !(SCHEMA_VERSION_MIN..=SCHEMA_VERSION).contains(&schema) {
        let what = format!(
            "schema_version {schema} is none of {SCHEMA_VERSION_MIN} to {SCHEMA_VERSION}, which this version reads"
        );
        return Err(row.fault("schema_version", what));
    }
    let op = Op::parse(row.required("kernel")?, row.required("format")?, row.required("shape")?)
        .map_err(|what| row.fault("shape", what))?;
    let outcome = read_outcome(row)?;
    check_derived(row, "flops", op.flops().0)?;
    check_derived(row, "bytes", op.bytes().0)?;
    let variant = row.text("variant").to_owned();
    let cache = row.optional("cache")?.unwrap_or_default();
    let run = row.optional("run")?.unwrap_or_default();
    Ok(Measurement { op, variant, cache, run, outcome, provenance: read_provenance(row)? })
}

/// A stored count that differs from this version's formula means that the rates would not be comparable.
fn check_derived(row: Row<'_>, column: &str, expected: f64) -> Result<(), Fault> {
    match row.optional::<f64>(column)? {
        Some(stored) if (stored - expected).abs() > 1e-9 * expected.abs() => {
            Err(row.fault(column, format!("{column} {stored} is not the {expected} that the shape gives")))
        }
        _ => Ok(()),
    }
}

fn read_outcome(row: Row<'_>) -> Result<Outcome, Fault> {
    let reason = row.text("reason").to_owned();
    let status = row.required("status")?;
    match (status == "imported", row.text("imported_from")) {
        (true, "") => {
            return Err(row.fault("imported_from", "imported_from is empty in a row with status imported"));
        }
        (false, from) if !from.is_empty() => {
            return Err(row.fault("status", format!("status is {status} in a row with imported_from")));
        }
        _ => {}
    }
    match status {
        "imported" => Ok(Outcome::Imported(Box::new(read_imported(row)?))),
        "ok" => Ok(Outcome::Ok(Box::new(read_timing(row)?), read_verification(row)?)),
        "wrong" => Ok(Outcome::Wrong(reason, read_verification(row)?)),
        "failed" => Ok(Outcome::Failed(reason)),
        "skipped" => Ok(Outcome::Skipped(reason)),
        _ => Err(row.fault("status", "status is none of ok, wrong, failed, skipped, imported")),
    }
}

/// A time without which a row of this status is none.
fn needed(row: Row<'_>, column: &str) -> Result<f64, Fault> {
    row.positive(column)?.ok_or_else(|| {
        row.fault(column, format!("{column} is empty in a row with status {}", row.text("status")))
    })
}

/// The timing of an imported row: it has no quartiles, clock or verification of ours, and may have none.
fn read_imported(row: Row<'_>) -> Result<Timing, Fault> {
    for column in IMPORTED_EMPTY {
        if !row.text(column).is_empty() {
            return Err(row.fault(column, format!("{column} is not empty in a row with status imported")));
        }
    }
    let [median, min, mean] = [needed(row, "median_s")?, needed(row, "min_s")?, needed(row, "mean_s")?];
    if min > median {
        return Err(row.fault("median_s", "min_s and median_s are not in order"));
    }
    let relative_stdev = row.positive_or_zero("relative_stdev")?;
    Ok(Timing::imported(min, median, mean, relative_stdev))
}

/// Columns that only a measurement of ours fills.
const IMPORTED_EMPTY: [&str; 8] =
    ["q1_s", "q3_s", "mad_s", "wall_median_s", "samples", "nmse", "nmse_max", "compared"];

fn read_timing(row: Row<'_>) -> Result<Timing, Fault> {
    let needed = |column: &str| needed(row, column);
    let seconds = Summary {
        median: needed("median_s")?,
        min: needed("min_s")?,
        q1: needed("q1_s")?,
        q3: needed("q3_s")?,
        mean: needed("mean_s")?,
        mad: row.positive_or_zero("mad_s")?.ok_or_else(|| row.fault("mad_s", "mad_s is empty"))?,
    };
    if !(seconds.min <= seconds.median && seconds.q1 <= seconds.median && seconds.median <= seconds.q3) {
        return Err(row.fault("median_s", "min_s, q1_s, median_s and q3_s are not in order"));
    }
    Ok(Timing {
        seconds,
        method: row.parse("timing_method")?,
        device_median: row.positive("device_median_s")?.map(Seconds),
        wall_median: Seconds(needed("wall_median_s")?),
        samples: row.parse("samples")?,
        dropped: row.optional("dropped")?.unwrap_or_default(),
        executions_per_sample: row.optional("executions_per_sample")?.unwrap_or(1),
        stop_reason: row.text("stop_reason").to_owned(),
        relative_stdev: row.positive_or_zero("relative_stdev")?,
        outliers: Counts {
            mild: row.optional("outliers_mild")?.unwrap_or_default(),
            severe: row.optional("outliers_severe")?.unwrap_or_default(),
        },
        signs: row.text("signs").to_owned(),
        calibration: match (row.positive("calibration_before_s")?, row.positive("calibration_after_s")?) {
            (Some(before), Some(after)) => {
                Some(Calibration { before: Seconds(before), after: Seconds(after) })
            }
            _ => None,
        },
        sensed: read_sensed(row)?,
    })
}

fn read_sensed(row: Row<'_>) -> Result<Sensed, Fault> {
    let energy = match (row.positive("energy_j")?, row.positive("energy_window_s")?) {
        (Some(joules), Some(window)) => {
            let source = row.text("energy_source").to_owned();
            Some(Energy { joules: Joules(joules), window: Seconds(window), source })
        }
        _ => None,
    };
    Ok(Sensed { energy, clock_hz: row.positive("clock_hz")?, temperature_c: row.positive("temperature_c")? })
}

fn read_verification(row: Row<'_>) -> Result<Verification, Fault> {
    Ok(Verification {
        nmse: row.parse("nmse")?,
        nmse_max: row.parse("nmse_max")?,
        compared: row.parse("compared")?,
    })
}

fn read_provenance(row: Row<'_>) -> Result<Provenance, Fault> {
    let owned = |column: &str| row.text(column).to_owned();
    let identity = Identity {
        adapter: row.required("adapter")?.to_owned(),
        adapter_index: row.optional("adapter_index")?.unwrap_or_default(),
        device_type: row.parse("device_type")?,
        vendor_id: hexadecimal(row, "vendor_id")?,
        device_id: hexadecimal(row, "device_id")?,
        pci_bus_id: owned("pci_bus_id"),
        backend: row.required("backend")?.to_owned(),
        driver: owned("driver"),
        driver_info: owned("driver_info"),
        os: owned("os"),
        host_memory: row.positive("host_memory_bytes")?.map(Bytes),
        clock_quantum: row.positive("clock_quantum_s")?.map(Seconds),
        bounds_checks: owned("bounds_checks"),
        wgpu_version: owned("wgpu_version"),
        tool_version: row.required("tool_version")?.to_owned(),
        tool_commit: owned("tool_commit"),
        build_profile: owned("build_profile"),
        session: owned("session"),
        argv: owned("argv"),
    };
    Ok(Provenance {
        identity,
        chosen: row.optional("chosen")?.unwrap_or_default(),
        shader_hash: owned("shader_hash"),
        seed: row.optional("seed")?.unwrap_or_default(),
        distribution: owned("distribution"),
        input_hash: owned("input_hash"),
        time_utc: owned("time_utc"),
        imported_from: owned("imported_from"),
    })
}

fn hexadecimal(row: Row<'_>, column: &str) -> Result<u32, Fault> {
    let text = row.text(column);
    let digits = text.strip_prefix("0x").unwrap_or("0");
    u32::from_str_radix(digits, 16).map_err(|_| row.fault(column, format!("{column} is not like 0x10de")))
}

/// Writes rows of a finished run at once.
///
/// # Errors
/// Those of the writer.
pub fn write_all(mut out: impl Write, measurements: &[Measurement]) -> io::Result<()> {
    out.write_all(header().as_bytes())?;
    measurements.iter().try_for_each(|measurement| out.write_all(row(measurement).as_bytes()))
}

#[cfg(test)]
mod tests;
