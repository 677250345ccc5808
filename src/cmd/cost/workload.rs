//! A workload that was typed: how long the devices are busy with a token of each side.

use mtok::cost::request::Served;
use mtok::price::Mix;
use mtok::report::costing::{Workload, WorkloadCost};
use mtok::units::{Seconds, UsdPerHour};

use super::super::Failure;
use crate::cli::{CostArgs, WorkArgs};

/// The hour that the workload shares.
#[derive(Clone, Copy)]
pub struct Paid {
    /// Cost per device.
    pub usd_per_hour: UsdPerHour,
    /// Devices.
    pub gpus: u32,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
}

/// The workload and what it costs; `None` where a rate or a file is priced.
///
/// # Errors
/// Options of a workload where there is none, a workload without a ratio or with two, a number out of its
/// range.
pub fn priced(args: &CostArgs, paid: Paid) -> Result<Option<WorkloadCost>, Failure> {
    let Some(times) = times(args) else {
        return match args.work.given().as_slice() {
            [] => Ok(None),
            given => Err(Failure::bad_input(format!(
                "{} is of a workload, and --tokens-per-s is one rate, without input and output that share an hour: give \
                 --step-ms or --input-tokens-per-s",
                given.join(", ")
            ))),
        };
    };
    let mix = mix(&args.work)?;
    let cached_cost = args.work.cached_cost.unwrap_or(0.0);
    let served = Served {
        usd_per_hour: paid.usd_per_hour,
        gpus: f64::from(paid.gpus),
        utilisation: paid.utilisation,
        prefill_per_token: times.prefill_per_token,
        step: times.step,
        batch: f64::from(times.batch.unwrap_or(1)),
        mix,
        cached_cost,
    };
    let cost = served.cost().map_err(Failure::bad_input)?;
    let request = args.work.isl.zip(args.work.osl).map(|(isl, osl)| served.request(isl, osl));
    let tpot = times.batch.map(|_| served.tpot()).transpose().map_err(Failure::bad_input)?;
    let workload = Workload {
        step_ms: args.rate.step_ms,
        batch: args.work.batch,
        prefill_us_per_token: args.work.prefill_us_per_token,
        input_tokens_per_s: args.rate.input_tokens_per_s,
        output_tokens_per_s: args.work.output_tokens_per_s,
        isl: args.work.isl,
        osl: args.work.osl,
        input_output_ratio: mix.ratio(),
        cached: mix.cached(),
        cached_cost,
    };
    let request = request.transpose().map_err(Failure::bad_input)?;
    Ok(Some(WorkloadCost { workload, cost, tpot_ms: tpot.map(|time| time.0 * 1e3), request }))
}

struct Times {
    prefill_per_token: Seconds,
    step: Seconds,
    batch: Option<u32>,
}

fn times(args: &CostArgs) -> Option<Times> {
    let steps = || {
        let step = Seconds(args.rate.step_ms? / 1e3);
        let prefill_per_token = Seconds(args.work.prefill_us_per_token? / 1e6);
        Some(Times { prefill_per_token, step, batch: Some(args.work.batch?) })
    };
    let rates = || {
        let prefill_per_token = Seconds(1.0 / args.rate.input_tokens_per_s?);
        Some(Times { prefill_per_token, step: Seconds(1.0 / args.work.output_tokens_per_s?), batch: None })
    };
    steps().or_else(rates)
}

fn mix(work: &WorkArgs) -> Result<Mix, Failure> {
    let mix = match (work.isl.zip(work.osl), work.ratio) {
        (Some(_), Some(_)) => {
            Err("--ratio and --isl exclude each other: the request has a ratio already".to_owned())
        }
        (Some((isl, osl)), None) => Mix::of_request(isl, osl),
        (None, Some(ratio)) => Mix::new(ratio),
        (None, None) => {
            Err("a workload needs --isl and --osl, or --ratio: how much input comes with the output".into())
        }
    };
    mix.and_then(|mix| mix.with_cached(work.cached.unwrap_or(0.0))).map_err(Failure::bad_input)
}
