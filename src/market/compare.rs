//! Fills one row of `mtok compare`: a model on a device at a rent, beside the market price of the same weights.

use jiff::civil::Date;

use super::row::Comparison;
use super::{Decision, Policy, decide};
use crate::cost::{Cost, CostInputs, Refused};
use crate::measurement::SOFTWARE_LABEL;
use crate::price::rental::{Kind, Offer, ProviderVote};
use crate::price::token::Market;
use crate::price::{Mix, to_f64};
use crate::throughput::Source;
use crate::units::{Interval, Seconds, UsdPerHour, UsdPerMtok};

/// How fast a model runs: durations with the interval they are believed to lie in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// One decode step of the whole batch.
    pub step: Interval<Seconds>,
    /// Prefill, per prompt token.
    pub prefill_per_token: Interval<Seconds>,
    /// Time per output token of one sequence, with the prefill of its neighbours inside.
    pub tpot: Seconds,
}

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
        let providers: Vec<&str> = offer.votes.iter().map(|vote| vote.provider.as_str()).collect();
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
            providers: vote.provider.clone(),
            usd_per_hour: UsdPerHour(to_f64(vote.usd_per_hour)),
            date: Some(vote.date),
            ..Self::median_of(offer)
        }
    }
}

/// What a row is made from. What is not known says why.
#[derive(Clone, Debug)]
pub struct CompareInput<'a> {
    /// The open weights.
    pub model: &'a str,
    /// How they are stored.
    pub weights: &'a str,
    /// The device, as the adapter or the datasheet names it.
    pub device: &'a str,
    /// Where the rates come from.
    pub source: Source,
    /// Whether the device is a software adapter.
    pub software: bool,
    /// Sequences that decode together.
    pub batch: u64,
    /// Prompt tokens per request.
    pub isl: u64,
    /// Generated tokens per request.
    pub osl: u64,
    /// Devices that work together.
    pub gpus: u32,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
    /// Whether it fits the memory, where that is known.
    pub fits: Option<bool>,
    /// How fast it runs, or why that is not known.
    pub rates: Result<Rates, String>,
    /// What it is rented for, or why that is not known.
    pub rent: Result<Rent, String>,
    /// What the same weights cost at sellers, or why that is not known.
    pub market: Result<&'a Market, String>,
    /// Which of the sellers' prices decides.
    pub policy: Policy,
    /// The day whose prices count.
    pub as_of: Date,
    /// What a reader of the row must know besides.
    pub notes: Vec<String>,
}

/// Makes one row: what is known is filled in, what is not says why in `verdict_reason`.
///
/// # Errors
/// [`Refused`] where a number that is known is not finite and positive, or the utilisation is above 1.
pub fn compare(input: &CompareInput<'_>) -> Result<Comparison, Refused> {
    let mix = Mix::of_request(input.isl, input.osl).ok();
    let mut row = Comparison {
        model: input.model.to_owned(),
        weights: input.weights.to_owned(),
        device: input.device.to_owned(),
        source: input.source,
        software: input.software,
        batch: input.batch,
        isl: input.isl,
        osl: input.osl,
        gpus: input.gpus,
        fits: input.fits,
        utilisation: input.utilisation,
        input_output_ratio: mix.map(Mix::ratio),
        market_policy: input.policy,
        as_of: Some(input.as_of),
        note: notes(input).join("; "),
        ..Comparison::default()
    };
    if let Ok(rates) = &input.rates {
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
    let (rates, rent, mix) = match (&input.rates, &input.rent, mix) {
        (Ok(rates), Ok(rent), Some(mix)) => (rates, rent, mix),
        (Err(why), ..) | (_, Err(why), _) => return Ok(Err(why.clone())),
        (.., None) => return Ok(Err("a request without output tokens has no blended cost".into())),
    };
    let inputs = CostInputs {
        usd_per_hour: rent.usd_per_hour,
        gpus: f64::from(input.gpus),
        utilisation: input.utilisation,
        batch: input.batch as f64,
        step: rates.step,
        prefill_per_token: rates.prefill_per_token,
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
    notes.extend(input.notes.iter().cloned());
    notes
}

fn set_rates(row: &mut Comparison, rates: &Rates) {
    row.prefill_tokens_per_s = finite(1.0 / rates.prefill_per_token.mid.0);
    row.decode_tokens_per_s = finite(row.batch as f64 / rates.step.mid.0);
    row.tpot_ms = finite(rates.tpot.0 * 1e3);
}

fn set_rent(row: &mut Comparison, rent: &Rent) {
    row.rental_providers = Some(rent.providers.clone()).filter(|providers| !providers.is_empty());
    row.rental_kind = rent.kind;
    row.usd_per_hour = finite(rent.usd_per_hour.0);
    row.usd_per_hour_date = rent.date;
}

fn set_market(row: &mut Comparison, market: &Market) {
    row.market_usd_per_mtok_cheapest = market.cheapest().and_then(|vote| finite(vote.blended.0));
    row.market_cheapest_seller = market.cheapest().map(|vote| vote.seller.clone());
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
    use crate::price::token::{market, read_tokens};
    use jiff::civil::date;

    fn tokens(rows: &str) -> Market {
        let header = "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n";
        let listings = read_tokens((header.to_owned() + rows).as_bytes()).unwrap();
        market(&listings, "m", date(2026, 6, 30), Mix::new(2.0).unwrap(), 365).unwrap()
    }

    fn around(seconds: f64) -> Interval<Seconds> {
        Interval { low: Seconds(seconds * 0.9), mid: Seconds(seconds), high: Seconds(seconds * 1.1) }
    }

    fn input(market: Result<&Market, String>) -> CompareInput<'_> {
        CompareInput {
            model: "m",
            weights: "fp8",
            device: "H100 SXM",
            source: Source::Measured,
            software: false,
            batch: 64,
            isl: 1000,
            osl: 500,
            gpus: 1,
            fits: Some(true),
            utilisation: 1.0,
            rates: Ok(Rates {
                step: around(20e-3),
                prefill_per_token: around(40e-6),
                tpot: Seconds(25.12e-3),
            }),
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
            notes: vec![],
        }
    }

    #[test]
    fn a_full_row_holds_the_worked_example() {
        let market = tokens("m,s,,0.1,0.3,,2026-06-01,p\nm,t,,0.2,0.4,,2026-06-02,p\n");
        let row = compare(&input(Ok(&market))).unwrap();
        assert_eq!(row.decode_tokens_per_s, Some(3200.0));
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
        let row = compare(&input(Err("no price of \"m\"".into()))).unwrap();
        assert_eq!((row.verdict, row.verdict_reason.as_str()), (None, "no price of \"m\""));
        assert!(row.usd_per_mtok_out.is_some() && row.market_usd_per_mtok().is_none());
        let market = tokens("m,s,,0.1,0.3,,2026-06-01,p\n");
        let slow = CompareInput { rates: Err("no gemm ran".into()), ..input(Ok(&market)) };
        let row = compare(&slow).unwrap();
        assert_eq!((row.verdict, row.verdict_reason.as_str()), (None, "no gemm ran"));
        assert_eq!((row.usd_per_mtok_out, row.tpot_ms, row.break_even_usd_per_hour), (None, None, None));
        assert_eq!(row.usd_per_hour, Some(2.0));
        let unpriced = CompareInput { rent: Err("no rent".into()), ..input(Ok(&market)) };
        assert_eq!(compare(&unpriced).unwrap().verdict_reason, "no rent");
        let longer = CompareInput { isl: 2000, ..input(Ok(&market)) };
        assert!(compare(&longer).unwrap().verdict_reason.contains("another input:output ratio"));
        let mute = CompareInput { osl: 0, ..input(Ok(&market)) };
        assert_eq!(compare(&mute).unwrap().input_output_ratio, None);
    }

    #[test]
    fn notes_tell_software_stale_and_single_sellers() {
        let mut market = tokens("m,s,,0.1,0.3,,2026-06-01,p\n");
        market.stale_days = Some(400);
        let software = CompareInput { software: true, notes: vec!["x".into()], ..input(Ok(&market)) };
        assert_eq!(
            compare(&software).unwrap().note,
            "software adapter (not a GPU); the market price is 400 days old; \
             one seller: a list price, not a market; x"
        );
    }

    #[test]
    fn nonsense_is_refused_not_shown() {
        let market = tokens("m,s,,0.1,0.3,,2026-06-01,p\n");
        assert!(compare(&CompareInput { utilisation: 1.5, ..input(Ok(&market)) }).is_err());
        assert!(compare(&CompareInput { batch: 0, ..input(Ok(&market)) }).is_err());
        let rates = Rates { step: around(f64::NAN), prefill_per_token: around(1.0), tpot: Seconds(1.0) };
        assert!(compare(&CompareInput { rates: Ok(rates), ..input(Ok(&market)) }).is_err());
    }

    #[test]
    fn json_has_null_for_unknown_and_text_for_dates() {
        let json = serde_json::to_string(&compare(&input(Err("none".into()))).unwrap()).unwrap();
        assert!(
            json.contains("\"usd_per_hour_date\":\"2026-06-01\",")
                && json.contains("\"rental_kind\":\"on-demand\"")
        );
        assert!(json.contains("\"market_sellers\":null,\"market_date_oldest\":null,"));
    }
}
