//! Fills one row of `mtok compare`: a model on a device at a rent, beside the market price of the same weights.

use jiff::civil::Date;

use super::row::Comparison;
use super::{Decision, Policy, decide};
use crate::cost::{Cost, CostInputs, Refused};
use crate::measurement::SOFTWARE_LABEL;
use crate::price::rental::{Kind, Offer, ProviderVote};
use crate::price::token::Market;
use crate::price::{Mix, to_f64};
use crate::throughput::{Estimate, Rates};
use crate::units::{Interval, UsdPerHour, UsdPerMtok};

/// What a device is rented for.
#[derive(Clone, Debug, PartialEq)]
pub struct Rent {
    /// Who asks it; several joined by `; `.
    pub providers: String,
    /// How it is rented; unknown where the rent was typed by the user.
    pub kind: Option<Kind>,
    /// Per device and hour.
    pub usd_per_hour: UsdPerHour,
    /// The day of the newest quote behind it.
    pub date: Option<Date>,
    /// Age in days where every quote is older than quotes should be.
    pub stale_days: Option<i32>,
}

impl Rent {
    /// The median of an offer's providers.
    pub fn median_of(offer: &Offer) -> Self {
        let providers: Vec<&str> = offer.votes.iter().map(|vote| &*vote.provider).collect();
        Self {
            providers: providers.join("; "),
            kind: Some(offer.kind),
            usd_per_hour: UsdPerHour(to_f64(offer.median)),
            date: Some(offer.newest),
            stale_days: offer.stale_days,
        }
    }

    /// What one provider of an offer asks.
    pub fn of_vote(offer: &Offer, vote: &ProviderVote) -> Self {
        Self {
            providers: vote.provider.to_string(),
            usd_per_hour: UsdPerHour(to_f64(vote.usd_per_hour)),
            date: Some(vote.date),
            ..Self::median_of(offer)
        }
    }
}

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
    /// What it is rented for, or why that is not known.
    pub rent: Result<Rent, String>,
    /// What the same weights cost at sellers, or why that is not known.
    pub market: Result<&'a Market, String>,
    /// Which of the sellers' prices decides.
    pub policy: Policy,
    /// The day whose prices count.
    pub as_of: Date,
}

/// Makes one row: what is known is filled in, what is not says why in `verdict_reason`.
///
/// # Errors
/// [`Refused`] where a number that is known is not finite and positive, or the utilisation is above 1.
pub fn compare(input: &CompareInput<'_>) -> Result<Comparison, Refused> {
    let Estimate { workload, .. } = input.estimate;
    let mix = Mix::of_request(workload.isl, workload.osl).ok();
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
        market_policy: input.policy,
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
    if let Ok(market) = &input.market {
        set_market(&mut row, market);
    }
    let cost = cost(input, mix)?;
    if let Ok((cost, _)) = &cost {
        set_cost(&mut row, cost);
    }
    let decided = match (cost, &input.market) {
        (Ok(_), Ok(market)) if Some(market.mix) != mix => {
            Err("the market price is blended for another input:output ratio".into())
        }
        (Ok((cost, rent)), Ok(market)) => {
            Ok(decide(cost.blended, rent, input.utilisation, market, input.policy)?)
        }
        (Err(why), _) => Err(why),
        (_, Err(why)) => Err(why.clone()),
    };
    set_decision(&mut row, decided);
    Ok(row)
}

/// The cost with its rent; or, inside, why there is none.
fn cost(input: &CompareInput<'_>, mix: Option<Mix>) -> Result<Result<(Cost, UsdPerHour), String>, Refused> {
    let unknown = || input.estimate.notes.first().cloned().unwrap_or_else(|| "no rates".into());
    let (rates, rent, mix) = match (&input.estimate.rates, &input.rent, mix) {
        (Some(rates), Ok(rent), Some(mix)) => (rates, rent, mix),
        (None, ..) => return Ok(Err(unknown())),
        (_, Err(why), _) => return Ok(Err(why.clone())),
        (.., None) => return Ok(Err("a request without output tokens has no blended cost".into())),
    };
    let inputs = CostInputs {
        usd_per_hour: rent.usd_per_hour,
        gpus: f64::from(input.gpus),
        utilisation: input.utilisation,
        // The time of an output token is that of one sequence already.
        batch: 1.0,
        step: rates.output_s_per_token,
        prefill_per_token: rates.input_s_per_token,
    };
    Ok(Ok((inputs.cost(mix)?, rent.usd_per_hour)))
}

fn notes(input: &CompareInput<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if input.software {
        notes.push(SOFTWARE_LABEL.to_owned());
    }
    if let Some(days) = input.rent.as_ref().ok().and_then(|rent| rent.stale_days) {
        notes.push(format!("the rent is {days} days old"));
    }
    if let Ok(market) = input.market {
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
    row.usd_per_hour_date = rent.date;
}

fn set_market(row: &mut Comparison, market: &Market) {
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

fn set_decision(row: &mut Comparison, decided: Result<Decision, String>) {
    match decided {
        Ok(decision) => {
            row.break_even_utilisation = finite(decision.break_even.utilisation);
            row.break_even_usd_per_hour = finite(decision.break_even.usd_per_hour.0);
            row.verdict = Some(decision.verdict);
            row.verdict_reason = decision.reason;
        }
        Err(why) => row.verdict_reason = why,
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Verdict;
    use crate::op::Format;
    use crate::price::token::{market, read_tokens};
    use crate::throughput::{Bound, Fit, Serving, Source, Workload};
    use crate::units::{Joules, Seconds, TokensPerSecond};
    use jiff::civil::date;

    fn tokens(rows: &str) -> Market {
        let header = "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n";
        let listings = read_tokens((header.to_owned() + rows).as_bytes()).unwrap();
        market(&listings, "m", date(2026, 6, 30), Mix::new(2.0).unwrap(), 365).unwrap()
    }

    fn around(seconds: f64) -> Interval<Seconds> {
        Interval { low: Seconds(seconds * 0.9), mid: Seconds(seconds), high: Seconds(seconds * 1.1) }
    }

    fn estimate() -> Estimate {
        let per_second =
            |time: Interval<Seconds>, tokens: f64| time.invert(|s| TokensPerSecond(tokens / s.0));
        let (step_s, prefill_s_per_token) = (around(20e-3), around(40e-6));
        Estimate {
            model: "m".into(),
            workload: Workload {
                weights: Format::Fp8.into(),
                batch: 64,
                isl: 1000,
                osl: 500,
                serving: Serving::default(),
            },
            fit: Fit::Unknown,
            rates: Some(Rates {
                step_s,
                prefill_s_per_token,
                ttft_s: around(40e-3),
                tpot_s: around(25.12e-3),
                output_tokens_per_s: per_second(around(25.12e-3), 64.0),
                requests_per_s: around(25.12e-3).invert(|tpot| 64.0 / (500.0 * tpot.0)),
                input_s_per_token: prefill_s_per_token,
                output_s_per_token: step_s.map(|step| step * (1.0 / 64.0)),
                prefill_tokens_per_s: per_second(prefill_s_per_token, 1.0),
                decode_tokens_per_s: per_second(step_s, 64.0),
                bound: Bound::Weights,
                prefill_joules_per_token: None,
                decode_joules_per_token: Some(Joules(0.25)),
            }),
            max_batch: None,
            layer_ratio: None,
            source: Source::Measured,
            device: "H100 SXM".into(),
            notes: vec![],
        }
    }

    /// The estimate with a change.
    fn but(change: impl FnOnce(&mut Estimate)) -> Estimate {
        let mut estimate = estimate();
        change(&mut estimate);
        estimate
    }

    fn input<'a>(estimate: &'a Estimate, market: Result<&'a Market, String>) -> CompareInput<'a> {
        CompareInput {
            estimate,
            software: false,
            gpus: 1,
            utilisation: 1.0,
            rent: Ok(Rent {
                providers: "a; b".into(),
                kind: Some(Kind::OnDemand),
                usd_per_hour: UsdPerHour(2.0),
                date: Some(date(2026, 6, 1)),
                stale_days: None,
            }),
            market,
            policy: Policy::Median,
            as_of: date(2026, 6, 30),
        }
    }

    #[test]
    fn a_full_row_holds_the_worked_example() {
        let market = tokens("m,s,,0.1,0.3,,2026-06-01,p\nm,t,,0.2,0.4,,2026-06-02,p\n");
        let row = compare(&input(&estimate(), Ok(&market))).unwrap();
        assert_eq!(row.decode_tokens_per_s, Some(3200.0));
        assert_eq!((row.prefill_joules_per_token, row.decode_joules_per_token), (None, Some(0.25)));
        assert!((row.prefill_tokens_per_s.unwrap() - 25_000.0).abs() < 1e-6);
        assert!((row.usd_per_mtok_blended.unwrap() - 0.07269).abs() < 5e-6);
        assert_eq!((row.verdict, row.market_sellers), (Some(Verdict::Rent), Some(2)));
        assert_eq!(row.market_cheapest_seller.as_deref(), Some("s"));
        assert_eq!(
            (row.market_date_oldest, row.market_date_newest),
            (Some(market.oldest), Some(market.newest))
        );
        assert!(
            (row.break_even_utilisation.unwrap() - 0.07269 / row.market_usd_per_mtok().unwrap()).abs() < 1e-4
        );
        assert_eq!(row.note, "");
    }

    #[test]
    fn what_is_unknown_is_absent_and_says_why() {
        let row = compare(&input(&estimate(), Err("no price of \"m\"".into()))).unwrap();
        assert_eq!((row.verdict, row.verdict_reason.as_str()), (None, "no price of \"m\""));
        assert!(row.usd_per_mtok_out.is_some() && row.market_usd_per_mtok().is_none());
        let market = tokens("m,s,,0.1,0.3,,2026-06-01,p\n");
        let slow = but(|estimate| (estimate.rates, estimate.notes) = (None, vec!["no gemm ran".into()]));
        let row = compare(&input(&slow, Ok(&market))).unwrap();
        assert_eq!((row.verdict, row.verdict_reason.as_str()), (None, "no gemm ran"));
        assert_eq!((row.usd_per_mtok_out, row.tpot_ms, row.break_even_usd_per_hour), (None, None, None));
        assert_eq!(row.usd_per_hour, Some(2.0));
        let as_usual = estimate();
        let unpriced = CompareInput { rent: Err("no rent".into()), ..input(&as_usual, Ok(&market)) };
        assert_eq!(compare(&unpriced).unwrap().verdict_reason, "no rent");
        let longer = but(|estimate| estimate.workload.isl = 2000);
        assert!(
            compare(&input(&longer, Ok(&market)))
                .unwrap()
                .verdict_reason
                .contains("another input:output ratio")
        );
        let mute = but(|estimate| estimate.workload.osl = 0);
        assert_eq!(compare(&input(&mute, Ok(&market))).unwrap().input_output_ratio, None);
    }

    #[test]
    fn notes_tell_software_stale_and_single_sellers() {
        let mut market = tokens("m,s,,0.1,0.3,,2026-06-01,p\n");
        market.stale_days = Some(400);
        let noted = but(|estimate| estimate.notes = vec!["x".into()]);
        let software = CompareInput { software: true, ..input(&noted, Ok(&market)) };
        assert_eq!(
            compare(&software).unwrap().note,
            "software adapter (not a GPU); the market price is 400 days old; \
             one seller: a list price, not a market; x"
        );
    }

    #[test]
    fn nonsense_is_refused_not_shown() {
        let market = tokens("m,s,,0.1,0.3,,2026-06-01,p\n");
        let as_usual = estimate();
        assert!(compare(&CompareInput { utilisation: 1.5, ..input(&as_usual, Ok(&market)) }).is_err());
        let unclear = but(|estimate| {
            estimate.rates =
                estimate.rates.map(|rates| Rates { output_s_per_token: around(f64::NAN), ..rates });
        });
        assert!(compare(&input(&unclear, Ok(&market))).is_err());
    }

    #[test]
    fn json_has_null_for_unknown_and_text_for_dates() {
        let json = serde_json::to_string(&compare(&input(&estimate(), Err("none".into()))).unwrap()).unwrap();
        assert!(
            json.contains("\"usd_per_hour_date\":\"2026-06-01\",")
                && json.contains("\"rental_kind\":\"on-demand\"")
        );
        assert!(json.contains("\"market_sellers\":null,\"market_date_oldest\":null,"));
    }
}
