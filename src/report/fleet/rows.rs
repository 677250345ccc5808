//! The rows of the tables beside devices and outliers, and how their numbers are written.

use super::super::columns::{Column, common, number, range, text, wide};
use super::super::{UNKNOWN, number as significant_or_unknown};
use super::FleetReport;
use super::devices::labelled;
use crate::fleet::analysis::{CellSpread, TypeSpread};
use crate::fleet::collected::{Aside, State, Task, Type, Why};
use crate::market::fleet::{FleetDay, FleetTotal};
use crate::market::row::Comparison;

/// A share in percent, to the digits that mean something between devices.
pub(super) fn percent(share: Option<f64>) -> String {
    let Some(percent) = share.map(|share| share * 100.0).filter(|percent| percent.is_finite()) else {
        return UNKNOWN.into();
    };
    let decimals = match percent.abs() {
        tiny if tiny < 10.0 => 2,
        small if small < 100.0 => 1,
        _ => 0,
    };
    let shown = format!("{percent:.decimals$}");
    // A zero has no sign.
    if shown.trim_start_matches(['-', '0', '.']).is_empty() {
        shown.trim_start_matches('-').to_owned()
    } else {
        shown
    }
}

/// A text, unknown where it is empty.
pub(super) fn shown(text: &str) -> String {
    if text.is_empty() { UNKNOWN.into() } else { text.to_owned() }
}

/// A type in words: an adapter under one backend, and what it is where it is no GPU.
pub(in super::super) fn type_name(of: &Type) -> String {
    let name = if of.adapter.is_empty() { "unnamed adapter" } else { &of.adapter };
    let name = if of.backend.is_empty() { name.to_owned() } else { format!("{name} ({})", of.backend) };
    labelled(name, of.device_type)
}

/// A type of device.
pub(super) struct TypeRow {
    pub name: String,
    pub spread: TypeSpread,
    pub usd_per_mtok: Option<f64>,
}

pub(super) const TYPES: [Column<TypeRow>; 11] = [
    text("type", |row| row.name.clone()),
    number("devices", |row| row.spread.devices.to_string()),
    number("nodes", |row| row.spread.nodes.to_string()),
    number("spread %", |row| percent(row.spread.spread)),
    number("slowest %", |row| percent(row.spread.slowest)),
    wide(number("fastest %", |row| percent(row.spread.fastest))),
    common(number("nodes %", |row| percent(row.spread.variance.and_then(|variance| variance.nodes)))),
    common(number("cards %", |row| percent(row.spread.variance.and_then(|variance| variance.devices)))),
    common(number("runs %", |row| percent(row.spread.variance.and_then(|variance| variance.runs)))),
    roomy(number("found from %", |row| percent(row.spread.detectable))),
    wide(number("$/Mtok", |row| significant_or_unknown(row.usd_per_mtok))),
];

/// Shown where there is more room than a common terminal has.
const fn roomy<T>(column: Column<T>) -> Column<T> {
    Column { from: 96, ..column }
}

/// Every type with comparable devices.
pub(super) fn types(report: &FleetReport) -> Vec<TypeRow> {
    let case = priced_case(report);
    let cost = |type_index: u32| {
        let (model, weights) = case.as_ref()?;
        let of_type = report.costs.as_ref()?.types.iter().find(|cost| cost.type_index == type_index)?;
        let row = of_type.rows.iter().find(|row| row.model == *model && row.weights == *weights)?;
        row.usd_per_mtok_blended
    };
    let row = |spread: &TypeSpread| TypeRow {
        name: report.type_words(spread.type_index),
        usd_per_mtok: cost(spread.type_index),
        spread: spread.clone(),
    };
    report.analysis.types.iter().map(row).collect()
}

/// The model and weights format by which types are set beside each other: the first that has a cost.
pub(super) fn priced_case(report: &FleetReport) -> Option<(String, String)> {
    let rows = || report.costs.iter().flat_map(|costs| &costs.types).flat_map(|cost| &cost.rows);
    let row = rows().find(|row| row.usd_per_mtok_blended.is_some())?;
    Some((row.model.clone(), row.weights.clone()))
}

/// Tasks that stand alike, one after the other.
pub(super) struct TaskRow {
    pub first: u32,
    pub last: u32,
    pub task: Task,
}

pub(super) const TASKS: [Column<TaskRow>; 7] = [
    text("task", |row| match row.first == row.last {
        true => row.first.to_string(),
        false => format!("{} to {}", row.first, row.last),
    }),
    text("state", |row| row.task.state.to_string()),
    text("node", |row| shown(&row.task.node)),
    number("attempts", |row| row.task.attempts.map_or(UNKNOWN.into(), |attempts| attempts.to_string())),
    common(number("exit", |row| row.task.exit.map_or(UNKNOWN.into(), |exit| exit.to_string()))),
    common(number("rows", |row| row.task.rows_ok.to_string())),
    text("reason", |row| shown(&row.task.reason)),
];

/// The tasks that are not done: failed ones first, then those that have begun, then the missing; neighbours that stand alike
/// share a row.
pub(super) fn not_done(report: &FleetReport) -> Vec<TaskRow> {
    let mut rows: Vec<TaskRow> = Vec::new();
    for task in report.collected.tasks.iter().filter(|task| task.state != State::Done) {
        let alike = |row: &&mut TaskRow| {
            let [before, now] = [&row.task, task]
                .map(|it| (it.state, &it.reason, &it.node, it.attempts, it.exit, it.rows_ok));
            before == now && task.task == row.last + 1
        };
        match rows.last_mut().filter(alike) {
            Some(row) => row.last = task.task,
            None => rows.push(TaskRow { first: task.task, last: task.task, task: task.clone() }),
        }
    }
    rows.sort_by_key(|row| (row.task.state, row.first));
    rows
}

pub(super) const ASIDE: [Column<Aside>; 3] = [
    text("file or folder", |row| row.path.clone()),
    text("why", |row| row.why.to_string()),
    text("what is wrong", |row| row.what.clone()),
];

/// How many were set aside for each reason, the reasons in the order of [`Why::ALL`].
pub(super) fn whys(report: &FleetReport) -> Vec<(usize, Why)> {
    let count = |why: Why| report.collected.aside.iter().filter(|aside| aside.why == why).count();
    Why::ALL.iter().map(|why| (count(*why), *why)).filter(|(count, _)| *count > 0).collect()
}

/// A cell on all devices of a type.
pub(super) struct CellRow {
    pub name: String,
    pub type_name: String,
    pub spread: CellSpread,
}

pub(super) const CELLS: [Column<CellRow>; 8] = [
    text("cell", |row| row.name.clone()),
    number("devices", |row| row.spread.devices.to_string()),
    number("median ms", |row| milliseconds(row.spread.median_s)),
    number("quartile 1 ms", |row| milliseconds(row.spread.q1_s)),
    number("quartile 3 ms", |row| milliseconds(row.spread.q3_s)),
    number("fastest ms", |row| milliseconds(row.spread.min_s)),
    number("slowest ms", |row| milliseconds(row.spread.max_s)),
    text("type", |row| row.type_name.clone()),
];

fn milliseconds(seconds: f64) -> String {
    significant_or_unknown(Some(seconds * 1e3))
}

pub(super) fn cells(report: &FleetReport) -> Vec<CellRow> {
    let row = |spread: &CellSpread| {
        let name = report.collected.cells.get(spread.cell as usize)?.name.clone();
        Some(CellRow { name, type_name: report.type_words(spread.type_index), spread: spread.clone() })
    };
    report.analysis.cells.iter().filter_map(row).collect()
}

/// What a million tokens cost on a type.
pub(super) struct CostRow {
    pub type_name: String,
    pub speed: f64,
    pub cost: Comparison,
}

pub(super) const COSTS: [Column<CostRow>; 9] = [
    text("type", |row| row.type_name.clone()),
    text("model", |row| row.cost.model.clone()),
    text("weights", |row| row.cost.weights.clone()),
    wide(number("batch", |row| row.cost.batch.to_string())),
    wide(number("speed", |row| significant_or_unknown(Some(row.speed)))),
    number("$/Mtok blended", |row| significant_or_unknown(row.cost.usd_per_mtok_blended)),
    wide(text("low to high", |row| {
        range(row.cost.usd_per_mtok_blended_low, row.cost.usd_per_mtok_blended_high)
    })),
    number("market $/Mtok", |row| significant_or_unknown(row.cost.market_usd_per_mtok)),
    text("verdict", |row| row.cost.verdict.map_or(UNKNOWN.into(), |verdict| verdict.to_string())),
];

pub(super) fn costs(report: &FleetReport) -> Vec<CostRow> {
    let of_types = report.costs.iter().flat_map(|costs| &costs.types);
    let rows = of_types.flat_map(|of_type| {
        of_type.rows.iter().map(|cost| CostRow {
            type_name: report.type_words(of_type.type_index),
            speed: of_type.speed,
            cost: cost.clone(),
        })
    });
    rows.collect()
}

/// The day of a fleet.
pub(super) struct DayRow {
    pub type_name: String,
    pub day: FleetDay,
}

pub(super) const DAYS: [Column<DayRow>; 15] = [
    text("type", |row| row.type_name.clone()),
    text("model", |row| row.day.model.clone()),
    text("weights", |row| row.day.weights.clone()),
    wide(number("batch", |row| match row.day.batch {
        0 => UNKNOWN.into(),
        batch => batch.to_string(),
    })),
    wide(number("devices", |row| row.day.devices.to_string())),
    wide(number("serving", |row| row.day.devices_serving.to_string())),
    wide(number("utilisation", |row| {
        significant_or_unknown(Some(row.day.utilisation).filter(|share| *share > 0.0))
    })),
    number("Mtok a day", |row| mtok(row.day.tokens_per_day)),
    wide(text("low to high", |row| {
        range(
            row.day.tokens_per_day_low.map(|tokens| tokens / 1e6),
            row.day.tokens_per_day_high.map(|tokens| tokens / 1e6),
        )
    })),
    wide(number("lost to slow ones", |row| mtok(row.day.tokens_per_day_lost))),
    number("rent $", |row| significant_or_unknown(row.day.rent_usd_per_day)),
    number("own $", |row| significant_or_unknown(row.day.own_usd_per_day)),
    number("buy $", |row| significant_or_unknown(row.day.buy_usd_per_day)),
    wide(text("buy low to high", |row| range(row.day.buy_usd_per_day_low, row.day.buy_usd_per_day_high))),
    text("verdict", |row| row.day.verdict.map_or(UNKNOWN.into(), |verdict| verdict.to_string())),
];

fn mtok(tokens: Option<f64>) -> String {
    significant_or_unknown(tokens.map(|tokens| tokens / 1e6))
}

pub(super) fn days(report: &FleetReport) -> Vec<DayRow> {
    let row = |day: &FleetDay| DayRow { type_name: report.type_words(day.type_index), day: day.clone() };
    let all = |total: &FleetTotal| DayRow {
        type_name: format!("all {} types", total.types),
        day: FleetDay::from(total),
    };
    let costs = || report.costs.iter();
    let days = costs().flat_map(|costs| &costs.days).map(row);
    days.chain(costs().flat_map(|costs| &costs.totals).map(all)).collect()
}
