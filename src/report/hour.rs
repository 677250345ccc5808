//! What an hour of a device costs, which hour it is and by what it was made.

use jiff::civil::Date;
use serde::Serialize;

use super::sheet::Line;
use super::significant;
use crate::cost::own::OwnedHour;
use crate::cost::presets::Used;
use crate::named::named;
use crate::price::rental::Kind;

/// How the hour is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Rented by the hour.
    Rented,
    /// Rented until the provider wants it back.
    Spot,
    /// Rented for a term, all of whose hours are paid.
    Reserved,
    /// Somebody's published hour.
    Preset,
    /// Owned.
    Owned,
}

named!(Way { Rented = "rented", Spot = "spot", Reserved = "reserved", Preset = "preset", Owned = "owned" });

/// An hour of one device, in dollars. What an hour of its kind does not have is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hour {
    /// How it is come by.
    pub way: Way,
    /// What it costs in the end.
    pub usd_per_hour: f64,
    /// What is asked for it, before interruptions or what is paid before.
    pub asked_usd_per_hour: Option<f64>,
    /// What interruptions add.
    pub interruptions_usd_per_hour: Option<f64>,
    /// What the payment before adds, with its capital.
    pub upfront_usd_per_hour: Option<f64>,
    /// The parts of an owned hour.
    pub owned: Option<OwnedHour>,
    /// Who rents it out; several joined by `; `.
    pub rental_providers: Option<String>,
    /// How they rent it.
    pub rental_kind: Option<Kind>,
    /// The day of the newest quote behind it.
    #[serde(serialize_with = "as_text")]
    pub usd_per_hour_date: Option<Date>,
    /// The day whose rents count, where it comes from a table.
    #[serde(serialize_with = "as_text")]
    pub as_of: Option<Date>,
    /// The preset that gave something of it.
    pub preset: Option<Used>,
}

fn as_text<S: serde::Serializer>(date: &Option<Date>, out: S) -> Result<S::Ok, S::Error> {
    match date {
        Some(date) => out.collect_str(date),
        None => out.serialize_none(),
    }
}

impl Hour {
    /// An hour as it is asked for.
    pub fn plain(way: Way, usd_per_hour: f64) -> Self {
        Self {
            way,
            usd_per_hour,
            asked_usd_per_hour: None,
            interruptions_usd_per_hour: None,
            upfront_usd_per_hour: None,
            owned: None,
            rental_providers: None,
            rental_kind: None,
            usd_per_hour_date: None,
            as_of: None,
            preset: None,
        }
    }

    /// Which hour it is, for a sentence: `spot hour of 1.28 USD per device (1.20 asked, 0.0752 for
    /// interruptions)`.
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        let mut part = |value: Option<f64>, what: &str| {
            parts.extend(value.map(|value| format!("{} {what}", significant(value))));
        };
        part(self.asked_usd_per_hour, "asked");
        part(self.interruptions_usd_per_hour, "for interruptions");
        part(self.upfront_usd_per_hour, "for what is paid before");
        parts.extend(self.rental_kind.map(|kind| kind.to_string()));
        parts.extend(self.rental_providers.clone());
        parts.extend(self.usd_per_hour_date.map(|date| date.to_string()));
        let preset = self.preset.as_ref().filter(|_| self.way == Way::Preset);
        parts.extend(preset.map(|preset| preset.name.clone()));
        let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
        format!("{} hour of {} USD per device{parts}", self.way, significant(self.usd_per_hour))
    }

    /// Its figures.
    pub fn lines(&self) -> Vec<Line> {
        let made = match self.way {
            Way::Rented => "as asked, paid for the hours that are rented",
            Way::Spot => "g * (1 + restart/mtbf) / (1 - lost): an hour of work that counts",
            Way::Reserved => "g + upfront * r / (1 - (1+r)^-n) / 730, paid in every hour of the term",
            Way::Preset => "as published",
            Way::Owned => "capital + hosting + maintenance + power, paid in every hour",
        };
        let of = |figure, value: Option<f64>, from: &str| {
            value.map(|value| Line::new(figure, value, "USD/h", from))
        };
        let asked = self.asked();
        let mut lines = vec![Line::new("usd_per_hour", self.usd_per_hour, "USD/h", made)];
        lines.extend(of("asked_usd_per_hour", self.asked_usd_per_hour, &asked));
        lines.extend(of("interruptions_usd_per_hour", self.interruptions_usd_per_hour, "cost less asked"));
        lines.extend(of("upfront_usd_per_hour", self.upfront_usd_per_hour, "cost less asked"));
        let owned = self.owned.iter();
        lines.extend(
            owned.flat_map(|hour| hour.parts().map(|(part, usd)| Line::new(part, usd, "USD/h", "a part"))),
        );
        lines
    }

    fn asked(&self) -> String {
        let preset = self.preset.as_ref().map(|preset| format!("preset {}", preset.name));
        self.rental_providers.clone().or(preset).unwrap_or_else(|| "typed".into())
    }
}
