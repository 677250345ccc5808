//! Figures that nothing can be computed of: what has to be asked instead.

use std::collections::BTreeSet;

use super::{changes, pairs};
use crate::market::claim::words::{digits, percent};
use crate::market::claim::{Claim, Finding, Value};

/// All rules of this kind.
pub fn all(claim: &Claim) -> Vec<Finding> {
    let mut found = streaks(claim);
    found.extend(directions(claim));
    found.extend(goods(claim));
    found.extend(subjects(claim));
    found.extend(starts(claim));
    found.extend(words(claim));
    found
}

/// One streak for many: true only where each has the same.
fn streaks(claim: &Claim) -> Vec<Finding> {
    let of = |with_subject: bool| {
        claim.items.iter().filter_map(move |item| match item.value {
            Value::Streak { figure, unit } if item.key.subject.is_some() == with_subject => {
                Some((item, figure, unit))
            }
            _ => None,
        })
    };
    let mut found = Vec::new();
    for (item, headline, unit) in of(false) {
        let each: Vec<String> = of(true)
            .map(|(one, figure, unit)| {
                format!("{} {} {}s", one.key.name(), digits(figure.mid()), unit.word())
            })
            .collect();
        if each.is_empty() {
            let words = format!(
                "{} is of nothing in particular: a streak is of one GPU, product or country",
                item.shown
            );
            found.push(Finding::new("streak", item.key.name(), None, words));
            continue;
        }
        let all = of(true).all(|(_, figure, of)| of == unit && figure.meets(headline, 0.0));
        let words = format!("{} is not one streak for all: {}", item.shown, each.join(", "));
        let words = if all { format!("each of them: {}", each.join(", ")) } else { words };
        found.push(Finding::new("streak", item.key.name(), Some(all), words));
    }
    found
}

/// The same thing said to go up and to go down.
fn directions(claim: &Claim) -> Vec<Finding> {
    let mut found = Vec::new();
    for (one, two) in pairs(claim) {
        let (Value::Direction(first), Value::Direction(second)) = (&one.value, &two.value) else { continue };
        let (first, second) = (first.factors(), second.factors());
        let apart = first.high <= second.low || second.high <= first.low;
        if one.key == two.key && apart && first != second {
            let words = format!(
                "said to be {} and {}: a ratio may fall while the level rises; show level, ratio and streak together",
                one.shown, two.shown
            );
            found.push(Finding::new("directions", one.key.name(), None, words));
        }
    }
    found
}

/// Changes of different goods under one name.
fn goods(claim: &Claim) -> Vec<Finding> {
    let mut found = Vec::new();
    let quantities: BTreeSet<&str> = changes(claim)
        .map(|(item, _)| item.key.quantity.as_str())
        .filter(|quantity| !matches!(*quantity, "" | "ratio"))
        .collect();
    for quantity in quantities {
        let each: Vec<_> = changes(claim).filter(|(item, _)| item.key.quantity == quantity).collect();
        let subjects: BTreeSet<&str> =
            each.iter().filter_map(|(item, _)| item.key.subject.as_deref()).collect();
        if subjects.len() > 1 {
            let words = format!(
                "{} are different goods: they are never averaged into one index",
                subjects.into_iter().collect::<Vec<_>>().join(", ")
            );
            found.push(Finding::new("goods-differ", quantity, None, words));
        }
    }
    found
}

/// A figure without a subject beside one with.
fn subjects(claim: &Claim) -> Vec<Finding> {
    let mut found = Vec::new();
    for (one, two) in pairs(claim) {
        let (Value::Change(first), Value::Change(second)) = (&one.value, &two.value) else { continue };
        let (named, unnamed) = match (&one.key.subject, &two.key.subject) {
            (Some(_), None) => ((one, first), (two, second)),
            (None, Some(_)) => ((two, second), (one, first)),
            _ => continue,
        };
        if one.key.quantity != two.key.quantity || one.key.quantity.is_empty() || one.key.quantity == "ratio"
        {
            continue;
        }
        let over = |period: Option<crate::market::claim::Period>| {
            period.map(|period| format!(" {}", period.change_words())).unwrap_or_default()
        };
        let words = format!(
            "{} ({}{}) does not say of which it is: not comparable with {} ({}{}); ask for the GPU or product and the kind",
            unnamed.0.shown,
            percent(unnamed.1.factor.change()),
            over(unnamed.0.period),
            named.0.key.name(),
            percent(named.1.factor.change()),
            over(named.0.period)
        );
        found.push(Finding::new("subject-missing", unnamed.0.key.name(), None, words));
    }
    found
}

/// Price changes over ranges say nothing without a start.
fn starts(claim: &Claim) -> Vec<Finding> {
    let open = changes(claim).filter(|(item, change)| {
        let range = change
            .ends
            .map_or(change.factor.value.is_none(), |(from, to)| from.value.is_none() || to.value.is_none());
        range && item.since.is_none() && item.period.is_none()
    });
    open.map(|(item, change)| {
        let words = format!(
            "{} ({} to {}) has no start and no basket: write since 2024-01 behind it",
            item.shown,
            percent(change.factor.low - 1.0),
            percent(change.factor.high - 1.0)
        );
        Finding::new("start-missing", item.key.name(), None, words)
    })
    .collect()
}

/// What is said in words.
fn words(claim: &Claim) -> Vec<Finding> {
    let labels = claim.items.iter().filter_map(|item| match &item.value {
        Value::Label(label) => Some((item, label)),
        _ => None,
    });
    labels
        .map(|(item, label)| {
            let words = match item.key.quantity.as_str() {
                "format" => format!("{label}: only a format that was measured on the device is shown, see mtok devices"),
                _ => format!("{label}: no figure measures it; split $/Mtok into GPU, power, hosting and margin of each layer"),
            };
            let rule = if item.key.quantity == "format" { "format" } else { "pricing-power" };
            Finding::new(rule, item.key.name(), None, words)
        })
        .collect()
}
