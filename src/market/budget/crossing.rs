//! From which volume on one's own replicas are cheaper than bought tokens.

use serde::Serialize;

/// Volumes in tokens per day. Replicas come whole, so the cheaper side may change more than once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Crossing {
    /// The first volume at which the replicas are as cheap.
    pub first_tokens_per_day: f64,
    /// The volume from which they stay cheaper.
    pub stays_tokens_per_day: f64,
}

impl Crossing {
    /// Replicas that cost `fixed` USD a day each and `marginal` USD a token, against a `price` in USD a token; each carries
    /// `step` tokens a day. `None` where no volume is enough.
    ///
    /// With `n` replicas they are cheaper from `n·F/(p − v)`, which lies within the step `((n − 1)·w, n·w]` of each `n` or of none.
    /// They stay cheaper once the next step begins above it: `n·w ≥ (n + 1)·F/(p − v)`.
    pub fn of(fixed: f64, marginal: f64, price: f64, step: f64) -> Option<Self> {
        let one = fixed / (price - marginal);
        if !(one > 0.0 && one < step) {
            return None;
        }
        let last = (one / (step - one)).ceil().max(1.0);
        Some(Self { first_tokens_per_day: one, stays_tokens_per_day: last * one })
            .filter(|crossing| crossing.stays_tokens_per_day.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn replicas_that_are_nearly_as_dear_as_tokens_cross_many_times() {
        // 90 USD a day against 100 for the same step of 1,000 tokens: cheaper from 900, dearer again above 1,000, and so on.
        let crossing = Crossing::of(90.0, 0.0, 0.1, 1000.0).unwrap();
        assert!((crossing.first_tokens_per_day - 900.0).abs() < 1e-9);
        // 9 replicas at 8,100 of 9,000 tokens; the tenth costs 900 as 9,000 tokens do.
        assert!((crossing.stays_tokens_per_day - 8100.0).abs() < 1e-9);
        assert_eq!(Crossing::of(110.0, 0.0, 0.1, 1000.0), None);
        assert_eq!(Crossing::of(1.0, 0.2, 0.1, 1000.0), None, "power alone is dearer");
    }

    proptest! {
        #[test]
        fn below_the_first_volume_buying_is_cheaper_and_above_the_last_it_never_is(
            cost_over_price in 0.01f64..0.95, at in 0.001f64..3.0,
        ) {
            let (step, price) = (1000.0, 1.0);
            let crossing = Crossing::of(cost_over_price * step, 0.0, price, step).unwrap();
            let replicas = |volume: f64| (volume / step).ceil() * cost_over_price * step;
            let low = crossing.first_tokens_per_day * at.min(0.999);
            prop_assert!(replicas(low) > low * price);
            let high = crossing.stays_tokens_per_day * (1.0 + at);
            prop_assert!(replicas(high) <= high * price);
            // Between the last step and the last volume buying is cheaper: it is no volume too large.
            let last = (crossing.stays_tokens_per_day / crossing.first_tokens_per_day).round();
            let before = f64::midpoint((last - 1.0) * step, crossing.stays_tokens_per_day);
            prop_assume!(before - (last - 1.0) * step > 1e-6);
            prop_assert!(replicas(before) > before * price);
        }
    }
}
