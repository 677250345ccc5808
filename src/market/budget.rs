//! What a volume per day needs and costs: GPUs with their peak, a month of renting, owning and buying, the cheapest mix of
//! them, and how all of it changes with the volume.
//!
//! Replicas come whole, so the cost of renting and owning is a staircase over the volume while that of buying is a line.
//! An interval is the same question asked with all inputs at their low end, and with all at their high end.

mod crossing;
mod day;
mod fleet;
mod mix;
mod row;
mod verdict;
mod volume;

use serde::Serialize;

use super::drift::Drift;
use crate::price::Mix as Tokens;
use crate::price::rental::Kind;
use crate::units::{Interval, Seconds, UsdPerHour, UsdPerMtok};

pub use crossing::Crossing;
pub use day::Day;
pub use fleet::{DAYS_PER_MONTH, Fleet, Hour, MOST_REPLICAS, SECONDS_PER_DAY};
pub use mix::{Mix, Prices, cheapest};
pub use row::BudgetRow;
pub use verdict::{Advice, Side};
pub use volume::Volume;

/// How far below and above the volume the staircase goes, in powers of two.
const STEPS: i32 = 4;

/// The demand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// Input and output tokens per day.
    pub tokens_per_day: f64,
    /// Prompt tokens per request, those that the prefix cache holds included.
    pub isl: u64,
    /// Generated tokens per request.
    pub osl: u64,
    /// Load of the busiest moment over the mean load.
    pub peak_factor: f64,
    /// The share of its time up to which a replica is loaded.
    pub utilisation_max: f64,
}

/// What the demand could be served with. What is not known says why.
#[derive(Clone, Debug, PartialEq)]
pub struct Supply {
    /// How long a replica is busy with an input and with an output token.
    pub times: Result<[Interval<Seconds>; 2], String>,
    /// Devices of a replica.
    pub gpus: u32,
    /// What a device is rented for.
    pub rent: Result<Interval<UsdPerHour>, String>,
    /// What an hour of an owned device costs.
    pub own: Result<Hour, String>,
    /// What a million tokens of the mix cost at sellers.
    pub price: Result<Interval<UsdPerMtok>, String>,
    /// How price, load and throughput move from month to month, where somebody said so.
    pub drift: Option<Drift>,
    /// The mix may give rented devices back while the load does not need them.
    pub give_back: bool,
    /// Ways of renting that are listed and decide nothing.
    pub other_rents: Vec<OtherRent>,
}

/// A way of renting besides the one that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherRent {
    /// How it is rented.
    pub kind: Kind,
    /// Who rents it out; several joined by `; `.
    pub providers: String,
    /// Per device and hour.
    pub usd_per_hour: Interval<UsdPerHour>,
}

/// The same with what it costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OtherRentCost {
    /// How it is rented.
    pub kind: Kind,
    /// Who rents it out; several joined by `; `.
    pub providers: String,
    /// Per device and hour.
    pub usd_per_hour: Interval<UsdPerHour>,
    /// Of the replicas of the volume, all hours paid.
    pub usd_per_month: Interval<f64>,
}

/// A side without a price, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LeftOut {
    /// The side.
    pub side: Side,
    /// Why it has no price.
    pub reason: String,
}

/// From which volume on a side is cheaper than buying, at the middle of all intervals and at the ends: the low volume has
/// times and hour at their low end and the price at its high end. `None` where no volume is enough.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Crossings {
    /// At the ends that are best for replicas.
    pub low: Option<Crossing>,
    /// At the middle.
    pub mid: Option<Crossing>,
    /// At the ends that are worst for them.
    pub high: Option<Crossing>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Budget {
    /// The volume asked for.
    pub asked: BudgetRow,
    /// Tokens per day that each further replica carries at its peak.
    pub tokens_per_day_per_replica: Option<Interval<f64>>,
    /// Other ways of renting; none decides.
    pub other_rents: Vec<OtherRentCost>,
    /// Renting against buying.
    pub rent_crossings: Option<Crossings>,
    /// Owning against buying.
    pub own_crossings: Option<Crossings>,
    /// Sides without a price.
    pub left_out: Vec<LeftOut>,
    /// The staircase: volumes from 1/16 of the one asked for to 16 times.
    pub steps: Vec<BudgetRow>,
    /// The same volume month by month with the drift given, from now on; none without one. It ends before a month that needs
    /// more replicas than [`MOST_REPLICAS`].
    pub months: Vec<BudgetRow>,
}

impl Budget {
    /// Writes into every row what the budget is of.
    pub fn name(&mut self, model: &str, weights: &str, device: &str, batch: u64) {
        for row in self.steps.iter_mut().chain(&mut self.months).chain([&mut self.asked]) {
            row.model = model.to_owned();
            row.weights = weights.to_owned();
            row.device = device.to_owned();
            row.batch = batch;
        }
    }
}

/// Months that a drift is followed for.
const MONTHS: u32 = 24;

/// One end of all intervals, or their middle.
#[derive(Clone, Copy, Debug, PartialEq)]
struct World {
    fleet: Option<Fleet>,
    prices: Prices,
}

/// What a volume costs in a month, every side alone, and the mix.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Month {
    replicas: Option<f64>,
    utilisation: Option<f64>,
    rent_usd: Option<f64>,
    own_usd: Option<f64>,
    buy_usd: Option<f64>,
    mix: Option<Mix>,
}

/// The budget of a demand.
///
/// # Errors
/// A sentence where a number is out of range, or the demand needs more replicas than [`MOST_REPLICAS`].
pub fn budget(need: &Need, supply: &Supply) -> Result<Budget, String> {
    let worlds = worlds(need, supply)?;
    let at = |factor: f64| row::of(need, supply, &worlds, factor);
    let asked = at(1.0);
    let replica = |world: &World| world.fleet.map(|fleet| fleet.step());
    let [low, mid, high] = [worlds.high, worlds.mid, worlds.low].map(|world| replica(&world));
    Ok(Budget {
        tokens_per_day_per_replica: interval(low, mid, high),
        other_rents: supply.other_rents.iter().filter_map(|rent| other(rent, need, &worlds)).collect(),
        rent_crossings: crossings(&worlds, |prices| prices.rent),
        own_crossings: crossings(&worlds, |prices| prices.own),
        left_out: left_out(supply),
        steps: (-STEPS..=STEPS).map(|power| at(2f64.powi(power))).collect(),
        months: supply.drift.map_or(Ok(vec![]), |drift| months(need, supply, &worlds, drift))?,
        asked,
    })
}

/// The months of a drift. Hours stay as they are signed; the load grows with the volume, so its shape stays too.
fn months(
    need: &Need,
    supply: &Supply,
    worlds: &Interval<World>,
    drift: Drift,
) -> Result<Vec<BudgetRow>, String> {
    drift.check().map_err(|refused| refused.to_string())?;
    let month = |months: u32| {
        let of = |change: f64| (1.0 + change).powi(months as i32);
        let worlds = worlds.map(|world| world.moved(of(drift.price_per_month), of(drift.software_per_month)));
        let volume = of(drift.load_per_month);
        let fits = worlds.high.fleet.is_none_or(|fleet| {
            fleet.check().is_ok() && fleet.replicas(need.tokens_per_day * volume) <= MOST_REPLICAS
        });
        fits.then(|| BudgetRow { months_from_now: months, ..row::of(need, supply, &worlds, volume) })
    };
    Ok((0..=MONTHS).map_while(month).collect())
}

/// The three worlds, all numbers in range.
fn worlds(need: &Need, supply: &Supply) -> Result<Interval<World>, String> {
    crate::cost::positive("tokens per day", need.tokens_per_day).map_err(|refused| refused.to_string())?;
    let tokens = Tokens::of_request(need.isl, need.osl)?;
    let own = supply.own.as_ref().ok().copied();
    let world = |end: fn(&Interval<f64>) -> f64| -> Result<World, String> {
        let fleet = match &supply.times {
            Err(_) => None,
            Ok([input, output]) => {
                let fleet = Fleet {
                    gpus: f64::from(supply.gpus),
                    s_per_token: tokens.blend(end(&plain(*input)), end(&plain(*output))),
                    utilisation_max: need.utilisation_max,
                    day: Day { peak: need.peak_factor },
                };
                fleet.check().map_err(|refused| refused.to_string())?;
                Some(fleet)
            }
        };
        let rent = supply.rent.as_ref().ok().map(|rent| end(&rent.map(|usd| usd.0)));
        let price = supply.price.as_ref().ok().map(|price| end(&price.map(|usd| usd.0)));
        let own_usd = own.map(|hour| hour.at(1.0));
        for (what, value) in
            [("usd_per_hour", rent), ("owned usd_per_hour", own_usd), ("price per Mtok", price)]
        {
            value
                .map_or(Ok(0.0), |value| crate::cost::positive(what, value))
                .map_err(|refused| refused.to_string())?;
        }
        let prices = Prices {
            rent: rent.filter(|_| fleet.is_some()).map(Hour::flat),
            own: own.filter(|_| fleet.is_some()),
            usd_per_mtok: price,
            give_back: supply.give_back,
        };
        Ok(World { fleet, prices })
    };
    let worlds = Interval {
        low: world(|ends| ends.low)?,
        mid: world(|ends| ends.mid)?,
        high: world(|ends| ends.high)?,
    };
    let most = worlds.high.fleet.map_or(1.0, |fleet| fleet.replicas(need.tokens_per_day));
    if most > MOST_REPLICAS {
        return Err(format!(
            "{} tokens/day may need {most:.1e} replicas, more than {MOST_REPLICAS:.0e}: give a smaller volume",
            Volume(need.tokens_per_day)
        ));
    }
    Ok(worlds)
}

fn plain(time: Interval<Seconds>) -> Interval<f64> {
    time.map(|seconds| seconds.0)
}

impl World {
    /// The same with a price and a throughput so many times as high.
    fn moved(self, price: f64, speed: f64) -> Self {
        let fleet = self.fleet.map(|fleet| Fleet { s_per_token: fleet.s_per_token / speed, ..fleet });
        let usd_per_mtok = self.prices.usd_per_mtok.map(|usd| usd * price);
        Self { fleet, prices: Prices { usd_per_mtok, ..self.prices } }
    }

    fn month(&self, tokens_per_day: f64) -> Month {
        let prices = &self.prices;
        let buy_usd = prices.usd_per_mtok.map(|price| tokens_per_day * DAYS_PER_MONTH * price / 1e6);
        let Some(fleet) = self.fleet else {
            let bought = buy_usd.map(|usd_per_month| Mix { bought: 1.0, usd_per_month, ..Mix::default() });
            return Month { buy_usd, mix: bought, ..Month::default() };
        };
        let replicas = fleet.replicas(tokens_per_day);
        let held = |hour: Hour| fleet.month_usd(hour, tokens_per_day, replicas);
        Month {
            replicas: Some(replicas),
            utilisation: Some(fleet.utilisation(tokens_per_day, replicas)),
            rent_usd: prices.rent.map(held),
            own_usd: prices.own.map(held),
            buy_usd,
            mix: cheapest(&fleet, prices, tokens_per_day),
        }
    }
}

fn other(rent: &OtherRent, need: &Need, worlds: &Interval<World>) -> Option<OtherRentCost> {
    let month = |world: &World, usd: UsdPerHour| {
        let fleet = world.fleet?;
        Some(fleet.month_usd(Hour::flat(usd.0), need.tokens_per_day, fleet.replicas(need.tokens_per_day)))
    };
    let Interval { low, mid, high } = rent.usd_per_hour;
    Some(OtherRentCost {
        kind: rent.kind,
        providers: rent.providers.clone(),
        usd_per_hour: rent.usd_per_hour,
        usd_per_month: interval(month(&worlds.low, low), month(&worlds.mid, mid), month(&worlds.high, high))?,
    })
}

/// Where a side becomes cheaper than buying; `None` where one of the two has no price.
fn crossings(worlds: &Interval<World>, hour: fn(&Prices) -> Option<Hour>) -> Option<Crossings> {
    let crossing = |held: &World, sold: &World| {
        let (fleet, hour, price) = (held.fleet?, hour(&held.prices)?, sold.prices.usd_per_mtok?);
        let fixed = 24.0 * fleet.gpus * hour.always_usd;
        let marginal = fleet.gpus * hour.busy_usd * fleet.s_per_token / 3600.0;
        Some(Crossing::of(fixed, marginal, price / 1e6, fleet.step()))
    };
    Some(Crossings {
        low: crossing(&worlds.low, &worlds.high)?,
        mid: crossing(&worlds.mid, &worlds.mid)?,
        high: crossing(&worlds.high, &worlds.low)?,
    })
}

fn left_out(supply: &Supply) -> Vec<LeftOut> {
    let no_rates = supply.times.as_ref().err();
    let without = |side, price: Option<&String>| {
        let reason = if side == Side::Buy { price } else { no_rates.or(price) };
        reason.map(|reason| LeftOut { side, reason: reason.clone() })
    };
    [
        without(Side::Rent, supply.rent.as_ref().err()),
        without(Side::Own, supply.own.as_ref().err()),
        without(Side::Buy, supply.price.as_ref().err()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn interval(low: Option<f64>, mid: Option<f64>, high: Option<f64>) -> Option<Interval<f64>> {
    Some(Interval { low: low?, mid: mid?, high: high? })
}

#[cfg(test)]
mod tests;
