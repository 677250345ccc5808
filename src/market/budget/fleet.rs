//! Replicas for a volume, and what they cost.

use serde::Serialize;

use super::Day;
use crate::cost::own::Ownership;
use crate::cost::{HOURS_PER_MONTH, Refused};

/// Seconds of a day.
pub const SECONDS_PER_DAY: f64 = 86_400.0;
/// Days of a mean month.
pub const DAYS_PER_MONTH: f64 = HOURS_PER_MONTH / 24.0;
/// A need is a float: what is above a whole number by less than this share of it is that number.
const ROUNDING: f64 = 1e-12;
/// More replicas of one model nobody runs; the mix is found by going through all of them.
pub const MOST_REPLICAS: f64 = 1e5;

/// An hour of a device: what is paid whatever it does, and what an hour at full load adds (power).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Hour {
    /// USD per device and hour, idle or not.
    pub always_usd: f64,
    /// USD per device and hour of full load, besides.
    pub busy_usd: f64,
}

impl Hour {
    /// The same whatever the device does.
    pub fn flat(usd_per_hour: f64) -> Self {
        Self { always_usd: usd_per_hour, busy_usd: 0.0 }
    }

    /// An owned device: its power above the idle draw grows with the load.
    ///
    /// # Errors
    /// [`Refused`] where a number is not finite or out of its range.
    pub fn owned(device: &Ownership) -> Result<Self, Refused> {
        let full = device.hour(1.0)?;
        let busy_usd = full.power_usd_per_hour * (1.0 - device.idle_share);
        Ok(Self { always_usd: full.usd_per_hour - busy_usd, busy_usd })
    }

    /// USD per device and hour at a load of so much of the time.
    pub fn at(self, busy: f64) -> f64 {
        self.always_usd + self.busy_usd * busy
    }
}

/// Replicas of one kind under a load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fleet {
    /// Devices of a replica.
    pub gpus: f64,
    /// How long a replica is busy with a token of the mix.
    pub s_per_token: f64,
    /// The share of its time up to which a replica is loaded.
    pub utilisation_max: f64,
    /// How the load changes over the day.
    pub day: Day,
}

impl Fleet {
    /// Tokens per day that a replica makes at the most load that it is given, all day long.
    pub fn capacity(&self) -> f64 {
        SECONDS_PER_DAY * self.utilisation_max / self.s_per_token
    }

    /// Tokens per day of demand that one more replica carries: its capacity over the peak factor. The width of a step.
    pub fn step(&self) -> f64 {
        self.capacity() / self.day.peak
    }

    /// Replicas that carry the peak of a volume per day: `⌈peak · volume · t / (86400 · u_max)⌉`.
    pub fn replicas(&self, tokens_per_day: f64) -> f64 {
        (tokens_per_day / self.step() * (1.0 - ROUNDING)).ceil().max(1.0)
    }

    /// The share of the paid hours of so many replicas that carries the load.
    pub fn utilisation(&self, tokens_per_day: f64, replicas: f64) -> f64 {
        tokens_per_day * self.s_per_token / (SECONDS_PER_DAY * replicas)
    }

    /// USD per month of so many replicas that serve so much in all their hours.
    pub fn month_usd(&self, hour: Hour, tokens_per_day: f64, replicas: f64) -> f64 {
        let busy = self.utilisation(tokens_per_day, replicas);
        replicas * self.gpus * HOURS_PER_MONTH * hour.at(busy)
    }

    /// # Errors
    /// [`Refused`] where a number is out of range.
    pub fn check(&self) -> Result<(), Refused> {
        crate::cost::positive("seconds per token", self.s_per_token)?;
        crate::cost::positive("devices of a replica", self.gpus)?;
        crate::cost::share(self.utilisation_max)?;
        match crate::cost::positive("peak factor", self.day.peak)? {
            below if below < 1.0 => Err(Refused::PeakBelowMean(below)),
            _ => Ok(()),
        }
    }
}
