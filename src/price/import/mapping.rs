//! Which column of a table, or which key of a JSON list, is what: a small TOML file for formats that are not known.
//!
//! ```toml
//! rows = "instances"        # where the array is in JSON; left out: the file itself
//! provider = "aws"          # constants: provider, kind, region, date, currency, source, gpu, count
//! unit = "hour"             # hour, month (730 hours) or second
//! per = "instance"          # the price is for an instance or for one gpu
//! memory = "GB"             # GB or MiB
//!
//! [columns]                 # columns by name, JSON keys with points between them
//! gpu = "GPU_model"
//! count = "GPU"
//! memory_gb = "gpu_memory"
//! instance = "instance_type"
//!
//! [prices]                  # kind of rent = column; * stands for any key, which is the region
//! on-demand = "pricing.*.linux.ondemand"
//! ```
//!
//! A wide table has a column of prices for each GPU instead: `[gpus]` with lines such as `"H100 SXM" = "h100_usd"`.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;
use toml::Spanned;

use crate::named::named;
use crate::price::Currency;
use crate::price::rental::Kind;
use crate::table::Fault;
use crate::text::inert;

/// Hours of a month, as clouds count them.
pub const HOURS_PER_MONTH: i64 = 730;

/// The most bytes of a mapping.
pub const MAX_BYTES: usize = 1 << 20;

/// The time that a price is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// An hour.
    #[default]
    Hour,
    /// A month of [`HOURS_PER_MONTH`].
    Month,
    /// A second.
    Second,
}

named!(Unit { Hour = "hour", Month = "month", Second = "second" });

impl Unit {
    /// A price for an hour from one for this time.
    pub fn per_hour(self, price: Decimal) -> Option<Decimal> {
        match self {
            Self::Hour => Some(price),
            Self::Month => Some(price.checked_div(HOURS_PER_MONTH.into())?.round_dp(10).normalize()),
            Self::Second => price.checked_mul(3600.into()),
        }
    }
}

/// What a price is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Per {
    /// A whole instance, whose GPUs are counted.
    #[default]
    Instance,
    /// One GPU.
    Gpu,
}

named!(Per { Instance = "instance", Gpu = "gpu" });

/// In what memory is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// GB.
    #[default]
    Gb,
    /// MiB.
    Mib,
}

named!(Memory { Gb = "GB", Mib = "MiB" });

/// What a row may say, in columns or for all rows alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The GPU's name.
    Gpu,
    /// GPUs of the instance.
    Count,
    /// Memory of one GPU.
    Memory,
    /// Where.
    Region,
    /// The provider's own name.
    Instance,
    /// The day or month.
    Date,
    /// Who rents it out.
    Provider,
    /// How.
    Kind,
    /// The currency of the price.
    Currency,
    /// Where the number was read.
    Source,
}

named!(Field {
    Gpu = "gpu",
    Count = "count",
    Memory = "memory_gb",
    Region = "region",
    Instance = "instance",
    Date = "date",
    Provider = "provider",
    Kind = "kind",
    Currency = "currency",
    Source = "source",
});

/// A column of prices.
#[derive(Clone, Debug, PartialEq)]
pub struct PriceColumn {
    /// Its name.
    pub column: String,
    /// How these prices rent, where the column says it.
    pub kind: Option<Kind>,
    /// The GPU that they are of, where the column says it.
    pub gpu: Option<String>,
}

/// Which column is what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// Where the rows are in JSON; empty for the file itself.
    pub rows: String,
    /// The time that prices are for.
    pub unit: Unit,
    /// What they are for.
    pub per: Per,
    /// In what memory is counted.
    pub memory: Memory,
    /// Columns by what they say.
    pub columns: BTreeMap<Field, String>,
    /// What is the same in every row.
    pub constants: BTreeMap<Field, String>,
    /// Columns of prices.
    pub prices: Vec<PriceColumn>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rows: Option<String>,
    unit: Option<Spanned<String>>,
    per: Option<Spanned<String>>,
    memory: Option<Spanned<String>>,
    gpu: Option<Spanned<String>>,
    count: Option<Spanned<u16>>,
    region: Option<Spanned<String>>,
    date: Option<Spanned<String>>,
    provider: Option<Spanned<String>>,
    kind: Option<Spanned<String>>,
    currency: Option<Spanned<String>>,
    source: Option<Spanned<String>>,
    #[serde(default)]
    columns: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    prices: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    gpus: BTreeMap<String, String>,
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// No TOML, an unknown key or value, no column of prices, no GPU; with its line and column (here: character of the line).
    pub fn read(text: &str) -> Result<Self, Fault> {
        if text.len() > MAX_BYTES {
            return Err(Fault {
                line: 0,
                column: 0,
                what: format!("is larger than {} MiB", MAX_BYTES >> 20),
            });
        }
        let file: File = toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            fault(text, at, inert(&error.message().replace('\n', ", ")))
        })?;
        let mut mapping = Self {
            rows: file.rows.clone().unwrap_or_default(),
            unit: choice(text, "unit", file.unit.as_ref())?,
            per: choice(text, "per", file.per.as_ref())?,
            memory: choice(text, "memory", file.memory.as_ref())?,
            constants: constants(text, &file)?,
            ..Self::default()
        };
        for (name, column) in &file.columns {
            let found = name.get_ref().parse::<Field>();
            let field = found.map_err(|what| {
                let what = format!("\"{}\" {what}; prices have a table of their own", inert(name.get_ref()));
                fault(text, name.span().start, what)
            })?;
            mapping.columns.insert(field, column.clone());
        }
        for (kind, column) in &file.prices {
            let of = kind.get_ref().parse();
            let of = of.map_err(|what| {
                fault(text, kind.span().start, format!("\"{}\" {what}", inert(kind.get_ref())))
            })?;
            mapping.prices.push(PriceColumn { column: column.clone(), kind: Some(of), gpu: None });
        }
        let wide = file.gpus.iter().map(|(gpu, column)| PriceColumn {
            column: column.clone(),
            kind: None,
            gpu: Some(gpu.clone()),
        });
        mapping.prices.extend(wide);
        mapping.complete(!file.gpus.is_empty()).map_err(|what| Fault { line: 0, column: 0, what })?;
        Ok(mapping)
    }

    fn complete(&self, wide: bool) -> Result<(), String> {
        let known = |field| self.columns.contains_key(&field) || self.constants.contains_key(&field);
        if self.prices.is_empty() {
            return Err("names no column of prices: [prices] with on-demand = \"COLUMN\", or [gpus]".into());
        }
        if !wide && !known(Field::Gpu) {
            return Err("does not say where the GPU is: gpu = \"COLUMN\" in [columns]".into());
        }
        if self.per == Per::Instance && !wide && !known(Field::Count) {
            return Err(
                "does not say how many GPUs an instance has: count in [columns], or per = \"gpu\"".into()
            );
        }
        Ok(())
    }
}

fn choice<T: FromStr<Err = String> + Default>(
    text: &str,
    name: &str,
    value: Option<&Spanned<String>>,
) -> Result<T, Fault> {
    value.map_or(Ok(T::default()), |value| {
        let what = |what| format!("{name} \"{}\" {what}", inert(value.get_ref()));
        value.get_ref().parse().map_err(|error: String| fault(text, value.span().start, what(error)))
    })
}

fn constants(text: &str, file: &File) -> Result<BTreeMap<Field, String>, Fault> {
    let mut constants = BTreeMap::new();
    let texts = [
        (Field::Gpu, &file.gpu),
        (Field::Region, &file.region),
        (Field::Date, &file.date),
        (Field::Provider, &file.provider),
        (Field::Kind, &file.kind),
        (Field::Currency, &file.currency),
        (Field::Source, &file.source),
    ];
    for (field, value) in texts {
        let Some(value) = value else { continue };
        let wrong = match field {
            Field::Kind => super::rents::kind(value.get_ref()).err(),
            Field::Currency => value.get_ref().parse::<Currency>().err(),
            Field::Date => {
                value.get_ref().parse::<Date>().err().map(|_| "is no day like 2026-06-12".to_owned())
            }
            _ => None,
        };
        if let Some(what) = wrong {
            let what = format!("{field} \"{}\": {what}", inert(value.get_ref()));
            return Err(fault(text, value.span().start, what));
        }
        constants.insert(field, value.get_ref().clone());
    }
    if let Some(count) = &file.count {
        constants.insert(Field::Count, count.get_ref().to_string());
    }
    Ok(constants)
}

/// A fault at a byte of the text.
fn fault(text: &str, at: usize, what: String) -> Fault {
    let before = text.get(..at.min(text.len())).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Fault { line, column, what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(text: &str) -> String {
        Mapping::read(text).unwrap_err().to_string()
    }

    #[test]
    fn bad_mappings_are_told_where_they_are_wrong() {
        let rest = "\n[columns]\ngpu = \"g\"\ncount = \"n\"\n[prices]\non-demand = \"p\"\n";
        assert!(Mapping::read(rest).is_ok());
        for (text, what) in [
            ("unit = \"day\"", "1:8: unit \"day\" is none of hour, month, second"),
            ("per = \"rack\"", "1:7: per \"rack\" is none of instance, gpu"),
            ("kind = \"weekly\"", "1:8: kind \"weekly\": kind \"weekly\" is none of on-demand"),
            ("date = \"June\"", "1:8: date \"June\": is no day like 2026-06-12"),
            ("currency = \"dollars\"", "1:12: currency \"dollars\": is no currency code such as USD"),
            ("colour = \"red\"", "1:1: unknown field `colour`"),
            ("unit = ", "1:"),
        ] {
            let found = refused(&(text.to_owned() + rest));
            assert!(found.starts_with(what), "{found}\n{what}");
        }
        assert!(refused("[columns]\nprice = \"p\"\n").starts_with("2:1: \"price\" is none of gpu, count"));
        assert!(refused("[prices]\nweekly = \"p\"\n").starts_with("2:1: \"weekly\" is none of on-demand"));
        assert!(refused("").starts_with("names no column of prices"));
        assert!(refused("[prices]\nspot = \"p\"\n").starts_with("does not say where the GPU is"));
        assert!(refused("gpu = \"L4\"\n[prices]\nspot = \"p\"\n").starts_with("does not say how many GPUs"));
    }

    #[test]
    fn months_have_730_hours_and_hours_3600_seconds() {
        let hour = |unit: Unit, price: &str| unit.per_hour(price.parse().unwrap()).unwrap().to_string();
        assert_eq!(hour(Unit::Month, "1460"), "2");
        assert_eq!(hour(Unit::Second, "0.001"), "3.600");
        assert_eq!(hour(Unit::Hour, "2.50"), "2.50");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_panic(text in "(?s).{0,60}|(\\[(columns|prices)\\]|[a-z]+ = \"[a-z]*\"|\n){0,9}") {
            let _ = Mapping::read(&text);
        }
    }
}
