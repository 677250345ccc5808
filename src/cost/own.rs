//! What an hour of an owned device costs.

use serde::Serialize;

use super::rent::{annuity, in_range, not_negative};
use super::{HOURS_PER_YEAR, Refused, positive, share};
use crate::units::UsdPerHour;

/// An owned device: what it cost and what it takes to keep it running. Money per device.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ownership {
    /// Price of the device.
    pub capex_usd: f64,
    /// Server, network and installation, as a share of the price.
    pub overhead_share: f64,
    /// What it sells for at the end.
    pub residual_usd: f64,
    /// Cost of capital per year, as a share.
    pub capital_per_year: f64,
    /// Years of use.
    pub years: f64,
    /// Space, racks and staff.
    pub hosting_usd_per_hour: f64,
    /// Maintenance per year, as a share of the price.
    pub maintenance_per_year: f64,
    /// Power at load, everything per device included.
    pub kw: f64,
    /// Power while idle, as a share of the power at load.
    pub idle_share: f64,
    /// Power of the building over power of the machines.
    pub pue: f64,
    /// Tariff.
    pub usd_per_kwh: f64,
}

/// An hour of an owned device by its parts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OwnedHour {
    /// Price, resale and capital.
    pub capital_usd_per_hour: f64,
    /// Space, racks and staff.
    pub hosting_usd_per_hour: f64,
    /// Maintenance.
    pub maintenance_usd_per_hour: f64,
    /// Power at the utilisation.
    pub power_usd_per_hour: f64,
    /// All of it.
    pub usd_per_hour: f64,
}

impl OwnedHour {
    /// The parts by their names; they add up to the hour.
    pub fn parts(&self) -> [(&'static str, f64); 4] {
        [
            ("capital_usd_per_hour", self.capital_usd_per_hour),
            ("hosting_usd_per_hour", self.hosting_usd_per_hour),
            ("maintenance_usd_per_hour", self.maintenance_usd_per_hour),
            ("power_usd_per_hour", self.power_usd_per_hour),
        ]
    }
}

impl Ownership {
    /// An hour, busy or not, at a utilisation:
    /// `[C·(1+o) − S/(1+r)^Y] · r/(1−(1+r)^−Y)/8760 + hosting + m·C/8760 + kW·(i+(1−i)·u)·PUE·tariff`.
    ///
    /// # Errors
    /// [`Refused`] where a number is not finite or out of its range, or the hour costs nothing.
    pub fn hour(&self, utilisation: f64) -> Result<OwnedHour, Refused> {
        let price = positive("capex_usd", self.capex_usd)?;
        let overhead = not_negative("overhead_share", self.overhead_share)?;
        let rate = not_negative("capital_per_year", self.capital_per_year)?;
        let years = positive("years", self.years)?;
        let resale = not_negative("residual_usd", self.residual_usd)? / (1.0 + rate).powf(years);
        let spent = price * (1.0 + overhead) - resale;
        if spent <= 0.0 {
            return Err(Refused::NotPositive { what: "price less resale", value: spent });
        }
        let idle = match not_negative("idle_share", self.idle_share)? {
            above if above > 1.0 => return Err(Refused::NotAPart { what: "idle_share", value: above }),
            idle => idle,
        };
        let pue = match positive("pue", self.pue)? {
            below if below < 1.0 => return Err(Refused::PueBelowOne(below)),
            pue => pue,
        };
        let load = idle + (1.0 - idle) * share(utilisation)?;
        let parts = OwnedHour {
            capital_usd_per_hour: spent * annuity(rate, years) / HOURS_PER_YEAR,
            hosting_usd_per_hour: not_negative("hosting_usd_per_hour", self.hosting_usd_per_hour)?,
            maintenance_usd_per_hour: not_negative("maintenance_per_year", self.maintenance_per_year)?
                * price
                / HOURS_PER_YEAR,
            power_usd_per_hour: not_negative("kw", self.kw)?
                * load
                * pue
                * not_negative("usd_per_kwh", self.usd_per_kwh)?,
            usd_per_hour: 0.0,
        };
        let total = parts.capital_usd_per_hour
            + parts.hosting_usd_per_hour
            + parts.maintenance_usd_per_hour
            + parts.power_usd_per_hour;
        let UsdPerHour(usd_per_hour) = in_range(total)?;
        Ok(OwnedHour { usd_per_hour, ..parts })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The owner of the worked example.
    pub(crate) const EXAMPLE: Ownership = Ownership {
        capex_usd: 30_000.0,
        overhead_share: 0.3,
        residual_usd: 6_000.0,
        capital_per_year: 0.08,
        years: 4.0,
        hosting_usd_per_hour: 0.15,
        maintenance_per_year: 0.03,
        kw: 1.0,
        idle_share: 1.0,
        pue: 1.3,
        usd_per_kwh: 0.08,
    };

    #[test]
    fn the_parts_of_an_owned_hour_match_the_worked_example() {
        let hour = EXAMPLE.hour(0.6).unwrap();
        assert!((hour.capital_usd_per_hour - 1.192).abs() < 5e-4, "{hour:?}");
        assert!((hour.maintenance_usd_per_hour - 0.1027).abs() < 5e-5, "{hour:?}");
        assert!((hour.power_usd_per_hour - 0.104).abs() < 5e-4, "{hour:?}");
        assert!((hour.usd_per_hour - 1.549).abs() < 5e-4, "{hour:?}");
    }

    #[test]
    fn an_idle_device_draws_its_idle_share() {
        let at = |idle_share, utilisation| {
            Ownership { idle_share, ..EXAMPLE }.hour(utilisation).unwrap().power_usd_per_hour
        };
        assert!((at(0.25, 0.6) / at(1.0, 0.6) - 0.7).abs() < 1e-12);
        assert!((at(0.25, 1.0) - at(1.0, 0.1)).abs() < 1e-12);
    }

    #[test]
    fn the_parts_add_up_and_power_has_its_share_of_a_mtok() {
        let device = Ownership { idle_share: 0.3, ..EXAMPLE };
        for utilisation in [0.01, 0.2, 0.6, 1.0] {
            let hour = device.hour(utilisation).unwrap();
            let sum: f64 = hour.parts().iter().map(|(_, usd)| usd).sum();
            assert!((sum / hour.usd_per_hour - 1.0).abs() < 1e-12, "{hour:?}");
        }
        // kW·PUE·tariff/(R·3.6e-3·u) of a device that always draws its power.
        let hour = EXAMPLE.hour(0.6).unwrap();
        let cost =
            |usd| crate::cost::usd_per_mtok(crate::units::TokensPerSecond(3000.0), UsdPerHour(usd), 0.6);
        let power = cost(hour.power_usd_per_hour).unwrap().0;
        assert!((power / (1.0 * 1.3 * 0.08 / (3000.0 * 3.6e-3 * 0.6)) - 1.0).abs() < 1e-12, "{power}");
    }

    #[test]
    fn impossible_owners_are_refused() {
        for broken in [
            Ownership { capex_usd: 0.0, ..EXAMPLE },
            Ownership { residual_usd: 1e6, ..EXAMPLE },
            Ownership { pue: 0.9, ..EXAMPLE },
            Ownership { idle_share: 1.1, ..EXAMPLE },
            Ownership { years: 0.0, ..EXAMPLE },
            Ownership { usd_per_kwh: f64::NAN, ..EXAMPLE },
        ] {
            assert!(broken.hour(0.5).is_err(), "{broken:?}");
        }
        assert!(EXAMPLE.hour(0.0).is_err() && EXAMPLE.hour(1.1).is_err());
    }
}
