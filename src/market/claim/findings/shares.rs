//! Shares of usage and of spend.

use crate::market::claim::words::{digits, share};
use crate::market::claim::{Claim, Figure, Finding, Value};

/// The price of a group over that of all others, from its shares: (spend / usage) / ((1 - spend) / (1 - usage)).
pub fn price_ratio(claim: &Claim) -> Vec<Finding> {
    let mut found = Vec::new();
    for item in claim.items.iter().filter(|item| item.key.quantity == "usage_share") {
        let Value::Share(usage) = item.value else { continue };
        let spend = claim.items.iter().find_map(|other| match other.value {
            Value::Share(figure)
                if other.key.quantity == "spend_share" && other.key.subject == item.key.subject =>
            {
                Some(figure)
            }
            _ => None,
        });
        let about = item.key.subject.clone().unwrap_or_default();
        found.extend(spend.map(|spend| of(&about, usage, spend)));
    }
    found
}

fn of(about: &str, usage: Figure, spend: Figure) -> Finding {
    let (a, b) = (usage.mid(), spend.mid());
    let ratio = (b / a) / ((1.0 - b) / (1.0 - a));
    // A share above 85 % has no upper end: the ratio is a least one.
    let least = if spend.high.is_infinite() { "at least " } else { "" };
    let impossible = !(0.0..1.0).contains(&a) || !(0.0..1.0).contains(&b);
    let words = if impossible {
        "a share is below 100 %".to_owned()
    } else {
        format!(
            "{} of usage and {}{} of spend: ({} / {}) / ({} / {}) = a price {least}{} times that of all others",
            share(a),
            if spend.high.is_infinite() { "over " } else { "" },
            share(b),
            digits(b),
            digits(a),
            digits(1.0 - b),
            digits(1.0 - a),
            digits(ratio)
        )
    };
    let finding = Finding::new("price-ratio", about, impossible.then_some(false), words);
    if impossible { finding } else { finding.with("price_ratio", ratio) }
}
