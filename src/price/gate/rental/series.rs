//! Quotes of one thing over time: the same again, another price on the same day, a jump within days.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use jiff::civil::Date;

use super::approximately;
use crate::price::Rule;
use crate::price::gate::verdicts::Verdicts;
use crate::price::rental::RentalQuote;

/// A larger move, up or down, is no everyday one.
const JUMP: f64 = 0.4;

/// Days within which a move counts as a jump.
const JUMP_DAYS: i32 = 7;

/// Leaves out what is known already, flags conflicts and jumps. Rows of `history` come before those of the import.
pub fn check(quotes: &[RentalQuote], history: &[RentalQuote], verdicts: &mut Verdicts) {
    let of_import = |index: usize| index.checked_sub(history.len());
    let quote_at = |index: usize| match of_import(index) {
        Some(index) => quotes.get(index),
        None => history.get(index),
    };
    let mut order: Vec<(u64, Date, u32)> = Vec::with_capacity(history.len() + quotes.len());
    for (index, quote) in (0..).zip(history.iter().chain(quotes)) {
        order.push((hash(quote), quote.date, index));
    }
    order.sort_unstable();
    for pair in order.windows(2) {
        let &[(hash, _, before), (next_hash, _, index)] = pair else { continue };
        let Some(new) =
            of_import(index as usize).filter(|new| hash == next_hash && !verdicts.is_against(*new))
        else {
            continue;
        };
        let (Some(old), Some(quote)) = (quote_at(before as usize), quote_at(index as usize)) else {
            continue;
        };
        if same_thing(old, quote) {
            compare(old, of_import(before as usize).is_some(), quote, new, verdicts);
        }
    }
}

/// Two quotes of one thing that follow each other.
fn compare(old: &RentalQuote, old_is_here: bool, quote: &RentalQuote, index: usize, verdicts: &mut Verdicts) {
    let place = || match old_is_here {
        true => format!("line {}", old.line),
        false => format!("the prices of {}", old.observed()),
    };
    if old.date == quote.date && old.usd_per_hour == quote.usd_per_hour {
        verdicts.leave_out(index, Rule::Duplicate, format!("the same price is known from {}", place()));
    } else if old.date == quote.date {
        let (new, old) = (quote.usd_per_hour, old.usd_per_hour);
        verdicts.flag(
            index,
            Rule::Conflict,
            format!("{new} USD/h, but {old} on the same day in {}", place()),
        );
    } else if let Some((before, now)) = old.usd_per_hour.value().zip(quote.usd_per_hour.value()) {
        let ratio = approximately(now) / approximately(before);
        let days = (quote.date - old.date).get_days();
        if days <= JUMP_DAYS && !(1.0 - JUMP..=1.0 + JUMP).contains(&ratio) {
            let percent = (ratio - 1.0) * 100.0;
            let why =
                format!("{now} USD/h is {percent:+.0} % on the {before} of {} days before", days.max(1));
            verdicts.flag(index, Rule::DayJump, why);
        }
    }
}

/// What a quote is of, whenever it was seen.
fn key(quote: &RentalQuote) -> impl Hash + PartialEq + '_ {
    let memory_and_count = (quote.memory_gb, quote.count);
    let what = (&*quote.hardware, &*quote.provider, &*quote.region, &*quote.instance, &*quote.form_factor);
    (what, memory_and_count, quote.kind, quote.basis)
}

fn same_thing(a: &RentalQuote, b: &RentalQuote) -> bool {
    key(a) == key(b)
}

fn hash(quote: &RentalQuote) -> u64 {
    let mut hasher = DefaultHasher::new();
    key(quote).hash(&mut hasher);
    hasher.finish()
}
