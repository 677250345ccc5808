//! The answer with its figures, the controls that compute it again, and what moves it.

use super::super::{UNKNOWN, device};
use super::html::text;
use super::tables::{Cell, Head, table};
use super::{Page, case_name};
use crate::market::compare::Case;
use crate::market::decide::{Decision, cost, decide};
use crate::market::row::Comparison;
use crate::market::tornado::{Bar, Lever, SWING, tornado as bars};
use crate::market::{Verdict, figure};
use crate::text::significant;
use crate::throughput::Source;
use crate::units::{Interval, UsdPerMtok};

/// What the tokens are of.
pub(super) fn subject(row: &Comparison) -> String {
    format!("{} in {}", row.model, row.weights)
}

/// What they are made on.
pub(super) fn place(row: &Comparison) -> String {
    format!("on {}", device(row, str::to_owned))
}

/// Where the rates come from: an estimate is never shown as a measurement.
pub(super) fn basis(source: Source) -> &'static str {
    match source {
        Source::Measured => {
            "Estimated from kernels measured on this device; the model itself was not served here."
        }
        Source::MeasuredElsewhere => {
            "Estimated from kernels that another tool measured; the model itself was not served here."
        }
        Source::Datasheet => "Estimated from the device's datasheet; nothing was measured.",
    }
}

/// The figures of a case; unknown is `None`.
struct Answer {
    verdict: Option<Verdict>,
    cost: Option<Interval<UsdPerMtok>>,
    decision: Option<Decision>,
    figures: Vec<(&'static str, Option<Interval<f64>>)>,
    reason: String,
}

fn answer(row: &Comparison, case: &Case) -> Answer {
    let decided = case.market.as_ref().map(|market| decide(case.times, &case.terms, market));
    let cost = cost(case.times, &case.terms).ok();
    let decision = decided.and_then(Result::ok);
    let of = |interval: Interval<UsdPerMtok>| interval.map(|usd| usd.0);
    let exactly = |value: Option<f64>| value.map(Interval::exactly);
    let decided = decision.as_ref();
    let figures = vec![
        ("usd_per_mtok_blended", cost.map(|cost| of(cost.blended))),
        ("market_usd_per_mtok", decided.map(|decision| of(decision.price))),
        ("cost_over_price", decided.map(|decision| decision.cost_over_price)),
        ("usd_per_mtok_in", cost.map(|cost| of(cost.input))),
        ("usd_per_mtok_out", cost.map(|cost| of(cost.output))),
        ("break_even_utilisation", exactly(decided.map(|decision| decision.break_even.utilisation))),
        ("break_even_usd_per_hour", exactly(decided.map(|decision| decision.break_even.usd_per_hour.0))),
        ("break_even_mtok_per_month", exactly(decided.map(|decision| decision.break_even_mtok_per_month))),
    ];
    Answer {
        verdict: decided.map(|decision| decision.verdict),
        cost: cost.map(|cost| cost.blended),
        reason: decided.map_or_else(|| row.verdict_reason.clone(), |decision| decision.reason.clone()),
        figures,
        decision,
    }
}

/// A value with its ends, where it is not exact.
fn ranged(value: Interval<f64>) -> String {
    let mid = significant(value.mid);
    let [low, high] = [value.low, value.high].map(significant);
    if low == high { format!("{mid} USD") } else { format!("{mid} USD ({low} to {high})") }
}

/// The sentence that a buyer can repeat. The script makes the same one.
fn said(row: &Comparison, case: &Case, answer: &Answer) -> String {
    let Some(cost) = answer.cost else { return String::new() };
    let cost = ranged(cost.map(|usd| usd.0));
    let compared = answer.decision.as_ref().map(|decision| {
        format!(
            ": {} of the {}, {}",
            significant(decision.cost_over_price.mid),
            case.terms.policy.words(),
            ranged(decision.price.map(|usd| usd.0))
        )
    });
    format!(
        "A million tokens of {} cost {cost} {}{}.",
        subject(row),
        place(row),
        compared.unwrap_or_default()
    )
}

/// What decides and where it turns: the last part of the reason, as a sentence.
fn turn(reason: &str) -> String {
    let last = reason.rsplit("; ").next().unwrap_or_default();
    let mut letters = last.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// The section without its heading.
pub(super) fn section(page: &Page<'_>, picture: &str) -> String {
    let Some((row, case)) = page.first() else {
        return format!("<p class=\"said\">{}</p>\n", page.report.answer(text));
    };
    let answer = answer(row, case);
    let verdict = answer.verdict.map(Verdict::name).unwrap_or_default();
    let drift = row.verdict_reason.strip_prefix(&answer.reason).unwrap_or_default();
    let drift = match drift.strip_prefix("; ") {
        Some(words) => format!("<p class=\"quiet\">As reported, {}.</p>\n", text(words)),
        None => String::new(),
    };
    format!(
        "<p class=\"verdict\"><strong data-figure=\"verdict\" data-value=\"{verdict}\">{shown}</strong> {source}</p>\n\
         <p class=\"said\" id=\"said\" aria-live=\"polite\">{said}</p>\n<p class=\"turn\" id=\"turn\">{turn}</p>\n\
         <p class=\"quiet\" id=\"basis\">{basis}</p>\n{picture}{controls}{figures}\
         <p class=\"reason\"><span class=\"label\">Why:</span> <span id=\"reason\">{reason}</span></p>\n{drift}",
        shown = if verdict.is_empty() { "no verdict" } else { verdict },
        source = source_button("verdict"),
        said = text(&said(row, case, &answer)),
        turn = text(&turn(&answer.reason)),
        basis = basis(row.source),
        controls = controls(page, case),
        figures = figures(&answer),
        reason = text(&answer.reason),
    )
}

/// The button that opens where a figure comes from.
pub(super) fn source_button(name: &str) -> String {
    let label = figure::find(name).map_or(name, |figure| figure.label);
    format!(
        "<button type=\"button\" class=\"source\" data-figure=\"{name}\" aria-label=\"Where {label} comes from\">?</button>"
    )
}

fn figures(answer: &Answer) -> String {
    let mut out = String::from("<dl class=\"figures\">\n");
    for (name, value) in &answer.figures {
        let Some(figure) = figure::find(name) else { continue };
        let full = |end: fn(&Interval<f64>) -> f64| {
            value.as_ref().map(|value| end(value).to_string()).unwrap_or_default()
        };
        let range = match value {
            Some(value) if significant(value.low) != significant(value.high) => {
                format!("{} to {}", significant(value.low), significant(value.high))
            }
            _ => String::new(),
        };
        out += &format!(
            "<div><dt>{label}</dt><dd><span data-figure=\"{name}\" data-value=\"{mid}\" data-low=\"{low}\" \
             data-high=\"{high}\">{shown}</span><span class=\"unit\">{unit}</span><span class=\"range\" \
             data-range=\"{name}\">{range}</span>{source}</dd></div>\n",
            label = figure.label,
            mid = full(|value| value.mid),
            low = full(|value| value.low),
            high = full(|value| value.high),
            shown = value.map_or(UNKNOWN.into(), |value| significant(value.mid)),
            unit = figure.unit,
            source = source_button(name),
        );
    }
    out + "</dl>\n"
}

fn controls(page: &Page<'_>, case: &Case) -> String {
    let terms = &case.terms;
    let known = page.cases.iter().zip(&page.report.costs).enumerate();
    let mut options = String::new();
    let known = known.filter(|(_, (case, _))| case.is_some());
    for (place, (row, (_, costs))) in known.enumerate() {
        let selected = if page.headline() == Some(row) { " selected" } else { "" };
        options += &format!("<option value=\"{place}\"{selected}>{}</option>", text(&case_name(page, costs)));
    }
    let policy = terms.policy.to_string();
    let sellers = case.market.iter().flat_map(|market| &market.votes).map(|vote| vote.seller.to_string());
    let mut names: Vec<String> =
        ["median", "cheapest"].map(str::to_owned).into_iter().chain(sellers).collect();
    if !names.iter().any(|name| name.to_lowercase() == policy.to_lowercase()) {
        names.push(policy.clone());
    }
    let policies: String = names
        .iter()
        .map(|name| {
            let selected = if name.to_lowercase() == policy.to_lowercase() { " selected" } else { "" };
            format!("<option value=\"{0}\"{selected}>{0}</option>", text(name))
        })
        .collect();
    let number = |id: &str, label: &str, unit: &str, value: f64, ends: &str| {
        format!(
            "<label for=\"{id}\">{label} <span class=\"unit\">{unit}</span><input id=\"{id}\" type=\"number\" \
             inputmode=\"decimal\" step=\"any\" {ends} value=\"{value}\" aria-describedby=\"controls-error\"></label>\n"
        )
    };
    format!(
        "<form id=\"controls\" novalidate aria-label=\"Other terms\">\n\
         <label for=\"case\" class=\"wide\">Case<select id=\"case\">{options}</select></label>\n{}{}{}{}\
         <label for=\"policy\">Market price<select id=\"policy\">{policies}</select></label>\n\
         <button type=\"button\" id=\"reset\">Reset</button>\n\
         <p id=\"controls-error\" role=\"alert\"></p>\n</form>\n",
        number("rent", "Rent", "USD/h per device", terms.usd_per_hour.mid.0, "min=\"0\""),
        number("utilisation", "Utilisation", "0 to 1", terms.utilisation, "min=\"0\" max=\"1\""),
        number("ratio", "Input : output", "tokens", terms.mix.ratio(), "min=\"0\""),
        number("cached", "Cached input", "below 1", terms.mix.cached(), "min=\"0\" max=\"1\""),
    )
}

/// The value of a lever, in its own unit.
fn lever_value(bar: &Bar) -> String {
    let unit = match bar.lever {
        Lever::Rent => " USD/h",
        Lever::MarketPrice => " USD/Mtok",
        Lever::Throughput => return "as estimated".into(),
        Lever::Utilisation | Lever::InputOutputRatio | Lever::CachedShare => "",
    };
    format!("{}{unit}", significant(bar.value))
}

/// What each input does to cost over price.
pub(super) fn tornado(page: &Page<'_>) -> String {
    let first = page.first().and_then(|(row, case)| Some((row, case, case.market.as_ref()?)));
    let bars = first.and_then(|(row, case, market)| Some((row, bars(case.times, &case.terms, market).ok()?)));
    let Some((_, bars)) = bars else {
        return "<p>There is no market price to hold the cost against.</p>\n".into();
    };
    let rows = bars.iter().map(|bar| {
        let row = [
            Cell::head(bar.lever.name()),
            Cell::shown(lever_value(bar), Some(bar.value)),
            Cell::exact(Some(bar.at_low)),
            Cell::exact(Some(bar.at_high)),
            Cell::exact(Some(bar.swing())),
        ];
        row.map(|cell| cell.html()).concat()
    });
    let percent = SWING * 100.0;
    let heads = [
        Head::text("input"),
        Head::number("now"),
        Head::number(&format!("cost / price at −{percent} %")),
        Head::number(&format!("at +{percent} %")),
        Head::number("between"),
    ];
    format!(
        "<p>Cost over market price when one input alone is a fifth lower or higher, with middle values: above 1, buying is \
         cheaper. The table follows the controls.</p>\n{}",
        table("What moves the answer", "tornado-table", &heads, rows)
    )
}
