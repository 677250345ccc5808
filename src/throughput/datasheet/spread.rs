//! How far published measurements lie from the model: the interval of an estimate.

use std::fmt;

use super::Engine;

/// Factors between an estimated time and the ends of its 80 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Below one.
    pub low: f64,
    /// Above one.
    pub high: f64,
}

/// Measurements of one kind, whose errors are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Population {
    /// llama.cpp, one sequence decoding.
    LocalDecode,
    /// llama.cpp, a prompt.
    LocalPrefill,
    /// A dense model, served.
    Dense,
    /// A dense model at the largest batch that fits.
    DenseFilled,
    /// A mixture of experts, served.
    Experts,
    /// A mixture of experts at the largest batch that fits.
    ExpertsFilled,
}

impl Population {
    /// The population of an estimate.
    pub fn of(engine: Engine, experts: bool, prefill: bool) -> Self {
        match (engine, experts, prefill) {
            (Engine::Local, _, false) => Self::LocalDecode,
            (Engine::Local, _, true) => Self::LocalPrefill,
            (Engine::Serving, false, false) => Self::Dense,
            // No published row is prefill alone on a server; the rows with most prefill are those of full batches.
            (Engine::Serving, false, true) => Self::DenseFilled,
            (Engine::Serving, true, false) => Self::Experts,
            (Engine::Serving, true, true) => Self::ExpertsFilled,
        }
    }

    /// The 10th and 90th percentile of measured over estimated time, each row once without its GPU in the fit and once
    /// without its model ([`crate::validate::spreads`]).
    pub fn spread(self) -> Spread {
        let [low, high] = match self {
            Self::LocalDecode => [0.816, 1.16],
            Self::LocalPrefill => [0.455, 2.14],
            Self::Dense => [0.874, 1.154],
            Self::DenseFilled => [0.776, 1.28],
            Self::Experts => [0.93, 1.276],
            Self::ExpertsFilled => [0.561, 1.138],
        };
        Spread { low, high }
    }
}

impl fmt::Display for Population {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::LocalDecode => "llama.cpp decode",
            Self::LocalPrefill => "llama.cpp prefill",
            Self::Dense => "dense, served",
            Self::DenseFilled => "dense, filled",
            Self::Experts => "MoE, served",
            Self::ExpertsFilled => "MoE, filled",
        })
    }
}
