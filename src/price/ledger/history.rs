//! Every row of a name over time.

use std::collections::HashMap;

use serde::Serialize;

use super::{Asked, Ledger, PriceRow};

/// A row with what changed since the row before of the same seller, item, terms and region.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct HistoryRow {
    /// The row.
    #[serde(flatten)]
    pub row: PriceRow,
    /// Change of the rent, or of the output price, since that row, as a fraction; null for the first.
    pub change: Option<f64>,
    /// The day of that row.
    pub since: String,
}

/// The rows of what was asked for, oldest first.
pub fn history(ledger: &Ledger, asked: &Asked) -> Vec<HistoryRow> {
    let mut rows: Vec<PriceRow> = match asked {
        Asked::Hardware(names) => {
            let wanted =
                ledger.rentals.iter().filter(|quote| names.iter().any(|name| **name == *quote.hardware));
            wanted.map(PriceRow::of_rental).collect()
        }
        Asked::Model(model) => {
            let wanted = ledger.tokens.iter().filter(|card| **model == *card.model);
            wanted.map(PriceRow::of_token).collect()
        }
    };
    rows.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut last: HashMap<[String; 5], (f64, String)> = HashMap::new();
    let with_change = |row: PriceRow| {
        let price = row.usd_per_hour.or(row.output_usd_per_mtok);
        let of = [&row.name, &row.by, &row.item, &row.terms, &row.region].map(String::clone);
        let before = match price {
            Some(price) => last.insert(of, (price, row.date.clone())),
            None => last.remove(&of),
        };
        let (change, since) = match (price, before) {
            (Some(price), Some((before, since))) => (Some(price / before - 1.0), since),
            _ => (None, String::new()),
        };
        HistoryRow { row, change, since }
    };
    rows.into_iter().map(with_change).collect()
}

fn key(row: &PriceRow) -> [&str; 7] {
    [&row.date, &row.name, &row.by, &row.item, &row.terms, &row.region, &row.observed]
}
