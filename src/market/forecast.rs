//! What if: rent, price and usage change, and what follows for kernels, spend and GPUs.
//!
//! Factors apply evenly over the months: after m of n months each is its n-th root to the power of m. A token's cost is rent ÷
//! rate, so the rate must grow by rent factor ÷ price factor for the margin to stay; spend is usage × price.

use serde::Serialize;

use super::claim::{self, Value};
use crate::cost::HOURS_PER_MONTH;

/// By how much something changes, above 0: 1.38 is +38 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Factor(f64);

impl Factor {
    /// The factor itself.
    pub fn get(self) -> f64 {
        self.0
    }

    /// The factor after `month` of `months`.
    fn after(self, month: u32, months: u32) -> f64 {
        // The end exactly, without a root and its power.
        if month == months { self.0 } else { self.0.powf(f64::from(month) / f64::from(months)) }
    }
}

impl std::str::FromStr for Factor {
    type Err = String;

    /// A change as claims write it: `+38%`, `-5%`, `2x`, `x2`.
    fn from_str(text: &str) -> Result<Self, String> {
        let claim = claim::parse(&format!("change={text}"), 1).map_err(|fault| fault.what)?;
        match claim.items.as_slice() {
            [item] if item.period.is_none() && item.since.is_none() => match &item.value {
                Value::Change(change) if change.ends.is_none() && change.factor.value.is_some() => {
                    Ok(Self(change.factor.mid()))
                }
                _ => Err("is no change: write +38%, -5% or x2".into()),
            },
            _ => Err("is one change without a period: write +38%, -5% or x2".into()),
        }
    }
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Question {
    /// Change of the rent.
    pub rent: Factor,
    /// Change of the price of a token.
    pub price: Factor,
    /// Change of the tokens used.
    pub usage: Factor,
    /// Over how many months.
    pub months: u32,
    /// Tokens per month today.
    pub tokens_per_month: Option<f64>,
    /// Tokens per second of one GPU.
    pub tokens_per_s: Option<f64>,
    /// Rent per GPU and hour today.
    pub usd_per_hour: Option<f64>,
    /// Price of a million tokens today.
    pub usd_per_mtok: Option<f64>,
    /// A price of a million tokens that is forecast.
    pub price_floor: Option<f64>,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
}

/// One month of a forecast; month 0 is today. Unknown is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ForecastMonth {
    /// Months from today.
    pub month: u32,
    /// Rent over today's.
    pub rent_factor: f64,
    /// Price of a token over today's.
    pub price_factor: f64,
    /// Usage over today's.
    pub usage_factor: f64,
    /// Spend over today's.
    pub spend_factor: f64,
    /// Rate over today's that keeps rent per token in step with the price.
    pub kernel_speedup: f64,
    /// Tokens of the month.
    pub tokens_per_month: Option<f64>,
    /// What they cost at the market's price.
    pub spend_usd: Option<f64>,
    /// Whole GPUs that serve them at today's rate.
    pub gpus: Option<f64>,
    /// The same at a rate that grew by the speed-up.
    pub gpus_with_speedup: Option<f64>,
    /// Rent of those at today's rate.
    pub rent_usd: Option<f64>,
}

/// A forecast.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    /// Version of these fields.
    pub schema_version: u32,
    /// How often faster kernels must be at the end for the margin to stay.
    pub kernel_speedup: f64,
    /// Spend at the end over that of today.
    pub spend_factor: f64,
    /// GPU-hours at the end over those of today, at today's rate.
    pub gpu_hours_factor: f64,
    /// The same at a rate that grew by the speed-up.
    pub gpu_hours_factor_with_speedup: f64,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
    /// Tokens per second of one GPU that cover its rent of today at the price floor.
    pub tokens_per_s_for_price_floor: Option<f64>,
    /// The price at which today's rate covers today's rent.
    pub usd_per_mtok_of_cost: Option<f64>,
    /// From today to the last month.
    pub path: Vec<ForecastMonth>,
}

/// The rate at which one GPU's tokens at `usd_per_mtok` pay for its rent: rent ÷ (3,600 s × share in use) ÷ price.
pub fn rate_for_price(usd_per_mtok: f64, usd_per_hour: f64, utilisation: f64) -> f64 {
    usd_per_hour * 1e6 / (3600.0 * utilisation * usd_per_mtok)
}

/// Whole GPUs for so many tokens a month.
pub fn gpus_for(tokens_per_month: f64, tokens_per_s: f64, utilisation: f64) -> f64 {
    let exact = tokens_per_month / (tokens_per_s * utilisation * HOURS_PER_MONTH * 3600.0);
    // A load that fills GPUs to the last token must not pay for one more because of a binary digit.
    (exact * (1.0 - 1e-12)).ceil()
}

/// Answers a question.
pub fn forecast(question: &Question) -> Forecast {
    let Question { rent, price, usage, months, utilisation, .. } = *question;
    let speedup = rent.get() / price.get();
    let floor = question.price_floor.zip(question.usd_per_hour);
    let cost = question.tokens_per_s.zip(question.usd_per_hour);
    Forecast {
        schema_version: 1,
        kernel_speedup: speedup,
        spend_factor: usage.get() * price.get(),
        gpu_hours_factor: usage.get(),
        gpu_hours_factor_with_speedup: usage.get() / speedup,
        utilisation,
        tokens_per_s_for_price_floor: floor.map(|(floor, hour)| rate_for_price(floor, hour, utilisation)),
        usd_per_mtok_of_cost: cost.map(|(rate, hour)| hour * 1e6 / (3600.0 * utilisation * rate)),
        path: (0..=months).map(|month| at(question, month)).collect(),
    }
}

fn at(question: &Question, month: u32) -> ForecastMonth {
    let [rent, price, usage] =
        [question.rent, question.price, question.usage].map(|factor| factor.after(month, question.months));
    let speedup = rent / price;
    let tokens = question.tokens_per_month.map(|tokens| tokens * usage);
    let load = tokens.zip(question.tokens_per_s);
    let gpus = load.map(|(tokens, rate)| gpus_for(tokens, rate, question.utilisation));
    ForecastMonth {
        month,
        rent_factor: rent,
        price_factor: price,
        usage_factor: usage,
        spend_factor: usage * price,
        kernel_speedup: speedup,
        tokens_per_month: tokens,
        spend_usd: tokens.zip(question.usd_per_mtok).map(|(tokens, mtok)| tokens / 1e6 * mtok * price),
        gpus,
        gpus_with_speedup: load.map(|(tokens, rate)| gpus_for(tokens, rate * speedup, question.utilisation)),
        rent_usd: gpus.zip(question.usd_per_hour).map(|(gpus, hour)| gpus * hour * rent * HOURS_PER_MONTH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn question(rent: &str, price: &str, usage: &str) -> Question {
        Question {
            rent: rent.parse().unwrap(),
            price: price.parse().unwrap(),
            usage: usage.parse().unwrap(),
            months: 12,
            tokens_per_month: None,
            tokens_per_s: None,
            usd_per_hour: None,
            usd_per_mtok: None,
            price_floor: None,
            utilisation: 1.0,
        }
    }

    #[test]
    fn usage_that_outgrows_prices_multiplies_spend_as_in_the_worked_example() {
        let year = Question { usage: Factor(1.7_f64.powi(12)), ..question("x1", "-5%", "x2") };
        let answer = forecast(&year);
        assert!((answer.path[1].spend_factor - 1.6927).abs() < 5e-5, "{}", answer.path[1].spend_factor);
        assert!((answer.spend_factor - 553.5).abs() < 0.05, "{}", answer.spend_factor);
        let flat: f64 = 1.0 / answer.path[1].usage_factor - 1.0;
        assert!((flat + 0.412).abs() < 5e-4, "{flat}");
    }

    #[test]
    fn dearer_rent_and_cheaper_tokens_need_faster_kernels() {
        let answer = forecast(&question("+38%", "-5%", "x2"));
        assert!((answer.kernel_speedup - 1.38 / 0.95).abs() < 1e-12);
        assert!((answer.kernel_speedup - 1.45).abs() < 0.005);
        assert!((answer.spend_factor - 1.9).abs() < 1e-12);
        assert_eq!(answer.path.len(), 13);
        assert_eq!(answer.path[0].spend_factor, 1.0);
        assert!((answer.path[6].usage_factor - 2.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(answer.path[12].usage_factor, 2.0);
    }

    #[test]
    fn falling_prices_and_doubled_usage_raise_spend_1_8_to_1_9_times() {
        for (price, factor) in [("-5%", 1.9), ("-10%", 1.8)] {
            assert!((forecast(&question("x1", price, "2x")).spend_factor - factor).abs() < 1e-12);
        }
    }

    #[test]
    fn a_cent_per_mtok_needs_65278_tokens_a_second_at_2_35_an_hour() {
        let asked =
            Question { price_floor: Some(0.01), usd_per_hour: Some(2.35), ..question("x1", "x1", "x1") };
        let rate = forecast(&asked).tokens_per_s_for_price_floor.unwrap();
        assert_eq!(rate.round(), 65_278.0);
        let half = forecast(&Question { utilisation: 0.5, ..asked });
        assert!((half.tokens_per_s_for_price_floor.unwrap() / rate - 2.0).abs() < 1e-12);
    }

    #[test]
    fn gpus_are_whole_and_a_full_one_needs_no_other() {
        let full = 1000.0 * HOURS_PER_MONTH * 3600.0;
        assert_eq!(gpus_for(full, 1000.0, 1.0), 1.0);
        assert_eq!(gpus_for(full * 1.001, 1000.0, 1.0), 2.0);
        assert_eq!(gpus_for(full, 1000.0, 0.5), 2.0);
        let asked = Question {
            tokens_per_month: Some(10.0 * full),
            tokens_per_s: Some(1000.0),
            usd_per_hour: Some(2.0),
            usd_per_mtok: Some(1.0),
            ..question("+38%", "-5%", "x2")
        };
        let path = forecast(&asked).path;
        assert_eq!((path[0].gpus, path[12].gpus), (Some(10.0), Some(20.0)));
        assert_eq!(path[12].gpus_with_speedup, Some(14.0), "20 / 1.4526 = 13.8");
        assert!((path[12].spend_usd.unwrap() / path[0].spend_usd.unwrap() - 1.9).abs() < 1e-9);
        assert!((path[12].rent_usd.unwrap() - 20.0 * 2.0 * 1.38 * 730.0).abs() < 1e-6);
    }

    #[test]
    fn only_one_exact_change_is_a_factor() {
        for bad in
            ["", "70%", "10->20", "+5% mom", "up", "140 T/day", "-100%", "-99%..-80%", "x0", "2x,3x", "nan"]
        {
            assert!(bad.parse::<Factor>().is_err(), "{bad}");
        }
        assert_eq!("-5%".parse::<Factor>().unwrap().get(), 0.95);
    }

    proptest! {
        #[test]
        fn with_the_speed_up_rent_per_token_follows_the_price(rent in 1u32..400, price in 1u32..400, usage in 1u32..400) {
            let factor = |percent: u32| Factor(f64::from(percent) / 100.0);
            let asked = Question { rent: factor(rent), price: factor(price), usage: factor(usage), ..question("x1", "x1", "x1") };
            for month in forecast(&asked).path {
                let cost = month.rent_factor / month.kernel_speedup;
                prop_assert!((cost / month.price_factor - 1.0).abs() < 1e-9);
            }
        }
    }
}
