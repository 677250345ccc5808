//! The time that the datasheet model gives for a case.

use super::{Case, Phase};
use crate::throughput::datasheet::{Constants, Load, Pass, mixed_step, step};

/// The predicted time, in the unit of [`Phase`].
pub fn seconds(case: &Case<'_>, constants: &Constants) -> f64 {
    let (isl, osl) = (case.isl as f64, case.osl as f64);
    let mixed = |others: f64| {
        let arriving = others * isl / osl;
        mixed_step(&case.load, case.batch, arriving, constants).seconds()
    };
    match case.phase {
        Phase::Decode => {
            let pass = Pass { sequences: case.batch, prompt_tokens: 0.0 };
            step(&case.load, pass, case.engine, constants).seconds()
        }
        Phase::Prefill => {
            let empty = Load { kv_cache: 0.0, latent: 0.0, kv_flop: 0.0, ..case.load };
            let pass = Pass { sequences: case.batch, prompt_tokens: case.batch * (isl - 1.0) };
            step(&empty, pass, case.engine, constants).seconds() / (case.batch * isl)
        }
        // A request's own prompt is in its time to first token.
        Phase::Served => mixed(case.batch - 1.0),
        Phase::Offline => mixed(case.batch) / case.batch,
    }
}
