//! How price rows are shown: the rows of `mtok prices`.

use super::columns::{Column, common, number, text, wide};
use super::listing::Listed;
use crate::price::ledger::PriceRow;
use crate::price::ledger::changes::Change;
use crate::price::ledger::charges::Charged;
use crate::price::ledger::explain::Fate;
use crate::price::ledger::history::HistoryRow;
use crate::price::ledger::levels::Level;
use crate::text::significant;

impl Listed for Level {
    const COLUMNS: &'static [Column<Self>] = &[
        text("name", |level| level.name.clone()),
        text("kind", |level| level.kind.clone()),
        number("USD/h or in/out USD/Mtok", |level| {
            let shown = |price: Option<f64>| price.map(significant);
            let tokens = shown(level.input_usd_per_mtok).zip(shown(level.output_usd_per_mtok));
            shown(level.usd_per_hour)
                .or(tokens.map(|(input, output)| format!("{input}/{output}")))
                .unwrap_or_default()
        }),
        number("n", |level| level.voters.to_string()),
        number("age days", |level| level.age_days.map(|days| days.to_string()).unwrap_or_default()),
        common(text("note", |level| level.note.clone())),
        wide(number("low", |level| level.usd_per_hour_low.map(significant).unwrap_or_default())),
        wide(number("high", |level| level.usd_per_hour_high.map(significant).unwrap_or_default())),
        wide(text("newest", |level| level.newest.clone())),
    ];
}

impl Listed for Charged {
    const COLUMNS: &'static [Column<Self>] = &[
        text("seller", |row| row.seller.clone()),
        number("USD", |row| row.usd.map(significant).unwrap_or_default()),
        common(number("input", |row| row.input_usd.map(significant).unwrap_or_default())),
        common(number("cache", |row| row.cache_usd.map(significant).unwrap_or_default())),
        common(number("output", |row| row.output_usd.map(significant).unwrap_or_default())),
        text("seen", |row| row.date.clone()),
        text("terms or why not", |row| format!("{}{}", row.terms, row.why_not)),
        wide(text("router", |row| if row.router { "yes" } else { "" }.into())),
        wide(text("listing", |row| row.listing.clone())),
        wide(text("place", |row| row.place.clone())),
    ];
}

impl Listed for HistoryRow {
    const COLUMNS: &'static [Column<Self>] = &[
        text("date", |row| row.row.date.clone()),
        text("by", |row| row.row.by.clone()),
        text("of", |row| row.row.name.clone()),
        common(text("terms", |row| row.row.terms.clone())),
        wide(text("item", |row| row.row.item.clone())),
        wide(text("region", |row| row.row.region.clone())),
        number("USD", |row| shown(&row.row)),
        number("change", |row| {
            row.change.map_or(String::new(), |change| format!("{:+.1} %", change * 100.0))
        }),
        wide(text("flags", |row| row.row.flags.clone())),
        wide(text("source", |row| row.row.source.clone())),
        wide(text("place", |row| row.row.place.clone())),
    ];
}

impl Listed for Fate {
    const COLUMNS: &'static [Column<Self>] = &[
        text("by", |fate| fate.row.by.clone()),
        text("date", |fate| fate.row.date.clone()),
        number("USD", |fate| shown(&fate.row)),
        text("fate", |fate| fate.fate.clone()),
        wide(text("terms", |fate| fate.row.terms.clone())),
        wide(text("item", |fate| fate.row.item.clone())),
        wide(text("region", |fate| fate.row.region.clone())),
        wide(text("flags", |fate| fate.row.flags.clone())),
        wide(text("source", |fate| fate.row.source.clone())),
        common(text("place", |fate| fate.row.place.clone())),
    ];
}

impl Listed for Change {
    const COLUMNS: &'static [Column<Self>] = &[
        text("name", |change| change.name.clone()),
        text("by", |change| change.by.clone()),
        text("figure", |change| match change.figure.as_str() {
            "usd_per_hour" => format!("USD/h {}", change.kind),
            "input_usd_per_mtok" => "USD/Mtok in".to_owned(),
            _ => "USD/Mtok out".to_owned(),
        }),
        number("from", |change| change.from.map(significant).unwrap_or_default()),
        number("to", |change| change.to.map(significant).unwrap_or_default()),
        number("change", |change| match change.change {
            Some(fraction) => format!("{:+.1} %", fraction * 100.0),
            None => change.state.clone(),
        }),
    ];
}

/// The rent per hour, or input/output per Mtok, or why there is none.
fn shown(row: &PriceRow) -> String {
    let price = |price: Option<f64>| price.map(significant);
    match (price(row.usd_per_hour), price(row.input_usd_per_mtok), price(row.output_usd_per_mtok)) {
        (Some(rent), ..) => rent,
        (None, Some(input), Some(output)) => format!("{input}/{output}"),
        _ => row.no_price.clone(),
    }
}
