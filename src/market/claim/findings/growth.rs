//! Changes over different periods.

use super::{changes, pairs};
use crate::market::claim::words::{digits, factor, percent};
use crate::market::claim::{Claim, Finding, Value};

/// A change whose name says one period and whose value another.
pub fn named_periods(claim: &Claim) -> Vec<Finding> {
    let differ = claim.items.iter().filter_map(|item| {
        let (named, stated) = (item.named?, item.period?);
        (!named.is(stated)).then(|| {
            let words = format!(
                "{} is a {} change, quoted as {}: keep the period with the change",
                item.shown,
                stated.change_words(),
                named.change_words()
            );
            Finding::new("period-name", item.key.name(), Some(false), words)
        })
    });
    differ.collect()
}

/// A short change beside a long one of the same figure: what each is a month, and what the short one would compound to.
pub fn short_beside_long(claim: &Claim) -> Vec<Finding> {
    let mut found = Vec::new();
    for (one, two) in pairs(claim) {
        let (Value::Change(first), Value::Change(second)) = (&one.value, &two.value) else { continue };
        let (Some(first_over), Some(second_over)) = (one.period, two.period) else { continue };
        if one.key != two.key || first_over.is(second_over) || one.key.quantity == "ratio" {
            continue;
        }
        let ((short, short_over), (long, long_over)) = if first_over.months() < second_over.months() {
            ((first, first_over), (second, second_over))
        } else {
            ((second, second_over), (first, first_over))
        };
        let times = long_over.months() / short_over.months();
        let compounded = short.factor.power(times);
        let monthly = long.factor.mid().powf(1.0 / long_over.months());
        let rest =
            (long.factor.mid() / short.factor.mid()).powf(1.0 / (long_over.months() - short_over.months()));
        let words = format!(
            "{}x {} is {} a month; {} {} would compound to {}x: never annualise one {}; the rest of the time it grew {} a month",
            digits(long.factor.mid()),
            long_over.change_words(),
            percent(monthly - 1.0),
            percent(short.factor.change()),
            short_over.change_words(),
            digits(compounded.mid()),
            short_over.unit.word(),
            percent(rest - 1.0)
        );
        found.push(
            Finding::new("annualised", one.key.name(), None, words)
                .with("monthly_rate", monthly - 1.0)
                .with("compounded_factor", compounded.mid())
                .with("rest_monthly_rate", rest - 1.0),
        );
    }
    found
}

/// The compound rates of a change over more than one period.
pub fn compound(claim: &Claim) -> Vec<Finding> {
    let long = changes(claim).filter_map(|(item, change)| {
        let period = item.period.filter(|period| period.months() > 1.0)?;
        let mid = change.factor.mid();
        let (monthly, yearly) = (mid.powf(1.0 / period.months()), mid.powf(12.0 / period.months()));
        let over = match period.count == rust_decimal::Decimal::ONE {
            true => period.change_words(),
            false => format!("over {} {}s", period.count.normalize(), period.unit.word()),
        };
        let mut words = format!("{} {over} is {} a month", factor(mid), percent(monthly - 1.0));
        if period.months() > 12.0 {
            words += &format!(", {}x a year", digits(yearly));
        }
        let finding =
            Finding::new("compound", item.key.name(), None, words).with("monthly_rate", monthly - 1.0);
        Some(finding.with("yearly_factor", yearly))
    });
    long.collect()
}
