//! A row as a measurement.

use super::{SCHEMA_VERSION, SCHEMA_VERSION_MIN};
use crate::measurement::{
    Calibration, Energy, Identity, Measurement, Outcome, Provenance, Sensed, Timing, Verification,
};
use crate::op::Op;
use crate::stats::Summary;
use crate::stats::outlier::Counts;
use crate::table::{Fault, Row};
use crate::units::{Bytes, Joules, Seconds};

pub fn read_row(row: Row<'_>) -> Result<Measurement, Fault> {
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
