//! The cheapest way to serve a volume: which replicas to own, which to rent, and what to buy.
//!
//! Replicas are filled one after the other: the first serves the load up to its own capacity at all times, the next what is
//! above, and so on. Each such layer has a volume of its own, and who serves it changes nothing for the others. So the cheapest
//! mix takes for each layer what is cheapest for it, and no other mix can be cheaper.

use super::fleet::{DAYS_PER_MONTH, Fleet, Hour, SECONDS_PER_DAY};
use crate::cost::HOURS_PER_MONTH;

/// What serves, with its prices; a side without a price is not there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// A rented device.
    pub rent: Option<Hour>,
    /// An owned one.
    pub own: Option<Hour>,
    /// A million tokens of the mix.
    pub usd_per_mtok: Option<f64>,
    /// Rented replicas are paid only for the hours in which the load needs them.
    pub give_back: bool,
}

/// How many replicas of each kind, and the rest that is bought.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Mix {
    /// Owned replicas.
    pub owned: f64,
    /// Rented replicas.
    pub rented: f64,
    /// Share of the tokens that is bought.
    pub bought: f64,
    /// All of it.
    pub usd_per_month: f64,
}

/// Who serves a layer.
#[derive(Clone, Copy, PartialEq)]
enum Server {
    Own,
    Rent,
    Buy,
}

/// One layer: the load between two levels.
struct Layer {
    /// Tokens per day.
    tokens: f64,
    /// Share of the day in which it is needed.
    needed: f64,
}

/// The cheapest mix; `None` where no side has a price.
pub fn cheapest(fleet: &Fleet, prices: &Prices, tokens_per_day: f64) -> Option<Mix> {
    let mut mix = Mix::default();
    for layer in layers(fleet, tokens_per_day) {
        let (server, usd) = layer.cheapest(fleet, prices)?;
        mix.usd_per_month += usd;
        match server {
            Server::Own => mix.owned += 1.0,
            Server::Rent => mix.rented += 1.0,
            Server::Buy => mix.bought += layer.tokens / tokens_per_day,
        }
    }
    // All of it in pieces is the whole but for the last digits.
    mix.bought = if mix.owned + mix.rented == 0.0 { 1.0 } else { mix.bought.min(1.0) };
    Some(mix)
}

fn layers(fleet: &Fleet, tokens_per_day: f64) -> impl Iterator<Item = Layer> {
    let level = fleet.capacity() / tokens_per_day;
    let day = fleet.day;
    (0..fleet.replicas(tokens_per_day) as u64).map(move |index| {
        let (from, to) = (index as f64 * level, (index + 1) as f64 * level);
        Layer {
            tokens: (day.below(to) - day.below(from)).max(0.0) * tokens_per_day,
            needed: day.share_above(from),
        }
    })
}

impl Layer {
    fn cheapest(&self, fleet: &Fleet, prices: &Prices) -> Option<(Server, f64)> {
        let known = [Server::Own, Server::Rent, Server::Buy]
            .into_iter()
            .filter_map(|server| Some((server, self.usd(server, fleet, prices)?)));
        known.min_by(|(_, a), (_, b)| a.total_cmp(b))
    }

    /// USD per month; `None` without a price.
    fn usd(&self, server: Server, fleet: &Fleet, prices: &Prices) -> Option<f64> {
        let busy = self.tokens * fleet.s_per_token / SECONDS_PER_DAY;
        let hours = fleet.gpus * HOURS_PER_MONTH;
        match server {
            Server::Own => Some(hours * prices.own?.at(busy)),
            Server::Rent if prices.give_back => Some(hours * prices.rent?.at(busy) * self.needed),
            Server::Rent => Some(hours * prices.rent?.at(busy)),
            Server::Buy => Some(self.tokens * DAYS_PER_MONTH * prices.usd_per_mtok? / 1e6),
        }
    }
}
