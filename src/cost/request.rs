//! What a request costs, side by side: prefill of the input that no cache holds, a share of each decode step
//! for the output.

use serde::Serialize;

use super::{CostInputs, Refused, SECONDS_PER_HOUR, TOKENS_PER_MTOK, is_positive};
use crate::price::Mix;
use crate::units::{Interval, Seconds, UsdPerHour};

/// A workload on devices whose times are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Served {
    /// Cost per device and hour.
    pub usd_per_hour: UsdPerHour,
    /// Devices that work together.
    pub gpus: f64,
    /// Share of the paid hours that carry the load.
    pub utilisation: f64,
    /// Device time of one fresh prompt token.
    pub prefill_per_token: Seconds,
    /// One decode step of the whole batch.
    pub step: Seconds,
    /// Sequences that decode together; 1 where `step` is a token's share already.
    pub batch: f64,
    /// Input tokens per output token, and the share of them that a cache holds.
    pub mix: Mix,
    /// What a cached input token costs, as a share of a fresh one: from 0 to 1.
    pub cached_cost: f64,
}

/// Costs in dollars per million tokens; `in = (1 − hit)·fresh + hit·cached`, `blended = (r·in + out)/(r +
/// 1)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ServedCost {
    /// Input that is not cached.
    pub usd_per_mtok_in_fresh: f64,
    /// Input as the cache leaves it.
    pub usd_per_mtok_in: f64,
    /// Output.
    pub usd_per_mtok_out: f64,
    /// Both, by the ratio.
    pub usd_per_mtok_blended: f64,
    /// Output of a device that does both: `1 / (r·t_in + t_out)` per second.
    pub output_tokens_per_s: f64,
    /// The whole hour over the input that it took: a view that must never be added to the next; `None`
    /// without input.
    pub whole_hour_usd_per_mtok_in: Option<f64>,
    /// The whole hour over the output that it made.
    pub whole_hour_usd_per_mtok_out: f64,
}

/// One request. The two sides add up to what its time on the devices costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RequestCost {
    /// Its input side.
    pub input_usd: f64,
    /// Its output side.
    pub output_usd: f64,
    /// Both.
    pub request_usd: f64,
    /// Seconds of all devices that it takes.
    pub device_s: f64,
    /// What that time costs: the same as both sides, computed another way.
    pub device_time_usd: f64,
}

impl Served {
    /// What a million tokens cost.
    ///
    /// # Errors
    /// [`Refused`] where an input is out of its range, or a result beyond what a float can hold.
    pub fn cost(&self) -> Result<ServedCost, Refused> {
        let (input_s, output_s) = self.token_s()?;
        let inputs = CostInputs {
            usd_per_hour: self.usd_per_hour,
            gpus: self.gpus,
            utilisation: self.utilisation,
            batch: self.batch,
            step: Interval::exactly(self.step),
            prefill_per_token: Interval::exactly(self.prefill_per_token),
        };
        let cost = inputs.cost(self.mix)?;
        let (fresh, output) = (cost.input.mid.0, cost.output.mid.0);
        let input = fresh * self.paid_input();
        let output_tokens_per_s = 1.0 / (self.mix.ratio() * input_s + output_s);
        let whole = self.usd_per_second() / output_tokens_per_s * TOKENS_PER_MTOK;
        let cost = ServedCost {
            usd_per_mtok_in_fresh: fresh,
            usd_per_mtok_in: input,
            usd_per_mtok_out: output,
            usd_per_mtok_blended: self.mix.blend(input, output),
            output_tokens_per_s,
            whole_hour_usd_per_mtok_in: Some(whole / self.mix.ratio()).filter(|view| view.is_finite()),
            whole_hour_usd_per_mtok_out: whole,
        };
        let all = [cost.usd_per_mtok_blended, output_tokens_per_s, whole];
        if all.into_iter().all(is_positive) { Ok(cost) } else { Err(Refused::OutOfRange) }
    }

    /// What a request of so many tokens costs.
    ///
    /// # Errors
    /// Those of [`Served::cost`].
    pub fn request(&self, input_tokens: u64, output_tokens: u64) -> Result<RequestCost, Refused> {
        let cost = self.cost()?;
        let (input_s, output_s) = self.token_s()?;
        let (input_tokens, output_tokens) = (input_tokens as f64, output_tokens as f64);
        let input_usd = input_tokens * cost.usd_per_mtok_in / TOKENS_PER_MTOK;
        let output_usd = output_tokens * cost.usd_per_mtok_out / TOKENS_PER_MTOK;
        let device_s = input_tokens * input_s + output_tokens * output_s;
        let request = RequestCost {
            input_usd,
            output_usd,
            request_usd: input_usd + output_usd,
            device_s,
            device_time_usd: device_s * self.usd_per_second(),
        };
        let both = [request.request_usd, request.device_time_usd];
        if both.into_iter().all(is_positive) { Ok(request) } else { Err(Refused::OutOfRange) }
    }

    /// Seconds from one token of a sequence to its next, the prefills of others between them: the batch over
    /// the output rate.
    ///
    /// # Errors
    /// Those of [`Served::cost`].
    pub fn tpot(&self) -> Result<Seconds, Refused> {
        Ok(Seconds(self.batch / self.cost()?.output_tokens_per_s))
    }

    /// The share of the input's time that is paid: fresh input whole, cached input by its own cost.
    fn paid_input(&self) -> f64 {
        let hit = self.mix.cached();
        (1.0 - hit) + hit * self.cached_cost
    }

    /// Device time of an input token, as the cache leaves it, and of an output token.
    fn token_s(&self) -> Result<(f64, f64), Refused> {
        if !(0.0..=1.0).contains(&self.cached_cost) {
            return Err(Refused::NotAPart { what: "cost of cached input", value: self.cached_cost });
        }
        Ok((self.prefill_per_token.0 * self.paid_input(), self.step.0 / self.batch))
    }

    fn usd_per_second(&self) -> f64 {
        self.usd_per_hour.0 * self.gpus / (SECONDS_PER_HOUR * self.utilisation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn example() -> Served {
        Served {
            usd_per_hour: UsdPerHour(2.0),
            gpus: 1.0,
            utilisation: 1.0,
            prefill_per_token: Seconds(40e-6),
            step: Seconds(20e-3),
            batch: 64.0,
            mix: Mix::of_request(1000, 500).unwrap(),
            cached_cost: 0.0,
        }
    }

    /// Equal to the four digits that are written.
    fn assert_four_digits(value: f64, written: f64) {
        assert!((value / written - 1.0).abs() < 5e-4, "{value} is not {written}");
    }

    #[test]
    fn the_worked_example_holds_in_every_view() {
        let cost = example().cost().unwrap();
        assert_four_digits(cost.usd_per_mtok_in, 0.02222);
        assert_four_digits(cost.usd_per_mtok_out, 0.1736);
        assert_four_digits(cost.usd_per_mtok_blended, 0.07269);
        assert_four_digits(cost.output_tokens_per_s, 2548.0);
        assert_four_digits(cost.whole_hour_usd_per_mtok_in.unwrap(), 0.1090);
        assert_four_digits(cost.whole_hour_usd_per_mtok_out, 0.2181);
        assert_four_digits(example().tpot().unwrap().0, 25.12e-3);
        let request = example().request(1000, 500).unwrap();
        assert_four_digits(request.request_usd, 0.0001090);
    }

    #[test]
    fn a_cache_takes_from_the_input_what_a_hit_does_not_cost() {
        let at = |hit, cached_cost| {
            let mix = example().mix.with_cached(hit).unwrap();
            Served { mix, cached_cost, ..example() }.cost().unwrap()
        };
        assert_four_digits(at(0.75, 0.0).usd_per_mtok_in, 0.02222 / 4.0);
        assert_four_digits(at(0.75, 0.2).usd_per_mtok_in, 0.02222 * 0.4);
        assert_four_digits(at(0.75, 1.0).usd_per_mtok_in, 0.02222);
        assert_four_digits(at(0.75, 0.0).usd_per_mtok_in_fresh, 0.02222);
        assert!(Served { cached_cost: 1.1, ..example() }.cost().is_err());
    }

    #[test]
    fn a_workload_without_input_has_no_cost_over_its_input() {
        let served = Served { mix: Mix::new(0.0).unwrap(), ..example() };
        let cost = served.cost().unwrap();
        assert_eq!(cost.whole_hour_usd_per_mtok_in, None);
        assert_eq!(cost.usd_per_mtok_blended, cost.usd_per_mtok_out);
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            for broken in [
                Served { usd_per_hour: UsdPerHour(bad), ..example() },
                Served { gpus: bad, ..example() },
                Served { utilisation: bad, ..example() },
                Served { prefill_per_token: Seconds(bad), ..example() },
                Served { step: Seconds(bad), ..example() },
                Served { batch: bad, ..example() },
            ] {
                assert!(broken.cost().is_err() && broken.request(1, 1).is_err(), "{broken:?}");
            }
        }
        assert!(Served { usd_per_hour: UsdPerHour(1e308), gpus: 1e10, ..example() }.cost().is_err());
        assert!(Served { step: Seconds(1e-308), batch: 1e308, ..example() }.cost().is_err());
    }

    proptest! {
        #[test]
        fn the_two_sides_add_up_to_the_time_of_the_request(
            isl in 0u64..200_000, osl in 1u64..20_000, hit in 0.0f64..0.99, cached_cost in 0.0f64..1.0,
            batch in 1.0f64..512.0, step in 1e-4f64..1.0, prefill in 1e-7f64..1e-2,
            hour in 0.01f64..100.0, gpus in 1.0f64..72.0, utilisation in 0.01f64..1.0,
        ) {
            let mix = Mix::of_request(isl, osl).and_then(|mix| mix.with_cached(hit)).map_err(TestCaseError::fail)?;
            let served = Served {
                usd_per_hour: UsdPerHour(hour), gpus, utilisation, batch, mix, cached_cost,
                prefill_per_token: Seconds(prefill), step: Seconds(step),
            };
            let refused = |refused: Refused| TestCaseError::fail(refused.to_string());
            let request = served.request(isl, osl).map_err(refused)?;
            prop_assert!((request.request_usd / request.device_time_usd - 1.0).abs() < 1e-12);
            let cost = served.cost().map_err(refused)?;
            let blended = (isl + osl) as f64 * cost.usd_per_mtok_blended / 1e6;
            prop_assert!((request.request_usd / blended - 1.0).abs() < 1e-12);
            // The whole hour over the output pays for the input too.
            let whole = osl as f64 * cost.whole_hour_usd_per_mtok_out / 1e6;
            prop_assert!((request.request_usd / whole - 1.0).abs() < 1e-12);
        }

        #[test]
        fn cost_grows_with_the_hour_and_falls_with_utilisation_and_rate(
            hour in 0.01f64..100.0, utilisation in 0.01f64..0.5, factor in 1.01f64..2.0,
        ) {
            let at = |hour, utilisation, time| Served {
                usd_per_hour: UsdPerHour(hour), utilisation,
                prefill_per_token: Seconds(40e-6 * time), step: Seconds(20e-3 * time), ..example()
            }.cost().map(|cost| cost.usd_per_mtok_blended);
            let refused = |refused: Refused| TestCaseError::fail(refused.to_string());
            let base = at(hour, utilisation, 1.0).map_err(refused)?;
            // Elasticities +1, −1 and −1.
            prop_assert!((at(hour * factor, utilisation, 1.0).map_err(refused)? / base / factor - 1.0).abs() < 1e-12);
            prop_assert!((at(hour, utilisation * factor, 1.0).map_err(refused)? / base * factor - 1.0).abs() < 1e-12);
            prop_assert!((at(hour, utilisation, 1.0 / factor).map_err(refused)? / base * factor - 1.0).abs() < 1e-12);
        }
    }
}
