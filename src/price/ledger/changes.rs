//! What changed between two days: votes that moved, providers and sellers that came and went.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::{Asked, Ledger};
use crate::price::rental::{self, offers};
use crate::price::token::{self, market};
use crate::price::{Mix, to_f64};

/// One price on two days.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Change {
    /// The hardware or the model.
    pub name: String,
    /// The kind of rent, or `tokens`.
    pub kind: String,
    /// The provider or seller; `(median)` for the level.
    pub by: String,
    /// What is priced: `usd_per_hour`, `input_usd_per_mtok` or `output_usd_per_mtok`.
    pub figure: String,
    /// The price as of the first day.
    pub from: Option<f64>,
    /// The price as of the second day.
    pub to: Option<f64>,
    /// The change as a fraction; null where one is unknown.
    pub change: Option<f64>,
    /// `moved`, `same`, `joined` or `left`.
    pub state: String,
}

/// The level among the voters.
const MEDIAN: &str = "(median)";

type Prices = BTreeMap<(String, String, String, &'static str), f64>;

/// Every price as of two days, of all names or of those asked for; what stayed the same is among them.
pub fn changes(ledger: &Ledger, asked: Option<&Asked>, from: Date, to: Date, mix: Mix) -> Vec<Change> {
    let [before, after] = [from, to].map(|day| prices(ledger, asked, day, mix));
    let mut keys: Vec<_> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    let change = |key: &&(String, String, String, &'static str)| {
        let (from, to) = (before.get(*key).copied(), after.get(*key).copied());
        let (name, kind, by, figure) = (*key).clone();
        let change = from.zip(to).map(|(from, to)| to / from - 1.0);
        let state = match (from, to) {
            (None, _) => "joined",
            (_, None) => "left",
            (from, to) if from == to => "same",
            _ => "moved",
        };
        Change { name, kind, by, figure: figure.to_owned(), from, to, change, state: state.to_owned() }
    };
    keys.iter().map(change).collect()
}

fn prices(ledger: &Ledger, asked: Option<&Asked>, day: Date, mix: Mix) -> Prices {
    let mut prices = Prices::new();
    let hardware: std::collections::BTreeSet<&str> = match asked {
        None => ledger.rentals.iter().map(|quote| &*quote.hardware).collect(),
        Some(Asked::Hardware(names)) => names.iter().map(String::as_str).collect(),
        Some(Asked::Model(_)) => Default::default(),
    };
    let models: std::collections::BTreeSet<&str> = match asked {
        None => ledger.tokens.iter().map(|card| &*card.model).collect(),
        Some(Asked::Model(model)) => [model.as_str()].into(),
        Some(Asked::Hardware(_)) => Default::default(),
    };
    for offers in
        hardware.into_iter().filter_map(|name| offers(&ledger.rentals, name, day, rental::MAX_AGE_DAYS).ok())
    {
        for (kind, offer) in offers.kinds {
            let mut put = |by: &str, price| {
                let key = (offers.hardware.clone(), kind.to_string(), by.to_lowercase(), "usd_per_hour");
                prices.insert(key, to_f64(price));
            };
            offer.votes.iter().for_each(|vote| put(&vote.provider, vote.usd_per_hour));
            put(MEDIAN, offer.median);
        }
    }
    for market in
        models.into_iter().filter_map(|name| market(&ledger.tokens, name, day, mix, token::MAX_AGE_DAYS).ok())
    {
        let mut put = |by: &str, figure, price| {
            prices.insert((market.model.clone(), "tokens".into(), by.to_lowercase(), figure), to_f64(price));
        };
        for vote in &market.votes {
            put(&vote.seller, "input_usd_per_mtok", vote.input);
            put(&vote.seller, "output_usd_per_mtok", vote.output);
        }
        put(MEDIAN, "input_usd_per_mtok", market.median_input);
        put(MEDIAN, "output_usd_per_mtok", market.median_output);
    }
    prices
}
