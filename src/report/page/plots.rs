//! The charts: what each is drawn from, in which section it stands, and the same figures in words.

use jiff::civil::Date;

use super::super::number;
use super::html::text;
use super::{Page, answer};
use crate::chart::{
    Band, Bandwidth, Ceiling, ChartError, CurvePoint, Curves, Drawing, History, HistorySeries, IntervalRow,
    Intervals, Line, NARROW, Peak, Peaks, Roofline, RooflinePoint, Size, Tornado, TornadoBar, WIDE, curves,
    history, intervals, peaks, roofline, tornado,
};
use crate::market::compare::Case;
use crate::market::decide::{Terms, cost};
use crate::market::month::Month;
use crate::market::row::Comparison;
use crate::market::tornado::{SWING, tornado as bars};
use crate::measurement::Measurement;
use crate::op::Op;
use crate::roofline as ceilings;
use crate::text::significant;
use crate::units::Interval;

/// Cases in the picture of the verdict.
const MOST_CASES: usize = 12;
/// Providers in the history of the rent.
const MOST_PROVIDERS: usize = 4;
/// Points that a text alternative names.
const MOST_WORDS: usize = 12;

/// One chart.
#[derive(Clone, Debug)]
pub struct Plotted {
    /// Names its files.
    pub name: &'static str,
    /// What it was drawn from.
    pub caption: String,
    /// The same figures in words.
    pub alt: String,
    chart: Chart,
}

#[derive(Clone, Debug)]
enum Chart {
    Roofline(Roofline),
    Peaks(Peaks),
    Curves(Curves),
    History(History),
    Tornado(Tornado),
    Intervals(Intervals),
}

impl Plotted {
    /// The chart for screens and paper.
    ///
    /// # Errors
    /// [`ChartError`] where there is nothing that can be drawn.
    pub fn wide(&self) -> Result<Drawing, ChartError> {
        self.draw(WIDE)
    }

    fn draw(&self, size: Size) -> Result<Drawing, ChartError> {
        // A bar or row needs its own height, whatever the others do.
        let rows = |each_px: u32, count: usize| {
            let height_px = 80 + each_px * u32::try_from(count).unwrap_or(1);
            Size { height_px: height_px.max(170), ..size }
        };
        match &self.chart {
            Chart::Roofline(data) => roofline(data, size),
            Chart::Peaks(data) => peaks(data, rows(25, data.bars.len())),
            Chart::Curves(data) => curves(data, size),
            Chart::History(data) => history(data, size),
            Chart::Tornado(data) => tornado(data, rows(30, data.bars.len())),
            Chart::Intervals(data) => intervals(data, rows(38, data.rows.len())),
        }
    }

    /// The chart in both sizes, of which the style sheet shows one; nothing where nothing can be drawn.
    pub(super) fn figure(&self) -> String {
        let Ok(wide) = self.draw(WIDE) else { return String::new() };
        // What cannot be drawn on a phone is shown there as it is elsewhere, smaller.
        let narrow = self.draw(NARROW).unwrap_or_else(|_| wide.clone());
        let drawing = |class: &str, drawing: &Drawing| {
            let named = format!("<svg role=\"img\" aria-label=\"{}\"", text(&self.alt));
            let plot = &drawing.plot;
            // Where the script draws its mark.
            let places = format!(
                "{} {} {} {} {} {} {} {} {} {}",
                plot.left_px,
                plot.top_px,
                plot.right_px,
                plot.bottom_px,
                plot.x.min,
                plot.x.max,
                u8::from(plot.x.log),
                plot.y.min,
                plot.y.max,
                u8::from(plot.y.log)
            );
            let places = match self.name {
                "cost-utilisation" => format!(" data-plot=\"{places}\""),
                _ => String::new(),
            };
            format!(
                "<div class=\"chart {class}\"{places}>{}</div>\n",
                drawing.svg.replacen("<svg", &named, 1)
            )
        };
        format!(
            "<figure id=\"chart-{}\">\n{}{}<figcaption>{}</figcaption>\n</figure>\n",
            self.name,
            drawing("wide", &wide),
            drawing("narrow", &narrow),
            text(&self.caption)
        )
    }
}

/// Every chart that has data, in the order of the page.
pub fn plots(page: &Page<'_>) -> Vec<Plotted> {
    let of_case = page.first().into_iter().flat_map(|(row, case)| {
        [cost_over_batch(page, row, case), cost_over_utilisation(row, case), levers(row, case)]
    });
    let all = [verdict(page), kernels(page), shares(page)];
    let all = all.into_iter().chain(of_case).chain([rents(page), tokens(page)]);
    all.flatten().filter(|plotted| plotted.wide().is_ok()).collect()
}

/// The figure of a name, where it has data.
pub(super) fn figure(plots: &[Plotted], name: &str) -> String {
    plots.iter().find(|plotted| plotted.name == name).map(Plotted::figure).unwrap_or_default()
}

fn ends(value: Interval<f64>) -> [f64; 3] {
    [value.low, value.mid, value.high]
}

fn words(ends: [f64; 3]) -> String {
    let [low, mid, high] = ends.map(significant);
    if low == high { mid } else { format!("{mid} ({low} to {high})") }
}

/// The cost of each case beside the market price of its weights.
fn verdict(page: &Page<'_>) -> Option<Plotted> {
    let mut rows: Vec<(f64, bool, &Comparison, IntervalRow)> = Vec::new();
    for (place, row) in page.report.costs.iter().enumerate() {
        let Some(case) = page.cases.get(place).and_then(Option::as_ref) else { continue };
        let Ok(cost) = cost(case.times, &case.terms) else { continue };
        let rent = case.terms.usd_per_hour;
        let cost = [
            cost.blended.low.0 * (rent.low.0 / rent.mid.0),
            cost.blended.mid.0,
            cost.blended.high.0 * (rent.high.0 / rent.mid.0),
        ];
        let price =
            row.market_usd_per_mtok.zip(row.market_usd_per_mtok_low).zip(row.market_usd_per_mtok_high);
        let price = price.map(|((mid, low), high)| [low, mid, high]);
        let label = format!("{} {}", row.model, row.weights);
        let first = page.headline() == Some(place);
        rows.push((
            row.cost_over_price.unwrap_or(f64::INFINITY),
            first,
            row,
            IntervalRow { label, cost, price },
        ));
    }
    rows.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.total_cmp(&b.0)));
    let all = rows.len();
    rows.truncate(MOST_CASES);
    let (_, _, first, _) = rows.first()?;
    let which = if all > rows.len() {
        format!("The {} of {all} cases with the lowest cost against their market", rows.len())
    } else {
        "Every case with a cost".to_owned()
    };
    let caption = format!(
        "{which}: cost with the interval of rates and rent, {}, beside the {} of the same weights. {}, \
         utilisation {}, {} input and {} output tokens per request.",
        answer::place(first),
        first.market_policy.words(),
        match page.report.rents_differ() {
            true => "Each at its own rent".to_owned(),
            false => format!("Rent {} USD/h per device", rent_words(first)),
        },
        significant(first.utilisation),
        first.isl,
        first.osl
    );
    let said = rows.iter().map(|(_, _, _, row)| {
        let price = row.price.map_or("unknown".to_owned(), words);
        format!("{}: cost {}, price {price}", row.label, words(row.cost))
    });
    let alt = format!("Cost and market price in USD/Mtok. {}.", said.collect::<Vec<_>>().join("; "));
    let data = Intervals {
        x_label: "USD/Mtok, blended".into(),
        rows: rows.into_iter().map(|(_, _, _, row)| row).collect(),
    };
    Some(Plotted { name: "verdict", caption, alt, chart: Chart::Intervals(data) })
}

fn rent_words(row: &Comparison) -> String {
    let range = row.usd_per_hour_low.zip(row.usd_per_hour).zip(row.usd_per_hour_high);
    range.map_or_else(|| number(None), |((low, mid), high)| words([low, mid, high]))
}

/// What a kernel is for, as the roofline groups them.
fn group(op: &Op) -> &'static str {
    match op {
        Op::Matmul { .. } | Op::ExpertMatmul { .. } => "products",
        Op::AttentionPrefill { .. } | Op::AttentionDecode { .. } | Op::LatentDecode { .. } => "attention",
        Op::Fma { .. } | Op::Dot4 { .. } | Op::MatrixFma { .. } => "peaks of arithmetic",
        Op::Copy { .. } | Op::Read { .. } | Op::Triad { .. } => "memory",
        _ => "other layers",
    }
}

fn ceilings_of(roofline: &ceilings::Roofline, of: &str) -> (Vec<Ceiling>, Vec<Bandwidth>) {
    let named = [
        ("f32", roofline.f32),
        ("f16", roofline.f16),
        ("int8", roofline.int8),
        ("f16 matrix", roofline.matrix),
    ];
    let ceiling = |(name, peak): (&str, Option<crate::units::FlopsPerSecond>)| {
        Some(Ceiling { label: format!("{name}, {of}"), flops_per_s: peak?.0 })
    };
    let bandwidth =
        roofline.bandwidth.map(|peak| Bandwidth { label: format!("memory, {of}"), bytes_per_s: peak.0 });
    (named.into_iter().filter_map(ceiling).collect(), bandwidth.into_iter().collect())
}

fn kernels(page: &Page<'_>) -> Option<Plotted> {
    let report = page.report;
    let point = |cell: &Measurement| {
        let (flops, bytes) = (cell.op.flops().0, cell.op.bytes().0);
        let rate = cell.flops_per_s()?.0;
        (flops > 0.0 && bytes > 0.0).then(|| RooflinePoint {
            label: cell.cell(),
            group: group(&cell.op).into(),
            flops_per_byte: flops / bytes,
            flops_per_s: rate,
        })
    };
    let points: Vec<RooflinePoint> = report.measured.iter().filter_map(point).collect();
    let (measured, datasheet) = (report.ceilings().measured, report.datasheet);
    let (mut arithmetic, mut traffic) = ceilings_of(&measured, "measured");
    if let Some(datasheet) = datasheet {
        let (more, faster) = ceilings_of(&datasheet, "datasheet");
        arithmetic.extend(more);
        traffic.extend(faster);
    }
    let count = points.len();
    let fastest = points.iter().max_by(|a, b| a.flops_per_s.total_cmp(&b.flops_per_s))?;
    let peaks: Vec<String> = arithmetic
        .iter()
        .map(|ceiling| format!("{} {} GFLOP/s", ceiling.label, significant(ceiling.flops_per_s / 1e9)))
        .chain(
            traffic.iter().map(|band| format!("{} {} GB/s", band.label, significant(band.bytes_per_s / 1e9))),
        )
        .collect();
    let alt = format!(
        "Roofline of {count} measured cells. Ceilings: {}. Fastest cell: {}, {} GFLOP/s at {} FLOP per byte.",
        peaks.join(", "),
        fastest.label,
        significant(fastest.flops_per_s / 1e9),
        significant(fastest.flops_per_byte)
    );
    let sheet = if datasheet.is_some() { " and those of its datasheet" } else { "" };
    let caption = format!(
        "{count} measured cells by compulsory traffic and arithmetic, under the peaks that {} reached itself{sheet}. A cell \
         above the slanted line was served by a cache.",
        super::tables::adapter(report)
    );
    let data = Roofline { ceilings: arithmetic, bandwidths: traffic, points };
    Some(Plotted { name: "roofline", caption, alt, chart: Chart::Roofline(data) })
}

fn shares(page: &Page<'_>) -> Option<Plotted> {
    let ceilings = page.report.ceilings();
    let mut bars: Vec<Peak> = Vec::new();
    for cell in &page.report.measured {
        // They are the peaks.
        if group(&cell.op) == "peaks of arithmetic" {
            continue;
        }
        let (Some(share), sheet) = ceilings.shares(cell) else { continue };
        let of_datasheet = sheet.map(|share| share.share);
        let bar =
            Peak { label: cell.op.kernel().into(), share: share.share, share_of_datasheet: of_datasheet };
        match bars.iter_mut().find(|known| known.label == bar.label) {
            Some(known) if known.share < bar.share => *known = bar,
            Some(_) => {}
            None => bars.push(bar),
        }
    }
    bars.sort_by(|a, b| b.share.total_cmp(&a.share));
    bars.first()?;
    let said: Vec<String> =
        bars.iter().map(|bar| format!("{} {} %", bar.label, significant(100.0 * bar.share))).collect();
    let caption = format!(
        "The best cell of each kernel: the least time that the measured peaks of {} allow, over the time that it took. Above \
         100 %, a cache served the traffic.",
        super::tables::adapter(page.report)
    );
    let alt = format!("Percent of the device's own measured peaks. {}.", said.join(", "));
    Some(Plotted { name: "peaks", caption, alt, chart: Chart::Peaks(Peaks { bars }) })
}

/// The market price across a chart of costs.
fn band(case: &Case) -> Option<Band> {
    let market = case.market.as_ref()?.blended_for(case.terms.mix);
    let price = case.terms.policy.price(&market).ok()?;
    Some(Band { label: case.terms.policy.words(), low: price.low.0, mid: price.mid.0, high: price.high.0 })
}

fn under(row: &Comparison, terms: &Terms) -> String {
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

fn cost_over_batch(page: &Page<'_>, row: &Comparison, case: &Case) -> Option<Plotted> {
    let point = |point: &super::BatchPoint| CurvePoint {
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

fn cost_over_utilisation(row: &Comparison, case: &Case) -> Option<Plotted> {
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

fn levers(row: &Comparison, case: &Case) -> Option<Plotted> {
    let bars = bars(case.times, &case.terms, case.market.as_ref()?).ok()?;
    let now = row.cost_over_price?;
    let percent = SWING * 100.0;
    let said: Vec<String> = bars
        .iter()
        .map(|bar| format!("{}: {} to {}", bar.lever, significant(bar.at_low), significant(bar.at_high)))
        .collect();
    let caption = format!(
        "Cost over market price with one input alone {percent} % lower or higher: {}, utilisation {}. Left of 1, renting is \
         cheaper.",
        under(row, &case.terms),
        significant(case.terms.utilisation)
    );
    let alt = format!("Cost over market price, now {}. {}.", significant(now), said.join("; "));
    let bar = |bar: &crate::market::tornado::Bar| TornadoBar {
        label: bar.lever.name().into(),
        at_low: bar.at_low,
        at_high: bar.at_high,
    };
    let data = Tornado { x_label: "cost / market price".into(), now, bars: bars.iter().map(bar).collect() };
    Some(Plotted { name: "tornado", caption, alt, chart: Chart::Tornado(data) })
}

/// The first day of a month.
fn day(month: Month) -> Option<Date> {
    Date::new(i16::try_from(month.year()).ok()?, i8::try_from(month.month()).ok()?, 1).ok()
}

fn series(
    label: &str,
    points: impl Iterator<Item = (Month, Option<f64>)>,
    streak: Option<i32>,
) -> Option<HistorySeries> {
    let points: Vec<(Date, f64)> = points.filter_map(|(month, price)| Some((day(month)?, price?))).collect();
    points.first()?;
    let streak = streak.map_or(0, |run| run.unsigned_abs() as usize);
    Some(HistorySeries { label: label.to_owned(), points, streak })
}

fn history_words(series: &[HistorySeries]) -> String {
    let said = series.iter().filter_map(|series| {
        let ((from, first), (to, last)) = (series.points.first()?, series.points.last()?);
        Some(format!("{}: {} on {from}, {} on {to}", series.label, significant(*first), significant(*last)))
    });
    said.collect::<Vec<_>>().join("; ")
}

fn rents(page: &Page<'_>) -> Option<Plotted> {
    let tracker = page.rent_history.as_ref()?;
    let months = || tracker.months.iter();
    let last = months().rev().find(|row| row.level_usd_per_gpu_hour.is_some());
    let median = series(
        "median",
        months().map(|row| (row.month, row.level_usd_per_gpu_hour)),
        last.and_then(|row| row.streak),
    );
    let cheapest = series("cheapest", months().map(|row| (row.month, row.min_usd_per_gpu_hour)), None);
    let mut providers: Vec<(usize, HistorySeries)> = Vec::new();
    for provider in &tracker.scope.providers {
        let price = |row: &crate::market::rental::RentalMonth| {
            let vote = row.votes.iter().find(|vote| vote.provider == *provider);
            (row.month, vote.map(|vote| vote.usd_per_gpu_hour))
        };
        let one = series(provider, months().map(price), None).filter(|one| one.points.len() > 1);
        providers.extend(one.map(|one| (one.points.len(), one)));
    }
    providers.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.label.cmp(&b.1.label)));
    let providers = providers.into_iter().take(MOST_PROVIDERS).map(|(_, one)| one);
    let all: Vec<HistorySeries> = median.into_iter().chain(cheapest).chain(providers).collect();
    all.first()?;
    let caption = format!(
        "{} rent of {} by month, {}: the median from three providers on, the cheapest, and the providers with the most \
         months; {} quotes of {} to {}.",
        tracker.scope.kind,
        tracker.scope.hardware.join(", "),
        tracker.scope.basis,
        tracker.scope.rows,
        tracker.scope.period_from,
        tracker.scope.period_to
    );
    let alt = format!("Rent in USD/h by month. {}.", history_words(&all));
    let data = History { y_label: "USD/h per device".into(), series: all };
    Some(Plotted { name: "rent-history", caption, alt, chart: Chart::History(data) })
}

fn tokens(page: &Page<'_>) -> Option<Plotted> {
    let tracker = page.token_history.as_ref()?;
    let months = || tracker.months.iter();
    let last = months().rev().find(|row| row.median_usd_per_mtok_blended.is_some());
    let median = series(
        "median",
        months().map(|row| (row.month, row.median_usd_per_mtok_blended)),
        last.and_then(|row| row.streak),
    );
    let cheapest =
        series("cheapest", months().map(|row| (row.month, row.cheapest_usd_per_mtok_blended)), None);
    let all: Vec<HistorySeries> = median.into_iter().chain(cheapest).collect();
    all.first()?;
    let caption = format!(
        "Price of {} by month at {} input tokens per output token: the median from three sellers on, and the cheapest; {} \
         listings of {} to {}.",
        tracker.scope.model,
        number(Some(tracker.scope.input_output_ratio)),
        tracker.scope.cards,
        tracker.scope.period_from,
        tracker.scope.period_to
    );
    let alt = format!("Price in USD/Mtok blended by month. {}.", history_words(&all));
    let data = History { y_label: "USD/Mtok, blended".into(), series: all };
    Some(Plotted { name: "token-history", caption, alt, chart: Chart::History(data) })
}
