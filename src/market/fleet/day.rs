//! The day of all devices of one type that serve one model.

use super::{FleetDay, sentence};
use crate::cost::{positive, share};
use crate::market::budget::{Hour, SECONDS_PER_DAY};
use crate::market::compare::{Case, Compared};
use crate::market::decide::{Terms, Times, decide};
use crate::price::Mix;
use crate::throughput::Rates;
use crate::units::{Interval, UsdPerHour};

/// Hours of a day.
const HOURS: f64 = 24.0;

/// The devices of a type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Devices {
    /// Paid for.
    pub paid: u32,
    /// Of them, those that served when they were asked.
    pub serving: u32,
    /// What one computes on average, over the median one.
    pub speed: f64,
    /// Of that, what those that are called slow take.
    pub lost: f64,
}

/// How much of the paid hours carries load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Share of the hours of a working device.
    pub busy: f64,
    /// Share of its hours in which a device works.
    pub available: f64,
}

impl Load {
    /// Share of the paid hours that carry the load.
    pub fn utilisation(self) -> f64 {
        self.busy * self.available
    }
}

/// What a day is made from. What is not known says why.
#[derive(Clone, Debug)]
pub struct DayInput<'a> {
    /// Place of the type among the collected ones.
    pub type_index: u32,
    /// The median device beside the market.
    pub compared: &'a Compared,
    /// Its rates; `None` where there are none, which `compared` explains.
    pub rates: Option<&'a Rates>,
    /// The devices.
    pub devices: Devices,
    /// How they are used.
    pub load: Load,
    /// What a device is rented for.
    pub rent: Result<Interval<UsdPerHour>, String>,
    /// What an hour of an owned device costs.
    pub own: Result<Hour, String>,
}

/// One day:
///
/// ```text
/// tokens = paid · busy · available · speed · 86400 / (gpus · t)     t = (r·t_in + t_out)/(r + 1), s a replica is busy with a token
/// rent   = paid · 24 · g        own = paid · 24 · (always + by_load · busy · available)        buy = tokens · price / 1e6
/// ```
///
/// # Errors
/// A sentence where a number is out of range.
pub fn day(input: &DayInput<'_>) -> Result<FleetDay, String> {
    let DayInput { devices, load, .. } = *input;
    let row = &input.compared.row;
    let refused = |refused: crate::cost::Refused| refused.to_string();
    let utilisation = share(share(load.busy).map_err(refused)? * share(load.available).map_err(refused)?);
    let mut day = FleetDay {
        type_index: input.type_index,
        model: row.model.clone(),
        weights: row.weights.clone(),
        batch: row.batch,
        software: row.software,
        gpus: row.gpus,
        devices: devices.paid,
        devices_serving: devices.serving,
        speed: positive("speed of the devices", devices.speed).map_err(refused)?,
        load: load.busy,
        available: load.available,
        utilisation: utilisation.map_err(refused)?,
        ..FleetDay::default()
    };
    let mut missing = Vec::new();
    match tokens(input, &day) {
        Ok(tokens) => {
            [day.tokens_per_day_low, day.tokens_per_day, day.tokens_per_day_high] =
                [Some(tokens.low), Some(tokens.mid), Some(tokens.high)];
            day.tokens_per_day_lost = Some(tokens.mid / devices.speed * devices.lost);
            buy(&mut day, input, tokens);
        }
        Err(why) => missing.push(why),
    }
    if day.tokens_per_day.is_some() && day.buy_usd_per_day.is_none() {
        missing.push(format!("no {} of {} is known", row.market_policy.words(), row.model));
    }
    hours(&mut day, input, &mut missing);
    day.verdict = verdict(input, &day)?;
    (day.cheapest, day.reason) = sentence::cheapest(&day.sides(), &missing);
    Ok(day)
}

/// Tokens of the day; or why there are none.
fn tokens(input: &DayInput<'_>, day: &FleetDay) -> Result<Interval<f64>, String> {
    let unknown = || input.compared.row.verdict_reason.clone();
    let rates = input.rates.ok_or_else(unknown)?;
    if day.devices < day.gpus {
        return Err(format!("{} devices together serve it, and there are {}", day.gpus, day.devices));
    }
    let mix = Mix::new(day_ratio(input)?)?;
    let Times { input_s_per_token, output_s_per_token, .. } = Times::of(rates, input.compared.row.cached);
    let per_day = |input_s: f64, output_s: f64| {
        let replicas = f64::from(day.devices) / f64::from(day.gpus);
        replicas * day.utilisation * day.speed * SECONDS_PER_DAY / mix.blend(input_s, output_s)
    };
    let tokens = Interval {
        low: per_day(input_s_per_token.high.0, output_s_per_token.high.0),
        mid: per_day(input_s_per_token.mid.0, output_s_per_token.mid.0),
        high: per_day(input_s_per_token.low.0, output_s_per_token.low.0),
    };
    for end in [tokens.low, tokens.mid, tokens.high] {
        positive("tokens per day", end).map_err(|refused| refused.to_string())?;
    }
    Ok(tokens)
}

fn day_ratio(input: &DayInput<'_>) -> Result<f64, String> {
    let ratio = input.compared.row.input_output_ratio;
    ratio.ok_or_else(|| "a request without output tokens has no input:output ratio".into())
}

fn buy(day: &mut FleetDay, input: &DayInput<'_>, tokens: Interval<f64>) {
    let row = &input.compared.row;
    let usd = |tokens: f64, price: Option<f64>| price.map(|price| tokens / 1e6 * price);
    day.buy_usd_per_mtok = row.market_usd_per_mtok;
    day.buy_usd_per_day = usd(tokens.mid, row.market_usd_per_mtok);
    day.buy_usd_per_day_low = usd(tokens.low, row.market_usd_per_mtok_low);
    day.buy_usd_per_day_high = usd(tokens.high, row.market_usd_per_mtok_high);
}

/// What is paid for the devices, whatever they do.
fn hours(day: &mut FleetDay, input: &DayInput<'_>, missing: &mut Vec<String>) {
    let of_all = |usd_per_hour: f64| f64::from(day.devices) * HOURS * usd_per_hour;
    let per_mtok = |usd: Option<f64>| usd.zip(day.tokens_per_day).map(|(usd, tokens)| usd / tokens * 1e6);
    let rent = input.rent.as_ref().map(|rent| rent.map(|usd| of_all(usd.0)));
    let own = input.own.as_ref().map(|hour| of_all(hour.at(day.utilisation)));
    missing.extend(rent.as_ref().err().map(|why| (*why).clone()));
    let known = [rent.is_ok(), day.buy_usd_per_day.is_some()];
    if known != [true, true] {
        // Nobody need own a device: that is said where it leaves fewer than two sides to choose from.
        missing.extend(own.as_ref().err().map(|why| (*why).clone()));
    }
    let (rent, own) = (rent.ok(), own.ok());
    day.rent_usd_per_mtok = per_mtok(rent.map(|rent| rent.mid));
    day.own_usd_per_mtok = per_mtok(own);
    [day.rent_usd_per_day_low, day.rent_usd_per_day, day.rent_usd_per_day_high] =
        [rent.map(|rent| rent.low), rent.map(|rent| rent.mid), rent.map(|rent| rent.high)];
    day.own_usd_per_day = own;
}

/// The verdict of the mean device, which is what a rent pays for.
fn verdict(input: &DayInput<'_>, day: &FleetDay) -> Result<Option<super::Verdict>, String> {
    let Some(Case { times, terms, market: Some(market) }) = &input.compared.case else { return Ok(None) };
    if day.tokens_per_day.is_none() {
        return Ok(None);
    }
    let of_fleet = |time: crate::units::Seconds| time * (1.0 / day.speed);
    let times = Times {
        input_s_per_token: times.input_s_per_token.map(of_fleet),
        output_s_per_token: times.output_s_per_token.map(of_fleet),
        cached: times.cached,
    };
    let terms = Terms { utilisation: day.utilisation, ..terms.clone() };
    // A seller that does not sell this model leaves the verdict unknown, as in the comparison.
    Ok(decide(times, &terms, market).ok().map(|decision| decision.verdict))
}
