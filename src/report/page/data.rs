//! What the script of the page computes with, as JSON: the same numbers as the rows hold, unrounded.

use std::collections::HashMap;

use serde::Serialize;

use super::{Page, case_name, html};
use crate::cost::HOURS_PER_MONTH;
use crate::market::compare::Case;
use crate::market::figure;
use crate::market::tornado::SWING;
use crate::price::to_f64;
use crate::price::token::{Market, SellerVote};
use crate::report::json::SCHEMA_VERSION;
use crate::units::Interval;

#[derive(Serialize)]
struct Data<'p> {
    schema_version: u32,
    as_of: String,
    /// The place in `cases` of the one that is answered first.
    chosen: Option<usize>,
    /// Constants of the formulas.
    hours_per_month: f64,
    swing: f64,
    cases: Vec<CaseData>,
    markets: Vec<MarketData<'p>>,
    figures: Vec<FigureData>,
}

#[derive(Serialize)]
struct CaseData {
    /// The row of the table of costs.
    row: usize,
    name: String,
    /// What it is about, in the words of the answer.
    subject: String,
    place: String,
    model: String,
    /// Where the times come from.
    basis: &'static str,
    input_s_per_token: Interval<f64>,
    output_s_per_token: Interval<f64>,
    cached_measured: f64,
    gpus: f64,
    usd_per_hour: Interval<f64>,
    utilisation: f64,
    utilisation_stated: bool,
    isl: u64,
    osl: u64,
    ratio: f64,
    cached: f64,
    policy: String,
    /// The place in `markets`; null where the weights have no price.
    market: Option<usize>,
    /// Why there is no verdict, where there is none.
    why_not: String,
}

#[derive(Serialize)]
struct MarketData<'p> {
    model: String,
    sellers: Vec<SellerData<'p>>,
}

#[derive(Serialize)]
struct SellerData<'p> {
    seller: &'p str,
    listing: &'p str,
    input: f64,
    cache_read: Option<f64>,
    output: f64,
    date: String,
    source: &'p str,
    file: &'p str,
    line: u64,
}

#[derive(Serialize)]
struct FigureData {
    name: &'static str,
    label: &'static str,
    unit: &'static str,
    formula: &'static str,
    of: &'static [&'static str],
}

/// The data as JSON, ready for a `<script>` element.
///
/// # Errors
/// Those of the JSON writer, which has none for these types.
pub fn data(page: &Page<'_>) -> serde_json::Result<String> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut markets = Vec::new();
    let mut cases = Vec::new();
    let mut chosen = None;
    for (row, case) in page.cases.iter().enumerate() {
        let Some(case) = case else { continue };
        let market = case.market.as_ref().map(|market| {
            // Rows of one model share its sellers: a report has one mix and one day.
            *places.entry(&market.model).or_insert_with(|| {
                markets.push(market_data(market));
                markets.len() - 1
            })
        });
        if page.headline() == Some(row) {
            chosen = Some(cases.len());
        }
        cases.push(case_data(page, row, case, market));
    }
    let figures = figure::ALL.iter().map(|figure| FigureData {
        name: figure.name,
        label: figure.label,
        unit: figure.unit,
        formula: figure.formula,
        of: figure.of,
    });
    let data = Data {
        schema_version: SCHEMA_VERSION,
        as_of: page.report.as_of.to_string(),
        chosen,
        hours_per_month: HOURS_PER_MONTH,
        swing: SWING,
        cases,
        markets,
        figures: figures.collect(),
    };
    Ok(html::json(&serde_json::to_string(&data)?))
}

fn case_data(page: &Page<'_>, row: usize, case: &Case, market: Option<usize>) -> CaseData {
    let Case { times, terms, .. } = case;
    let of = page.report.costs.get(row);
    CaseData {
        row,
        name: of.map(|row| case_name(page, row)).unwrap_or_default(),
        subject: of.map(super::answer::subject).unwrap_or_default(),
        place: of.map(super::answer::place).unwrap_or_default(),
        model: of.map(|row| row.model.clone()).unwrap_or_default(),
        basis: of.map(|row| super::answer::basis(row.source)).unwrap_or_default(),
        input_s_per_token: times.input_s_per_token.map(|time| time.0),
        output_s_per_token: times.output_s_per_token.map(|time| time.0),
        cached_measured: times.cached,
        gpus: terms.gpus,
        usd_per_hour: terms.usd_per_hour.map(|rent| rent.0),
        utilisation: terms.utilisation,
        utilisation_stated: terms.utilisation_stated,
        isl: of.map(|row| row.isl).unwrap_or_default(),
        osl: of.map(|row| row.osl).unwrap_or_default(),
        ratio: terms.mix.ratio(),
        cached: terms.mix.cached(),
        policy: terms.policy.to_string(),
        market,
        why_not: of
            .filter(|row| row.verdict.is_none())
            .map(|row| row.verdict_reason.clone())
            .unwrap_or_default(),
    }
}

fn market_data(market: &Market) -> MarketData<'_> {
    MarketData { model: market.model.clone(), sellers: market.votes.iter().map(seller_data).collect() }
}

fn seller_data(vote: &SellerVote) -> SellerData<'_> {
    SellerData {
        seller: &vote.seller,
        listing: &vote.listing,
        input: to_f64(vote.input),
        cache_read: vote.cache_read.map(to_f64),
        output: to_f64(vote.output),
        date: vote.date.to_string(),
        source: &vote.source,
        file: &vote.file,
        line: vote.line,
    }
}
