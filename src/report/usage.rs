//! Usage as text: months or weeks, the groups where asked for, and who moved.

use super::columns::{Column, common, number, text};
use super::listing::{self, Listed};
use super::series::{self, Sheet, percent, signed};
use super::{markdown as page, terminal as screen};
use crate::market::claim::count;
use crate::market::usage::{GroupMonth, Share, UsageMonth, UsageTracker, UsageWeek};
use crate::price::usage::Span;
use crate::text::UNKNOWN;

/// Movers that are told; all are in the JSON.
const MOVERS: usize = 5;

impl Listed for UsageMonth {
    const COLUMNS: &'static [Column<Self>] = &[
        text("month", |row| series::plain(row.month)),
        number("tokens/day", |row| count(row.mean_tokens_per_day)),
        number("days", |row| format!("{} of {}", row.days, row.days_of_month)),
        number("MoM", |row| percent(row.mom)),
        common(text("since", |row| series::plain(row.mom_from))),
        number("YoY", |row| percent(row.yoy)),
        number("streak", |row| signed(row.streak)),
    ];
}

impl Listed for UsageWeek {
    const COLUMNS: &'static [Column<Self>] = &[
        text("week of", |row| row.week.clone()),
        number("tokens/day", |row| count(row.mean_tokens_per_day)),
        number("days", |row| row.days.to_string()),
        number("WoW", |row| percent(row.wow)),
        number("streak, weeks", |row| signed(row.streak_weeks)),
    ];
}

impl Listed for GroupMonth {
    const COLUMNS: &'static [Column<Self>] = &[
        text("month", |row| series::plain(row.month)),
        text("group", |row| row.group.clone()),
        number("tokens/day", |row| count(row.mean_tokens_per_day)),
        number("share", |row| format!("{:.1}%", 100.0 * row.share)),
        number("MoM", |row| percent(row.mom)),
        common(number("YoY", |row| percent(row.yoy))),
        number("streak", |row| signed(row.streak)),
    ];
}

/// For a terminal of `width` columns.
pub fn terminal(tracker: &UsageTracker, width: u16) -> String {
    let mut out = match tracker.period {
        Span::Week => sheet(tracker, UsageWeek::COLUMNS, tracker.weeks.iter().collect()).terminal(width),
        _ => sheet(tracker, UsageMonth::COLUMNS, tracker.months.iter().collect()).terminal(width),
    };
    if !tracker.groups.is_empty() {
        out += &format!(
            "\n{}\n",
            screen::table(GroupMonth::COLUMNS, &tracker.groups.iter().collect::<Vec<_>>(), width, false)
        );
    }
    out
}

/// As Markdown.
pub fn markdown(tracker: &UsageTracker) -> String {
    let mut out = match tracker.period {
        Span::Week => sheet(tracker, UsageWeek::COLUMNS, tracker.weeks.iter().collect()).markdown(),
        _ => sheet(tracker, UsageMonth::COLUMNS, tracker.months.iter().collect()).markdown(),
    };
    if !tracker.groups.is_empty() {
        out += &format!("\n{}", page::table(GroupMonth::COLUMNS, &tracker.groups.iter().collect::<Vec<_>>()));
    }
    out
}

/// The groups where asked for, else the months or weeks.
pub fn csv(tracker: &UsageTracker) -> String {
    match (tracker.groups.as_slice(), tracker.period) {
        ([], Span::Week) => listing::csv(&tracker.weeks),
        ([], _) => listing::csv(&tracker.months),
        (groups, _) => listing::csv(groups),
    }
}

fn sheet<'t, T>(tracker: &'t UsageTracker, columns: &'t [Column<T>], rows: Vec<&'t T>) -> Sheet<'t, T> {
    Sheet { grounds: grounds(tracker), columns, rows, remarks: remarks(tracker), warnings: &tracker.warnings }
}

fn grounds(tracker: &UsageTracker) -> Vec<String> {
    let scope = &tracker.scope;
    let mut grounds = vec![
        format!(
            "{} to {}: {} of {} days have a count; {} rows, {} models named",
            scope.first, scope.last, scope.days, scope.days_of_period, scope.rows, scope.models
        ),
        format!("covers {}", scope.covers),
        series::rules("usage", &tracker.rules, "tokens"),
    ];
    grounds.extend(tracker.compound.as_ref().map(series::compound));
    grounds.extend(scope.attribution.clone());
    grounds
}

/// Shares by origin, then the models that moved most.
fn remarks(tracker: &UsageTracker) -> Vec<String> {
    let of = |by: &str| tracker.shares.iter().filter(|share| share.by == by).collect::<Vec<&Share>>();
    let step = if tracker.period == Span::Week { "week" } else { "month" };
    let line = |title: String, shares: Vec<&Share>| {
        let each: Vec<String> = shares.into_iter().take(MOVERS).map(told).collect();
        (!each.is_empty()).then(|| format!("{title}: {}", each.join(", ")))
    };
    let mut origins = of("origin");
    origins.sort_by(|one, other| other.share.total_cmp(&one.share));
    [
        line(format!("tokens by origin, last {step}"), origins),
        line(format!("models that moved most, last {step}"), of("model")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn told(share: &Share) -> String {
    let moved =
        share.share_change.map_or(UNKNOWN.to_owned(), |change| format!("{:+.1} points", 100.0 * change));
    format!("{} {:.1}% ({moved})", share.group, 100.0 * share.share)
}
