//! Published hours of owning and of renting for years, and what is known of owned devices: the rows of
//! `presets.csv`.

use std::io::Read;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::named::named;
use crate::table::{Fault, Row, Table};
use crate::text;

/// What a preset is an hour of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Owned by one of the largest clouds; everything included.
    Hyperscaler,
    /// Owned by a cloud for GPUs; everything included.
    Neocloud,
    /// Rented for three years.
    RentalThreeYears,
    /// Owned by the user: facts of the device, no price of an hour.
    Own,
}

named!(Kind { Hyperscaler = "hyperscaler", Neocloud = "neocloud", RentalThreeYears = "rental-3y", Own = "own" });

/// One row of `presets.csv`. What is not known is `None`, never 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Preset {
    /// What it is asked for by.
    pub name: String,
    /// The GPU by its name in `gpus.csv`.
    pub gpu: String,
    /// What it is an hour of.
    pub kind: Kind,
    /// Price per device and hour; none where the user owns the device.
    pub usd_per_hour: Option<Decimal>,
    /// Price of the device.
    pub capex_usd: Option<Decimal>,
    /// Power at load, everything per device included.
    pub kw: Option<f64>,
    /// Years of use.
    pub years: Option<f64>,
    /// Share of all payments of the term that is paid before, from 0 to below 1.
    pub upfront_share: Option<f64>,
    /// Length of the contract in months.
    pub term_months: Option<f64>,
    /// The day of the figures.
    pub date: Date,
    /// Where they were read.
    pub source: String,
    /// What must be known of them.
    pub note: String,
}

/// What output states of the preset that it used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Used {
    /// Its name.
    pub name: String,
    /// The GPU.
    pub gpu: String,
    /// What it is an hour of.
    pub kind: Kind,
    /// The day of the figures.
    #[serde(serialize_with = "as_text")]
    pub date: Date,
    /// Where they were read.
    pub source: String,
    /// What must be known of them; empty for nothing.
    pub note: String,
}

fn as_text<S: serde::Serializer>(date: &Date, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(date)
}

impl Preset {
    /// The preset as output states it.
    pub fn used(&self) -> Used {
        Used {
            name: self.name.clone(),
            gpu: self.gpu.clone(),
            kind: self.kind,
            date: self.date,
            source: self.source.clone(),
            note: self.note.clone(),
        }
    }
}

impl Used {
    /// Source, date and note in a sentence.
    pub fn sentence(&self) -> String {
        let note = if self.note.is_empty() { String::new() } else { format!("; {}", self.note) };
        format!("preset {} of {}: {}, figures of {}{note}", self.name, self.gpu, self.source, self.date)
    }
}

/// Reads `presets.csv`.
///
/// # Errors
/// The first fault, located: no table; a cell that is no number in its range, no date or empty where it may
/// not be; a name that is there twice; a price of an hour of the user's own device, or none of another's; a
/// term where there is no contract.
pub fn read_presets(input: impl Read) -> Result<Vec<Preset>, Fault> {
    let required = ["name", "gpu", "kind", "usd_per_hour", "capex_usd", "kw", "date", "source"];
    let table = Table::read(input, &required)?;
    let mut all: Vec<Preset> = Vec::new();
    for row in table.rows() {
        let preset = preset(row)?;
        if all.iter().any(|other| same(&other.name, &preset.name)) {
            return Err(row.fault("name", format!("{} is there twice", text::inert(&preset.name))));
        }
        all.push(preset);
    }
    Ok(all)
}

fn preset(row: Row<'_>) -> Result<Preset, Fault> {
    let kind = row.parse("kind")?;
    let usd_per_hour = row.money("usd_per_hour")?;
    match (kind, usd_per_hour) {
        (Kind::Own, Some(_)) => {
            return Err(row.fault("usd_per_hour", "an hour of an own device is computed, not given"));
        }
        (Kind::Own, None) | (_, Some(_)) => {}
        (_, None) => return Err(row.fault("usd_per_hour", format!("usd_per_hour of a {kind} is empty"))),
    }
    let upfront_share = row.positive_or_zero("upfront_share")?;
    if let Some(share) = upfront_share.filter(|share| *share >= 1.0) {
        return Err(row.fault("upfront_share", format!("upfront_share {share} is not below 1")));
    }
    let term_months = row.positive("term_months")?;
    let contract = kind == Kind::RentalThreeYears;
    for (column, given) in [("upfront_share", upfront_share), ("term_months", term_months)] {
        match (contract, given) {
            (true, None) => return Err(row.fault(column, format!("{column} of a {kind} is empty"))),
            (false, Some(_)) => return Err(row.fault(column, format!("a {kind} has no {column}"))),
            (true, Some(_)) | (false, None) => {}
        }
    }
    Ok(Preset {
        name: row.required("name")?.to_owned(),
        gpu: row.required("gpu")?.to_owned(),
        kind,
        usd_per_hour,
        capex_usd: row.money("capex_usd")?,
        kw: row.positive("kw")?,
        years: row.positive("years")?,
        upfront_share,
        term_months,
        date: row.date("date")?,
        source: row.required("source")?.to_owned(),
        note: row.text("note").to_owned(),
    })
}

/// The preset of this name, in any case.
///
/// # Errors
/// A sentence with the nearest names, or with all of them where none is near.
pub fn find<'p>(presets: &'p [Preset], name: &str) -> Result<&'p Preset, String> {
    presets.iter().find(|preset| same(&preset.name, name)).ok_or_else(|| {
        let names = || presets.iter().map(|preset| preset.name.as_str());
        let shown: String = name.chars().take(60).collect();
        let near = text::nearest(name, names());
        let (ask, named) = match near.is_empty() {
            false => ("did you mean", near.join(", ")),
            true => ("presets.csv has", names().collect::<Vec<_>>().join(", ")),
        };
        let end = if near.is_empty() { "" } else { "?" };
        format!("unknown preset \"{}\"; {ask} {}{end}", text::inert(&shown), text::inert(&named))
    })
}

fn same(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "name,gpu,kind,usd_per_hour,capex_usd,kw,years,upfront_share,term_months,date,source,note\n";

    fn read(rows: &str) -> Result<Vec<Preset>, String> {
        read_presets(format!("{HEADER}{rows}").as_bytes()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn what_is_not_known_stays_unknown() {
        let presets = read("a,G,own,,,1.5,4,,,2026-04-03,s,\n").unwrap();
        let preset = find(&presets, " A ").unwrap();
        assert_eq!((preset.usd_per_hour, preset.capex_usd, preset.kw), (None, None, Some(1.5)));
        assert_eq!(preset.used().sentence(), "preset a of G: s, figures of 2026-04-03");
    }

    #[test]
    fn faults_are_located_and_say_what_would_be_right() {
        let good = "a,G,neocloud,1.5,,1,,,,2026-04-03,s,\n";
        for (row, fault) in [
            ("a,G,neocloud,0,,1,,,,2026-04-03,s,\n", "2:4: usd_per_hour \"0\" is not a finite number > 0"),
            ("a,G,neocloud,,,1,,,,2026-04-03,s,\n", "2:4: usd_per_hour of a neocloud is empty"),
            ("a,G,own,1.5,,1,,,,2026-04-03,s,\n", "2:4: an hour of an own device is computed, not given"),
            (
                "a,G,spot,1.5,,1,,,,2026-04-03,s,\n",
                "2:3: kind \"spot\": is none of hyperscaler, neocloud, rental-3y, own",
            ),
            ("a,G,rental-3y,1.5,,1,,1,36,2026-04-03,s,\n", "2:8: upfront_share 1 is not below 1"),
            ("a,G,rental-3y,1.5,,1,,,36,2026-04-03,s,\n", "2:8: upfront_share of a rental-3y is empty"),
            ("a,G,rental-3y,1.5,,1,,0.25,,2026-04-03,s,\n", "2:9: term_months of a rental-3y is empty"),
            ("a,G,neocloud,1.5,,1,,,12,2026-04-03,s,\n", "2:9: a neocloud has no term_months"),
            ("a,G,neocloud,1.5,,NaN,,,,2026-04-03,s,\n", "2:6: kw \"NaN\" is not a finite number > 0"),
            ("a,G,neocloud,1.5,,1,,,,,s,\n", "2:10: date is empty"),
            ("a,G,neocloud,1.5,,1,,,,2026-04-03,,\n", "2:11: source is empty"),
            (&format!("{good}{}", good.replacen('a', "A", 1)), "3:1: A is there twice"),
        ] {
            assert_eq!(read(row).unwrap_err(), fault);
        }
    }

    #[test]
    fn an_unknown_name_is_answered_with_its_neighbours() {
        let presets = read("h100-neocloud,G,neocloud,1.5,,1,,,,2026-04-03,s,\n").unwrap();
        let asked = |name| find(&presets, name).unwrap_err();
        assert_eq!(asked("h100-neoclod"), "unknown preset \"h100-neoclod\"; did you mean h100-neocloud?");
        assert_eq!(asked("\u{1b}"), "unknown preset \"\\u{1b}\"; presets.csv has h100-neocloud");
    }
}
