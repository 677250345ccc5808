//! Where the rows of a file of rents go.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::price::identity::gpu::{GpuNames, Identifier, Seen};
use crate::price::identity::provider;
use crate::price::import::{Aside, Import, Place, Record, Source};
use crate::price::rental::{Basis, Kind, RentalQuote, Segment};
use crate::price::{Currency, Flags, Pool, Quoted, Rule, money};
use crate::table::{Column, Fault, Row};
use crate::text::inert;

/// The most digits after the point of a price that was divided or converted.
const DIGITS: u32 = 10;

/// A row as its importer understands it, but for its price.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'t> {
    /// What it says of its GPU.
    pub seen: Seen<'t>,
    /// Who rents it out.
    pub provider: &'t str,
    /// How.
    pub kind: Kind,
    /// What the price stands for.
    pub basis: Basis,
    /// The provider's own name of it; may be empty.
    pub instance: &'t str,
    /// Where; may be empty.
    pub region: &'t str,
    /// The day of the price.
    pub date: Date,
    /// Where it was read; the file's own where empty.
    pub source: &'t str,
    /// The currency of the price.
    pub currency: Currency,
    /// GPUs that the price is for, where it is for a whole instance.
    pub instance_of: Option<u16>,
}

/// Where the rows of a file of rents go.
pub struct Sink<'a, 'i> {
    source: &'a Source<'a>,
    /// Where the rows were read.
    origin: String,
    identifier: Identifier<'a>,
    pool: Pool,
    sellers: HashMap<String, (Arc<str>, Segment)>,
    /// Of the row at hand.
    flags: Flags,
    import: &'i mut Import,
}

impl<'a, 'i> Sink<'a, 'i> {
    /// Nothing yet. `origin` is the source of rows that name none.
    pub fn new(source: &'a Source<'a>, names: &'a GpuNames, origin: String, import: &'i mut Import) -> Self {
        let identifier = Identifier::new(names);
        Self {
            source,
            origin,
            identifier,
            pool: Pool::default(),
            sellers: HashMap::new(),
            flags: Flags::default(),
            import,
        }
    }

    /// The day of rows that have none.
    pub fn observed(&self) -> Date {
        self.source.observed
    }

    /// Sets a row aside.
    pub fn set_aside(
        &mut self,
        place: Place,
        subject: &str,
        aside: Aside,
        rule: Rule,
        what: impl Into<String>,
    ) {
        self.import.set_aside(place, subject, aside, rule, what);
    }

    /// Rejects a row that cannot be read.
    pub fn reject(&mut self, subject: &str, fault: Fault) {
        self.import.reject(subject, fault);
    }

    /// Flags the offer that is kept next.
    pub fn flag(&mut self, rule: Rule) {
        self.flags.set(rule);
    }

    /// A price cell, as far as it is one; else the row is set aside. `zero_is_absence` where the source writes 0 for what
    /// is not offered.
    pub fn price(
        &mut self,
        row: Row<'_>,
        column: Column,
        subject: &str,
        zero_is_absence: bool,
    ) -> Option<Decimal> {
        match quoted(row.text(column)) {
            Ok(Quoted::Value(price)) => Some(price),
            read => self.no_price(read, place(row, column), column.name(), subject, zero_is_absence),
        }
    }

    /// The same for a cell that is in no table.
    pub fn price_of(
        &mut self,
        text: &str,
        at: &Place,
        name: &str,
        subject: &str,
        zero_is_absence: bool,
    ) -> Option<Decimal> {
        match quoted(text) {
            Ok(Quoted::Value(price)) => Some(price),
            read => self.no_price(read, at.clone(), name, subject, zero_is_absence),
        }
    }

    /// Rejects what cannot be read.
    pub fn unreadable(&mut self, at: Place, subject: &str, what: String) {
        if at.path.is_empty() {
            self.import.reject(subject, Fault { line: at.line, column: at.column, what });
        } else {
            self.import.set_aside(at, subject, Aside::Rejected, Rule::Unreadable, what);
        }
    }

    /// Sets aside a cell that has no price.
    fn no_price(
        &mut self,
        read: Result<Quoted, String>,
        at: Place,
        name: &str,
        subject: &str,
        zero_is_absence: bool,
    ) -> Option<Decimal> {
        let (aside, rule, what) = match read {
            Ok(Quoted::Value(price)) => return Some(price),
            Ok(Quoted::Free) => (Aside::LeftOut, Rule::Free, "is given away".to_owned()),
            Ok(Quoted::Unknown) => (Aside::LeftOut, Rule::Unknown, format!("{name} is empty")),
            Ok(Quoted::Dynamic) => (Aside::LeftOut, Rule::Dynamic, "has a price of the moment".to_owned()),
            Ok(Quoted::NotOffered) => (Aside::LeftOut, Rule::NotOffered, "is not offered there".to_owned()),
            Ok(Quoted::Rejected) if zero_is_absence => {
                (Aside::LeftOut, Rule::NotOffered, format!("{name} 0: not offered there"))
            }
            Ok(Quoted::Rejected) => {
                (Aside::Rejected, Rule::Band, format!("{name} 0: nobody gives GPUs away, a broken feed"))
            }
            Err(what) => {
                self.unreadable(at, subject, format!("{name} {what}"));
                return None;
            }
        };
        self.import.set_aside(at, subject, aside, rule, what);
        None
    }

    /// Keeps an offer at this price, or says why not.
    pub fn keep(&mut self, at: Place, offer: &Offer<'_>, price: Decimal) {
        let (line, flags) = (at.line, std::mem::take(&mut self.flags));
        let subject = offer.seen.name;
        let gpu = match self.identifier.ask(&offer.seen) {
            Ok(gpu) => gpu,
            Err(not) => {
                let aside = if not.rule == Rule::NotAnOffer { Aside::LeftOut } else { Aside::Rejected };
                return self.import.set_aside(at, subject, aside, not.rule, not.what.clone());
            }
        };
        let Some(price) = in_usd(price, offer.currency, self.source) else {
            let what = format!("{} without a rate: give --rate {}=…", offer.currency, offer.currency);
            return self.import.set_aside(at, subject, Aside::Rejected, Rule::Currency, what);
        };
        let shared = offer.instance_of.map(|count| price.checked_div(Decimal::from(count)));
        let Some(usd_per_hour) = shared.unwrap_or(Some(price)) else {
            let what = "is for an instance of no GPUs".to_owned();
            return self.import.set_aside(at, subject, Aside::LeftOut, Rule::NotAnOffer, what);
        };
        let usd_per_hour = if offer.instance_of.is_some_and(|count| count > 1) {
            usd_per_hour.round_dp(DIGITS).normalize()
        } else {
            usd_per_hour
        };
        let (provider, segment) = match self.sellers.get(offer.provider) {
            Some((name, segment)) => (Arc::clone(name), *segment),
            None => {
                let new: (Arc<str>, Segment) = (offer.provider.into(), provider::segment(offer.provider));
                self.sellers.insert(offer.provider.to_owned(), new.clone());
                new
            }
        };
        let count = Some(offer.seen.count).filter(|count| *count > 0);
        self.import.keep(Record::Rental(RentalQuote {
            hardware: Arc::clone(&gpu.hardware),
            provider,
            segment,
            kind: offer.kind,
            region: self.pool.get(offer.region),
            form_factor: Arc::clone(&gpu.form_factor),
            memory_gb: gpu.memory_gb,
            instance: self.pool.get(offer.instance),
            count,
            usd_per_instance_hour: offer.instance_of.map(|_| price),
            usd_per_hour: Quoted::Value(usd_per_hour),
            currency: offer.currency,
            date: offer.date,
            observed: Some(self.source.observed).filter(|observed| *observed != offer.date),
            basis: offer.basis,
            source: self.pool.get(if offer.source.is_empty() { &self.origin } else { offer.source }),
            commit: self.pool.get(self.source.commit),
            flags,
            file: self.pool.get(""),
            line,
        }));
    }
}

/// The place of a cell.
pub fn place(row: Row<'_>, column: Column) -> Place {
    let fault = row.fault(column, "");
    Place { line: fault.line, column: fault.column, path: String::new() }
}

/// A price cell; [`Quoted::Rejected`] is a zero.
fn quoted(text: &str) -> Result<Quoted, String> {
    if let Some(price) = money(text) {
        return match price {
            price if price.is_zero() => Ok(Quoted::Rejected),
            price if price.is_sign_positive() => Ok(Quoted::Value(price)),
            _ => Err(format!("{text} is below zero")),
        };
    }
    let ends = text.split_once(['-', '–', '~']).map(|(low, high)| (low.trim(), high.trim()));
    if ends.is_some_and(|(low, high)| money(low).is_some() && money(high).is_some()) {
        return Err(format!("\"{}\" is a range, not a price", inert(text)));
    }
    match text {
        "NaN" | "nan" | "NA" | "N/A" | "null" | "None" | "-" => Ok(Quoted::Unknown),
        _ => text.parse::<Quoted>().map_err(|_| {
            let cut: String = text.chars().take(60).collect();
            format!("\"{}\" is no finite number > 0", inert(&cut))
        }),
    }
}

fn in_usd(price: Decimal, currency: Currency, source: &Source<'_>) -> Option<Decimal> {
    if currency == Currency::USD {
        return Some(price);
    }
    let rate = source.rates.iter().find(|rate| rate.currency == currency)?;
    Some(price.checked_mul(rate.usd)?.round_dp(DIGITS).normalize())
}

/// The day of a cell; of a month, `2026-06`, its first.
///
/// # Errors
/// Empty, or neither of both, located.
pub fn day_or_month(row: Row<'_>, column: Column) -> Result<Date, Fault> {
    let text = row.required(column)?;
    let what = "is neither a day like 2026-06-12 nor a month like 2026-06";
    day(text)
        .ok_or_else(|| row.fault(column, format!("{} {} {what}", column.name(), crate::table::quote(text))))
}

/// A day, or the first of a month.
pub fn day(text: &str) -> Option<Date> {
    match text.as_bytes() {
        [_, _, _, _, b'-', _, _] => crate::table::day(&format!("{text}-01")),
        _ => crate::table::day(text),
    }
}
