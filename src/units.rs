//! Units as types: a rate cannot be added to a duration, and a name says what it holds.
//!
//! Physical quantities are `f64` in SI base units (seconds, bytes, FLOP). Prices as quoted stay decimal
//! ([`crate::price`]); what is derived from a measured duration is `f64` again.

use serde::Serialize;

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub f64);

        impl std::ops::Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl std::ops::Mul<f64> for $name {
            type Output = Self;
            fn mul(self, factor: f64) -> Self {
                Self(self.0 * factor)
            }
        }

        impl std::iter::Sum for $name {
            fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
                Self(parts.map(|part| part.0).sum())
            }
        }
    };
}

quantity! {
    /// A duration in seconds.
    Seconds
}
quantity! {
    /// An amount of memory or traffic in bytes (1 GB = 1e9 bytes).
    Bytes
}
quantity! {
    /// Floating-point operations; a fused multiply-add counts as two.
    Flops
}
quantity! {
    /// Memory traffic per second.
    BytesPerSecond
}
quantity! {
    /// Arithmetic per second.
    FlopsPerSecond
}
quantity! {
    /// Tokens per second.
    TokensPerSecond
}
quantity! {
    /// Energy in joules.
    Joules
}
quantity! {
    /// Power in watts.
    Watts
}
quantity! {
    /// US dollars per million tokens, derived from a measurement or a datasheet.
    UsdPerMtok
}
quantity! {
    /// US dollars per device and hour, for arithmetic; quotes keep their decimal text in `price`.
    UsdPerHour
}

impl std::ops::Div<Seconds> for Bytes {
    type Output = BytesPerSecond;
    fn div(self, time: Seconds) -> BytesPerSecond {
        BytesPerSecond(self.0 / time.0)
    }
}

impl std::ops::Div<Seconds> for Flops {
    type Output = FlopsPerSecond;
    fn div(self, time: Seconds) -> FlopsPerSecond {
        FlopsPerSecond(self.0 / time.0)
    }
}

impl std::ops::Div<Seconds> for Joules {
    type Output = Watts;
    fn div(self, time: Seconds) -> Watts {
        Watts(self.0 / time.0)
    }
}

impl std::ops::Mul<Seconds> for Watts {
    type Output = Joules;
    fn mul(self, time: Seconds) -> Joules {
        Joules(self.0 * time.0)
    }
}

impl std::ops::Div<BytesPerSecond> for Bytes {
    type Output = Seconds;
    fn div(self, rate: BytesPerSecond) -> Seconds {
        Seconds(self.0 / rate.0)
    }
}

impl std::ops::Div<FlopsPerSecond> for Flops {
    type Output = Seconds;
    fn div(self, rate: FlopsPerSecond) -> Seconds {
        Seconds(self.0 / rate.0)
    }
}

/// A value with the interval it is believed to lie in: `low <= mid <= high`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval<T> {
    /// Lower end.
    pub low: T,
    /// The headline value.
    pub mid: T,
    /// Upper end.
    pub high: T,
}

impl<T: Copy> Interval<T> {
    /// A value that is known exactly.
    pub fn exactly(value: T) -> Self {
        Interval { low: value, mid: value, high: value }
    }
}

impl<T> Interval<T> {
    /// Applies a function that keeps the order (more in, more out).
    pub fn map<U>(self, f: impl Fn(T) -> U) -> Interval<U> {
        Interval { low: f(self.low), mid: f(self.mid), high: f(self.high) }
    }

    /// Applies a function that turns the order round, such as duration to rate.
    pub fn invert<U>(self, f: impl Fn(T) -> U) -> Interval<U> {
        Interval { low: f(self.high), mid: f(self.mid), high: f(self.low) }
    }
}

impl<T: std::ops::Add<Output = T>> std::ops::Add for Interval<T> {
    type Output = Self;
    /// Ends add up: the parts of one step share their causes of error, so they are not independent.
    fn add(self, other: Self) -> Self {
        Interval { low: self.low + other.low, mid: self.mid + other.mid, high: self.high + other.high }
    }
}

impl Seconds {
    /// The same in nanoseconds, to the digits that the seconds have: multiplying would add some of its own.
    pub fn nanoseconds(self) -> f64 {
        let scientific = format!("{:e}", self.0);
        let parts = scientific.split_once('e');
        let shifted = parts.and_then(|(digits, exponent)| Some((digits, exponent.parse::<i32>().ok()? + 9)));
        let parsed = shifted.and_then(|(digits, exponent)| format!("{digits}e{exponent}").parse().ok());
        parsed.unwrap_or(self.0 * 1e9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_divided_by_time_is_a_rate_and_back() {
        let rate = Bytes(10.0) / Seconds(4.0);
        assert_eq!(rate, BytesPerSecond(2.5));
        assert_eq!(Bytes(10.0) / rate, Seconds(4.0));
    }

    #[test]
    fn inverting_an_interval_keeps_low_below_high() {
        let time = Interval { low: 1.0, mid: 2.0, high: 4.0 };
        assert_eq!(time.invert(|t| 1.0 / t), Interval { low: 0.25, mid: 0.5, high: 1.0 });
    }
}
