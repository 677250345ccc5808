//! One change in all its forms: factor and percentage together, end points against a quoted factor.

use super::{changes, pairs};
use crate::market::claim::words::{self, count, digits, factor, interval};
use crate::market::claim::{Change, Claim, Figure, Finding, Item, Value};

/// Factor and percentage of every change; the two readings of "increased 20 times"; the same change quoted twice.
pub fn factors(claim: &Claim) -> Vec<Finding> {
    let mut found: Vec<Finding> = twice(claim);
    for (item, change) in changes(claim) {
        found.push(both_forms(item, change));
        if change.on_top {
            let more = change.factor.plus_one();
            let words = format!(
                "\"{}\" may mean {} or, on top of what there was, {}",
                item.shown,
                factor(change.factor.mid()),
                factor(more.mid())
            );
            let finding = Finding::new("increased-by", item.key.name(), None, words);
            found.push(finding.with("factor", change.factor.mid()).with("factor_on_top", more.mid()));
        }
        if change.ends.is_some() && change.unit.is_none() && item.key.quantity != "ratio" {
            let words =
                format!("{} has no unit: the factor holds only if both ends have the same one", item.shown);
            found.push(Finding::new("unit-missing", item.key.name(), None, words));
        }
    }
    found
}

fn both_forms(item: &Item, change: &Change) -> Finding {
    let factors = change.factor;
    let words = match (change.ends, factors.value) {
        (Some((from, to)), None) => {
            format!(
                "{} / {} = {}x, {}",
                words::figure(to),
                words::figure(from),
                interval(factors),
                words::change(factors)
            )
        }
        (Some((from, to)), Some(_)) => {
            format!("{} / {} = {}", count(to.mid()), count(from.mid()), factor(factors.mid()))
        }
        (None, Some(_)) => format!("{} is {}", item.shown, factor(factors.mid())),
        (None, None) => format!("{} is {}x, {}", item.shown, interval(factors), words::change(factors)),
    };
    Finding::new("factor", item.key.name(), None, words)
        .with("factor", factors.mid())
        .with("change", factors.change())
        .with("factor_low", factors.low)
        .with("factor_high", factors.high)
}

/// The same change of the same figure over the same time, quoted twice.
fn twice(claim: &Claim) -> Vec<Finding> {
    let mut found = Vec::new();
    for (one, two) in pairs(claim) {
        let (Some(first), Some(second)) = (quoted(one), quoted(two)) else { continue };
        let same_period = one.period.zip(two.period).is_none_or(|(first, second)| first.is(second));
        if one.key != two.key || !same_period {
            continue;
        }
        if let (Some(since), Some(other)) = (&one.since, &two.since)
            && since != other
        {
            let words =
                format!("counted since {since} and since {other}: a change needs one start and one basket");
            found.push(Finding::new("start-differs", one.key.name(), None, words));
            continue;
        }
        found.push(same(one, two, first, second));
    }
    found
}

/// What two figures of one thing have in common: changes, or ratios at one time.
fn quoted(item: &Item) -> Option<Figure> {
    match &item.value {
        Value::Change(change) => Some(change.factor),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

fn same(one: &Item, two: &Item, first: Figure, second: Figure) -> Finding {
    let holds = first.meets(second, 0.0);
    let mut words = format!(
        "{} is {}x ({}), {} is {}x ({}): {}",
        one.shown,
        digits(first.mid()),
        interval(first),
        two.shown,
        digits(second.mid()),
        interval(second),
        if holds { "the same within rounding" } else { "not the same" }
    );
    let mut finding = Finding::new("quoted-twice", one.key.name(), Some(holds), String::new())
        .with("factor", first.mid())
        .with("other_factor", second.mid());
    if let (Some((_, to)), false) = (ends_of(one).or(ends_of(two)), holds) {
        let quoted = if ends_of(one).is_some() { second } else { first };
        let base = to.over(quoted);
        words += &format!("; {}x fits a base of {}", digits(quoted.mid()), count(base.mid()));
        finding = finding.with("fitting_base", base.mid());
    }
    Finding { words, ..finding }
}

fn ends_of(item: &Item) -> Option<(Figure, Figure)> {
    match &item.value {
        Value::Change(change) => change.ends,
        _ => None,
    }
}
