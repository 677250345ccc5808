//! `report.html`: one file that needs nothing else, the answer first. It shows the report's own figures without scripts; with
//! them, controls compute the same figures again under other terms, by the formulas of [`crate::market::decide`].

mod answer;
mod data;
pub mod fleet;
mod html;
mod plots;
mod prices;
mod tables;

pub use plots::{Plotted, plots};
pub(super) use tables::columned;

use rust_decimal::Decimal;

use super::{Report, rent};
use crate::market::compare::Case;
use crate::market::rental::Tracker;
use crate::market::row::Comparison;
use crate::market::tokens::TokenTracker;
use crate::units::{Interval, UsdPerMtok};

const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
/// SHA-256 of the script, base64: the page runs this script and no other.
const SCRIPT_SHA256: &str = include_str!("page/page.js.sha256");

/// Everything that the page shows.
#[derive(Clone, Debug)]
pub struct Page<'p> {
    /// Rows, measured kernels, warnings.
    pub report: &'p Report,
    /// What each row of the report's costs was computed from, in their order.
    pub cases: &'p [Option<Case>],
    /// What the device was rented for, the newest first.
    pub rents: Vec<RentRow>,
    /// What the case that is answered first costs at other batch sizes.
    pub batches: Vec<BatchPoint>,
    /// Rents of the device month by month.
    pub rent_history: Option<Tracker>,
    /// Token prices of the model that is answered first, month by month.
    pub token_history: Option<TokenTracker>,
}

/// One quote of a rent.
#[derive(Clone, Debug, PartialEq)]
pub struct RentRow {
    /// What is rented.
    pub hardware: String,
    /// Who rents it out.
    pub provider: String,
    /// How.
    pub kind: String,
    /// Where; empty where it is one price everywhere.
    pub region: String,
    /// Per device and hour; unknown where it is no longer offered.
    pub usd_per_hour: Option<Decimal>,
    /// The day of the quote.
    pub date: String,
    /// What the number stands for.
    pub basis: String,
    /// Where it was read.
    pub source: String,
    /// The file of its row.
    pub file: String,
    /// The line of its row.
    pub line: u64,
    /// Whether it is part of the rent that counts.
    pub votes: bool,
}

/// A cost at a batch size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchPoint {
    /// Sequences that decode together.
    pub batch: u64,
    /// Blended, with the interval of the times.
    pub cost: Interval<UsdPerMtok>,
}

impl Page<'_> {
    /// The row that is answered first: of those with a verdict the one with the lowest cost against its market, else the first
    /// with a cost.
    pub fn headline(&self) -> Option<usize> {
        let at = |row: &Comparison| self.report.costs.iter().position(|other| std::ptr::eq(other, row));
        let best = super::best(&self.report.costs).and_then(at);
        let known = |row: &usize| matches!(self.cases.get(*row), Some(Some(_)));
        best.filter(known).or_else(|| (0..self.cases.len()).find(known))
    }

    /// The row that is answered first, with what it was computed from.
    fn first(&self) -> Option<(&Comparison, &Case)> {
        let row = self.headline()?;
        Some((self.report.costs.get(row)?, self.cases.get(row)?.as_ref()?))
    }
}

/// What tells a row from the others.
fn case_name(page: &Page<'_>, row: &Comparison) -> String {
    let device = super::device(row, str::to_owned);
    let rent =
        if page.report.rents_differ() { format!(", {}", rent(row, str::to_owned)) } else { String::new() };
    format!("{} {}, batch {}, {device}{rent}", row.model, row.weights, row.batch)
}

/// The page. The same report gives the same bytes.
///
/// # Errors
/// Those of the JSON writer, which has none for these types.
pub fn page(page: &Page<'_>) -> serde_json::Result<String> {
    let title = page.report.heading(html::text);
    let charts = plots(page);
    let chart = |name| plots::figure(&charts, name);
    let kernels = [tables::kernels_words(page), chart("roofline"), chart("peaks")].concat();
    let costs = [chart("cost-batch"), chart("cost-utilisation")].concat();
    let sections = [
        section("answer", "The answer", answer::section(page, &chart("verdict"))),
        section("kernels", "Measured kernels", kernels),
        section("costs", "Cost over batch and utilisation", costs),
        section(
            "prices",
            "Prices over time",
            prices::section(page, &chart("rent-history"), &chart("token-history")),
        ),
        section("tornado", "What moves it", chart("tornado") + &answer::tornado(page)),
        section("tables", "Tables", tables::section(page)),
        section("grounds", "What this rests on", tables::grounds(page)),
    ];
    Ok(document(&Document {
        title: &title,
        about: &format!("Prices as of {}.", page.report.as_of),
        nav: NAV,
        sections: &sections.concat(),
        dialog: DIALOG,
        data: &data::data(page)?,
    }))
}

/// The parts of a page, each as HTML but for the data.
struct Document<'d> {
    title: &'d str,
    /// A line below the title.
    about: &'d str,
    nav: &'d str,
    sections: &'d str,
    dialog: &'d str,
    /// What the script computes with, as JSON that is safe in its element.
    data: &'d str,
}

/// A page with the style sheet and the script of all of them.
fn document(parts: &Document<'_>) -> String {
    let Document { title, about, nav, sections, dialog, data } = parts;
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'sha256-{hash}'; img-src data:\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body>\n<a class=\"skip\" href=\"#answer\">To the answer</a>\n<header>\n<h1>{title}</h1>\n\
         <p>{about}</p>\n{nav}</header>\n<main>\n{sections}</main>\n{dialog}\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        hash = SCRIPT_SHA256.trim(),
    )
}

const NAV: &str = "<nav aria-label=\"Sections\"><a href=\"#kernels\">Kernels</a> <a href=\"#costs\">Costs</a> \
    <a href=\"#prices\">Prices</a> <a href=\"#tornado\">What moves it</a> <a href=\"#tables\">Tables</a> \
    <a href=\"#grounds\">Grounds</a></nav>\n";

const DIALOG: &str = "<dialog id=\"source\" aria-labelledby=\"source-title\"><form method=\"dialog\"><button>Close</button>\
    </form><h2 id=\"source-title\"></h2><div id=\"source-body\"></div></dialog>\n";

fn section(id: &str, title: &str, body: String) -> String {
    format!(
        "<section id=\"{id}\" aria-labelledby=\"h-{id}\">\n<h2 id=\"h-{id}\">{title}</h2>\n{body}</section>\n"
    )
}

#[cfg(test)]
mod tests;
