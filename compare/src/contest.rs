//! Sides that take turns, and what their samples say.

use mtok::kernel::problem::Problem;
use mtok::kernel::verify;
use mtok::stats::bootstrap::{self, Interval};
use mtok::stats::median;
use serde::{Deserialize, Serialize};

use crate::side::{Exit, Side, Stop};

/// Host time of one sample at least: overheads of a submission, 0.1 to 0.3 ms, stay below a third of a
/// percent.
const SAMPLE_MIN_S: f64 = 0.1;
/// Some drivers kill what runs for two seconds.
const SAMPLE_MAX_S: f64 = 1.0;
/// Executions before samples count: caches and clocks have settled then.
const WARM_UP: usize = 3;
const LEVEL: f64 = 0.95;
const RESAMPLES: u32 = 2_000;

/// A value between the ends of its interval.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Estimate {
    /// The median.
    pub median: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// What one side reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reached {
    /// Which side.
    pub side: String,
    /// Executions per sample.
    pub executions: u32,
    /// Seconds per execution.
    pub seconds: Estimate,
    /// How many times as long as the first side, pair by pair.
    pub ratio: Estimate,
}

/// Lets the sides take turns and checks the last output of each.
///
/// # Errors
/// A wrong result; what a device reported.
pub fn hold(sides: &[&dyn Side], rounds: u32, problem: &Problem, seed: u64) -> Result<Vec<Reached>, Stop> {
    let executions = sides.iter().map(|side| settle(*side)).collect::<Result<Vec<u32>, Stop>>()?;
    let mut seconds: Vec<Vec<f64>> = vec![Vec::new(); sides.len()];
    for round in 0..rounds {
        let mut order: Vec<_> = sides.iter().zip(&executions).zip(&mut seconds).collect();
        // Whoever goes first in one round goes last in the next.
        if round % 2 == 1 {
            order.reverse();
        }
        for ((side, executions), seconds) in order {
            seconds.push(side.seconds(*executions)? / f64::from(*executions));
        }
    }
    sides.iter().try_for_each(|side| check(*side, problem, seed))?;
    let first = seconds.first().cloned().unwrap_or_default();
    let sides = sides.iter().zip(executions).zip(&seconds);
    sides
        .map(|((side, executions), seconds)| reached(side.name(), executions, seconds, &first, seed))
        .collect()
}

/// Executions that make a sample.
fn settle(side: &dyn Side) -> Result<u32, Stop> {
    let mut once = side.seconds(1)?;
    for _ in 1..WARM_UP {
        once = side.seconds(1)?.min(once);
    }
    let wanted = (SAMPLE_MIN_S / once).ceil().max(1.0);
    Ok(wanted.min((SAMPLE_MAX_S / once).max(1.0)) as u32)
}

/// Compares what the last sample of a side left with the reference in f64.
fn check(side: &dyn Side, problem: &Problem, seed: u64) -> Result<(), Stop> {
    match verify::check(problem, &side.output()?, seed) {
        Ok(_) => Ok(()),
        Err((reason, _)) => {
            Err(Stop::new(Exit::WrongResult, format!("{}: wrong result: {reason}", side.name())))
        }
    }
}

fn reached(
    side: String,
    executions: u32,
    seconds: &[f64],
    first: &[f64],
    seed: u64,
) -> Result<Reached, Stop> {
    let ratios: Vec<f64> = seconds.iter().zip(first).map(|(this, first)| this / first).collect();
    let few = || Stop::new(Exit::BadInput, "too few rounds for an interval; ask for at least two");
    Ok(Reached {
        side,
        executions,
        seconds: estimate(seconds, seed).ok_or_else(few)?,
        ratio: estimate(&ratios, seed).ok_or_else(few)?,
    })
}

/// The median and its interval; `None` below two values.
pub fn estimate(values: &[f64], seed: u64) -> Option<Estimate> {
    let Interval { low, high } = bootstrap::interval(values, median, LEVEL, RESAMPLES, seed)?;
    Some(Estimate { median: median(values)?, low, high })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use mtok::kernel::problem::{BufferInit, Element};

    use super::*;

    /// A side that takes as long as it is told and gives the words that it is told.
    struct Fake<'l> {
        name: &'static str,
        seconds: f64,
        words: Vec<u32>,
        log: &'l RefCell<String>,
    }

    impl Side for Fake<'_> {
        fn name(&self) -> String {
            self.name.to_owned()
        }

        fn seconds(&self, executions: u32) -> Result<f64, Stop> {
            self.log.borrow_mut().push_str(self.name);
            Ok(self.seconds * f64::from(executions))
        }

        fn output(&self) -> Result<Vec<u32>, Stop> {
            Ok(self.words.clone())
        }
    }

    fn ones() -> Problem {
        Problem {
            params: vec![],
            buffers: vec![BufferInit::Output(16)],
            stages: vec![],
            chain: 1,
            output: 0,
            element: Element::F32,
            reference: Box::new(|indices| vec![1.0; indices.len()]),
            nmse_max: 1e-9,
            distribution: "",
        }
    }

    fn fake<'l>(name: &'static str, seconds: f64, value: f32, log: &'l RefCell<String>) -> Fake<'l> {
        Fake { name, seconds, words: vec![value.to_bits(); 4], log }
    }

    #[test]
    fn sides_take_turns_and_the_second_is_set_against_the_first() {
        let log = RefCell::default();
        let (a, b) = (fake("A", 0.05, 1.0, &log), fake("B", 0.2, 1.0, &log));
        let reached = hold(&[&a, &b], 4, &ones(), 1).unwrap();
        assert!(log.borrow().ends_with("ABBAABBA"), "{}", log.borrow());
        assert_eq!(reached.iter().map(|side| side.executions).collect::<Vec<_>>(), [2, 1]);
        assert!((reached[1].ratio.median - 4.0).abs() < 1e-9);
    }

    #[test]
    fn a_wrong_result_of_either_side_gives_no_ratio() {
        let log = RefCell::default();
        let (right, wrong) = (fake("A", 0.05, 1.0, &log), fake("B", 0.05, 1.1, &log));
        for sides in [[&right, &wrong], [&wrong, &right]] {
            let sides = sides.map(|side| side as &dyn Side);
            let stop = hold(&sides, 2, &ones(), 1).unwrap_err();
            assert_eq!(stop.exit, Exit::WrongResult, "{}", stop.message);
        }
    }
}
