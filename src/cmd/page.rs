//! What `report.html` shows beside the rows: where prices were read, other batch sizes, and how prices moved.

use std::fs;
use std::path::Path;

use mtok::arch::Scheme;
use mtok::chart;
use mtok::hardware::GpuSpec;
use mtok::market::compare::{Case, Compared};
use mtok::market::decide::{Times, cost};
use mtok::market::rental::name::Catalogue;
use mtok::market::rental::{self as rent_series, Tracker};
use mtok::market::row::Comparison;
use mtok::market::tokens::{self as token_series, TokenTracker};
use mtok::market::trend::OnRun;
use mtok::price::rental::{self, Offer, RentalQuote, offers};
use mtok::report::Report;
use mtok::report::page::{self, BatchPoint, Page, RentRow};

use super::compare::{as_of, best_kind, rented};
use super::files::write_atomic;
use super::inputs::{self, Origin};
use super::tables::Tables;
use super::{Exit, Failure};
use crate::cli::{Batch, PriceArgs, WorkloadArgs};

/// Quotes that do not count are shown up to so many in all, the newest first.
const MOST_QUOTES: usize = 500;
/// Pixels of a PNG per pixel of its chart: sharp on slides.
const PIXELS_PER_PX: f32 = 2.0;

/// What was asked, and what it is answered from.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    pub workload: &'a WorkloadArgs,
    pub price: &'a PriceArgs,
    pub tables: &'a Tables,
    pub gpus: &'a [GpuSpec],
    pub origin: Option<&'a Origin>,
}

/// Rows, and what each was computed from.
pub fn split(compared: Vec<Compared>) -> (Vec<Comparison>, Vec<Option<Case>>) {
    compared.into_iter().map(|compared| (compared.row, compared.case)).unzip()
}

/// The page as text.
pub fn html(page: &Page<'_>) -> Result<String, Failure> {
    page::page(page).map_err(|error| Failure::new(Exit::CannotWrite, error))
}

/// Writes each chart as SVG and PNG. On their own they need a background.
pub fn write_plots(page: &Page<'_>, folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::cannot_write(folder, error))?;
    for plotted in page::plots(page) {
        let drawn = plotted.wide().map(|drawing| on_paper(&drawing.svg));
        let pictures = drawn.and_then(|svg| Ok((chart::png(&svg, PIXELS_PER_PX)?, svg)));
        let name = |ending: &str| folder.join(format!("{}.{ending}", plotted.name));
        let (png, svg) = pictures
            .map_err(|error| Failure::new(Exit::FailedCells, format!("{}: {error}", plotted.name)))?;
        write_atomic(&name("svg"), svg.as_bytes())?;
        write_atomic(&name("png"), &png)?;
    }
    Ok(())
}

fn on_paper(svg: &str) -> String {
    let paper = format!("<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>", chart::palette::PAPER);
    match svg.find("<svg").and_then(|start| svg.split_at_checked(start + svg.get(start..)?.find('>')? + 1)) {
        Some((head, body)) => [head, &paper, body].concat(),
        None => svg.to_owned(),
    }
}

/// Collects what a page shows.
pub fn gather<'p>(
    asked: Asked<'_>,
    report: &'p Report,
    cases: &'p [Option<Case>],
) -> Result<Page<'p>, Failure> {
    let mut page =
        Page { report, cases, rents: vec![], batches: vec![], rent_history: None, token_history: None };
    let quotes = asked.tables.rentals()?;
    let rented = asked.origin.and_then(|origin| rented(asked.price, asked.gpus, origin));
    if let Some(hardware) = rented {
        page.rents = rents(asked, &quotes, &hardware);
        page.rent_history = rent_history(asked, &quotes, &hardware);
    }
    let headline = page.headline().and_then(|row| Some((report.costs.get(row)?, cases.get(row)?.as_ref()?)));
    if let Some((row, case)) = headline {
        page.batches = batches(asked, row, case)?;
        page.token_history = token_history(asked, row, case)?;
    }
    Ok(page)
}

/// The quotes known on the day: those that count, then the newest.
fn rents(asked: Asked<'_>, quotes: &[RentalQuote], hardware: &str) -> Vec<RentRow> {
    let as_of = as_of(asked.price);
    let known = offers(quotes, hardware, as_of, rental::MAX_AGE_DAYS).ok();
    let offer = known
        .and_then(|offers| best_kind(&offers, asked.price.kind).ok())
        .filter(|_| asked.price.usd_per_hour.is_none());
    let of_device = quotes.iter().filter(|quote| &*quote.hardware == hardware && quote.date <= as_of);
    let mut rows: Vec<RentRow> = of_device.map(|quote| rent_row(quote, offer.as_ref())).collect();
    rows.sort_by(|a, b| {
        let votes = b.votes.cmp(&a.votes).then_with(|| b.date.cmp(&a.date));
        votes.then_with(|| a.provider.cmp(&b.provider)).then_with(|| a.line.cmp(&b.line))
    });
    let voting = rows.iter().filter(|row| row.votes).count();
    rows.truncate(voting.max(MOST_QUOTES));
    rows
}

fn rent_row(quote: &RentalQuote, offer: Option<&Offer>) -> RentRow {
    let vote = offer.filter(|offer| offer.kind == quote.kind).and_then(|offer| {
        let same = |provider: &str| provider.to_lowercase() == quote.provider.to_lowercase();
        offer.votes.iter().find(|vote| same(&vote.provider))
    });
    let votes = vote.is_some_and(|vote| vote.date == quote.date && vote.basis == quote.basis);
    RentRow {
        hardware: quote.hardware.to_string(),
        provider: quote.provider.to_string(),
        kind: quote.kind.to_string(),
        region: quote.region.to_string(),
        usd_per_hour: quote.usd_per_hour.value(),
        date: quote.date.to_string(),
        basis: quote.basis.to_string(),
        source: quote.source.to_string(),
        file: quote.file.to_string(),
        line: quote.line,
        votes: votes && quote.usd_per_hour.value().is_some(),
    }
}

/// Months without quotes are passed over: the bundled tables have some, and the month that a change is since is named.
fn rent_history(asked: Asked<'_>, quotes: &[RentalQuote], hardware: &str) -> Option<Tracker> {
    let as_of = as_of(asked.price);
    let of_device: Vec<RentalQuote> =
        quotes.iter().filter(|quote| &*quote.hardware == hardware && quote.date <= as_of).cloned().collect();
    let points = rent_series::of_quotes(&of_device);
    let query = rent_series::Query { gap: OnRun::Hold, ..rent_series::Query::of(hardware) };
    // A machine that is no GPU has no series: the page goes without one.
    rent_series::track(&points, &Catalogue::of(asked.gpus), "", &query).ok()
}

fn token_history(asked: Asked<'_>, row: &Comparison, case: &Case) -> Result<Option<TokenTracker>, Failure> {
    let as_of = as_of(asked.price);
    let of_model =
        |listing: &mtok::price::token::TokenListing| *listing.model == row.model && listing.date <= as_of;
    let listings: Vec<_> = asked.tables.tokens()?.into_iter().filter(of_model).collect();
    let query =
        token_series::Query { gap: OnRun::Hold, ..token_series::Query::of(&row.model, case.terms.mix) };
    Ok(token_series::track(&listings, &query).ok())
}

/// The same model and weights at powers of two up to what fits, at the rent of the row.
fn batches(asked: Asked<'_>, row: &Comparison, case: &Case) -> Result<Vec<BatchPoint>, Failure> {
    let (Some(origin), Ok(weights)) = (asked.origin, row.weights.parse::<Scheme>()) else {
        return Ok(vec![]);
    };
    let mut workload = WorkloadArgs { weights: vec![weights], ..asked.workload.clone() };
    // A model of a file goes by its path, which is no name of the table.
    let in_table = asked.tables.models()?.iter().any(|model| model.name == row.model);
    if in_table {
        workload.model = vec![row.model.clone()];
        workload.config = vec![];
    } else {
        workload.model = vec![];
    }
    let mut sizes = mtok::throughput::batches(None);
    sizes.push(row.batch);
    sizes.sort_unstable();
    sizes.dedup();
    workload.batch = sizes.into_iter().map(Batch::Of).collect();
    let estimates = inputs::estimates(&workload, asked.tables, asked.gpus, origin)?;
    let of_row = estimates.iter().filter(|estimate| estimate.model == row.model);
    let point = |estimate: &mtok::throughput::Estimate| {
        let rates = estimate.rates.as_ref()?;
        let times = Times::of(rates, estimate.workload.serving.cached);
        let cost = cost(times, &case.terms).ok()?;
        Some(BatchPoint { batch: estimate.workload.batch, cost: cost.blended })
    };
    Ok(of_row.filter_map(point).collect())
}
