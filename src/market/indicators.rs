//! Dated figures that others quoted: `indicators.csv`. Good for arithmetic, never market truth.

use std::io::Read;

use jiff::civil::Date;
use serde::Serialize;

use crate::named::named;
use crate::table::{Fault, Row, Table};

const COLUMNS: [&str; 10] =
    ["indicator", "subject", "date", "period", "value", "unit", "change", "basis", "source", "status"];

/// Where a figure comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// As printed.
    #[default]
    Quoted,
    /// Arithmetic on quoted figures.
    Derived,
}

named!(Status { Quoted = "quoted", Derived = "derived" });

/// One figure. Changes are fractions, except those whose unit is a factor.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Indicator {
    /// What it measures.
    pub indicator: String,
    /// Of what: its scope.
    pub subject: String,
    /// The year, month or day that it is of, as precise as the text.
    pub date: String,
    /// The length of time that it is over; empty where the text does not say.
    pub period: String,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// Level, ratio, share, streak, or the kind of change: mom, yoy, wow, since a date.
    pub change: String,
    /// What it rests on.
    pub basis: String,
    /// Who printed it, and when.
    pub source: String,
    /// Quoted or derived.
    pub status: Status,
}

/// Reads `indicators.csv`.
///
/// # Errors
/// The first fault with its line and column: a cell that is missing, a date that is no year, month or day, a value that is no
/// number, a figure that appears twice.
pub fn read_indicators(input: impl Read) -> Result<Vec<Indicator>, Fault> {
    let table = Table::read(input, &COLUMNS)?;
    let mut indicators: Vec<Indicator> = Vec::new();
    for row in table.rows() {
        let indicator = read_row(row)?;
        let same = |other: &Indicator| {
            (
                &other.indicator,
                &other.subject,
                &other.date,
                &other.change,
                &other.period,
                other.value.to_bits(),
            ) == (
                &indicator.indicator,
                &indicator.subject,
                &indicator.date,
                &indicator.change,
                &indicator.period,
                indicator.value.to_bits(),
            )
        };
        if indicators.iter().any(same) {
            return Err(row.fault("indicator", "this figure is on an earlier line already"));
        }
        indicators.push(indicator);
    }
    Ok(indicators)
}

fn read_row(row: Row<'_>) -> Result<Indicator, Fault> {
    let text = |column: &str| row.required(column).map(str::to_owned);
    let date = text("date")?;
    if first_day(&date).is_none() {
        return Err(row.fault("date", "date is no year, month or day such as 2026, 2026-06 or 2026-06-12"));
    }
    let value: f64 = row.parse("value")?;
    if !value.is_finite() {
        return Err(row.fault("value", "value is not a finite number"));
    }
    Ok(Indicator {
        indicator: text("indicator")?,
        subject: text("subject")?,
        date,
        period: row.text("period").to_owned(),
        value,
        unit: text("unit")?,
        change: text("change")?,
        basis: text("basis")?,
        source: text("source")?,
        status: row.parse("status")?,
    })
}

/// The first day of a year, month or day.
fn first_day(date: &str) -> Option<Date> {
    let day = match date.len() {
        4 => format!("{date}-01-01"),
        7 => format!("{date}-01"),
        10 => date.to_owned(),
        _ => return None,
    };
    Date::strptime("%Y-%m-%d", day).ok()
}

impl Indicator {
    /// Whether it is of `as_of` or earlier: a forecast is of the day that it is for.
    pub fn known_on(&self, as_of: Date) -> bool {
        first_day(&self.date).is_some_and(|day| day <= as_of)
    }

    /// The figure with its unit, for people.
    pub fn shown(&self) -> String {
        match self.unit.as_str() {
            "fraction" if matches!(self.change.as_str(), "share") => format!("{:.1} %", 100.0 * self.value),
            "fraction" => format!("{:+.1} %", 100.0 * self.value),
            "factor" => format!("x{}", super::claim::count(self.value)),
            unit => format!("{} {unit}", super::claim::count(self.value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_indicators_say_where() {
        let head = "indicator,subject,date,period,value,unit,change,basis,source,status\n";
        let good = "rent,H100,2026-06,month,0.037,fraction,mom,index,note,quoted\n";
        let fault =
            |row: &str| read_indicators(format!("{head}{good}{row}\n").as_bytes()).unwrap_err().to_string();
        assert_eq!(fault(good.trim_end()), "3:1: this figure is on an earlier line already");
        assert!(fault("rent,H100,June,month,1,USD,level,b,s,quoted").starts_with("3:3: date is no year"));
        assert!(
            fault("rent,H100,2026,month,inf,USD,level,b,s,quoted").starts_with("3:5: value is not a finite")
        );
        assert_eq!(fault("rent,H100,2026,month,1,USD,level,b,,quoted"), "3:9: source is empty");
        assert!(fault("rent,H100,2026,month,1,USD,level,b,s,guess").contains("is none of quoted, derived"));
        let one = &read_indicators(format!("{head}{good}").as_bytes()).unwrap()[0];
        assert_eq!(one.shown(), "+3.7 %");
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(one.known_on(day("2026-06-01")) && !one.known_on(day("2026-05-31")));
    }
}
