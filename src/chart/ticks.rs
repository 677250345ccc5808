//! Round ends and round steps of axes.

use jiff::ToSpan;
use jiff::civil::Date;

use super::Axis;

/// Differences below this share of the values are rounding, not data.
const ROUNDING: f64 = 1e-9;
/// Round numbers from 1 to below 10, about equal factors apart.
const FINE: [f64; 7] = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0];
const COARSE: [f64; 3] = [1.0, 2.0, 5.0];

impl Axis {
    /// From and to a round number about the values, all above zero; twice and more about one.
    pub(super) fn logarithmic(values: impl IntoIterator<Item = f64>) -> Self {
        let Self { min, max, .. } = Self::exactly_logarithmic(values);
        Self { min: round_log(min, &FINE, false), max: round_log(max, &FINE, true), log: true }
    }

    /// From and to the values themselves.
    pub(super) fn exactly_logarithmic(values: impl IntoIterator<Item = f64>) -> Self {
        let (min, max) = ends(values);
        let (min, max) = if max <= min * 1.01 { (min / 1.5, max * 1.5) } else { (min, max) };
        Self { min, max, log: true }
    }

    /// The same with equal steps.
    pub(super) fn linear(values: impl IntoIterator<Item = f64>) -> Self {
        let Self { min, max, .. } = Self::exactly_linear(values);
        let step = round_step((max - min) / 5.0);
        Self {
            min: (min / step + ROUNDING).floor() * step,
            max: (max / step - ROUNDING).ceil() * step,
            log: false,
        }
    }

    /// The same without rounding; half its size about a single value.
    pub(super) fn exactly_linear(values: impl IntoIterator<Item = f64>) -> Self {
        let (min, max) = ends(values);
        let size = min.abs().max(max.abs());
        let room = match size {
            _ if max - min > size * ROUNDING => 0.0,
            0.0 => 1.0,
            _ => size / 2.0,
        };
        Self { min: min - room, max: max + room, log: false }
    }

    /// At most so many round values along the axis, at least one.
    pub(super) fn ticks(&self, at_most: usize) -> Vec<f64> {
        if self.log { self.log_ticks(at_most) } else { self.linear_ticks(at_most) }
    }

    fn linear_ticks(&self, at_most: usize) -> Vec<f64> {
        let along = |step: f64| -> Vec<f64> {
            let first = (self.min / step - ROUNDING).ceil();
            (0..=at_most)
                .map(|index| (first + index as f64) * step)
                .filter(|tick| *tick <= self.max + step * ROUNDING)
                .collect()
        };
        let step = round_step((self.max - self.min) / at_most.max(1) as f64);
        match along(step) {
            // A step that is longer than the axis may begin and end beside it; its half cannot.
            none if none.is_empty() => along(step / 2.0),
            ticks => ticks,
        }
    }

    fn log_ticks(&self, at_most: usize) -> Vec<f64> {
        let within = |tick: &f64| (self.min * (1.0 - ROUNDING)..=self.max * (1.0 + ROUNDING)).contains(tick);
        let decades = exponent(self.min)..=exponent(self.max);
        let dense: [&[f64]; 4] = [&FINE, &COARSE, &[1.0, 3.0], &[1.0]];
        for parts in dense {
            let ticks: Vec<f64> = decades
                .clone()
                .flat_map(|decade| parts.iter().map(move |part| part * 10f64.powi(decade)))
                .filter(within)
                .collect();
            if (1..=at_most).contains(&ticks.len()) {
                return ticks;
            }
        }
        let stride =
            (exponent(self.max) - exponent(self.min)) / i32::try_from(at_most).unwrap_or(1).max(1) + 1;
        decades
            .filter(|decade| decade.rem_euclid(stride) == 0)
            .map(|decade| 10f64.powi(decade))
            .filter(within)
            .collect()
    }
}

fn ends(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    values
        .into_iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), value| (min.min(value), max.max(value)))
}

fn exponent(value: f64) -> i32 {
    (value.log10() + ROUNDING).floor() as i32
}

/// One of `parts` times a power of ten, at or beyond a value.
fn round_log(value: f64, parts: &[f64], up: bool) -> f64 {
    let decade = 10f64.powi(exponent(value));
    let part = value / decade;
    let found = if up {
        parts.iter().find(|step| part <= *step * (1.0 + ROUNDING)).unwrap_or(&10.0)
    } else {
        parts.iter().rev().find(|step| part >= *step * (1.0 - ROUNDING)).unwrap_or(&1.0)
    };
    found * decade
}

/// The smallest of 1, 2 or 5 times a power of ten that is no smaller.
fn round_step(step: f64) -> f64 {
    round_log(step.max(f64::MIN_POSITIVE), &COARSE, true)
}

/// Days since 1970-01-01.
pub(super) fn day(date: Date) -> f64 {
    f64::from((date - Date::constant(1970, 1, 1)).get_days())
}

/// Starts of years, months or some days with what to write there; at most so many, from `first` to `last`.
pub(super) fn dates(first: Date, last: Date, at_most: usize) -> Vec<(f64, String)> {
    let days = day(last) - day(first);
    let most = at_most.max(1) as f64;
    for step_days in [1, 2, 7, 14] {
        if days / f64::from(step_days) < most {
            return stepped(
                first,
                last,
                |date| date.checked_add(step_days.days()).ok(),
                |date| date.to_string(),
            );
        }
    }
    let month = Date::new(first.year(), first.month(), 1).unwrap_or(first);
    for months in [1, 2, 3, 6] {
        if days / 30.4 / f64::from(months) < most {
            let start = months_on(month, (months - i32::from(month.month() - 1) % months) % months);
            let text = |date: Date| date.strftime("%Y-%m").to_string();
            return stepped(start.unwrap_or(month), last, |date| months_on(date, months), text)
                .into_iter()
                .filter(|(at, _)| *at >= day(first))
                .collect();
        }
    }
    let years = round_step(days / 365.25 / most).max(1.0) as i16;
    let start = first.year() - first.year().rem_euclid(years);
    let text = |date: Date| date.year().to_string();
    let january = Date::new(start, 1, 1).unwrap_or(first);
    stepped(january, last, |date| Date::new(date.year().checked_add(years)?, 1, 1).ok(), text)
        .into_iter()
        .filter(|(at, _)| *at >= day(first))
        .collect()
}

fn months_on(date: Date, months: i32) -> Option<Date> {
    date.checked_add(months.months()).ok()
}

fn stepped(
    first: Date,
    last: Date,
    next: impl Fn(Date) -> Option<Date>,
    text: impl Fn(Date) -> String,
) -> Vec<(f64, String)> {
    std::iter::successors(Some(first), |date| next(*date))
        .take_while(|date| *date <= last)
        .map(|date| (day(date), text(date)))
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        let axis = Axis::logarithmic([0.03, 18.0]);
        assert!((axis.min - 0.03).abs() < 1e-12 && (axis.max - 20.0).abs() < 1e-9);
        let axis = Axis::linear([0.025, 1.0]);
        assert_eq!((axis.min, axis.max), (0.0, 1.0));
    }

    #[test]
    fn dates_are_firsts_of_months_and_years() {
        let text = |ticks: Vec<(f64, String)>| ticks.into_iter().map(|(_, text)| text).collect::<Vec<_>>();
        assert_eq!(text(dates(date(2026, 1, 15), date(2026, 4, 2), 4)), ["2026-02", "2026-03", "2026-04"]);
        assert_eq!(text(dates(date(2023, 5, 1), date(2026, 4, 2), 4)), ["2024", "2025", "2026"]);
        assert_eq!(text(dates(date(2026, 1, 1), date(2026, 1, 2), 4)), ["2026-01-01", "2026-01-02"]);
    }

    proptest! {
        #[test]
        fn ticks_lie_on_the_axis_and_are_no_more_than_asked_for(
            a in -12.0..12.0f64, b in -12.0..12.0f64, at_most in 2usize..20,
        ) {
            let values = [10f64.powf(a), 10f64.powf(b)];
            for axis in [Axis::logarithmic(values), Axis::linear(values), Axis::exactly_linear([a, b])] {
                let ticks = axis.ticks(at_most);
                prop_assert!(ticks.len() <= at_most + 1, "{} ticks", ticks.len());
                prop_assert!(!ticks.is_empty());
                prop_assert!(ticks.iter().zip(ticks.iter().skip(1)).all(|(one, next)| one < next));
                let room = (axis.max - axis.min) * 1e-6;
                prop_assert!(ticks.iter().all(|tick| (axis.min - room..=axis.max + room).contains(tick)));
            }
        }
    }
}
