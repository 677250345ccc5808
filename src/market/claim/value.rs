//! The value of an item: a change, a level, a share, a direction or a label.

use rust_decimal::Decimal;

use super::cursor::{Cursor, Printed};
use super::figure::Figure;
use super::period::Time;
use super::unit::{self, Noun, Paid, Unit};
use super::{Change, Direction, Key, Level, Value};
use crate::table::Fault;

/// Keys whose values are words.
const LABELS: [&str; 2] = ["format", "pricing_power"];
/// Keys whose levels count tokens where the text leaves the noun out.
const OF_TOKENS: [&str; 4] = ["usage", "tokens", "sample", "total"];
/// Words before a factor that leave open whether it comes on top.
const GREW: [&str; 6] = ["increased", "grew", "rose", "jumped", "gained", "more"];
const FELL: [&str; 4] = ["fell", "dropped", "decreased", "lost"];

/// Takes the value of a key.
///
/// # Errors
/// The first fault at its place, with what would be right.
pub fn value(cursor: &mut Cursor<'_>, key: &Key) -> Result<Value, Fault> {
    if LABELS.contains(&key.quantity.as_str()) {
        return Ok(Value::Label(cursor.take_rest()));
    }
    if let Some(direction) = direction(cursor.rest()) {
        cursor.take_rest();
        return Ok(Value::Direction(direction));
    }
    let grew = GREW.iter().any(|word| cursor.eat_word(word));
    let fell = !grew && FELL.iter().any(|word| cursor.eat_word(word));
    cursor.eat_word("by");
    let bound = bound(cursor);
    let start = *cursor;
    let first = terms(cursor, key)?;
    let grew = cursor.eat_word("more") || grew;
    if cursor.eat("->") || cursor.eat("→") {
        return match (first, terms(cursor, key)?) {
            (Term::Plain(from), Term::Plain(to)) if key.quantity != "streak" => ends(&start, from, to),
            _ => Err(start.fault("end points are two levels, such as 1.70->2.35 USD/h")),
        };
    }
    if key.quantity == "streak" {
        return streak(cursor, &start, first);
    }
    let of_ratio = key.quantity == "ratio";
    match first {
        Term::Percent { sign, figure } => percent(&start, key, sign, figure, (grew, fell), bound),
        Term::Factor(_) if fell => Err(start.fault("a fall is a percentage, such as -5%, or end points")),
        Term::Factor(figure) if of_ratio => Ok(Value::Number(limited(figure, bound))),
        Term::Factor(figure) => Ok(Value::Change(Change::of(limited(figure, bound), grew))),
        Term::Plain(Plain { raw, unit: None, .. }) if of_ratio => Ok(Value::Number(limited(raw, bound))),
        Term::Plain(plain) => match plain.unit.clone() {
            Some(unit) => Ok(Value::Level(Level { figure: limited(plain.figure(), bound), unit })),
            None => {
                let known = unit::KNOWN;
                let what =
                    format!("has no unit: write a change (20x, +70%) or a level with its unit ({known})");
                Err(start.fault(what))
            }
        },
    }
}

/// Which way, without a figure.
fn direction(text: &str) -> Option<Direction> {
    let lower = text.trim().to_ascii_lowercase();
    let words = lower.trim_start_matches("slightly ").trim_start_matches("barely ");
    Some(match words {
        "up" | "rising" | "rose" | "rises" | "higher" | "growing" => Direction::Up,
        "down" | "falling" | "fell" | "falls" | "lower" | "easing" => Direction::Down,
        "flat" | "unchanged" => Direction::Flat,
        "never falling" | "never falls" | "not falling" => Direction::NotDown,
        "never rising" | "never rises" | "not rising" => Direction::NotUp,
        _ => return None,
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Bound {
    Exact,
    About,
    Above,
    Below,
}

fn bound(cursor: &mut Cursor<'_>) -> Bound {
    let mut any =
        |words: &[&str], sign: &str| cursor.eat(sign) || words.iter().any(|word| cursor.eat_word(word));
    if any(&["about", "roughly", "nearly"], "~") {
        Bound::About
    } else if any(&["over"], ">") {
        Bound::Above
    } else if any(&["under"], "<") {
        Bound::Below
    } else {
        Bound::Exact
    }
}

fn limited(figure: Figure, bound: Bound) -> Figure {
    match bound {
        Bound::Exact => figure,
        Bound::About => figure.about(),
        Bound::Above => figure.above(),
        Bound::Below => figure.below(),
    }
}

/// A level as written: the number, what its scale and unit multiply it by, and the unit.
struct Plain {
    raw: Figure,
    by: Decimal,
    unit: Option<Unit>,
}

impl Plain {
    fn figure(&self) -> Figure {
        self.raw.scaled(self.by)
    }
}

enum Term {
    Percent { sign: Option<char>, figure: Figure },
    Factor(Figure),
    Plain(Plain),
}

/// One term, or the range of two.
fn terms(cursor: &mut Cursor<'_>, key: &Key) -> Result<Term, Fault> {
    let start = *cursor;
    let first = term(cursor, key)?;
    if !cursor.eat("..") {
        return Ok(first);
    }
    match (first, term(cursor, key)?) {
        (Term::Percent { sign, figure }, Term::Percent { figure: other, .. }) => {
            Ok(Term::Percent { sign, figure: Figure::between(figure, other) })
        }
        (Term::Factor(one), Term::Factor(other)) => Ok(Term::Factor(Figure::between(one, other))),
        (Term::Plain(Plain { raw, unit: None, .. }), Term::Plain(other)) => {
            Ok(Term::Plain(Plain { raw: Figure::between(raw, other.raw), ..other }))
        }
        _ => Err(start.fault("the ends of a range are of one kind, such as -99%..-80% or 10..99 CNY/Mtok")),
    }
}

fn term(cursor: &mut Cursor<'_>, key: &Key) -> Result<Term, Fault> {
    cursor.skip_spaces();
    let start = *cursor;
    if let Some(factor) = word_factor(cursor) {
        return Ok(Term::Factor(factor));
    }
    let leading = cursor.eat("x") || cursor.eat("×");
    let currency = ["$", "¥", "€"].iter().find(|sign| cursor.eat(sign)).and_then(|sign| unit::currency(sign));
    let Some(printed) = cursor.number()? else {
        let what =
            format!("{} is no figure: write 20x, +70%, 10->3900 or a level with its unit", start.quoted());
        return Err(start.fault(what));
    };
    if leading || times(cursor) {
        return match printed.sign.is_none() && printed.value > Decimal::ZERO {
            true => Ok(Term::Factor(printed.figure())),
            false => Err(start.fault("a factor is a number above 0 without a sign")),
        };
    }
    if cursor.eat("%") {
        let hundredth = Decimal::new(1, 2);
        let printed = Printed {
            value: printed.value * hundredth,
            last_digit: printed.last_digit * hundredth,
            ..printed
        };
        return Ok(Term::Percent { sign: printed.sign, figure: printed.figure() });
    }
    if printed.sign.is_some() || printed.value.is_zero() {
        return Err(start.fault("a level is above 0 and has no sign; a change has a percent sign or an x"));
    }
    let (by, unit) = unit_of(cursor, key, &start, currency)?;
    Ok(Term::Plain(Plain { raw: printed.figure(), by, unit }))
}

/// Goes over what makes a number a factor.
fn times(cursor: &mut Cursor<'_>) -> bool {
    ["x", "times", "fold"].iter().any(|word| cursor.eat_word(word)) || cursor.eat("-fold") || cursor.eat("×")
}

/// A factor as one word: double, eightfold.
fn word_factor(cursor: &mut Cursor<'_>) -> Option<Figure> {
    let mut ahead = *cursor;
    let word = ahead.word();
    let names = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    let factor = match word.as_str() {
        "double" | "doubled" | "twice" => 2,
        "triple" | "tripled" => 3,
        "thousandfold" => 1000,
        "hundredfold" => 100,
        _ => {
            let stem = word.strip_suffix("fold")?;
            i64::try_from(names.iter().position(|name| *name == stem)? + 1).ok()?
        }
    };
    *cursor = ahead;
    Some(Figure::printed(Decimal::from(factor), Decimal::ONE))
}

/// The unit behind a number, and what it multiplies the number by: levels are kept per day, per Mtok.
fn unit_of(
    cursor: &mut Cursor<'_>,
    key: &Key,
    start: &Cursor<'_>,
    currency: Option<&'static str>,
) -> Result<(Decimal, Option<Unit>), Fault> {
    let mut ahead = *cursor;
    let scale = unit::scale(&ahead.word());
    if scale.is_some() {
        *cursor = ahead;
    }
    let scaled = scale.unwrap_or(Decimal::ONE);
    let of_tokens = OF_TOKENS.contains(&key.quantity.as_str());
    let counted = match currency.map(money).or_else(|| noun(cursor)) {
        Some(Noun::Money { currency, .. }) => {
            let (per, by) = paid_for(cursor)?;
            return Ok((scaled * by, Some(Unit { noun: Noun::Money { currency, per }, per: None })));
        }
        counted => counted,
    };
    let per = if counted.is_some() || of_tokens || scale.is_some() { rate(cursor) } else { None };
    let noun = match counted {
        Some(noun) => noun,
        None if scale.is_none() && per.is_none() => return Ok((scaled, None)),
        None if of_tokens => Noun::Tokens,
        None => return Err(start.fault(format!("of what? Units are {}", unit::KNOWN))),
    };
    let per_day = per.and_then(|time| time.per_day(Decimal::ONE)).unwrap_or(Decimal::ONE);
    Ok((scaled * per_day, Some(Unit { noun, per: per.map(|_| Time::Day) })))
}

fn money(currency: &'static str) -> Noun {
    Noun::Money { currency, per: Paid::Nothing }
}

fn noun(cursor: &mut Cursor<'_>) -> Option<Noun> {
    let mut ahead = *cursor;
    let word = ahead.word();
    let noun = unit::counted(&word).or_else(|| unit::currency(&word).map(money))?;
    *cursor = ahead;
    Some(noun)
}

/// Takes `/day`, `per day` or `a day`.
fn rate(cursor: &mut Cursor<'_>) -> Option<Time> {
    let mut ahead = *cursor;
    if !(ahead.eat("/") || ["per", "a", "an", "each"].iter().any(|word| ahead.eat_word(word))) {
        return None;
    }
    let time = Time::of(&ahead.word())?;
    *cursor = ahead;
    Some(time)
}

/// Takes what a price is paid for.
fn paid_for(cursor: &mut Cursor<'_>) -> Result<(Paid, Decimal), Fault> {
    let mut ahead = *cursor;
    if !(ahead.eat("/") || ahead.eat_word("per")) {
        return Ok((Paid::Nothing, Decimal::ONE));
    }
    let before = ahead;
    let paid = unit::paid(&ahead.word());
    let found = paid.ok_or_else(|| before.fault("a price is per h, Mtok, ktok, token, call or chip"))?;
    *cursor = ahead;
    Ok(found)
}

fn streak(cursor: &mut Cursor<'_>, start: &Cursor<'_>, term: Term) -> Result<Value, Fault> {
    let Term::Plain(Plain { raw: figure, unit: None, .. }) = term else {
        return Err(start.fault("a streak is a number of months, such as 7 months"));
    };
    let before = *cursor;
    let unit = Time::of(&cursor.word());
    let unit = unit.ok_or_else(|| before.fault("a streak has a unit: 7 months, 3 weeks"))?;
    Ok(Value::Streak { figure, unit })
}

/// The change between two levels; a unit behind the second is that of both.
fn ends(start: &Cursor<'_>, from: Plain, to: Plain) -> Result<Value, Fault> {
    let (from_figure, factor) = match (&from.unit, &to.unit) {
        (Some(one), Some(two)) if !one.same_kind(two) => {
            let (one, two) = (one.words(), two.words());
            return Err(
                start.fault(format!("{one} and {two} are different units: there is no change between them"))
            );
        }
        (Some(_), None) => return Err(start.fault("the second end point has no unit")),
        (None, _) => (from.raw.scaled(to.by), to.raw.over(from.raw)),
        (Some(_), Some(_)) => (from.figure(), to.figure().over(from.figure())),
    };
    let ends = Some((from_figure, to.figure()));
    Ok(Value::Change(Change { factor, ends, unit: to.unit, on_top: false }))
}

fn percent(
    start: &Cursor<'_>,
    key: &Key,
    sign: Option<char>,
    figure: Figure,
    (grew, fell): (bool, bool),
    bound: Bound,
) -> Result<Value, Fault> {
    if sign.is_none() && !grew && !fell {
        return match key.quantity.ends_with("share") {
            true => Ok(Value::Share(limited(figure, bound))),
            false => {
                Err(start
                    .fault("a percentage without a sign may be a share or a change: write + or - before it"))
            }
        };
    }
    let negated = Figure { value: figure.value.map(|value| -value), low: -figure.high, high: -figure.low };
    let change = if fell && sign.is_none() { negated } else { figure };
    let factor = change.plus_one();
    if factor.low <= 0.0 {
        return Err(start.fault("a fall of 100 % or more leaves nothing to compare"));
    }
    Ok(Value::Change(Change::of(limited(factor, bound), false)))
}
