//! A row as a measurement.

use super::columns::Places;
use super::{SCHEMA_VERSION, SCHEMA_VERSION_MIN};
use crate::measurement::{
    Calibration, Energy, Identity, Measurement, Outcome, Provenance, Sensed, Timing, Verification,
};
use crate::op::Op;
use crate::stats::Summary;
use crate::stats::outlier::Counts;
use crate::table::{Column, Fault, Row};
use crate::units::{Bytes, Joules, Seconds};

pub fn read_row(row: Row<'_>, at: &Places) -> Result<Measurement, Fault> {
    let schema: u32 = row.parse(at.schema_version)?;
    if !(SCHEMA_VERSION_MIN..=SCHEMA_VERSION).contains(&schema) {
        let what = format!(
            "schema_version {schema} is none of {SCHEMA_VERSION_MIN} to {SCHEMA_VERSION}, which this version reads"
        );
        return Err(row.fault(at.schema_version, what));
    }
    let op = Op::parse(row.required(at.kernel)?, row.required(at.format)?, row.required(at.shape)?)
        .map_err(|what| row.fault(at.shape, what))?;
    let outcome = read_outcome(row, at)?;
    check_derived(row, at.flops, op.flops().0)?;
    check_derived(row, at.bytes, op.bytes().0)?;
    let variant = row.text(at.variant).to_owned();
    let cache = row.optional(at.cache)?.unwrap_or_default();
    let run = row.optional(at.run)?.unwrap_or_default();
    Ok(Measurement { op, variant, cache, run, outcome, provenance: read_provenance(row, at)? })
}

/// A stored count that differs from this version's formula means that the rates would not be comparable.
fn check_derived(row: Row<'_>, column: Column, expected: f64) -> Result<(), Fault> {
    match row.optional::<f64>(column)? {
        Some(stored) if (stored - expected).abs() > 1e-9 * expected.abs() => Err(row
            .fault(column, format!("{} {stored} is not the {expected} that the shape gives", column.name()))),
        _ => Ok(()),
    }
}

fn read_outcome(row: Row<'_>, at: &Places) -> Result<Outcome, Fault> {
    let reason = row.text(at.reason).to_owned();
    let status = row.required(at.status)?;
    match (status == "imported", row.text(at.imported_from)) {
        (true, "") => {
            return Err(row.fault(at.imported_from, "imported_from is empty in a row with status imported"));
        }
        (false, from) if !from.is_empty() => {
            return Err(row.fault(at.status, format!("status is {status} in a row with imported_from")));
        }
        _ => {}
    }
    match status {
        "imported" => Ok(Outcome::Imported(Box::new(read_imported(row, at)?))),
        "ok" => Ok(Outcome::Ok(Box::new(read_timing(row, at)?), read_verification(row, at)?)),
        "wrong" => Ok(Outcome::Wrong(reason, read_verification(row, at)?)),
        "failed" => Ok(Outcome::Failed(reason)),
        "skipped" => Ok(Outcome::Skipped(reason)),
        _ => Err(row.fault(at.status, "status is none of ok, wrong, failed, skipped, imported")),
    }
}

/// A time without which a row of this status is none.
fn needed(row: Row<'_>, at: &Places, column: Column) -> Result<f64, Fault> {
    row.positive(column)?.ok_or_else(|| {
        let what = format!("{} is empty in a row with status {}", column.name(), row.text(at.status));
        row.fault(column, what)
    })
}

/// The timing of an imported row: it has no quartiles, clock or verification of ours, and may have none.
fn read_imported(row: Row<'_>, at: &Places) -> Result<Timing, Fault> {
    // Only a measurement of ours fills these.
    let not_ours =
        [at.q1_s, at.q3_s, at.mad_s, at.wall_median_s, at.samples, at.nmse, at.nmse_max, at.compared];
    if let Some(column) = not_ours.into_iter().find(|column| !row.text(*column).is_empty()) {
        return Err(
            row.fault(column, format!("{} is not empty in a row with status imported", column.name()))
        );
    }
    let needed = |column: Column| needed(row, at, column);
    let [median, min, mean] = [needed(at.median_s)?, needed(at.min_s)?, needed(at.mean_s)?];
    if min > median {
        return Err(row.fault(at.median_s, "min_s and median_s are not in order"));
    }
    let relative_stdev = row.positive_or_zero(at.relative_stdev)?;
    Ok(Timing::imported(min, median, mean, relative_stdev))
}

fn read_timing(row: Row<'_>, at: &Places) -> Result<Timing, Fault> {
    let needed = |column: Column| needed(row, at, column);
    let seconds = Summary {
        median: needed(at.median_s)?,
        min: needed(at.min_s)?,
        q1: needed(at.q1_s)?,
        q3: needed(at.q3_s)?,
        mean: needed(at.mean_s)?,
        mad: row.positive_or_zero(at.mad_s)?.ok_or_else(|| row.fault(at.mad_s, "mad_s is empty"))?,
    };
    if !(seconds.min <= seconds.median && seconds.q1 <= seconds.median && seconds.median <= seconds.q3) {
        return Err(row.fault(at.median_s, "min_s, q1_s, median_s and q3_s are not in order"));
    }
    Ok(Timing {
        seconds,
        method: row.parse(at.timing_method)?,
        device_median: row.positive(at.device_median_s)?.map(Seconds),
        wall_median: Seconds(needed(at.wall_median_s)?),
        samples: row.parse(at.samples)?,
        dropped: row.optional(at.dropped)?.unwrap_or_default(),
        executions_per_sample: row.optional(at.executions_per_sample)?.unwrap_or(1),
        stop_reason: row.text(at.stop_reason).to_owned(),
        relative_stdev: row.positive_or_zero(at.relative_stdev)?,
        outliers: Counts {
            mild: row.optional(at.outliers_mild)?.unwrap_or_default(),
            severe: row.optional(at.outliers_severe)?.unwrap_or_default(),
        },
        signs: row.text(at.signs).to_owned(),
        calibration: match (row.positive(at.calibration_before_s)?, row.positive(at.calibration_after_s)?) {
            (Some(before), Some(after)) => {
                Some(Calibration { before: Seconds(before), after: Seconds(after) })
            }
            _ => None,
        },
        sensed: read_sensed(row, at)?,
    })
}

fn read_sensed(row: Row<'_>, at: &Places) -> Result<Sensed, Fault> {
    let energy = match (row.positive(at.energy_j)?, row.positive(at.energy_window_s)?) {
        (Some(joules), Some(window)) => {
            let source = row.text(at.energy_source).to_owned();
            Some(Energy { joules: Joules(joules), window: Seconds(window), source })
        }
        _ => None,
    };
    Ok(Sensed {
        energy,
        clock_hz: row.positive(at.clock_hz)?,
        temperature_c: row.positive(at.temperature_c)?,
    })
}

fn read_verification(row: Row<'_>, at: &Places) -> Result<Verification, Fault> {
    Ok(Verification {
        nmse: row.parse(at.nmse)?,
        nmse_max: row.parse(at.nmse_max)?,
        compared: row.parse(at.compared)?,
    })
}

fn read_provenance(row: Row<'_>, at: &Places) -> Result<Provenance, Fault> {
    let owned = |column: Column| row.text(column).to_owned();
    let identity = Identity {
        adapter: row.required(at.adapter)?.to_owned(),
        adapter_index: row.optional(at.adapter_index)?.unwrap_or_default(),
        device_type: row.parse(at.device_type)?,
        vendor_id: hexadecimal(row, at.vendor_id)?,
        device_id: hexadecimal(row, at.device_id)?,
        pci_bus_id: owned(at.pci_bus_id),
        backend: row.required(at.backend)?.to_owned(),
        driver: owned(at.driver),
        driver_info: owned(at.driver_info),
        os: owned(at.os),
        host_memory: row.positive(at.host_memory_bytes)?.map(Bytes),
        clock_quantum: row.positive(at.clock_quantum_s)?.map(Seconds),
        bounds_checks: owned(at.bounds_checks),
        wgpu_version: owned(at.wgpu_version),
        tool_version: row.required(at.tool_version)?.to_owned(),
        tool_commit: owned(at.tool_commit),
        build_profile: owned(at.build_profile),
        session: owned(at.session),
        argv: owned(at.argv),
    };
    Ok(Provenance {
        identity,
        chosen: row.optional(at.chosen)?.unwrap_or_default(),
        shader_hash: owned(at.shader_hash),
        seed: row.optional(at.seed)?.unwrap_or_default(),
        distribution: owned(at.distribution),
        input_hash: owned(at.input_hash),
        time_utc: owned(at.time_utc),
        imported_from: owned(at.imported_from),
    })
}

fn hexadecimal(row: Row<'_>, column: Column) -> Result<u32, Fault> {
    let text = row.text(column);
    let digits = text.strip_prefix("0x").unwrap_or("0");
    u32::from_str_radix(digits, 16)
        .map_err(|_| row.fault(column, format!("{} is not like 0x10de", column.name())))
}
