//! Dollars per million tokens from a rent and a time, and where renting breaks even with buying.
//!
//! Time share: a device-second costs the same whatever it does, so input costs the time of its prefill and
//! output the time of its decode steps. Then `ISL·in + OSL·out` is what a request costs. (Dividing the whole
//! hour by the input rate and again by the output rate gives two views that must never be added.)

use crate::price::Mix;
use crate::units::{Interval, Seconds, TokensPerSecond, UsdPerHour, UsdPerMtok};

const SECONDS_PER_HOUR: f64 = 3600.0;
const TOKENS_PER_MTOK: f64 = 1e6;

/// An input that no cost can be computed from.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Not a number, infinite, zero or negative.
    #[error("{what} {value} is not a finite number > 0")]
    NotPositive {
        /// Which input.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// More than all paid hours.
    #[error("utilisation {0} is above 1, which is all paid hours")]
    UtilisationAboveOne(f64),
    /// An interval whose ends are not in order.
    #[error("{0}: the interval is not in order low, mid, high")]
    NotInOrder(&'static str),
    /// A result beyond what a float can hold.
    #[error("the cost is not a finite number > 0: an input is far out of range")]
    OutOfRange,
}

/// What a cost is computed from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CostInputs {
    /// Rent per device and hour.
    pub usd_per_hour: UsdPerHour,
    /// Devices that work together on one step.
    pub gpus: f64,
    /// Share of the paid hours that carry the load, above 0, at most 1.
    pub utilisation: f64,
    /// Sequences that decode together.
    pub batch: f64,
    /// One decode step of the whole batch.
    pub step: Interval<Seconds>,
    /// Prefill, per prompt token.
    pub prefill_per_token: Interval<Seconds>,
}

/// What a million tokens cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Per million prompt tokens.
    pub input: Interval<UsdPerMtok>,
    /// Per million generated tokens.
    pub output: Interval<UsdPerMtok>,
    /// Per million tokens of the mix.
    pub blended: Interval<UsdPerMtok>,
}

impl CostInputs {
    /// The time-share cost: `in = g·n·1e6/(3600·u) · t_pre`, `out = g·n·1e6/(3600·u) · t_step/B`.
    /// Costs grow with time, so the ends of an interval stay in order.
    ///
    /// # Errors
    /// [`Refused`] where an input is not finite and positive, or the utilisation is above 1.
    pub fn cost(&self, mix: Mix) -> Result<Cost, Refused> {
        positive("batch", self.batch)?;
        ordered("decode step in seconds", self.step)?;
        ordered("prefill in seconds per token", self.prefill_per_token)?;
        let rate = self.usd_per_second()?;
        let per_mtok = |time: Seconds| UsdPerMtok(rate * TOKENS_PER_MTOK * time.0);
        let input = self.prefill_per_token.map(per_mtok);
        let output = self.step.map(|step| per_mtok(step * (1.0 / self.batch)));
        let blend = |input: UsdPerMtok, output: UsdPerMtok| UsdPerMtok(mix.blend(input.0, output.0));
        let blended = Interval {
            low: blend(input.low, output.low),
            mid: blend(input.mid, output.mid),
            high: blend(input.high, output.high),
        };
        let ends = [input.low, input.high, output.low, output.high, blended.low, blended.high];
        if !ends.iter().all(|end| is_positive(end.0)) {
            return Err(Refused::OutOfRange);
        }
        Ok(Cost { input, output, blended })
    }

    /// Dollars per second that carries the load.
    fn usd_per_second(&self) -> Result<f64, Refused> {
        let hour = positive("usd_per_hour", self.usd_per_hour.0)? * positive("gpus", self.gpus)?;
        Ok(hour / (SECONDS_PER_HOUR * share(self.utilisation)?))
    }
}

/// The cost of a stream of tokens that has the devices to itself: `g / (3600·u·R) · 1e6`.
///
/// # Errors
/// [`Refused`] where an input is not finite and positive, or the utilisation is above 1.
pub fn usd_per_mtok(
    rate: TokensPerSecond,
    rent: UsdPerHour,
    utilisation: f64,
) -> Result<UsdPerMtok, Refused> {
    let tokens_per_hour = positive("tokens per second", rate.0)? * SECONDS_PER_HOUR * share(utilisation)?;
    let cost = positive("usd_per_hour", rent.0)? / tokens_per_hour * TOKENS_PER_MTOK;
    if is_positive(cost) { Ok(UsdPerMtok(cost)) } else { Err(Refused::OutOfRange) }
}

/// Where renting and buying cost the same, all else as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakEven {
    /// The share of paid hours that must carry load; above 1 where no share is enough.
    pub utilisation: f64,
    /// The rent per device and hour, at the given utilisation.
    pub usd_per_hour: UsdPerHour,
    /// Cost over price at the given utilisation: the factor by which one of rent, utilisation, throughput or
    /// price must change. The cost is proportional or inversely proportional to each, so it is one factor.
    pub cost_over_price: f64,
}

impl BreakEven {
    /// The break-even between a cost (at a rent and a utilisation) and the price of the same tokens.
    /// `u* = u·cost/price`, which is the cost at full load over the price, and `g* = g·price/cost`.
    ///
    /// # Errors
    /// [`Refused`] where an input is not finite and positive, or the utilisation is above 1.
    pub fn between(
        cost: UsdPerMtok,
        rent: UsdPerHour,
        utilisation: f64,
        price: UsdPerMtok,
    ) -> Result<Self, Refused> {
        let factor = positive("cost per Mtok", cost.0)? / positive("price per Mtok", price.0)?;
        let break_even = Self {
            utilisation: share(utilisation)? * factor,
            usd_per_hour: UsdPerHour(positive("usd_per_hour", rent.0)? / factor),
            cost_over_price: factor,
        };
        if is_positive(break_even.utilisation) && is_positive(break_even.usd_per_hour.0) {
            Ok(break_even)
        } else {
            Err(Refused::OutOfRange)
        }
    }

    /// Even a device that never idles costs more than the tokens it makes.
    pub fn never_wins(&self) -> bool {
        self.utilisation > 1.0
    }
}

fn is_positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

fn positive(what: &'static str, value: f64) -> Result<f64, Refused> {
    if is_positive(value) { Ok(value) } else { Err(Refused::NotPositive { what, value }) }
}

fn share(utilisation: f64) -> Result<f64, Refused> {
    match positive("utilisation", utilisation)? {
        above if above > 1.0 => Err(Refused::UtilisationAboveOne(above)),
        share => Ok(share),
    }
}

fn ordered(what: &'static str, time: Interval<Seconds>) -> Result<(), Refused> {
    for end in [time.low, time.mid, time.high] {
        positive(what, end.0)?;
    }
    if time.low <= time.mid && time.mid <= time.high { Ok(()) } else { Err(Refused::NotInOrder(what)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn exactly(seconds: f64) -> Interval<Seconds> {
        Interval { low: Seconds(seconds), mid: Seconds(seconds), high: Seconds(seconds) }
    }

    fn inputs() -> CostInputs {
        CostInputs {
            usd_per_hour: UsdPerHour(2.0),
            gpus: 1.0,
            utilisation: 1.0,
            batch: 64.0,
            step: exactly(20e-3),
            prefill_per_token: exactly(40e-6),
        }
    }

    /// Equal to the four digits that are written.
    fn assert_four_digits(value: f64, written: f64) {
        assert!((value / written - 1.0).abs() < 5e-4, "{value} is not {written}");
    }

    #[test]
    fn a_dollar_per_hour_over_a_rate_matches_the_published_form() {
        let cost = usd_per_mtok(TokensPerSecond(2000.0), UsdPerHour(1.69), 1.0).unwrap();
        assert_four_digits(cost.0, 0.2347);
        assert_four_digits(0.5 * 1.69 / 3.6, cost.0);
    }

    #[test]
    fn time_share_gives_the_worked_example() {
        let cost = inputs().cost(Mix::of_request(1000, 500).unwrap()).unwrap();
        assert_four_digits(cost.input.mid.0, 0.02222);
        assert_four_digits(cost.output.mid.0, 0.1736);
        assert_four_digits(cost.blended.mid.0, 0.07269);
        assert_four_digits((1000.0 * cost.input.mid.0 + 500.0 * cost.output.mid.0) / 1e6, 0.0001090);
        // The whole-hour views of the same run: every token of one sort pays for both.
        let tpot = 20e-3 + 64.0 * (1000.0 / 500.0) * 40e-6;
        let out_per_s = 64.0 / tpot;
        assert_four_digits(tpot, 25.12e-3);
        assert_four_digits(out_per_s, 2548.0);
        let whole = |rate| usd_per_mtok(TokensPerSecond(rate), UsdPerHour(2.0), 1.0).unwrap().0;
        assert_four_digits(whole(2.0 * out_per_s), 0.1090);
        assert_four_digits(whole(out_per_s), 0.2181);
    }

    #[test]
    fn break_evens_match_the_worked_example() {
        let (rent, price) = (UsdPerHour(2.35), 0.30);
        let full = usd_per_mtok(TokensPerSecond(3000.0), rent, 1.0).unwrap();
        let at = |share: f64| BreakEven::between(full, rent, 1.0, UsdPerMtok(share * price)).unwrap();
        assert_four_digits(at(1.0).utilisation, 0.7253);
        assert_four_digits(at(1.0).usd_per_hour.0, 3.240);
        assert_four_digits(at(0.9).utilisation, 0.8059);
        assert_four_digits(at(0.6).utilisation, 1.209);
        assert!(at(0.6).never_wins() && !at(1.0).never_wins());
    }

    #[test]
    fn break_even_utilisation_does_not_depend_on_the_utilisation_now() {
        let price = UsdPerMtok(0.30);
        let at = |share| {
            let cost = usd_per_mtok(TokensPerSecond(3000.0), UsdPerHour(2.35), share).unwrap();
            BreakEven::between(cost, UsdPerHour(2.35), share, price).unwrap()
        };
        assert_four_digits(at(0.4).utilisation, at(1.0).utilisation);
        assert_four_digits(at(0.4).usd_per_hour.0, 3.240 * 0.4);
    }

    #[test]
    fn nonsense_is_refused_with_a_sentence() {
        let mix = Mix::new(2.0).unwrap();
        for bad in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            for broken in [
                CostInputs { usd_per_hour: UsdPerHour(bad), ..inputs() },
                CostInputs { gpus: bad, ..inputs() },
                CostInputs { utilisation: bad, ..inputs() },
                CostInputs { batch: bad, ..inputs() },
                CostInputs { step: exactly(bad), ..inputs() },
                CostInputs { prefill_per_token: exactly(bad), ..inputs() },
            ] {
                assert!(matches!(broken.cost(mix), Err(Refused::NotPositive { .. })), "{broken:?}");
            }
            let (rent, price) = (UsdPerHour(1.0), UsdPerMtok(1.0));
            assert!(usd_per_mtok(TokensPerSecond(bad), rent, 1.0).is_err());
            assert!(BreakEven::between(UsdPerMtok(bad), rent, 1.0, price).is_err());
            assert!(BreakEven::between(price, rent, 1.0, UsdPerMtok(bad)).is_err());
        }
        let over = CostInputs { utilisation: 1.01, ..inputs() }.cost(mix).unwrap_err();
        assert_eq!(over.to_string(), "utilisation 1.01 is above 1, which is all paid hours");
        let zero = CostInputs { batch: 0.0, ..inputs() }.cost(mix).unwrap_err();
        assert_eq!(zero.to_string(), "batch 0 is not a finite number > 0");
        let turned = Interval { low: Seconds(2.0), mid: Seconds(1.0), high: Seconds(3.0) };
        assert!(CostInputs { step: turned, ..inputs() }.cost(mix).is_err());
        let vast = CostInputs { usd_per_hour: UsdPerHour(1e300), step: exactly(1e300), ..inputs() };
        assert_eq!(vast.cost(mix), Err(Refused::OutOfRange));
    }

    proptest! {
        #[test]
        fn input_and_output_add_up_to_the_request(
            isl in 1u64..100_000, osl in 1u64..10_000, batch in 1.0f64..512.0,
            step in 1e-4f64..1.0, prefill in 1e-7f64..1e-2, rent in 0.01f64..100.0, share in 0.01f64..1.0,
        ) {
            let mix = Mix::of_request(isl, osl).map_err(TestCaseError::fail)?;
            let inputs = CostInputs {
                usd_per_hour: UsdPerHour(rent), gpus: 2.0, utilisation: share, batch,
                step: exactly(step), prefill_per_token: exactly(prefill),
            };
            let cost = inputs.cost(mix).map_err(|refused| TestCaseError::fail(refused.to_string()))?;
            let (isl, osl) = (isl as f64, osl as f64);
            // A request holds the device for its prefill and for its share of each step.
            let device_s = isl * prefill + osl * step / batch;
            let request = device_s * rent * 2.0 / (3600.0 * share);
            let parts = (isl * cost.input.mid.0 + osl * cost.output.mid.0) / 1e6;
            let blended = (isl + osl) * cost.blended.mid.0 / 1e6;
            prop_assert!((parts / request - 1.0).abs() < 1e-12);
            prop_assert!((blended / request - 1.0).abs() < 1e-12);
        }

        #[test]
        fn longer_times_cost_more(low in 1e-4f64..1.0, more in 1.0f64..3.0, most in 1.0f64..3.0) {
            let time = Interval { low: Seconds(low), mid: Seconds(low * more), high: Seconds(low * more * most) };
            let inputs = CostInputs { step: time, prefill_per_token: time, ..inputs() };
            let mix = Mix::new(3.0).map_err(TestCaseError::fail)?;
            let cost = inputs.cost(mix).map_err(|refused| TestCaseError::fail(refused.to_string()))?;
            for interval in [cost.input, cost.output, cost.blended] {
                prop_assert!(interval.low <= interval.mid && interval.mid <= interval.high);
            }
        }
    }
}
