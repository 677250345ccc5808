//! The constants found again from rows, all of them or without the rows of one GPU or one model.

use std::collections::BTreeMap;

use super::{Case, Phase, Prediction, seconds};
use crate::stats::{quantile_sorted, sorted};
use crate::throughput::datasheet::{Constants, Engine, FITTED, Population, Spread};
use crate::throughput::fit::{Unknown, fit};

/// What is left out together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveOut {
    /// All rows of a GPU.
    Gpu,
    /// All rows of models with the same layers.
    Model,
}

impl LeaveOut {
    fn key(self, case: &Case<'_>) -> String {
        match self {
            Self::Gpu => case.gpu.name.clone(),
            // Llama 3, 3.1 and 3.3 are one set of shapes.
            Self::Model => format!("{:.0} {}", case.model.params(), case.model.hidden),
        }
    }
}

/// Constants with how many rows they were found from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refit {
    /// The constants.
    pub constants: Constants,
    /// Rows used.
    pub rows: usize,
}

/// Where a constant stands.
type Place = fn(&mut Constants) -> &mut f64;

/// A stage of the fit: the rows that it looks at, and the constants that it finds from them.
struct Stage {
    rows: fn(&Case<'_>) -> bool,
    unknowns: &'static [(Place, Unknown)],
}

const fn share(start: f64) -> Unknown {
    Unknown { start, most: 1.0 }
}

const fn amount(start: f64) -> Unknown {
    Unknown { start, most: f64::INFINITY }
}

/// Each stage keeps what earlier ones found.
const STAGES: [Stage; 3] = [
    Stage {
        rows: |case| !case.experts() && !local_prefill(case),
        unknowns: &[
            (|found| &mut found.bandwidth, share(0.8)),
            (|found| &mut found.arithmetic, share(0.6)),
            (|found| &mut found.link, share(0.6)),
            (|found| &mut found.layer.0, amount(50e-6)),
            (|found| &mut found.sequence.0, amount(20e-6)),
            (|found| &mut found.local_stacked, share(0.7)),
            (|found| &mut found.local_flops_per_weight, amount(4.0)),
            (|found| &mut found.local_flops_per_kv, amount(200.0)),
        ],
    },
    Stage {
        rows: |case| !case.experts() && local_prefill(case),
        unknowns: &[
            (|found| &mut found.local_arithmetic, share(0.5)),
            (|found| &mut found.local_attention, share(0.1)),
        ],
    },
    Stage {
        rows: |case| case.experts() && case.engine == Engine::Serving,
        unknowns: &[
            (|found| &mut found.expert_bandwidth, share(0.8)),
            (|found| &mut found.expert_arithmetic, share(0.8)),
            (|found| &mut found.expert_layer.0, amount(50e-6)),
        ],
    },
];

fn local_prefill(case: &Case<'_>) -> bool {
    case.engine == Engine::Local && case.phase == Phase::Prefill
}

/// The constants from these rows. Where a stage has no rows, the program's own stay.
pub fn refit(cases: &[&Case<'_>]) -> Refit {
    let mut found = FITTED;
    for stage in &STAGES {
        let rows: Vec<&Case<'_>> = cases.iter().copied().filter(|case| (stage.rows)(case)).collect();
        if rows.is_empty() {
            continue;
        }
        let unknowns: Vec<Unknown> = stage.unknowns.iter().map(|(_, unknown)| *unknown).collect();
        let with = |values: &[f64]| {
            let mut constants = found;
            stage.unknowns.iter().zip(values).for_each(|((place, _), value)| *place(&mut constants) = *value);
            constants
        };
        let values = fit(&unknowns, |values| {
            let constants = with(values);
            rows.iter().map(|case| (seconds(case, &constants) / case.measured_s).ln()).collect()
        });
        found = with(&values);
    }
    Refit { constants: found, rows: cases.len() }
}

/// One prediction per case, by constants that no row of its group had a part in. The intervals are the program's.
pub fn leave_out(cases: &[Case<'_>], what: LeaveOut) -> Vec<Prediction> {
    let keys: Vec<String> = cases.iter().map(|case| what.key(case)).collect();
    let mut constants = BTreeMap::new();
    for key in &keys {
        constants.entry(key.as_str()).or_insert_with(|| {
            let others: Vec<&Case<'_>> =
                cases.iter().zip(&keys).filter(|(_, other)| *other != key).map(|(case, _)| case).collect();
            refit(&others).constants
        });
    }
    let of = |(case, key): (&Case<'_>, &String)| Prediction {
        seconds: constants.get(key.as_str()).map_or(f64::NAN, |found| seconds(case, found)),
        spread: case.population().spread(),
    };
    cases.iter().zip(&keys).map(of).collect()
}

/// The intervals that hold 80 % of the rows of each population, half of them predicted without their GPU and half
/// without their model.
pub fn spreads(cases: &[Case<'_>]) -> BTreeMap<Population, Spread> {
    let mut errors: BTreeMap<Population, Vec<f64>> = BTreeMap::new();
    for what in [LeaveOut::Gpu, LeaveOut::Model] {
        for (case, predicted) in cases.iter().zip(leave_out(cases, what)) {
            errors.entry(case.population()).or_default().push(case.measured_s / predicted.seconds);
        }
    }
    errors.into_iter().filter_map(|(population, errors)| Some((population, spread(&errors)?))).collect()
}

fn spread(errors: &[f64]) -> Option<Spread> {
    let sorted = sorted(errors);
    Some(Spread { low: quantile_sorted(&sorted, 0.1)?, high: quantile_sorted(&sorted, 0.9)? })
}
