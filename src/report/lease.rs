//! A lease beside a share of the revenue, as a table, CSV, Markdown and JSON.

use serde::Serialize;

use super::hour::Hour;
use super::sheet::{DEVICES, Line, Sheet};
use super::significant;
use crate::cost::lease::{AtLoad, LeaseOrShare, OverHorizon};
use crate::cost::presets::Used;

/// The two offers and what they bring. What was not asked for is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Leasing {
    /// The hour of the lease, per device.
    pub hour: Hour,
    /// Devices.
    pub gpus: u32,
    /// Tokens per second of all devices at full load.
    pub tokens_per_s: f64,
    /// What the tokens are sold for.
    pub usd_per_mtok: f64,
    /// The provider's share of the revenue.
    pub share: f64,
    /// Where the offers are equal.
    #[serde(flatten)]
    pub compared: LeaseOrShare,
    /// The load asked for.
    pub utilisation: Option<f64>,
    /// What each side gets at that load.
    pub at_load: Option<AtLoad>,
    /// What the tenant is better off with at that load: `lease` or `share`; the provider with the other one.
    pub tenant_prefers: Option<&'static str>,
    /// Standard deviation of the load.
    pub load_sigma: Option<f64>,
    /// Standard deviation of the provider's income from a lease: none.
    pub provider_lease_sigma_usd_per_hour: f64,
    /// Standard deviation of the provider's income from a share.
    pub provider_share_sigma_usd_per_hour: Option<f64>,
    /// Change of the price per month.
    pub price_drift: Option<f64>,
    /// Change of the load per month.
    pub load_drift: Option<f64>,
    /// Change of the speed per month.
    pub software_drift: Option<f64>,
    /// The offers over the horizon.
    pub over_horizon: Option<OverHorizon>,
    /// What the reader should doubt; the verb puts them last.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

impl Leasing {
    /// For people.
    pub fn sheet(&self) -> Sheet {
        let mut lines = self.hour.lines();
        lines.push(Line::new("gpus", f64::from(self.gpus), DEVICES, "leased together"));
        lines.extend(self.equal());
        lines.extend(self.sides());
        lines.extend(self.over_horizon.iter().flat_map(horizon));
        let notes = self.hour.preset.iter().map(Used::sentence).collect();
        Sheet { answer: self.answer(), lines, notes, warnings: self.warnings.clone() }
    }

    fn answer(&self) -> String {
        let at = significant(self.compared.break_even_load);
        let share = significant(self.share);
        let lease = significant(self.compared.lease_usd_per_hour);
        let mut answer = if self.compared.break_even_load > 1.0 {
            format!(
                "a share of {share} never brings the provider the lease of {lease} USD/h: that takes a load of {at}, \
                 above 1"
            )
        } else {
            format!(
                "a share of {share} and a lease of {lease} USD/h are equal at a load of {at}: below it the tenant \
                 prefers sharing, above it the provider does"
            )
        };
        if let Some((load, prefers)) = self.utilisation.zip(self.tenant_prefers) {
            let other = if prefers == "lease" { "share" } else { "lease" };
            answer += &format!(
                "; at {} the tenant prefers the {prefers}, the provider the {other}",
                significant(load)
            );
        }
        answer
    }

    fn equal(&self) -> Vec<Line> {
        let LeaseOrShare {
            full_load_revenue_usd_per_hour,
            lease_pays_from_load,
            break_even_load,
            lease_usd_per_hour,
        } = self.compared;
        vec![
            Line::new(
                "full_load_revenue_usd_per_hour",
                full_load_revenue_usd_per_hour,
                "USD/h",
                "p * R * 3.6e-3 of all devices",
            ),
            Line::new("lease_usd_per_hour", lease_usd_per_hour, "USD/h", "g * n"),
            Line::new(
                "lease_pays_from_load",
                lease_pays_from_load,
                "of the hours",
                "g * n / (p * R * 3.6e-3): revenue pays the lease",
            ),
            Line::new("break_even_load", break_even_load, "of the hours", "g * n / (s * p * R * 3.6e-3)"),
        ]
    }

    fn sides(&self) -> Vec<Line> {
        let usd = |figure, value, from: &str| Line::new(figure, value, "USD/h", from);
        let mut lines = Vec::new();
        if let Some(at) = self.at_load {
            lines.push(usd("revenue_usd_per_hour", at.revenue_usd_per_hour, "at the load"));
            lines.push(usd("provider_share_usd_per_hour", at.provider_share_usd_per_hour, "share * revenue"));
            lines.push(usd("tenant_lease_usd_per_hour", at.tenant_lease_usd_per_hour, "revenue - lease"));
            lines.push(usd(
                "tenant_share_usd_per_hour",
                at.tenant_share_usd_per_hour,
                "(1 - share) * revenue",
            ));
        }
        if let Some(sigma) = self.provider_share_sigma_usd_per_hour {
            let lease = self.provider_lease_sigma_usd_per_hour;
            lines.push(usd("provider_lease_sigma_usd_per_hour", lease, "a lease does not vary"));
            lines.push(usd(
                "provider_share_sigma_usd_per_hour",
                sigma,
                "s * p * R * 3.6e-3 * sigma of the load",
            ));
        }
        lines
    }
}

fn horizon(over: &OverHorizon) -> Vec<Line> {
    let today = Line {
        figure: "break_even_load_today",
        value: over.break_even_load_today,
        unit: "of the hours",
        from: match over.break_even_load_today {
            Some(_) => "share of the horizon's revenue = its lease".into(),
            None => "never: full load from today on brings less than the lease".into(),
        },
    };
    let mut lines = vec![Line::new("months", over.months, "months", "typed"), today];
    lines.push(Line::new("lease_usd", over.lease_usd, "USD", "g * n * 730 h * months"));
    lines.extend(over.share_usd.map(|usd| {
        Line::new("share_usd", usd, "USD", "s * p0 * R0 * integral of min(1, u0 e^(lt)) e^((p+s)t)")
    }));
    lines.extend(
        over.full_after_months.map(|months| {
            Line::new("full_after_months", months, "months", "the load is 1 and grows no more")
        }),
    );
    lines
}
