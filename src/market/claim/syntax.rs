//! From the text of a claim to its items: keys, values, periods.

use rust_decimal::Decimal;

use super::cursor::Cursor;
use super::period::{Period, Time};
use super::value::value;
use super::{Claim, Item, Key, Value};
use crate::table::Fault;

/// Longer texts are no claims.
const BYTES_MAX: usize = 4096;
/// Pairs of figures are compared with each other.
const ITEMS_MAX: usize = 32;

/// Keys that name a change by its period.
const CHANGES: [(&str, Time); 5] = [
    ("dod", Time::Day),
    ("wow", Time::Week),
    ("mom", Time::Month),
    ("qoq", Time::Quarter),
    ("yoy", Time::Year),
];

/// Reads a claim: see the module for the language. `line` is where it stands, for messages.
///
/// # Errors
/// The first fault, at its line and character.
pub fn parse(text: &str, line: u64) -> Result<Claim, Fault> {
    let whole = Cursor::new(text, 0, text.len(), line);
    if text.len() > BYTES_MAX {
        return Err(whole.fault(format!("is longer than {BYTES_MAX} bytes")));
    }
    let (mut items, mut span, mut at) = (Vec::new(), None, 0);
    for part in text.split([',', ';']) {
        let mut cursor = Cursor::new(text, at, at + part.len(), line);
        at += part.len() + 1;
        match item(&mut cursor)? {
            Parsed::Span(period) => span = Some(period),
            Parsed::Item(item) => items.push(*item),
        }
        if items.len() > ITEMS_MAX {
            return Err(cursor.fault(format!("has more than {ITEMS_MAX} figures")));
        }
    }
    for item in &mut items {
        // A span is that of the end points: a change with a name has its own.
        if matches!(item.value, Value::Change(_)) {
            item.period = item.period.or(span);
        }
    }
    if items.is_empty() {
        return Err(whole.fault("has a span but no figure"));
    }
    Ok(Claim { text: text.trim().to_owned(), items })
}

enum Parsed {
    Item(Box<Item>),
    Span(Period),
}

fn item(cursor: &mut Cursor<'_>) -> Result<Parsed, Fault> {
    cursor.skip_spaces();
    let Some(equals) = cursor.rest().find('=') else {
        let what = match cursor.is_done() {
            true => "a figure is missing here: write name=value, such as usage=20x".to_owned(),
            false => format!("{} has no \"=\": write name=value, such as usage=20x", cursor.quoted()),
        };
        return Err(cursor.fault(what));
    };
    let before = *cursor;
    let name = cursor.rest().get(..equals).unwrap_or_default().trim().to_lowercase();
    let (key, named) = key(&name).map_err(|what| before.fault(what))?;
    while !cursor.eat("=") {
        cursor.skip_char();
    }
    cursor.skip_spaces();
    if cursor.is_done() {
        return Err(cursor.fault(format!("{name} has no value")));
    }
    let shown = cursor.rest().trim().to_owned();
    if key.quantity == "span" {
        let period = period_of(cursor)?;
        return match cursor.is_done() {
            true => Ok(Parsed::Span(period)),
            false => Err(cursor.fault(format!("{} is too much behind a span", cursor.quoted()))),
        };
    }
    let value = value(cursor, &key)?;
    let (stated, since) = suffixes(cursor)?;
    Ok(Parsed::Item(Box::new(Item { key, value, shown, period: stated.or(named), named, since })))
}

/// A key: `quantity`, `quantity.subject`, `numerator/denominator`, or a change by its period.
fn key(name: &str) -> Result<(Key, Option<Period>), String> {
    let letters =
        |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '/' | ' ' | ':');
    if name.is_empty() || !name.chars().all(letters) {
        return Err(
            "a name of letters, digits, - and _ belongs before \"=\", such as usage or rent.h100".into()
        );
    }
    let (quantity, subject) = match name.split_once('.') {
        Some((quantity, subject)) if !quantity.contains('/') => (quantity, Some(subject)),
        _ if name.contains('/') => ("ratio", Some(name)),
        _ => (name, None),
    };
    let change =
        |word: &str| CHANGES.iter().find(|(name, _)| *name == word).map(|(_, time)| Period::one(*time));
    let (quantity, subject, named) = match (change(quantity), subject.and_then(change)) {
        (Some(period), _) => ("", subject, Some(period)),
        (None, Some(period)) => (quantity, None, Some(period)),
        (None, None) => (quantity, subject, None),
    };
    let subject = subject.map(str::trim).filter(|subject| !subject.is_empty());
    if quantity == "ratio" && subject.is_some_and(|subject| subject.matches('/').count() != 1) {
        return Err("a ratio has two names, such as b200/h100".into());
    }
    Ok((Key { quantity: quantity.trim().to_owned(), subject: subject.map(str::to_owned) }, named))
}

/// The period and the start behind a value.
fn suffixes(cursor: &mut Cursor<'_>) -> Result<(Option<Period>, Option<String>), Fault> {
    let (mut period, mut since) = (None, None);
    while !cursor.is_done() {
        let before = *cursor;
        if cursor.eat_word("since") {
            since = Some(cursor.take_rest());
        } else if ["over", "in", "within"].iter().any(|word| cursor.eat_word(word)) {
            period = Some(period_of(cursor)?);
        } else if cursor.eat("/") || ["per", "a", "an", "each"].iter().any(|word| cursor.eat_word(word)) {
            period = Some(Period::one(time(cursor)?));
        } else {
            let word = cursor.word();
            let known = CHANGES.iter().find(|(name, _)| *name == word);
            let Some((_, unit)) = known else {
                let what = format!(
                    "{} is not understood here: a period is mom, yoy, /week or over 5 months, a start is since 2024-01",
                    before.quoted()
                );
                return Err(before.fault(what));
            };
            period = Some(Period::one(*unit));
        }
    }
    Ok((period, since))
}

fn period_of(cursor: &mut Cursor<'_>) -> Result<Period, Fault> {
    let before = *cursor;
    let count = cursor.number()?.map(|printed| printed.value).filter(|count| *count > Decimal::ZERO);
    let Some(count) = count else {
        return Err(before.fault("a number of days, weeks, months, quarters or years belongs here"));
    };
    Ok(Period { count, unit: time(cursor)? })
}

fn time(cursor: &mut Cursor<'_>) -> Result<Time, Fault> {
    let before = *cursor;
    let word = cursor.word();
    Time::of(&word).ok_or_else(|| before.fault("day, week, month, quarter or year belongs here"))
}
