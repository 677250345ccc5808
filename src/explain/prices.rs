//! The quotes behind a rent and the price cards behind a market price.

use super::numbers::exact;
use super::{Ground, Node, Origin};
use crate::market::Policy;
use crate::price::ledger::PriceRow;
use crate::price::ledger::explain::{Explained, Fate};
use crate::price::token::{Market, SellerVote};

/// The providers behind the rent, each with its rows, then the rows that do not vote.
pub(super) fn rent(ground: &Ground<'_>, node: &mut Node) {
    let row = ground.row;
    let Some(explained) = ground.rent else {
        if node.value.is_some() {
            node.origin = Origin::Given;
        }
        return;
    };
    node.formula = explained.formula.clone();
    node.note = explained.notes.join("; ");
    let counted = row.rental_providers.as_deref().unwrap_or_default();
    let counts = |provider: &str| counted.split("; ").any(|name| name == provider);
    for vote in &explained.votes {
        let rows = explained.rows.iter().filter(|fate| fate.votes && same(&fate.row.by, &vote.by));
        let mut rows: Vec<Node> = rows.map(rent_row).collect();
        let mut provider = match (rows.len(), rows.pop()) {
            (1, Some(only)) => only,
            (count, last) => {
                rows.extend(last);
                let formula = format!("median of its {count} rows of that day");
                let what = vote.by.clone();
                Node {
                    what,
                    value: vote.usd_per_hour,
                    unit: "USD/h",
                    formula,
                    parts: rows,
                    ..Node::default()
                }
            }
        };
        if !counts(&vote.by) {
            provider.origin = Origin::LeftOut;
            provider.note = "not the provider whose rent counts here (--offers)".into();
        }
        node.parts.push(provider);
    }
    left_out(explained, node, rent_row);
}

fn rent_row(fate: &Fate) -> Node {
    let row = &fate.row;
    let note = [&row.terms, &row.region, &row.item].into_iter().filter(|text| !text.is_empty());
    let note = note.cloned().collect::<Vec<String>>().join(", ");
    row_node(fate, row.usd_per_hour, "USD/h", note)
}

/// The sellers behind the market price, then the cards that do not vote.
pub(super) fn market(ground: &Ground<'_>, node: &mut Node) {
    let Some(explained) = ground.market else { return };
    node.note = explained.notes.join("; ");
    let Some(market) = ground.case.and_then(|case| case.market.as_ref()) else {
        // Without a cost nothing was blended: the cards stand as they are.
        node.parts.extend(explained.rows.iter().filter(|fate| fate.votes).map(card));
        return left_out(explained, node, card);
    };
    let policy = &ground.row.market_policy;
    node.formula = match policy {
        Policy::Median => format!("median of the blended prices of {} sellers", market.sellers()),
        Policy::Cheapest => format!("the cheapest blended price of {} sellers", market.sellers()),
        Policy::Seller(name) => format!("the blended price of {name}"),
    };
    for vote in &market.votes {
        let counts = match policy {
            Policy::Median => true,
            Policy::Cheapest => market.cheapest() == Some(vote),
            Policy::Seller(name) => same(name, &vote.seller),
        };
        node.parts.push(seller(vote, market, explained, counts));
    }
    left_out(explained, node, card);
}

fn card(fate: &Fate) -> Node {
    let (input, output) = (fate.row.input_usd_per_mtok, fate.row.output_usd_per_mtok);
    let output = output.map(|output| format!("{} USD/Mtok output", exact(output))).unwrap_or_default();
    row_node(fate, input, "USD/Mtok input", output)
}

fn seller(vote: &SellerVote, market: &Market, explained: &Explained, counts: bool) -> Node {
    let place = crate::price::ledger::place(&vote.file, vote.line);
    let fate = explained.rows.iter().find(|fate| fate.row.place == place);
    let (ratio, cached) = (market.mix.ratio(), market.mix.cached());
    let (input, output) = (crate::price::to_f64(vote.input), crate::price::to_f64(vote.output));
    let read = vote.cache_read.map(crate::price::to_f64);
    let input_numbers = match (cached > 0.0, read) {
        (false, _) => exact(input),
        (true, None) => format!("{} (no price of cached input)", exact(input)),
        (true, Some(read)) => {
            format!("({} · {} + {} · {})", exact(1.0 - cached), exact(input), exact(cached), exact(read))
        }
    };
    let shown = exact(ratio);
    Node {
        what: vote.seller.to_string(),
        value: Some(vote.blended.0),
        unit: "USD/Mtok",
        formula: "(r · in + out) / (r + 1)".into(),
        numbers: format!(
            "({shown} · {input_numbers} + {}) / ({shown} + 1) = {}",
            exact(output),
            exact(vote.blended.0)
        ),
        origin: if counts { Origin::Read } else { Origin::LeftOut },
        place,
        note: [vote.listing.to_string(), dated(&vote.date.to_string(), fate.map(|fate| &fate.row))]
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(", "),
        ..Node::default()
    }
}

/// The rows that do not vote, each with the reason.
fn left_out(explained: &Explained, node: &mut Node, shown: impl Fn(&Fate) -> Node) {
    let rows: Vec<Node> = explained.rows.iter().filter(|fate| !fate.votes).map(shown).collect();
    if !rows.is_empty() {
        node.parts.push(Node {
            what: format!("{} rows that do not vote", rows.len()),
            origin: Origin::LeftOut,
            parts: rows,
            ..Node::default()
        });
    }
}

fn row_node(fate: &Fate, value: Option<f64>, unit: &'static str, terms: String) -> Node {
    let row = &fate.row;
    let why = if fate.votes { String::new() } else { fate.fate.clone() };
    let note = [why, terms, dated(&row.date, Some(row))];
    Node {
        what: row.by.clone(),
        value,
        unit,
        words: if value.is_none() { row.no_price.clone() } else { String::new() },
        origin: if fate.votes { Origin::Read } else { Origin::LeftOut },
        place: row.place.clone(),
        note: note.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", "),
        ..Node::default()
    }
}

/// The day of a row and where it was read.
fn dated(date: &str, row: Option<&PriceRow>) -> String {
    match row.map(|row| row.source.as_str()).filter(|source| !source.is_empty()) {
        Some(source) => format!("{date}, {source}"),
        None => date.to_owned(),
    }
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}
