//! A budget for people: the answer first, what it rests on, a month of each side, the staircase over the volume.

mod sentences;

use serde::Serialize;

use super::columns::{Column, common, known, number, text};
use super::terminal::{self as screen, wrapped};
use super::{UNKNOWN, csv as rows_csv, markdown as page, significant};
use crate::cost::presets::Used;
use crate::market::Policy;
use crate::market::budget::{Advice, Budget, BudgetRow, Hour, Side, Volume};
use crate::market::compare::Rent;
use crate::market::row::Comparison;
use crate::price::rental::Kind;
use crate::text::{inert, markdown_cell, money};
use crate::throughput::Source;
use crate::units::{Interval, UsdPerHour};

/// What was asked of all budgets, and the budgets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Budgets {
    /// The day whose prices count.
    pub as_of: String,
    /// Load of the busiest moment over the mean load.
    pub peak_factor: f64,
    /// Whether nobody said so.
    pub peak_factor_assumed: bool,
    /// The share of its time up to which a replica is loaded.
    pub utilisation_max: f64,
    /// Whether nobody said so.
    pub utilisation_max_assumed: bool,
    /// Whether the mix gives rented devices back while the load does not need them.
    pub give_back: bool,
    /// The share of the input that a cache holds, here and at the sellers.
    pub cached: f64,
    /// Which market price counts.
    pub market_policy: Policy,
    /// One for each model, format and batch.
    pub budgets: Vec<Entry>,
}

/// A budget with where its prices come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Where the rates come from.
    pub source: Source,
    /// Whether the device is a software adapter, which is no GPU.
    pub software: bool,
    /// The rent that counts.
    pub rent: Option<RentHour>,
    /// The owned hour.
    pub own: Option<OwnHour>,
    /// The market price that counts.
    pub market: Option<MarketPrice>,
    /// What a reader must know besides; several joined by `; `.
    pub note: String,
    /// The budget.
    #[serde(flatten)]
    pub budget: Budget,
}

/// A rent with where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RentHour {
    /// How it is rented; unknown where the rent was typed.
    pub kind: Option<&'static str>,
    /// Who asks it; several joined by `; `.
    pub providers: String,
    /// Per device and hour.
    pub usd_per_hour: Interval<UsdPerHour>,
    /// The day of the newest quote behind it.
    pub date: Option<String>,
}

/// An owned hour with where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OwnHour {
    /// Per device.
    #[serde(flatten)]
    pub hour: Hour,
    /// Where it comes from.
    pub from: String,
    /// The preset that it is of.
    pub preset: Option<Used>,
}

/// A market price with where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MarketPrice {
    /// Whose price it is.
    pub of: String,
    /// Sellers of the same weights.
    pub sellers: u64,
    /// The day of the newest listing.
    pub date: Option<String>,
    /// Blended for the request.
    pub usd_per_mtok: Interval<f64>,
}

impl RentHour {
    /// What is said of a rent.
    pub fn of(rent: &Rent) -> Self {
        Self {
            kind: rent.kind.map(|kind| kind.name()),
            providers: rent.providers.clone(),
            usd_per_hour: rent.interval(),
            date: rent.date.map(|date| date.to_string()),
        }
    }
}

impl MarketPrice {
    /// What a row says of the market; `None` where it has no price.
    pub fn of(row: &Comparison) -> Option<Self> {
        Some(Self {
            of: super::market_source(row, str::to_owned),
            sellers: row.market_sellers?,
            date: row.market_date_newest.map(|date| date.to_string()),
            usd_per_mtok: Interval {
                low: row.market_usd_per_mtok_low?,
                mid: row.market_usd_per_mtok?,
                high: row.market_usd_per_mtok_high?,
            },
        })
    }
}

/// A way to serve the volume, with what it costs.
struct Way {
    side: String,
    how: String,
    gpus: Option<u64>,
    load: Option<f64>,
    month: Interval<f64>,
    usd_per_mtok: Option<f64>,
}

const WAYS: [Column<Way>; 7] = [
    text("", |way| way.side.clone()),
    text("how", |way| way.how.clone()),
    number("GPUs", |way| count(way.gpus)),
    common(number("load", |way| super::number(way.load))),
    number("$/month", |way| money(way.month.mid)),
    common(text("low to high", |way| {
        let (low, high) = (money(way.month.low), money(way.month.high));
        if low == high { low } else { format!("{low} to {high}") }
    })),
    number("$/Mtok", |way| super::number(way.usd_per_mtok)),
];

const STAIRS: [Column<BudgetRow>; 8] = [
    number("tokens/day", |row| Volume(row.tokens_per_day).to_string()),
    number("GPUs", |row| count(row.gpus)),
    number("rent $/month", |row| amount(row.rent_usd_per_month)),
    number("own $/month", |row| amount(row.own_usd_per_month)),
    number("buy $/month", |row| amount(row.buy_usd_per_month)),
    number("mix $/month", |row| amount(row.mix_usd_per_month)),
    common(number("mix $/Mtok", |row| super::number(row.mix_usd_per_mtok))),
    text("verdict", verdict),
];

const MONTHS: [Column<BudgetRow>; 8] = [
    number("month", |row| row.months_from_now.to_string()),
    number("tokens/day", |row| Volume(row.tokens_per_day).to_string()),
    number("GPUs", |row| count(row.gpus)),
    number("rent $/month", |row| amount(row.rent_usd_per_month)),
    number("own $/month", |row| amount(row.own_usd_per_month)),
    number("buy $/month", |row| amount(row.buy_usd_per_month)),
    number("mix $/month", |row| amount(row.mix_usd_per_month)),
    text("verdict", verdict),
];

const SUMMARY: [Column<BudgetRow>; 8] = [
    text("model", |row| row.model.clone()),
    text("weights", |row| row.weights.clone()),
    number("GPUs", |row| count(row.gpus)),
    number("rent $/month", |row| amount(row.rent_usd_per_month)),
    number("own $/month", |row| amount(row.own_usd_per_month)),
    number("buy $/month", |row| amount(row.buy_usd_per_month)),
    number("mix $/month", |row| amount(row.mix_usd_per_month)),
    text("verdict", verdict),
];

fn count(count: Option<u64>) -> String {
    count.map_or(UNKNOWN.into(), |count| count.to_string())
}

fn amount(usd: Option<f64>) -> String {
    usd.map_or(UNKNOWN.into(), money)
}

fn verdict(row: &BudgetRow) -> String {
    row.verdict.map_or(UNKNOWN.into(), |advice| advice.name().to_owned())
}

/// Every volume of every budget as a row, then the months of its drift; the asked one has `volume_over_asked` 1 now.
pub fn csv(budgets: &Budgets) -> String {
    let later = |row: &&BudgetRow| row.months_from_now > 0;
    let rows = budgets
        .budgets
        .iter()
        .flat_map(|Entry { budget, .. }| budget.steps.iter().chain(budget.months.iter().filter(later)));
    rows_csv::rows_csv(&rows.cloned().collect::<Vec<_>>())
}

/// For a terminal of `width` columns; `colour` marks the verdicts.
pub fn terminal(budgets: &Budgets, warnings: &[String], width: u16, colour: bool) -> String {
    let width = width.max(screen::NARROWEST);
    let lines =
        |lines: Vec<String>| lines.iter().map(|line| wrapped(&inert(line), width)).collect::<String>();
    let mut out = String::new();
    if budgets.budgets.len() > 1 {
        let asked: Vec<&BudgetRow> = budgets.budgets.iter().map(|entry| &entry.budget.asked).collect();
        out += &(screen::table(&known(&SUMMARY, &asked), &asked, width, colour) + "\n\n");
    }
    for entry in &budgets.budgets {
        out += &lines(sentences::answer(entry));
        out += &format!("\n{}", lines(vec![sentences::basis(budgets, entry)]));
        for part in parts(entry) {
            let table = match &part {
                Part::Ways(ways) => screen::table(&known(&WAYS, &seen(ways)), &seen(ways), width, colour),
                Part::Stairs(rows) => screen::table(&known(&STAIRS, &seen(rows)), &seen(rows), width, colour),
                Part::Months(rows) => screen::table(&known(&MONTHS, &seen(rows)), &seen(rows), width, colour),
            };
            out += &format!("\n{table}\n");
        }
        out += &format!("\n{}\n", lines(sentences::below(entry)));
    }
    out += &lines(warnings.iter().map(|warning| format!("warning: {warning}")).collect());
    out.trim_end().to_owned() + "\n"
}

/// As Markdown.
pub fn markdown(budgets: &Budgets, warnings: &[String]) -> String {
    let list = |lines: Vec<String>| {
        lines.iter().map(|line| format!("- {}\n", markdown_cell(line))).collect::<String>()
    };
    let mut out = String::new();
    for entry in &budgets.budgets {
        let mut answer = sentences::answer(entry).into_iter();
        out += &format!("**{}**\n\n", markdown_cell(&answer.next().unwrap_or_default()));
        out += &list(answer.chain([sentences::basis(budgets, entry)]).collect());
        for part in parts(entry) {
            out.push('\n');
            out += &match &part {
                Part::Ways(ways) => page::table(&known(&WAYS, &seen(ways)), &seen(ways)),
                Part::Stairs(rows) => page::table(&known(&STAIRS, &seen(rows)), &seen(rows)),
                Part::Months(rows) => page::table(&known(&MONTHS, &seen(rows)), &seen(rows)),
            };
        }
        out += &format!("\n{}\n", list(sentences::below(entry)));
    }
    out += &list(warnings.iter().map(|warning| format!("Warning: {warning}")).collect());
    out.trim_end().to_owned() + "\n"
}

/// A table below the answer.
enum Part {
    Ways(Vec<Way>),
    Stairs(Vec<BudgetRow>),
    Months(Vec<BudgetRow>),
}

/// The tables that have something to show.
fn parts(entry: &Entry) -> Vec<Part> {
    let budget = &entry.budget;
    let ways = ways(entry);
    if ways.is_empty() {
        return vec![];
    }
    let mut parts = vec![Part::Ways(ways), Part::Stairs(budget.steps.clone())];
    if !budget.months.is_empty() {
        let quarters = budget.months.iter().filter(|row| row.months_from_now % 3 == 0);
        parts.push(Part::Months(quarters.cloned().collect()));
    }
    parts
}

fn seen<T>(rows: &[T]) -> Vec<&T> {
    rows.iter().collect()
}

/// The ways to serve the asked volume: the sides that decide, other rents, the mix.
fn ways(entry: &Entry) -> Vec<Way> {
    let row = &entry.budget.asked;
    let mut ways: Vec<Way> = Vec::new();
    for (side, month) in row.sides() {
        let (how, usd_per_mtok) = match side {
            Side::Rent => (entry.rent.as_ref().map(RentHour::said), row.rent_usd_per_mtok),
            Side::Own => (entry.own.as_ref().map(|own| own.said(row.utilisation)), row.own_usd_per_mtok),
            Side::Buy => (entry.market.as_ref().map(MarketPrice::said), row.buy_usd_per_mtok),
        };
        let held = side != Side::Buy;
        ways.push(Way {
            side: side.name().to_owned(),
            how: how.unwrap_or_default(),
            gpus: row.gpus.filter(|_| held),
            load: row.utilisation.filter(|_| held),
            month,
            usd_per_mtok,
        });
        if side == Side::Rent {
            ways.extend(entry.budget.other_rents.iter().map(|rent| {
                Way {
                    side: "rent".into(),
                    how: hour_of(rent.kind.name(), &rent.providers, rent.usd_per_hour.mid.0),
                    gpus: row.gpus,
                    load: row.utilisation,
                    month: rent.usd_per_month,
                    usd_per_mtok: row
                        .rent_usd_per_mtok
                        .zip(row.rent_usd_per_month)
                        .map(|(mtok, month)| mtok * rent.usd_per_month.mid / month),
                }
            }));
        }
    }
    if let [low, Some(mid), high] =
        [row.mix_usd_per_month_low, row.mix_usd_per_month, row.mix_usd_per_month_high]
        && ways.len() > 1
    {
        ways.push(Way {
            side: "mix".into(),
            how: sentences::mix_of(row),
            gpus: row.mix_owned_gpus.zip(row.mix_rented_gpus).map(|(owned, rented)| owned + rented),
            load: None,
            month: Interval { low: low.unwrap_or(mid), mid, high: high.unwrap_or(mid) },
            usd_per_mtok: row.mix_usd_per_mtok,
        });
    }
    ways
}

/// A way of renting in a few words.
fn hour_of(kind: &str, providers: &str, usd_per_hour: f64) -> String {
    let asked = significant(usd_per_hour);
    let kind = if kind == Kind::Spot.name() { "spot without its interruptions" } else { kind };
    match providers.split("; ").count() {
        1 => format!("{kind}, {asked} $/h ({providers})"),
        many => format!("{kind}, {asked} $/h (median of {many})"),
    }
}

impl RentHour {
    fn said(&self) -> String {
        let usd = self.usd_per_hour.mid.0;
        self.kind.map_or_else(
            || format!("{} $/h as typed", significant(usd)),
            |kind| hour_of(kind, &self.providers, usd),
        )
    }
}

impl OwnHour {
    fn said(&self, load: Option<f64>) -> String {
        format!("{} $/h, {}", significant(self.hour.at(load.unwrap_or(1.0))), self.from)
    }
}

impl MarketPrice {
    fn said(&self) -> String {
        format!("{} $/Mtok, {}", significant(self.usd_per_mtok.mid), self.of)
    }
}
