//! Fills one row of `mtok compare`: a model on a device at a rent, beside the market price of the same weights.

use jiff::civil::Date;

use super::Policy;
use super::decide::{Decision, Terms, Times, cost, decide};
use super::drift::{Drift, HORIZON_MONTHS, Turn};
use super::row::Comparison;
use crate::cost::Cost;
use crate::measurement::SOFTWARE_LABEL;
use crate::price::Mix;
use crate::price::token::Market;
use crate::throughput::{Estimate, Rates};
use crate::units::{Interval, UsdPerMtok};

pub use super::rent::Rent;

/// What a row is made from. What is not known says why.
#[derive(Clone, Debug)]
pub struct CompareInput<'a> {
    /// How fast which model runs on which device; without rates its first note says why.
    pub estimate: &'a Estimate,
    /// Whether the device is a software adapter.
    pub software: bool,
    /// Devices that work together.
    pub gpus: u32,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
    /// Whether somebody said so; else it is the best case.
    pub utilisation_stated: bool,
    /// What it is rented for, or why that is not known.
    pub rent: Result<Rent, String>,
    /// What the same weights cost at sellers, or why that is not known.
    pub market: Result<&'a Market, String>,
    /// Which of the sellers' prices decides.
    pub policy: Policy,
    /// How price, load and software move, where somebody said so.
    pub drift: Option<Drift>,
    /// The day whose prices count.
    pub as_of: Date,
}

/// What a cost can be computed from again, under other terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// How long the devices are busy with a token.
    pub times: Times,
    /// What is paid and how it is used.
    pub terms: Terms,
    /// What the same weights cost at sellers, where that is known.
    pub market: Option<Market>,
}

/// A row, and what it was computed from where there is a cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The row.
    pub row: Comparison,
    /// What it was computed from.
    pub case: Option<Case>,
}

/// Makes one row: what is known is filled in, what is not says why in `verdict_reason`.
///
/// # Errors
/// A sentence where a number that is known is not finite and positive, or the utilisation is above 1.
pub fn compare(input: &CompareInput<'_>) -> Result<Compared, String> {
    let Estimate { workload, .. } = input.estimate;
    let cached = workload.serving.cached;
    let mix = Mix::of_request(workload.isl, workload.osl).and_then(|mix| mix.with_cached(cached)).ok();
    let mut row = Comparison {
        model: input.estimate.model.clone(),
        weights: workload.weights.name().to_owned(),
        device: input.estimate.device.clone(),
        source: input.estimate.source,
        software: input.software,
        batch: workload.batch,
        isl: workload.isl,
        osl: workload.osl,
        gpus: input.gpus,
        fits: input.estimate.fit.fits(),
        utilisation: input.utilisation,
        input_output_ratio: mix.map(Mix::ratio),
        cached,
        market_policy: input.policy.clone(),
        as_of: Some(input.as_of),
        note: notes(input).join("; "),
        ..Comparison::default()
    };
    if let Some(rates) = &input.estimate.rates {
        set_rates(&mut row, rates);
    }
    if let Ok(rent) = &input.rent {
        set_rent(&mut row, rent);
    }
    let market = input.market.clone().map(|market| mix.map_or(market.clone(), |mix| market.blended_for(mix)));
    if let Ok(market) = &market {
        set_market(&mut row, market, &input.policy);
    }
    let case = case(input, mix);
    let decided = match (&case, &market) {
        (Err(why), _) => Err(why.clone()),
        (Ok((times, terms)), market) => {
            set_cost(&mut row, &cost(*times, terms).map_err(|refused| refused.to_string())?);
            market.clone().and_then(|market| decide(*times, terms, &market))
        }
    };
    set_decision(&mut row, decided, input.drift);
    let case = case.ok().map(|(times, terms)| Case { times, terms, market: market.ok() });
    Ok(Compared { row, case })
}

/// What the cost is computed from; or why there is none.
fn case(input: &CompareInput<'_>, mix: Option<Mix>) -> Result<(Times, Terms), String> {
    let unknown = || input.estimate.notes.first().cloned().unwrap_or_else(|| "no rates".into());
    let rates = input.estimate.rates.as_ref().ok_or_else(unknown)?;
    let rent = input.rent.as_ref().map_err(String::clone)?;
    let mix = mix.ok_or("a request without output tokens has no blended cost")?;
    let times = Times::of(rates, input.estimate.workload.serving.cached);
    let terms = Terms {
        gpus: f64::from(input.gpus),
        usd_per_hour: rent.interval(),
        utilisation: input.utilisation,
        utilisation_stated: input.utilisation_stated,
        mix,
        policy: input.policy.clone(),
    };
    Ok((times, terms))
}

fn notes(input: &CompareInput<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if input.software {
        notes.push(SOFTWARE_LABEL.to_owned());
    }
    if let Some(days) = input.rent.as_ref().ok().and_then(|rent| rent.stale_days) {
        notes.push(format!("the rent is {days} days old"));
    }
    if let Ok(market) = &input.market {
        if let Some(days) = market.stale_days {
            notes.push(format!("the market price is {days} days old"));
        }
        if market.single_seller() {
            notes.push("one seller: a list price, not a market".to_owned());
        }
    }
    notes.extend(input.estimate.notes.iter().cloned());
    notes
}

fn set_rates(row: &mut Comparison, rates: &Rates) {
    row.prefill_tokens_per_s = finite(rates.prefill_tokens_per_s.mid.0);
    row.decode_tokens_per_s = finite(rates.decode_tokens_per_s.mid.0);
    row.output_tokens_per_s = finite(rates.output_tokens_per_s.mid.0);
    row.requests_per_s = finite(rates.requests_per_s.mid);
    row.tpot_ms = finite(rates.tpot_s.mid.0 * 1e3);
    row.prefill_joules_per_token = rates.prefill_joules_per_token.and_then(|joules| finite(joules.0));
    row.decode_joules_per_token = rates.decode_joules_per_token.and_then(|joules| finite(joules.0));
}

fn set_rent(row: &mut Comparison, rent: &Rent) {
    row.rental_providers = Some(rent.providers.clone()).filter(|providers| !providers.is_empty());
    row.rental_kind = rent.kind;
    row.usd_per_hour = finite(rent.usd_per_hour.0);
    row.usd_per_hour_low = finite(rent.low.0);
    row.usd_per_hour_high = finite(rent.high.0);
    row.usd_per_hour_date = rent.date;
}

fn set_market(row: &mut Comparison, market: &Market, policy: &Policy) {
    if let Ok(price) = policy.price(market) {
        row.market_usd_per_mtok = finite(price.mid.0);
        row.market_usd_per_mtok_low = finite(price.low.0);
        row.market_usd_per_mtok_high = finite(price.high.0);
    }
    row.market_usd_per_mtok_cheapest = market.cheapest().and_then(|vote| finite(vote.blended.0));
    row.market_cheapest_seller = market.cheapest().map(|vote| vote.seller.to_string());
    row.market_usd_per_mtok_median = finite(market.median_blended.0);
    row.market_sellers = Some(market.sellers() as u64);
    row.market_date_oldest = Some(market.oldest);
    row.market_date_newest = Some(market.newest);
}

fn set_cost(row: &mut Comparison, cost: &Cost) {
    let ends = |cost: Interval<UsdPerMtok>| (finite(cost.mid.0), finite(cost.low.0), finite(cost.high.0));
    (row.usd_per_mtok_in, row.usd_per_mtok_in_low, row.usd_per_mtok_in_high) = ends(cost.input);
    (row.usd_per_mtok_out, row.usd_per_mtok_out_low, row.usd_per_mtok_out_high) = ends(cost.output);
    (row.usd_per_mtok_blended, row.usd_per_mtok_blended_low, row.usd_per_mtok_blended_high) =
        ends(cost.blended);
}

fn set_decision(row: &mut Comparison, decided: Result<Decision, String>, drift: Option<Drift>) {
    let decision = match decided {
        Ok(decision) => decision,
        Err(why) => return row.verdict_reason = why,
    };
    let ratio = decision.cost_over_price;
    (row.cost_over_price, row.cost_over_price_low, row.cost_over_price_high) =
        (finite(ratio.mid), finite(ratio.low), finite(ratio.high));
    row.break_even_utilisation = finite(decision.break_even.utilisation);
    row.break_even_usd_per_hour = finite(decision.break_even.usd_per_hour.0);
    row.break_even_mtok_per_month = finite(decision.break_even_mtok_per_month);
    row.verdict = Some(decision.verdict);
    row.decides = Some(decision.decides);
    let deciding = decision.flips.iter().find(|flip| flip.input == decision.decides);
    row.verdict_changes_at = deciding.and_then(|flip| flip.verdict_changes_at).and_then(finite);
    row.verdict_reason = decision.reason;
    if let Some(drift) = drift {
        let turn = drift.turn(ratio.mid, row.utilisation);
        row.turns_after_months = turn.map(|turn| turn.months);
        row.verdict_reason += &turn_words(turn);
    }
}

fn turn_words(turn: Option<Turn>) -> String {
    match turn {
        None => {
            format!("; with the drift given, the cheaper side stays the same for {HORIZON_MONTHS} months")
        }
        Some(Turn { months, to_rent }) => {
            let side = if to_rent { "renting" } else { "buying" };
            format!("; with the drift given, {side} is cheaper from month {months} on")
        }
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests;
