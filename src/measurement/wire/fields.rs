//! A measurement as the cells of a row.

use super::{SCHEMA_VERSION, number};
use crate::measurement::{DeviceType, Measurement, Outcome, Provenance, SOFTWARE_LABEL, Sensed, Timing};
use crate::text;

/// The cells of a row in the order of [`COLUMNS`].
pub fn cells(measurement: &Measurement) -> Vec<String> {
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
    let software = identity.device_type == DeviceType::Software;
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
        if software { SOFTWARE_LABEL.to_owned() } else { String::new() },
    ]
}
