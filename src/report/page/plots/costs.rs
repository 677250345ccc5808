//! Cost over batch and over utilisation, with the market price across.

use super::super::{BatchPoint, Page, answer};
use super::{Chart, MOST_WORDS, Plotted, ends, words};
use crate::chart::{Band, CurvePoint, Curves, Line};
use crate::market::compare::Case;
use crate::market::decide::{Terms, cost};
use crate::market::row::Comparison;
use crate::text::significant;

/// The market price across a chart of costs.
fn band(case: &Case) -> Option<Band> {
    let market = case.market.as_ref()?.blended_for(case.terms.mix);
    let price = case.terms.policy.price(&market).ok()?;
    Some(Band { label: case.terms.policy.words(), low: price.low.0, mid: price.mid.0, high: price.high.0 })
}

pub(super) fn under(row: &Comparison, terms: &Terms) -> String {
    format!(
        "{} {}, at a rent of {} USD/h per device",
        answer::subject(row),
        answer::place(row),
        words(ends(terms.usd_per_hour.map(|rent| rent.0)))
    )
}

fn market_words(band: Option<&Band>) -> String {
    band.map_or("no market price".to_owned(), |band| {
        format!("{} {} USD/Mtok", band.label, words([band.low, band.mid, band.high]))
    })
}

fn curve(line: Line, x_label: &str, x_log: bool, band: Option<Band>, mark_x: f64) -> Curves {
    Curves {
        x_label: x_label.into(),
        y_label: "USD/Mtok, blended".into(),
        x_log,
        lines: vec![line],
        band,
        mark_x: Some(mark_x),
    }
}

fn named_points(points: &[CurvePoint], what: &str) -> String {
    let step = points.len().div_ceil(MOST_WORDS).max(1);
    let named = points.iter().step_by(step);
    let said = named.map(|point| {
        format!("{what} {}: {}", significant(point.x), words([point.low, point.mid, point.high]))
    });
    said.collect::<Vec<_>>().join("; ")
}

pub(super) fn cost_over_batch(page: &Page<'_>, row: &Comparison, case: &Case) -> Option<Plotted> {
    let point = |point: &BatchPoint| CurvePoint {
        x: point.batch as f64,
        low: point.cost.low.0,
        mid: point.cost.mid.0,
        high: point.cost.high.0,
    };
    let points: Vec<CurvePoint> = page.batches.iter().map(point).collect();
    if points.len() < 2 {
        return None;
    }
    let band = band(case);
    let caption = format!(
        "Cost over batch: {}, utilisation {}, {} input and {} output tokens per request. The line marks batch {}; the band is \
         the {}.",
        under(row, &case.terms),
        significant(case.terms.utilisation),
        row.isl,
        row.osl,
        row.batch,
        market_words(band.as_ref())
    );
    let alt = format!(
        "Cost in USD/Mtok over batch. {}. {}.",
        named_points(&points, "batch"),
        market_words(band.as_ref())
    );
    let line = Line { label: "cost".into(), points };
    let data = curve(line, "sequences that decode together", true, band, row.batch as f64);
    Some(Plotted { name: "cost-batch", caption, alt, chart: Chart::Curves(data) })
}

pub(super) fn cost_over_utilisation(row: &Comparison, case: &Case) -> Option<Plotted> {
    let rent = case.terms.usd_per_hour;
    let point = |percent: u8| {
        let utilisation = f64::from(percent) / 100.0;
        let cost = cost(case.times, &Terms { utilisation, ..case.terms.clone() }).ok()?.blended;
        Some(CurvePoint {
            x: utilisation,
            low: cost.low.0 * (rent.low.0 / rent.mid.0),
            mid: cost.mid.0,
            high: cost.high.0 * (rent.high.0 / rent.mid.0),
        })
    };
    let points: Vec<CurvePoint> = (1..=20).filter_map(|step| point(step * 5)).collect();
    let band = band(case);
    let caption = format!(
        "Cost over utilisation: {}, batch {}. The line marks utilisation {}{}; the band is the {}. With scripts, a ring marks \
         the terms of the controls.",
        under(row, &case.terms),
        row.batch,
        significant(case.terms.utilisation),
        if case.terms.utilisation_stated { "" } else { ", which is assumed" },
        market_words(band.as_ref())
    );
    let alt = format!(
        "Cost in USD/Mtok over utilisation. {}. {}.",
        named_points(&points, "utilisation"),
        market_words(band.as_ref())
    );
    let line = Line { label: "cost".into(), points };
    let data =
        curve(line, "share of the paid hours that carry the load", false, band, case.terms.utilisation);
    Some(Plotted { name: "cost-utilisation", caption, alt, chart: Chart::Curves(data) })
}
