//! The tables, each sortable and each in a region that scrolls by itself.

use super::super::columns::{Column, number, text as words};
use super::super::{Report, UNKNOWN, by_device, columns, markdown, number as shown};
use super::answer::source_button;
use super::html::text;
use super::{Page, RentRow};
use crate::measurement::SOFTWARE_LABEL;
use crate::price::token::SellerVote;
use crate::text::inert;

/// More rows than this are folded up.
const FOLDED_ABOVE: usize = 200;

/// A column's head.
pub(super) struct Head {
    label: String,
    numeric: bool,
}

impl Head {
    pub fn text(label: &str) -> Self {
        Self { label: label.to_owned(), numeric: false }
    }

    pub fn number(label: &str) -> Self {
        Self { label: label.to_owned(), numeric: true }
    }
}

/// A cell: what it shows, already safe, and the number behind it where that is not what it shows.
pub(super) struct Cell {
    open: &'static str,
    value: Option<f64>,
    shown: String,
}

impl Cell {
    /// The name of a row.
    pub fn head(name: &str) -> Self {
        Self { open: "<th scope=row", value: None, shown: text(name) }
    }

    /// Words.
    pub fn words(shown: &str) -> Self {
        Self { open: "<td class=t", value: None, shown: text(shown) }
    }

    /// A number by what is shown of it.
    pub fn rounded(shown: &str) -> Self {
        Self { open: "<td", value: None, shown: text(shown) }
    }

    /// A number, rounded, with all its digits behind it.
    pub fn exact(value: Option<f64>) -> Self {
        Self { open: "<td", value, shown: shown(value) }
    }

    /// A number shown with its unit.
    pub fn shown(shown: String, value: Option<f64>) -> Self {
        Self { open: "<td", value, shown: text(&shown) }
    }

    pub fn html(self) -> String {
        let value = self.value.map(|value| format!(" data-value=\"{value}\"")).unwrap_or_default();
        format!("{}{value}>{}", self.open, self.shown)
    }
}

/// A sortable table in its own region; rows are the cells of each, written out.
pub(super) fn table(caption: &str, id: &str, heads: &[Head], rows: impl Iterator<Item = String>) -> String {
    let heads: String = heads
        .iter()
        .map(|head| {
            let class = if head.numeric { " class=\"n\"" } else { "" };
            format!("<th scope=\"col\"{class}><button type=\"button\">{}</button></th>", text(&head.label))
        })
        .collect();
    let mut out = format!(
        "<p class=\"quiet caption\" id=\"{id}-of\">{}</p>\n\
         <div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"{id}-of\">\n\
         <table class=\"sortable\" id=\"{id}\" aria-labelledby=\"{id}-of\">\n<thead><tr>{heads}</tr></thead>\n<tbody>\n",
        text(caption),
    );
    for row in rows {
        out += "<tr>";
        out += &row;
        out.push('\n');
    }
    out + "</tbody>\n</table>\n</div>\n"
}

/// A table by the columns that the other outputs have.
pub(in super::super) fn columned<T>(caption: &str, id: &str, columns: &[Column<T>], rows: &[&T]) -> String {
    let heads: Vec<Head> = columns
        .iter()
        .map(|column| if column.numeric { Head::number(column.header) } else { Head::text(column.header) })
        .collect();
    let cell = |(place, column): (usize, &Column<T>), row: &T| {
        let shown = (column.cell)(row);
        let cell = match (place, column.numeric) {
            (0, _) => Cell::head(&shown),
            (_, true) => Cell::rounded(&shown),
            (_, false) => Cell::words(&shown),
        };
        cell.html()
    };
    let rows = rows.iter().map(|row| columns.iter().enumerate().map(|column| cell(column, row)).collect());
    table(caption, id, &heads, rows)
}

/// Long tables are folded up; they are opened for print.
pub(super) fn folded(rows: usize, what: &str, table: String) -> String {
    if rows <= FOLDED_ABOVE {
        return table;
    }
    format!("<details>\n<summary>{rows} {what}</summary>\n{table}</details>\n")
}

/// Where the numbers of kernels come from.
const CELLS: &str = "Each is a cell of measurements.csv, by its kernel, format, shape and variant; times are medians over its \
runs. Rates count compulsory arithmetic and traffic; the share is the least time that the device's own peaks allow over the \
median.";

/// All tables.
pub(super) fn section(page: &Page<'_>) -> String {
    [costs(page), kernels(page), sellers(page), rents(page)].concat()
}

fn costs(page: &Page<'_>) -> String {
    if page.report.costs.is_empty() {
        return String::new();
    }
    let columns = columns::costs(page.report.rents_differ());
    let mut out = String::from("<h3>Costs</h3>\n");
    for (place, (caption, rows)) in page.report.cost_groups(str::to_owned).into_iter().enumerate() {
        let table = columned(&caption, &format!("costs-{place}"), &columns, &rows);
        out += &folded(rows.len(), "rows of costs", table);
    }
    let figures =
        ["usd_per_mtok_in", "usd_per_mtok_out", "usd_per_mtok_blended", "market_usd_per_mtok", "verdict"];
    let buttons: Vec<String> = figures
        .iter()
        .filter_map(|name| crate::market::figure::find(name))
        .map(|figure| format!("{} {}", figure.label, source_button(figure.name)))
        .collect();
    if page.first().is_some() {
        out += &format!("<p class=\"quiet sources\">How the columns are made: {}</p>\n", buttons.join(", "));
    }
    out
}

fn kernels(page: &Page<'_>) -> String {
    let rated = page.report.rated();
    let mut out = String::new();
    for (place, (caption, cells)) in by_device(&rated, str::to_owned).into_iter().enumerate() {
        let table = columned(&caption, &format!("kernels-{place}"), &columns::kernels(&cells), &cells);
        out += &folded(cells.len(), "measured kernels", table);
    }
    if out.is_empty() {
        out
    } else {
        format!("<h3>Measured kernels</h3>\n<p class=\"quiet\">{CELLS}</p>\n{out}")
    }
}

/// A seller of the tokens of one model.
struct Seller {
    model: String,
    vote: SellerVote,
}

const SELLERS: [Column<Seller>; 9] = [
    words("seller", |row| row.vote.seller.to_string()),
    words("model", |row| row.model.clone()),
    words("listing", |row| row.vote.listing.to_string()),
    // Quotes are shown as quoted.
    number("in $/Mtok", |row| row.vote.input.to_string()),
    number("cached $/Mtok", |row| row.vote.cache_read.map_or(UNKNOWN.into(), |price| price.to_string())),
    number("out $/Mtok", |row| row.vote.output.to_string()),
    words("date", |row| row.vote.date.to_string()),
    words("row", |row| format!("{}:{}", row.vote.file, row.vote.line)),
    words("source", |row| row.vote.source.to_string()),
];

fn sellers(page: &Page<'_>) -> String {
    let mut models: Vec<&str> = Vec::new();
    let mut rows = Vec::new();
    for market in page.cases.iter().flatten().filter_map(|case| case.market.as_ref()) {
        if !models.contains(&market.model.as_str()) {
            models.push(&market.model);
            rows.extend(
                market.votes.iter().map(|vote| Seller { model: market.model.clone(), vote: vote.clone() }),
            );
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    let shown: Vec<&Seller> = rows.iter().collect();
    let caption = "Sellers of the same weights, each with the listing that votes";
    let table = columned(caption, "sellers", &SELLERS, &shown);
    format!("<h3>Sellers</h3>\n{}", folded(rows.len(), "sellers", table))
}

const RENTS: [Column<RentRow>; 9] = [
    words("provider", |row| row.provider.clone()),
    words("kind", |row| row.kind.clone()),
    words("region", |row| if row.region.is_empty() { UNKNOWN.into() } else { row.region.clone() }),
    number("$/h per device", |row| row.usd_per_hour.map_or(UNKNOWN.into(), |price| price.to_string())),
    words("date", |row| row.date.clone()),
    words("basis", |row| row.basis.clone()),
    words("counts", |row| if row.votes { "yes" } else { "no" }.to_owned()),
    words("row", |row| format!("{}:{}", row.file, row.line)),
    words("source", |row| row.source.clone()),
];

fn rents(page: &Page<'_>) -> String {
    let Some(first) = page.rents.first() else { return String::new() };
    let rows: Vec<&RentRow> = page.rents.iter().collect();
    let caption = format!("Rents of {}", first.hardware);
    let table = columned(&caption, "rents", &RENTS, &rows);
    format!("<h3>Rents</h3>\n{}", folded(rows.len(), "quotes of rents", table))
}

/// What was measured, or that nothing was.
pub(super) fn kernels_words(page: &Page<'_>) -> String {
    if page.report.measured.is_empty() {
        return "<p>Nothing was measured for this page: the rates come from the device's datasheet.</p>\n"
            .into();
    }
    let cells: Vec<&crate::measurement::Measurement> = page.report.measured.iter().collect();
    format!(
        "<p>{} Shares are of the peaks that this device reached itself.</p>\n",
        super::super::ended(&cells)
    )
}

/// Device, sources, assumptions, warnings, and the command that makes the report again.
pub(super) fn grounds(page: &Page<'_>) -> String {
    let items: String =
        markdown::grounds(page.report, text).iter().map(|ground| format!("<li>{ground}</li>\n")).collect();
    format!("<ul>\n{items}</ul>\n{}", reproduce(&page.report.command))
}

/// The command that makes the page again; nothing where there is none.
pub(super) fn reproduce(command: &str) -> String {
    if command.is_empty() {
        return String::new();
    }
    format!(
        "<h3>How to reproduce</h3>\n<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Command\">\
         <pre><code>{}</code></pre></div>\n",
        text(&inert(command))
    )
}

/// What was measured on, by name, with what it is where that is no GPU.
pub(super) fn adapter(report: &Report) -> String {
    let first = report.measured.first();
    let name = first.map(|cell| cell.provenance.identity.adapter.clone()).unwrap_or_default();
    if report.software() { format!("{name}, {SOFTWARE_LABEL}") } else { name }
}
