//! The charts: what each is drawn from, in which section it stands, and the same figures in words.

mod costs;
pub(super) mod fleet;
mod kernels;
mod prices;

use super::super::number;
use super::html::text;
use super::{Page, answer};
use crate::chart::{
    ChartError, Curves, Drawing, History, IntervalRow, Intervals, LEAST, NARROW, Nodes, Peaks, Roofline,
    Size, Spreads, Tornado, TornadoBar, WIDE, curves, history, intervals, nodes, peaks, roofline, spreads,
    tornado,
};
use crate::market::compare::Case;
use crate::market::decide::cost;
use crate::market::row::Comparison;
use crate::market::tornado::{SWING, tornado as bars};
use crate::text::significant;
use crate::units::Interval;
use costs::{cost_over_batch, cost_over_utilisation, under};
use kernels::{kernels, shares};
use prices::{rents, tokens};

/// Cases in the picture of the verdict.
const MOST_CASES: usize = 12;
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
    Nodes(Nodes),
    Spreads(Spreads),
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
            Size { height_px: height_px.max(LEAST.height_px), ..size }
        };
        match &self.chart {
            Chart::Roofline(data) => roofline(data, size),
            Chart::Peaks(data) => peaks(data, rows(25, data.bars.len())),
            Chart::Curves(data) => curves(data, size),
            Chart::History(data) => history(data, size),
            Chart::Tornado(data) => tornado(data, rows(30, data.bars.len())),
            Chart::Intervals(data) => intervals(data, rows(38, data.rows.len())),
            Chart::Nodes(data) => nodes(data, Size { height_px: 640, ..size }),
            Chart::Spreads(data) => spreads(data, rows(14, data.rows.len())),
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
