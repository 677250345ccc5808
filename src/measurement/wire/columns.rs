//! The columns of a row: their names in order, and where they stand in a file.

use crate::table::{Column, Header};

/// Names become the list of columns, and the fields of what holds their places in a file.
macro_rules! columns {
    ($count:literal: $($name:ident),+ $(,)?) => {
        /// The columns of `measurements.csv`, in order.
        pub const COLUMNS: [&str; $count] = [$(stringify!($name)),+];

        /// Where each of [`COLUMNS`] stands in a file.
        #[expect(dead_code, reason = "the note is for people")]
        pub struct Places {
            $(pub $name: Column),+
        }

        impl Places {
            /// Looks all of them up.
            pub fn of(header: Header<'_>) -> Self {
                Self { $($name: header.column(stringify!($name))),+ }
            }
        }
    };
}

columns! {
    66:
    schema_version,
    cell,
    kernel,
    format,
    shape,
    variant,
    chosen,
    cache,
    run,
    status,
    reason,
    median_s,
    min_s,
    q1_s,
    q3_s,
    mean_s,
    mad_s,
    timing_method,
    device_median_s,
    wall_median_s,
    samples,
    dropped,
    executions_per_sample,
    stop_reason,
    relative_stdev,
    outliers_mild,
    outliers_severe,
    signs,
    calibration_before_s,
    calibration_after_s,
    energy_j,
    energy_window_s,
    energy_source,
    clock_hz,
    temperature_c,
    flops,
    bytes,
    nmse,
    nmse_max,
    compared,
    seed,
    distribution,
    input_hash,
    shader_hash,
    adapter,
    adapter_index,
    device_type,
    vendor_id,
    device_id,
    pci_bus_id,
    backend,
    driver,
    driver_info,
    os,
    host_memory_bytes,
    clock_quantum_s,
    bounds_checks,
    wgpu_version,
    tool_version,
    tool_commit,
    build_profile,
    session,
    argv,
    time_utc,
    imported_from,
    note,
}
