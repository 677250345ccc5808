//! The costs that a result folder holds beside its measurements: the columns of `costs.csv` that a summary shows.

use std::io::Read;

use super::columns::{Column, number, text};
use super::{UNKNOWN, significant};
use crate::market::row::Comparison;
use crate::table::{Fault, Row, Table};

/// Rows of a `costs.csv`; none where a folder has no such file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Costs {
    /// What a summary shows.
    pub(super) rows: Vec<Cost>,
    /// What the answer is made of.
    pub(super) compared: Vec<Comparison>,
}

/// What a summary shows of a row; unknown is `None`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cost {
    model: String,
    weights: String,
    batch: String,
    usd_per_hour: Option<f64>,
    blended: [Option<f64>; 3],
    market: Option<f64>,
    verdict: String,
    pub as_of: String,
}

impl Costs {
    /// Reads a `costs.csv`; columns that it lacks are unknown.
    ///
    /// # Errors
    /// The first fault with its line and column.
    pub fn read(input: impl Read) -> Result<Self, Fault> {
        let table = Table::read(input, &["model", "weights", "usd_per_mtok_blended"])?;
        Ok(Self {
            rows: table.rows().map(cost).collect::<Result<_, _>>()?,
            compared: table.rows().map(compared).collect::<Result<_, _>>()?,
        })
    }
}

fn cost(row: Row<'_>) -> Result<Cost, Fault> {
    Ok(Cost {
        model: row.required("model")?.to_owned(),
        weights: row.required("weights")?.to_owned(),
        batch: row.text("batch").to_owned(),
        usd_per_hour: row.positive("usd_per_hour")?,
        blended: [
            row.positive("usd_per_mtok_blended")?,
            row.positive("usd_per_mtok_blended_low")?,
            row.positive("usd_per_mtok_blended_high")?,
        ],
        market: market(row)?,
        verdict: match (row.text("verdict"), row.text("fits")) {
            ("", "false") => "no fit".into(),
            ("", _) => UNKNOWN.into(),
            (verdict, _) => verdict.to_owned(),
        },
        as_of: row.text("as_of").to_owned(),
    })
}

/// What the answer needs of a row; words that are none of ours are unknown.
fn compared(row: Row<'_>) -> Result<Comparison, Fault> {
    let market = market(row)?;
    let blended = row.positive("usd_per_mtok_blended")?;
    let over = blended.zip(market).map(|(cost, price)| cost / price);
    let cheapest = Some(row.text("market_cheapest_seller").to_owned());
    Ok(Comparison {
        model: row.required("model")?.to_owned(),
        weights: row.required("weights")?.to_owned(),
        device: row.text("device").to_owned(),
        software: row.text("software") == "true",
        batch: row.text("batch").parse().unwrap_or_default(),
        gpus: row.text("gpus").parse().unwrap_or(1),
        utilisation: row.positive("utilisation")?.unwrap_or(1.0),
        usd_per_mtok_blended: blended,
        usd_per_mtok_blended_low: row.positive("usd_per_mtok_blended_low")?,
        usd_per_mtok_blended_high: row.positive("usd_per_mtok_blended_high")?,
        market_usd_per_mtok: market,
        market_usd_per_mtok_low: row.positive("market_usd_per_mtok_low")?,
        market_usd_per_mtok_high: row.positive("market_usd_per_mtok_high")?,
        market_policy: row.text("market_policy").parse().unwrap_or_default(),
        market_cheapest_seller: cheapest.filter(|name| !name.is_empty()),
        market_sellers: row.text("market_sellers").parse().ok(),
        cost_over_price: row.positive("cost_over_price")?.or(over),
        cost_over_price_low: row.positive("cost_over_price_low")?,
        cost_over_price_high: row.positive("cost_over_price_high")?,
        verdict: row.text("verdict").parse().ok(),
        decides: row.text("decides").parse().ok(),
        verdict_changes_at: row.positive("verdict_changes_at")?,
        ..Comparison::default()
    })
}

/// The price that decided; in a file without that column, the one that the policy takes.
fn market(row: Row<'_>) -> Result<Option<f64>, Fault> {
    let decided = row.positive("market_usd_per_mtok")?;
    let taken = row.positive(match row.text("market_policy") {
        "cheapest" => "market_usd_per_mtok_cheapest",
        _ => "market_usd_per_mtok_median",
    })?;
    Ok(decided.or(taken))
}

pub(super) const COLUMNS: [Column<Cost>; 8] = [
    text("model", |row| row.model.clone()),
    text("weights", |row| row.weights.clone()),
    number("batch", |row| if row.batch.is_empty() { UNKNOWN.into() } else { row.batch.clone() }),
    number("rent $/h", |row| super::number(row.usd_per_hour)),
    number("$/Mtok blended", |row| super::number(row.blended[0])),
    text("low to high", |row| match row.blended {
        [_, Some(low), Some(high)] => format!("{} to {}", significant(low), significant(high)),
        _ => UNKNOWN.into(),
    }),
    number("market $/Mtok", |row| super::number(row.market)),
    text("verdict", |row| row.verdict.clone()),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_costs_stay_unknown_and_bad_ones_are_located() {
        let head = "model,weights,usd_per_mtok_blended,market_usd_per_mtok\n";
        let costs = Costs::read(format!("{head}m,f16,,0.2\n").as_bytes()).unwrap();
        let shown: Vec<String> = COLUMNS.iter().map(|column| (column.cell)(&costs.rows[0])).collect();
        assert_eq!(shown, ["m", "f16", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, "0.200", UNKNOWN]);
        let fault = Costs::read(format!("{head}m,f16,0,0.2\n").as_bytes()).unwrap_err().to_string();
        assert_eq!(fault, "2:3: usd_per_mtok_blended \"0\" is not a finite number > 0");
    }
}
