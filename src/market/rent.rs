//! What a device is rented for, with the range in which a buyer may find it.

use jiff::civil::Date;

use crate::price::rental::{Kind, Offer, ProviderVote};
use crate::price::{middle_half, to_f64};
use crate::units::{Interval, UsdPerHour};

/// What a device is rented for.
#[derive(Clone, Debug, PartialEq)]
pub struct Rent {
    /// Who asks it; several joined by `; `.
    pub providers: String,
    /// How it is rented; unknown where the rent was typed by the user.
    pub kind: Option<Kind>,
    /// Per device and hour.
    pub usd_per_hour: UsdPerHour,
    /// The low end of what the buyer may find; the rent itself where it is one provider's or typed.
    pub low: UsdPerHour,
    /// The high end.
    pub high: UsdPerHour,
    /// The day of the newest quote behind it.
    pub date: Option<Date>,
    /// Age in days where every quote is older than quotes should be.
    pub stale_days: Option<i32>,
}

impl Rent {
    /// One price that is exact, by nobody: what a user typed.
    pub fn typed(usd_per_hour: f64) -> Self {
        let usd_per_hour = UsdPerHour(usd_per_hour);
        Self {
            providers: String::new(),
            kind: None,
            usd_per_hour,
            low: usd_per_hour,
            high: usd_per_hour,
            date: None,
            stale_days: None,
        }
    }

    /// The median of an offer's providers, with the middle half of them.
    pub fn median_of(offer: &Offer) -> Self {
        let providers: Vec<&str> = offer.votes.iter().map(|vote| &*vote.provider).collect();
        let prices: Vec<f64> = offer.votes.iter().map(|vote| to_f64(vote.usd_per_hour)).collect();
        let median = UsdPerHour(to_f64(offer.median));
        let range = middle_half(&prices).map(|range| range.map(UsdPerHour));
        let range = range.unwrap_or(Interval::exactly(median));
        Self {
            providers: providers.join("; "),
            kind: Some(offer.kind),
            usd_per_hour: median,
            low: range.low,
            high: range.high,
            date: Some(offer.newest),
            stale_days: offer.stale_days,
        }
    }

    /// What one provider of an offer asks.
    pub fn of_vote(offer: &Offer, vote: &ProviderVote) -> Self {
        let usd_per_hour = UsdPerHour(to_f64(vote.usd_per_hour));
        Self {
            providers: vote.provider.to_string(),
            usd_per_hour,
            low: usd_per_hour,
            high: usd_per_hour,
            date: Some(vote.date),
            ..Self::median_of(offer)
        }
    }

    /// The cheapest provider of an offer, up to what the next one asks: it is paid where the cheapest will not do.
    pub fn cheapest_of(offer: &Offer) -> Option<Self> {
        let mut votes: Vec<&ProviderVote> = offer.votes.iter().collect();
        votes.sort_by_key(|vote| vote.usd_per_hour);
        let cheapest = Self::of_vote(offer, votes.first()?);
        let next = votes.get(1).map_or(cheapest.high, |vote| UsdPerHour(to_f64(vote.usd_per_hour)));
        Some(Self { high: next, ..cheapest })
    }

    /// The rent with what the buyer may find.
    pub fn interval(&self) -> Interval<UsdPerHour> {
        Interval { low: self.low, mid: self.usd_per_hour, high: self.high }
    }
}
