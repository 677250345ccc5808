//! One row of a plain table of rents.

use csv::StringRecord;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{RentalPoint, Tally};
use crate::price::Pool;
use crate::price::rental::{Basis, Kind};
use crate::table::Fault;
use crate::text::inert;

/// The lowest and the highest rent of a GPU that is believed, in USD per hour.
const BAND: (Decimal, Decimal) =
    (Decimal::from_parts(5, 0, 0, false, 2), Decimal::from_parts(100, 0, 0, false, 0));

/// Words for a price that is not there.
const NO_PRICE: [&str; 8] = ["", "unknown", "free", "dynamic", "not_offered", "rejected", "n/a", "null"];

/// Where the columns stand, and what was read last: rows of a table repeat most of the row before.
pub(super) struct Columns {
    date: usize,
    provider: usize,
    gpu: usize,
    price: usize,
    memory: Option<usize>,
    kind: Option<usize>,
    basis: Option<usize>,
    region: Option<usize>,
    currency: Option<usize>,
    source: Option<usize>,
    texts: Pool,
    last_date: (String, Date),
    last_kind: (String, (Kind, Basis)),
}

impl Columns {
    /// Finds the columns in a header.
    ///
    /// # Errors
    /// A column that is missing or there twice.
    pub fn of(header: &StringRecord) -> Result<Self, Fault> {
        if header.iter().all(|name| name.trim().is_empty()) {
            return Err(Fault { line: 0, column: 0, what: "is empty".into() });
        }
        let names: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
        let find = |wanted: &[&str]| -> Result<Option<usize>, Fault> {
            let mut hits = names.iter().enumerate().filter(|(_, name)| wanted.contains(&name.as_str()));
            let Some((first, name)) = hits.next() else { return Ok(None) };
            match hits.next() {
                Some((again, other)) => {
                    let what = format!("column \"{other}\" is there beside \"{name}\"; keep one of them");
                    Err(Fault { line: 1, column: again + 1, what })
                }
                None => Ok(Some(first)),
            }
        };
        let need = |wanted: &[&str]| {
            let missing = format!("column \"{}\" is missing", wanted.join("\" or \""));
            find(wanted)?.ok_or(Fault { line: 1, column: 0, what: missing })
        };
        Ok(Self {
            date: need(&["date"])?,
            provider: need(&["provider"])?,
            gpu: need(&["gpu", "hardware"])?,
            price: need(&["usd_per_gpu_hour", "usd_per_hour"])?,
            memory: find(&["gpu_memory", "memory_gb", "gpu_memory_gb"])?,
            kind: find(&["kind", "pricing_kind"])?,
            basis: find(&["basis"])?,
            region: find(&["region"])?,
            currency: find(&["currency"])?,
            source: find(&["source"])?,
            texts: Pool::default(),
            last_date: (String::new(), Date::ZERO),
            last_kind: (String::new(), (Kind::OnDemand, Basis::List)),
        })
    }

    /// The quote of a row; `None` where it has no price.
    ///
    /// # Errors
    /// The first cell that cannot be used.
    pub fn point(&mut self, record: &StringRecord, tally: &mut Tally) -> Result<Option<RentalPoint>, Fault> {
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |index: usize| record.get(index).unwrap_or_default().trim();
        let maybe = |index: Option<usize>| index.map_or("", cell);
        let at = |index: usize| move |what: String| Fault { line, column: index + 1, what };
        let named = |index: usize, name: &str| match cell(index) {
            "" => Err(at(index)(format!("{name} is empty"))),
            text => Ok(text),
        };
        let date = self.date(cell(self.date)).map_err(at(self.date))?;
        let (provider, gpu) = (named(self.provider, "provider")?, named(self.gpu, "gpu")?);
        let memory_gb = memory(maybe(self.memory)).map_err(at(self.memory.unwrap_or_default()))?;
        if !matches!(maybe(self.currency).to_ascii_uppercase().as_str(), "" | "USD") {
            let what =
                format!("currency {} is not USD, and there is no rate here", quoted(maybe(self.currency)));
            return Err(at(self.currency.unwrap_or_default())(what));
        }
        let (kind, mut basis) = self.kind(maybe(self.kind)).map_err(at(self.kind.unwrap_or_default()))?;
        if !maybe(self.basis).is_empty() {
            let parsed = maybe(self.basis).parse();
            basis = parsed.map_err(|what: String| {
                at(self.basis.unwrap_or_default())(format!("basis {} {what}", quoted(maybe(self.basis))))
            })?;
        }
        let Some(usd_per_gpu_hour) = price(cell(self.price)).map_err(at(self.price))? else {
            return Ok(None);
        };
        tally.kind_assumed += u64::from(maybe(self.kind).is_empty());
        Ok(Some(RentalPoint {
            date,
            provider: self.texts.get(provider),
            gpu: self.texts.get(gpu),
            memory_gb,
            kind,
            basis,
            region: self.texts.get(maybe(self.region)),
            usd_per_gpu_hour,
            source: self.texts.get(maybe(self.source)),
            line,
        }))
    }

    fn date(&mut self, text: &str) -> Result<Date, String> {
        if self.last_date.0 != text || text.is_empty() {
            self.last_date = (text.to_owned(), parsed_date(text)?);
        }
        Ok(self.last_date.1)
    }

    fn kind(&mut self, text: &str) -> Result<(Kind, Basis), String> {
        if self.last_kind.0 != text {
            self.last_kind = (text.to_owned(), kind_and_basis(text)?);
        }
        Ok(self.last_kind.1)
    }
}

/// A day, or the first of a month.
fn parsed_date(text: &str) -> Result<Date, String> {
    let wrong = || format!("date {} is neither a day like 2026-06-12 nor a month like 2026-06", quoted(text));
    let digits = |range: std::ops::Range<usize>| -> Option<i16> {
        text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
    };
    let day = match text.len() {
        7 => Some(1),
        10 if text.as_bytes().get(7) == Some(&b'-') => digits(8..10),
        _ => None,
    };
    let month = digits(5..7).filter(|_| text.as_bytes().get(4) == Some(&b'-'));
    let (year, (month, day)) = digits(0..4).zip(month.zip(day)).ok_or_else(wrong)?;
    Date::new(year, i8::try_from(month).unwrap_or(0), i8::try_from(day).unwrap_or(0)).map_err(|_| wrong())
}

/// How a row is rented, and what its number stands for where the same word says so: `on_demand_restated_sxm_8gpu`.
fn kind_and_basis(text: &str) -> Result<(Kind, Basis), String> {
    let plain = text.to_lowercase().replace(['_', ' '], "-");
    let (word, basis) = match plain.split_once("-restated") {
        Some((word, "-sxm-8gpu" | "-8xsxm" | "-8gpu-sxm" | "")) => (word, Basis::Restated8xSxm),
        Some(_) => return Err(format!("kind {} is restated to something unknown", quoted(text))),
        None => (plain.as_str(), Basis::List),
    };
    let kind = match word {
        "" | "on-demand" | "ondemand" | "secure" => Kind::OnDemand,
        "spot" | "preemptible" | "interruptible" => Kind::Spot,
        "community" => Kind::Community,
        _ if word == "reserved" || word.starts_with("reserved-") => Kind::Reserved,
        _ => return Err(format!("kind {} is none of on-demand, spot, reserved, community", quoted(text))),
    };
    Ok((kind, basis))
}

/// Memory of one GPU in GB.
fn memory(text: &str) -> Result<Option<u16>, String> {
    let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).trim();
    let unit = text.get(number.len()..).unwrap_or_default().trim().to_lowercase();
    match (text, number.parse::<f64>()) {
        ("", _) => Ok(None),
        // No GPU has more, and the same number in MiB is larger.
        (_, Ok(gb)) if (1.0..=2000.0).contains(&gb) && matches!(unit.as_str(), "" | "g" | "gb" | "gib") => {
            Ok(Some(gb.round() as u16))
        }
        _ => Err(format!("memory {} is not a number of GB of one GPU", quoted(text))),
    }
}

/// A believable price; `None` where there is none.
fn price(text: &str) -> Result<Option<Decimal>, String> {
    if NO_PRICE.contains(&text.to_ascii_lowercase().as_str()) {
        return Ok(None);
    }
    let price = text.parse().or_else(|_| Decimal::from_scientific(text));
    let price = price.ok().filter(|price| *price > Decimal::ZERO);
    let price = price.ok_or_else(|| format!("price {} is not a finite number > 0", quoted(text)))?;
    let (low, high) = BAND;
    let hint = match price {
        price if price < low => "per minute, or a bid floor?",
        price if price > high => "per month, or a whole server?",
        _ => return Ok(Some(price)),
    };
    Err(format!("price {} is outside {low} to {high} USD per GPU and hour: {hint}", quoted(text)))
}

/// Text of a file, cut and unable to drive a terminal.
fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(60).collect();
    format!("\"{}{}\"", inert(&cut), if cut.len() < text.len() { "…" } else { "" })
}
