//! Levels and their units.

use super::{changes, levels, pairs};
use crate::market::claim::words::{count, digits, percent, share};
use crate::market::claim::{Claim, Finding, Item, Level, Noun, Paid, Unit, Value, unit};

/// Scale words slip by a thousand in translation.
const SLIP: f64 = 1000.0;
/// Two levels of one thing at different times are within this of each other where no unit slipped.
const PLAUSIBLE: f64 = 10.0;

/// The same figure twice as a level: in one unit the two are compared, in two they cannot be.
pub fn same_figure(claim: &Claim, tolerance: f64) -> Vec<Finding> {
    let mut found = Vec::new();
    for (one, two) in pairs(claim) {
        let (Value::Level(first), Value::Level(second)) = (&one.value, &two.value) else { continue };
        if one.key != two.key {
            if one.key.quantity == two.key.quantity && currencies_differ(&first.unit, &second.unit) {
                found.push(not_comparable(one, two, first, second));
            }
            continue;
        }
        if first.unit.same_kind(&second.unit) {
            found.push(compared(one, two, first, second, tolerance));
        } else {
            found.push(not_comparable(one, two, first, second));
        }
    }
    found
}

fn currencies_differ(one: &Unit, two: &Unit) -> bool {
    one.currency().zip(two.currency()).is_some_and(|(one, two)| one != two)
}

fn not_comparable(one: &Item, two: &Item, first: &Level, second: &Level) -> Finding {
    let per_call = |unit: &Unit| matches!(unit.noun, Noun::Calls | Noun::Money { per: Paid::Call, .. });
    let ask = if per_call(&first.unit) != per_call(&second.unit) {
        "a call is not a token: state the tokens per call"
    } else if currencies_differ(&first.unit, &second.unit) {
        "state the rate of exchange and its date; currencies are never mixed in one index"
    } else {
        "state both in one unit"
    };
    let words = format!(
        "{} counts {}, {} counts {}: not comparable; {ask}",
        one.shown,
        first.unit.words(),
        two.shown,
        second.unit.words()
    );
    Finding::new("unit-differs", one.key.name(), None, words)
}

fn compared(one: &Item, two: &Item, first: &Level, second: &Level, tolerance: f64) -> Finding {
    let (a, b) = (first.figure.mid(), second.figure.mid());
    let holds = first.figure.meets(second.figure, tolerance);
    let factor = a.max(b) / a.min(b);
    let unit = first.unit.words();
    let mut words = format!(
        "{} is {} {unit}, {} is {} {unit}: {}",
        one.shown,
        count(a),
        two.shown,
        count(b),
        if holds { "the same within rounding".to_owned() } else { format!("{}x apart", digits(factor)) }
    );
    let larger = if a > b { one } else { two };
    let less = a.max(b) / SLIP;
    let fits = less.max(a.min(b)) / less.min(a.min(b)) <= PLAUSIBLE;
    let mut finding =
        Finding::new("unit-check", one.key.name(), Some(holds), String::new()).with("factor", factor);
    if !holds && factor >= SLIP / PLAUSIBLE && fits {
        let meant = larger.shown.to_ascii_lowercase();
        let meant = meant.split(|letter: char| !letter.is_alphabetic()).find_map(unit::smaller_scale);
        let meant = meant.map(|word| format!(" ({word})")).unwrap_or_default();
        words +=
            &format!("; a thousandth{meant} would be {} {unit}, which fits: a slip by 1,000?", count(less));
        finding = finding.with("per_day_if_a_thousandth", less);
    }
    Finding { words, ..finding }
}

/// How much of the total a sample covers.
pub fn coverage(claim: &Claim) -> Vec<Finding> {
    let of = |name: &str| levels(claim).find(|(item, _)| item.key.quantity == name);
    let (Some((sample, seen)), Some((total, all))) = (of("sample"), of("total")) else { return Vec::new() };
    if !seen.unit.same_kind(&all.unit) {
        return vec![not_comparable(sample, total, seen, all)];
    }
    let covered = seen.figure.mid() / all.figure.mid();
    let unit = seen.unit.words();
    let words = format!(
        "the sample is {} {unit} of {} {unit}, {} of the total: it says nothing about the rest",
        count(seen.figure.mid()),
        count(all.figure.mid()),
        share(covered)
    );
    let holds = (covered > 1.0).then_some(false);
    vec![Finding::new("coverage", sample.key.name(), holds, words).with("coverage", covered)]
}

/// The level before a change, for levels that are quoted with one; and for two or more subjects of one quantity their
/// shares and their change together.
pub fn before(claim: &Claim) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut known: Vec<(&Item, f64, f64)> = Vec::new();
    for (item, level) in levels(claim) {
        for (other, change) in changes(claim).filter(|(other, _)| other.key == item.key) {
            let before = level.figure.over(change.factor).mid();
            let over = other.period.map(|period| format!(" {}", period.change_words())).unwrap_or_default();
            let words = format!(
                "{} after {}{over} was {} {} before",
                item.shown,
                other.shown,
                count(before),
                level.unit.words()
            );
            found.push(
                Finding::new("level-before", item.key.name(), None, words).with("level_before", before),
            );
            known.push((item, level.figure.mid(), before));
        }
    }
    let quantities: std::collections::BTreeSet<&str> =
        known.iter().map(|(item, ..)| item.key.quantity.as_str()).collect();
    for quantity in quantities {
        let members: Vec<_> = known.iter().filter(|(item, ..)| item.key.quantity == quantity).collect();
        let (now, then) = members.iter().fold((0.0, 0.0), |sum, (_, now, then)| (sum.0 + now, sum.1 + then));
        let subjects: std::collections::BTreeSet<_> =
            members.iter().map(|(item, ..)| &item.key.subject).collect();
        let Some((first, largest, _)) = members.first() else { continue };
        if subjects.len() < 2 || subjects.len() != members.len() {
            continue;
        }
        let words = format!(
            "together {} {} of {}; {} has {} of it",
            quantity,
            percent(now / then - 1.0),
            members.len(),
            first.key.name(),
            share(largest / now)
        );
        let finding = Finding::new("sum", quantity, None, words).with("change", now / then - 1.0);
        found.push(finding.with("share_of_first", largest / now));
    }
    found
}
