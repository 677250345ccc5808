//! The record, written and read back.

use super::*;
use crate::measurement::{
    Cache, Calibration, DeviceType, Energy, Identity, Outcome, Provenance, Sensed, Timing, TimingMethod,
    Verification,
};
use crate::op::{Format, Op};
use crate::stats::Summary;
use crate::stats::outlier::Counts;
use crate::table::Table;
use crate::units::{Bytes, Joules, Seconds};
use proptest::prelude::*;

fn measured(median: f64, adapter: &str) -> Measurement {
    let seconds =
        Summary { min: median * 0.9, q1: median, median, q3: median * 1.1, mean: median, mad: median * 0.01 };
    let timing = Timing {
        seconds,
        method: TimingMethod::Timestamp,
        device_median: Some(Seconds(median)),
        wall_median: Seconds(median * 1.2),
        samples: 10,
        dropped: 0,
        executions_per_sample: 3,
        stop_reason: "time limit".into(),
        relative_stdev: Some(0.01),
        outliers: Counts { mild: 2, severe: 1 },
        signs: "drift".into(),
        calibration: Some(Calibration { before: Seconds(1e-3), after: Seconds(1.25e-3) }),
        sensed: Sensed {
            energy: Some(Energy { joules: Joules(40.5), window: Seconds(0.75), source: "nvml".into() }),
            clock_hz: Some(1.41e9),
            temperature_c: Some(61.5),
        },
    };
    Measurement {
        op: Op::Matmul { tokens: 1, outputs: 64, inputs: 64, weights: Format::Q8_0 },
        variant: "rows".into(),
        cache: Cache::Cold,
        run: 2,
        outcome: Outcome::Ok(Box::new(timing), Verification { nmse: 1e-12, nmse_max: 1e-9, compared: 64 }),
        provenance: Provenance {
            identity: Identity {
                adapter: adapter.into(),
                device_type: DeviceType::Software,
                backend: "vulkan".into(),
                tool_version: "0.1.0".into(),
                host_memory: Some(Bytes(24e9)),
                clock_quantum: Some(Seconds(1e-9)),
                ..Identity::default()
            },
            ..Provenance::default()
        },
    }
}

fn written(measurement: &Measurement) -> String {
    header() + &row(measurement)
}

#[test]
fn header_and_rows_have_the_same_columns() {
    let text = written(&measured(1e-3, "x"));
    let table = Table::read(text.as_bytes(), &COLUMNS).unwrap();
    assert_eq!(table.rows().count(), 1);
}

#[test]
fn a_wrong_result_carries_no_speed() {
    let mut wrong = measured(1e-3, "x");
    wrong.outcome = Outcome::Wrong("off".into(), Verification { nmse: 1.0, nmse_max: 1e-9, compared: 64 });
    let text = written(&wrong);
    let table = Table::read(text.as_bytes(), &COLUMNS).unwrap();
    let row = table.rows().next().unwrap();
    for column in ["median_s", "min_s", "q1_s", "q3_s", "mean_s", "device_median_s", "wall_median_s"] {
        assert_eq!(row.text(column), "", "{column}");
    }
    assert_eq!(read(text.as_bytes()).unwrap(), vec![wrong]);
}

#[test]
fn hostile_rows_are_refused_where_they_are() {
    let good = written(&measured(1e-3, "x"));
    for (from, to, fault) in [
        (",0.001,", ",NaN,", "2:12: median_s \"NaN\" is not a finite number > 0"),
        (",0.001,", ",-1,", "2:12: median_s \"-1\" is not a finite number > 0"),
        (",0.001,", ",,", "2:12: median_s is empty in a row with status ok"),
        (",ok,", ",fine,", "2:10: status is none of ok, wrong, failed, skipped"),
        ("gemv,q8_0", "gemv,q9", "2:5: unknown format \"q9\"; known: "),
        (",8192,", ",8193,", "2:36: flops 8193 is not the 8192 that the shape gives"),
        (",x,0,software", ",,0,software", "2:45: adapter is empty"),
    ] {
        let shown = read(good.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(shown.starts_with(fault), "{shown}");
    }
    let doubled = good.clone() + &row(&measured(1e-3, "x"));
    assert!(read(doubled.as_bytes()).unwrap_err().to_string().contains("is on line 2 already"));
}

#[test]
fn what_no_sensor_said_is_empty_and_a_zero_is_refused() {
    let mut silent = measured(1e-3, "x");
    let Outcome::Ok(timing, _) = &mut silent.outcome else { unreachable!() };
    timing.sensed = Sensed::default();
    let text = written(&silent);
    let table = Table::read(text.as_bytes(), &COLUMNS).unwrap();
    let columns = ["energy_j", "energy_window_s", "energy_source", "clock_hz", "temperature_c"];
    columns.iter().for_each(|column| assert_eq!(table.rows().next().unwrap().text(column), "", "{column}"));
    assert_eq!(read(text.as_bytes()).unwrap(), vec![silent]);
    let good = written(&measured(1e-3, "x"));
    for (value, zero) in [(",40.5,", ",0,"), (",0.75,", ",0,"), (",1410000000,", ",0,"), (",61.5,", ",-3,")] {
        assert!(read(good.replacen(value, zero, 1).as_bytes()).is_err(), "{value}");
    }
}

#[test]
fn a_torn_tail_is_found() {
    assert_eq!(whole_lines(b"a\nb\nto"), 4);
    assert_eq!(whole_lines(b"to"), 0);
}

proptest! {
    #[test]
    fn written_rows_read_back_bit_for_bit(median in 1e-9f64..1e3, adapter in "[ -~]{0,19}[!-~&&[^=+\\-@']]") {
        let adapter = format!("A{}", adapter.trim());
        let measurement = measured(median, &adapter);
        prop_assert_eq!(read(written(&measurement).as_bytes()), Ok(vec![measurement]));
    }
}
