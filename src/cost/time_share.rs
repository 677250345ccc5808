//! The hour is charged once: input pays for its prefill, output for its share of the decode steps.

use super::{Refused, SECONDS_PER_HOUR, TOKENS_PER_MTOK, is_positive, ordered, positive, share};
use crate::price::Mix;
use crate::units::{Interval, Seconds, UsdPerHour, UsdPerMtok};

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
