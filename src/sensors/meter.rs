//! Readings around the samples of a cell, and the energy that they show.
//!
//! Sensors answer in steps of their own: NVML's counter moves every 20 to 100 ms, RAPL's every millisecond. A window
//! from the first reading to the last would miss up to a step at either end. So the counter is read between samples,
//! and the window goes from the first reading at which it had moved to the last such: what is not known is only when
//! exactly it moved since the reading before. Where that could make the window wrong by more than a fifth there is no
//! energy.

use std::time::{Duration, Instant};

use super::{Sensor, believable};
use crate::measurement::{Energy, Sensed};
use crate::units::{Joules, Seconds};

/// Between two samples sensors are read at most this often: the device shall not rest for their sake.
const EVERY: Duration = Duration::from_millis(20);
/// The window is so many times longer than the gap between the readings before and at each of its ends.
const GAPS_MIN: f64 = 5.0;
/// Fewer momentary readings have no mean.
const READINGS_MIN: usize = 5;

/// What is read in the course of the samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Power,
}

/// A counter in J or a power in W.
#[derive(Clone, Copy, Debug)]
struct Reading {
    at_s: f64,
    value: f64,
}

/// Reads a sensor from the first sample to the last.
pub struct Meter<'s> {
    sensor: &'s mut (dyn Sensor + 'static),
    start: Instant,
    /// `None` where there is nothing to read, or was once.
    kind: Option<Kind>,
    readings: Vec<Reading>,
}

impl<'s> Meter<'s> {
    /// Takes the first reading; it decides what is read later.
    pub fn start(sensor: &'s mut (dyn Sensor + 'static)) -> Self {
        let kind = if sensor.energy_j().is_ok() {
            Some(Kind::Counter)
        } else {
            sensor.power_w().is_ok().then_some(Kind::Power)
        };
        let mut meter = Self { sensor, start: Instant::now(), kind, readings: Vec::new() };
        meter.read(Duration::ZERO);
        meter
    }

    /// Between two samples.
    pub fn tick(&mut self) {
        self.tick_at(self.start.elapsed());
    }

    /// After the last sample.
    pub fn end(self) -> Sensed {
        let at = self.start.elapsed();
        self.end_at(at)
    }

    fn tick_at(&mut self, at: Duration) {
        let last_s = self.readings.last().map_or(f64::INFINITY, |last| last.at_s);
        if at.as_secs_f64() - last_s >= EVERY.as_secs_f64() {
            self.read(at);
        }
    }

    /// Clock and temperature come with the last reading: they fall once the device rests.
    fn end_at(mut self, at: Duration) -> Sensed {
        self.read(at);
        let (clock_hz, temperature_c) = (self.sensor.clock_hz(), self.sensor.temperature_c());
        let source = self.sensor.source();
        let (known, source) = match self.kind {
            Some(Kind::Counter) => (counted(&self.readings), source.to_owned()),
            Some(Kind::Power) => (averaged(&self.readings), format!("{source}-power")),
            None => (None, String::new()),
        };
        let believed = known.filter(|(joules, window_s)| believable::power_w(joules / window_s).is_some());
        let energy = believed.map(|(joules, window_s)| Energy {
            joules: Joules(joules),
            window: Seconds(window_s),
            source,
        });
        Sensed { energy, clock_hz, temperature_c }
    }

    /// One reading that fails ends them: what happened meanwhile is not known.
    fn read(&mut self, at: Duration) {
        let value = match self.kind {
            Some(Kind::Counter) => self.sensor.energy_j().ok(),
            Some(Kind::Power) => self.sensor.power_w().ok(),
            None => return,
        };
        match value {
            Some(value) => self.readings.push(Reading { at_s: at.as_secs_f64(), value }),
            None => (self.kind, self.readings) = (None, Vec::new()),
        }
    }
}

/// Joules and seconds between the first and the last move of a counter; `None` where they are not known well enough
/// or the counter ran backwards.
fn counted(readings: &[Reading]) -> Option<(f64, f64)> {
    let steps = || readings.iter().zip(readings.iter().skip(1));
    if steps().any(|(before, after)| after.value < before.value) {
        return None;
    }
    let mut moves = steps().filter(|(before, after)| after.value > before.value);
    let (before_first, first) = moves.next()?;
    let (before_last, last) = moves.next_back()?;
    let gap_s = (first.at_s - before_first.at_s).max(last.at_s - before_last.at_s);
    let window_s = last.at_s - first.at_s;
    (window_s >= GAPS_MIN * gap_s).then_some((last.value - first.value, window_s))
}

/// The mean of momentary powers times the time from the first to the last.
fn averaged(readings: &[Reading]) -> Option<(f64, f64)> {
    let (first, last) = (readings.first()?, readings.last()?);
    let window_s = last.at_s - first.at_s;
    let mean = readings.iter().map(|reading| reading.value).sum::<f64>() / readings.len() as f64;
    (readings.len() >= READINGS_MIN && window_s > 0.0).then_some((mean * window_s, window_s))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    /// A device of 100 W whose counter moves every `step_s`, read every 20 ms.
    fn read_for(seconds: f64, step_s: f64) -> Vec<Reading> {
        let readings = (seconds / 0.02).round() as usize;
        let at = |index: usize| index as f64 * 0.02 + 0.003;
        let counter = |at_s: f64| 100.0 * step_s * (at_s / step_s).floor();
        (0..=readings).map(|index| Reading { at_s: at(index), value: counter(at(index)) }).collect()
    }

    fn watts(readings: &[Reading]) -> Option<f64> {
        counted(readings).map(|(joules, window_s)| joules / window_s)
    }

    #[test]
    fn a_counter_that_moves_in_steps_still_gives_the_power() {
        for step_s in [0.001, 0.02, 0.1] {
            let shown = watts(&read_for(0.5, step_s)).unwrap();
            assert!((shown / 100.0 - 1.0).abs() < 0.2, "{step_s}: {shown}");
        }
        assert!((watts(&read_for(5.0, 0.1)).unwrap() / 100.0 - 1.0).abs() < 0.02);
    }

    #[test]
    fn a_window_shorter_than_the_counter_resolves_gives_nothing() {
        assert_eq!(watts(&read_for(0.08, 0.001)), None);
        assert_eq!(watts(&read_for(0.19, 0.1)), None);
        assert_eq!(watts(&read_for(0.5, 10.0)), None);
        assert_eq!(watts(&[]), None);
    }

    #[test]
    fn a_counter_that_runs_backwards_gives_nothing() {
        let mut readings = read_for(0.5, 0.02);
        readings[12].value = 0.0;
        assert_eq!(watts(&readings), None);
    }

    #[test]
    fn momentary_power_needs_some_readings() {
        let readings: Vec<Reading> = (0..5)
            .map(|index| Reading { at_s: f64::from(index) * 0.02, value: 90.0 + 5.0 * f64::from(index) })
            .collect();
        let (joules, window_s) = averaged(&readings).unwrap();
        assert!((joules - 8.0).abs() < 1e-9 && (window_s - 0.08).abs() < 1e-12, "{joules} {window_s}");
        assert_eq!(averaged(&readings[..4]), None);
        assert_eq!(averaged(&[]), None);
    }

    /// A sensor that reads so at a time that is told, as a counter or as a power.
    struct Told<F> {
        reading: F,
        counts: bool,
        at_s: Rc<Cell<f64>>,
    }

    impl<F: Fn(f64) -> Result<f64, String>> Sensor for Told<F> {
        fn source(&self) -> &'static str {
            "told"
        }
        fn energy_j(&mut self) -> Result<f64, String> {
            if self.counts { (self.reading)(self.at_s.get()) } else { Err("no counter".into()) }
        }
        fn power_w(&self) -> Result<f64, String> {
            if self.counts { Err("no power".into()) } else { (self.reading)(self.at_s.get()) }
        }
        fn clock_hz(&self) -> Option<f64> {
            Some(1.5e9)
        }
        fn temperature_c(&self) -> Option<f64> {
            None
        }
    }

    /// What a meter makes of 40 samples of 5 ms.
    fn metered(reading: impl Fn(f64) -> Result<f64, String> + 'static, counts: bool) -> Sensed {
        let at_s = Rc::new(Cell::new(0.0));
        let mut sensor = Told { reading, counts, at_s: Rc::clone(&at_s) };
        let mut meter = Meter::start(&mut sensor);
        for sample in 1..=40u32 {
            at_s.set(f64::from(sample) * 5e-3);
            meter.tick_at(Duration::from_millis(5) * sample);
        }
        assert!(meter.readings.len() <= 11, "read too often");
        meter.end_at(Duration::from_millis(200))
    }

    #[test]
    fn a_meter_gives_what_its_sensor_counts() {
        let sensed = metered(|at_s| Ok(7.0 + 50.0 * at_s), true);
        let Energy { joules, window, source } = sensed.energy.unwrap();
        assert!((joules.0 / window.0 / 50.0 - 1.0).abs() < 1e-9, "{joules:?} {window:?}");
        assert_eq!((source.as_str(), sensed.clock_hz, sensed.temperature_c), ("told", Some(1.5e9), None));
    }

    #[test]
    fn momentary_power_is_named_as_such() {
        let energy = metered(|_| Ok(40.0), false).energy.unwrap();
        assert!((energy.joules.0 / energy.window.0 - 40.0).abs() < 1e-9);
        assert_eq!(energy.source, "told-power");
    }

    #[test]
    fn a_sensor_that_fails_or_cannot_be_right_gives_no_energy() {
        let fails_later = |at_s| if at_s < 0.1 { Ok(at_s) } else { Err("gone".into()) };
        assert_eq!(metered(fails_later, true).energy, None);
        assert_eq!(metered(|_| Err("never".into()), false).energy, None);
        assert_eq!(metered(|_| Ok(12.5), true).energy, None);
        assert_eq!(metered(|at_s| Ok(1e9 * at_s), true).energy, None);
    }
}
