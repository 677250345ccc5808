//! What an owned hour costs, as a table, CSV, Markdown and JSON.

use serde::Serialize;

use super::sheet::{Line, Sheet};
use super::significant;
use crate::cost::own::OwnedHour;
use crate::cost::own_or_rent::OwnOrRent;
use crate::cost::presets::Used;

const HOSTING: &str = "hosting_usd_per_hour";

/// An owned hour, what is made in it, and a rented one beside it. What was not asked for is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Owning {
    /// Share of the hours that carry the load.
    pub utilisation: f64,
    /// Devices that reach the rate together.
    pub gpus: u32,
    /// The hour by its parts, per device.
    #[serde(flatten)]
    pub hour: OwnedHour,
    /// Power as a share of the hour.
    pub power_share: f64,
    /// The rate of all devices together.
    pub tokens_per_s: Option<f64>,
    /// Cost of a million tokens.
    pub usd_per_mtok: Option<f64>,
    /// Its part for power.
    pub power_usd_per_mtok: Option<f64>,
    /// The rent beside it, per device and hour.
    pub rent_usd_per_hour: Option<f64>,
    /// Who asks it, when.
    pub rent_from: Option<String>,
    /// Where the two cost the same.
    pub against_rent: Option<OwnOrRent>,
    /// The preset that gave some of the inputs.
    pub preset: Option<Used>,
    /// What it was computed from.
    pub inputs: Vec<Line>,
    /// What the reader should doubt; the verb puts them last.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

impl Owning {
    /// For people: the answer, the parts, the comparison, the inputs.
    pub fn sheet(&self) -> Sheet {
        let mut lines = self.parts();
        lines.extend(self.tokens());
        lines.extend(self.beside_rent());
        // What is a part of the hour as it stands is there already.
        lines.extend(self.inputs.iter().filter(|line| line.figure != HOSTING).cloned());
        let notes = self.preset.iter().map(Used::sentence).collect();
        Sheet { answer: self.answer(), lines, notes, warnings: self.warnings.clone() }
    }

    fn answer(&self) -> String {
        let mut answer = format!(
            "{} USD/h per owned device at utilisation {}",
            significant(self.hour.usd_per_hour),
            significant(self.utilisation)
        );
        if let Some(cost) = self.usd_per_mtok {
            answer += &format!(", {} USD/Mtok", significant(cost));
        }
        let beside = self.rent_usd_per_hour.zip(self.against_rent);
        answer + &beside.map_or(String::new(), |(rent, compared)| said(rent, &compared))
    }

    fn parts(&self) -> Vec<Line> {
        let part = |figure, value, from: &str| Line::new(figure, value, "USD/h", from);
        let OwnedHour {
            capital_usd_per_hour,
            hosting_usd_per_hour,
            maintenance_usd_per_hour,
            power_usd_per_hour,
            usd_per_hour,
        } = self.hour;
        vec![
            part(
                "capital_usd_per_hour",
                capital_usd_per_hour,
                "[C(1+o) - S/(1+r)^Y] * r/(1-(1+r)^-Y) / 8760",
            ),
            part(HOSTING, hosting_usd_per_hour, "as given"),
            part("maintenance_usd_per_hour", maintenance_usd_per_hour, "maintenance * C / 8760"),
            part("power_usd_per_hour", power_usd_per_hour, "kW * (i + (1-i)u) * PUE * tariff"),
            part("usd_per_hour", usd_per_hour, "sum, paid in every hour"),
            Line::new("power_share", self.power_share, "of the hour", "power / sum"),
        ]
    }

    fn tokens(&self) -> Vec<Line> {
        let of = |figure, value: Option<f64>, from: &str| {
            value.map(|value| Line::new(figure, value, "USD/Mtok", from))
        };
        let lines = [
            of("usd_per_mtok", self.usd_per_mtok, "hour * n * 1e6 / (3600 * u * R)"),
            of("power_usd_per_mtok", self.power_usd_per_mtok, "the same of the power"),
        ];
        lines.into_iter().flatten().collect()
    }

    fn beside_rent(&self) -> Vec<Line> {
        let (Some(rent), Some(compared)) = (self.rent_usd_per_hour, self.against_rent) else {
            return Vec::new();
        };
        let maybe = |figure, value: Option<f64>, unit, from: &str, never: &str| Line {
            figure,
            value,
            unit,
            from: if value.is_some() { from } else { never }.to_owned(),
        };
        let never = "never: load alone costs more than the rent";
        let hours = compared.break_even_hours_per_month;
        vec![
            Line::new("rent_usd_per_hour", rent, "USD/h", self.rent_from.clone().unwrap_or_default()),
            maybe(
                "break_even_utilisation",
                compared.break_even_utilisation,
                "of the hours",
                "own without load / (rent - what load adds); above 1: renting always costs less",
                never,
            ),
            maybe("break_even_hours_per_month", hours, "h", "of 730 h", never),
            Line::new(
                "owned_over_rent",
                compared.owned_over_rent,
                "",
                "of a rent that is paid in every hour too",
            ),
            Line::new(
                "saved_usd_per_hour",
                compared.saved_usd_per_hour,
                "USD/h",
                "u * rent - hour without capital",
            ),
            maybe(
                "months_to_recover",
                compared.months_to_recover,
                "months",
                "outlay with its capital over what is saved; without resale",
                "never: what is saved does not pay for the capital",
            ),
        ]
    }
}

fn said(rent: f64, compared: &OwnOrRent) -> String {
    let rent = significant(rent);
    match (compared.break_even_utilisation.filter(|share| *share <= 1.0), compared.months_to_recover) {
        (None, _) => format!("; renting at {rent} USD/h costs less at any utilisation"),
        (Some(share), months) => {
            let recovered = months.map_or("never recovered".into(), |months| {
                format!("recovered in {} months", significant(months))
            });
            format!(
                "; against renting at {rent} USD/h for the hours with load, owning costs less from utilisation {} on, \
                 the outlay is {recovered}",
                significant(share)
            )
        }
    }
}
