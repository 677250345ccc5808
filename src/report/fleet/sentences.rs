//! What a fleet says in plain sentences: how far it is, how alike its devices are, what is out of line, what was set aside and
//! what a day of it costs. And what all of that rests on.

use std::collections::BTreeMap;

use super::super::{Safe, sentence, significant};
use super::devices::counted;
use super::outliers::{outliers, said};
use super::rows::{percent, whys};
use super::{FleetReport, type_name};
use crate::fleet::analysis::TypeSpread;
use crate::fleet::collected::{Flag, State};
use crate::fleet::plan::Per;
use crate::market::budget::Volume;
use crate::market::fleet::FleetDay;
use crate::text::money;

/// Outliers that the answer names.
const NAMED: usize = 3;
/// Types that it speaks of.
const TYPES: usize = 5;

/// The answer, a sentence or two per line.
pub(in super::super) fn answer(report: &FleetReport, safe: Safe) -> Vec<String> {
    let mut lines = vec![tasks(report)];
    lines.extend(report.analysis.types.iter().take(TYPES).map(|spread| of_type(report, spread, safe)));
    let more = report.compared_types().saturating_sub(TYPES);
    lines.extend((more > 0).then(|| format!("{more} more types are in the table.")));
    lines.push(out_of_line(report, safe));
    lines.extend(set_aside(report));
    lines.extend(not_compared(report));
    lines.extend(day(report, safe));
    lines
}

fn counted_words(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How far the fleet is.
fn tasks(report: &FleetReport) -> String {
    let collected = &report.collected;
    let count = |state| collected.tasks.iter().filter(|task| task.state == state).count();
    let (all, done) = (collected.tasks.len(), count(State::Done));
    let others = [
        (count(State::Failed), "failed"),
        (count(State::Begun), "begun and not ended"),
        (count(State::Missing), "missing"),
    ];
    let others: Vec<String> = others
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    let others = if others.is_empty() { String::new() } else { format!(", {}", others.join(", ")) };
    let (devices, nodes) = counted(&collected.units);
    format!(
        "{done} of {all} tasks done{others}: {} on {}, {}.",
        counted_words(devices, "device", "devices"),
        counted_words(nodes, "node", "nodes"),
        counted_words(collected.rows as usize, "row", "rows"),
    )
}

/// How alike the devices of a type are.
fn of_type(report: &FleetReport, spread: &TypeSpread, safe: Safe) -> String {
    let name = safe(&report.type_words(spread.type_index));
    let devices = format!(
        "{} on {} compared",
        counted_words(spread.devices as usize, "device", "devices"),
        counted_words(spread.nodes as usize, "node", "nodes")
    );
    match (spread.spread, spread.slowest) {
        (Some(robust), Some(slowest)) => format!(
            "{name}: {devices}; their times spread by {} % about the median, the slowest takes {} % longer.",
            percent(Some(robust)),
            percent(Some(slowest))
        ),
        (None, Some(slowest)) => {
            format!(
                "{name}: {devices}; the slowest takes {} % longer than the median.",
                percent(Some(slowest))
            )
        }
        _ => format!("{name}: {devices}."),
    }
}

fn out_of_line(report: &FleetReport, safe: Safe) -> String {
    let rows = outliers(report);
    if rows.is_empty() {
        return nothing_out_of_line(report);
    }
    let named: Vec<String> = rows.iter().take(NAMED).map(|row| safe(&said(row))).collect();
    let more = rows.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!("Out of line: {}. The worst first: {}{more}.", rows.len(), named.join("; "))
}

/// Nothing found is worth as much as what could have been found.
fn nothing_out_of_line(report: &FleetReport) -> String {
    if report.analysis.standings.iter().all(Option::is_none) {
        return "Whether a device is out of line cannot be said: no device has enough comparable siblings."
            .into();
    }
    let least = report.analysis.types.iter().filter_map(|spread| spread.detectable).reduce(f64::max);
    let least = least.map(|least| {
        format!(
            " A device that takes {} % longer would be seen in 95 of 100 such fleets.",
            percent(Some(least))
        )
    });
    format!("Nothing is out of line.{}", least.unwrap_or_default())
}

fn set_aside(report: &FleetReport) -> Option<String> {
    let whys: Vec<String> = whys(report).iter().map(|(count, why)| format!("{count} {why}")).collect();
    let count = counted_words(report.collected.aside.len(), "file or folder was", "files or folders were");
    (!whys.is_empty()).then(|| format!("{count} set aside: {}.", whys.join(", ")))
}

/// Devices whose rows are not set beside those of siblings, and what else is to be known of devices.
fn not_compared(report: &FleetReport) -> Option<String> {
    let units = &report.collected.units;
    let apart = units.iter().filter(|unit| !unit.comparable).count();
    let count = |flag: Flag| units.iter().filter(|unit| unit.flags.contains(&flag)).count();
    let flags: Vec<String> = Flag::ALL
        .iter()
        .map(|flag| (count(*flag), flag))
        .filter(|(count, _)| *count > 0)
        .map(|(count, flag)| format!("{count} {flag}"))
        .collect();
    match (apart, flags.is_empty()) {
        (_, true) => None,
        (0, false) => Some(format!("Flagged, and compared all the same: {}.", flags.join(", "))),
        (apart, false) => Some(format!(
            "{} not compared with siblings. Flags: {}.",
            counted_words(apart, "device is", "devices are"),
            flags.join(", ")
        )),
    }
}

/// A day of the fleet: of each type the first row that has a verdict, else the first that has tokens.
fn day(report: &FleetReport, safe: Safe) -> Vec<String> {
    let Some(costs) = &report.costs else { return Vec::new() };
    let mut of_types: BTreeMap<u32, &FleetDay> = BTreeMap::new();
    let rank = |day: &FleetDay| (day.verdict.is_some(), day.tokens_per_day.is_some());
    for day in &costs.days {
        match of_types.get(&day.type_index) {
            Some(known) if rank(known) >= rank(day) => {}
            _ => drop(of_types.insert(day.type_index, day)),
        }
    }
    let totals: Vec<FleetDay> = costs.totals.iter().take(1).map(FleetDay::from).collect();
    let all = totals.iter().map(|day| ("devices of all types".to_owned(), day));
    let each = of_types.values().take(TYPES).map(|day| (report.type_words(day.type_index), *day));
    all.chain(each).filter_map(|(what, day)| day_words(&what, day, safe)).collect()
}

fn day_words(what: &str, day: &FleetDay, safe: Safe) -> Option<String> {
    let tokens = day.tokens_per_day?;
    let sides = [("rent", day.rent_usd_per_day), ("own", day.own_usd_per_day), ("buy", day.buy_usd_per_day)];
    let sides: Vec<String> =
        sides.iter().filter_map(|(side, usd)| Some(format!("{side} {} USD", money((*usd)?)))).collect();
    let sides = if sides.is_empty() { "no prices".to_owned() } else { sides.join(", ") };
    let verdict = day.verdict.map(|verdict| format!(": {verdict}")).unwrap_or_default();
    let load = match day.utilisation {
        known if known > 0.0 => format!(" at utilisation {}", significant(known)),
        _ => String::new(),
    };
    let reason = match day.reason.trim_end_matches('.') {
        "" => String::new(),
        reason => format!(" {}.", safe(&sentence(reason))),
    };
    Some(format!(
        "A day of {} {} with {} in {}{load}: {} tokens; {sides}{verdict}.{reason}",
        day.devices,
        safe(what),
        safe(&day.model),
        safe(&day.weights),
        Volume(tokens),
    ))
}

/// Plan, versions, drivers, and how each number came about, each said once.
pub(in super::super) fn grounds(report: &FleetReport, safe: Safe) -> Vec<String> {
    let plan = &report.collected.plan;
    let mut grounds = Vec::new();
    if plan.simulated {
        grounds.push("Nothing was measured: every row was made up by mtok fleet simulate.".to_owned());
    }
    let per = match plan.per {
        Per::Gpu => "one per GPU",
        Per::Node => "one per node",
    };
    let options = if plan.options.is_empty() { "no options".into() } else { plan.options.join(" ") };
    grounds.push(format!(
        "Plan {} of {}: {} tasks, {per}, each measured with {}.",
        safe(&plan.id),
        safe(&plan.made_utc),
        plan.tasks,
        safe(&options)
    ));
    let commit =
        if plan.tool_commit.is_empty() { String::new() } else { format!(", commit {}", plan.tool_commit) };
    grounds.push(format!(
        "mtok {}; rows of another version are not compared.",
        safe(&(plan.tool_version.clone() + &commit))
    ));
    grounds.extend(drivers(report, safe));
    grounds.extend(METHOD.map(str::to_owned));
    if report.costs.is_some() {
        grounds.push(COSTS.into());
    }
    grounds.extend(report.as_of.map(|day| format!("Prices as of {day}; a later price does not exist.")));
    grounds.extend(report.costs.iter().flat_map(|costs| &costs.notes).map(|note| safe(note)));
    grounds
}

/// The drivers of each type with how many devices have them, the most common first.
fn drivers(report: &FleetReport, safe: Safe) -> Vec<String> {
    let mut of_types: BTreeMap<u32, BTreeMap<String, usize>> = BTreeMap::new();
    for unit in &report.collected.units {
        let identity = &unit.identity;
        let driver = format!("{} {}", identity.driver, identity.driver_info);
        let driver = if driver.trim().is_empty() { "unknown" } else { driver.trim() };
        *of_types.entry(unit.type_index).or_default().entry(driver.to_owned()).or_default() += 1;
    }
    let line = |(type_index, drivers): (u32, BTreeMap<String, usize>)| {
        let mut drivers: Vec<(String, usize)> = drivers.into_iter().collect();
        drivers.sort_by_key(|driver| std::cmp::Reverse(driver.1));
        let all = drivers.len();
        let shown: Vec<String> =
            drivers.iter().take(DRIVERS).map(|(name, count)| format!("{name} ({count})")).collect();
        let more = if all > DRIVERS { format!(" and {} more", all - DRIVERS) } else { String::new() };
        let name = report.collected.types.get(type_index as usize).map(type_name).unwrap_or_default();
        format!("Drivers of {}: {}{more}.", safe(&name), safe(&shown.join("; ")))
    };
    let more = of_types.len().saturating_sub(DRIVERS);
    let mut lines: Vec<String> = of_types.into_iter().take(DRIVERS).map(line).collect();
    lines.extend((more > 0).then(|| format!("Drivers of {more} more types: --format json has them.")));
    lines
}

/// Types whose drivers are named, and drivers of a type.
const DRIVERS: usize = 10;

const METHOD: [&str; 3] = [
    "A device's time of a cell is the median of its runs; verified rows count, others do not.",
    "A device is compared with comparable siblings: the same adapter, backend, plan, version and driver. Its slowness is the \
     median over cells of its time over that of the median sibling.",
    "Labels hold for all devices of a type together: p is adjusted for so many comparisons.",
];
const COSTS: &str = "Costs are computed from the cells of the median device of each type; tokens of a day count every device \
at its own speed.";
