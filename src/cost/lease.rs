//! A fixed lease against a share of the token revenue: at which load the two cost the tenant, and bring the
//! provider, the same.
//!
//! A lease is paid in every hour whatever the load. A share is `s·p·R·u·3.6e-3` dollars per hour: tokens at
//! their price, times the share. Below the load where the two are equal the tenant is better off sharing,
//! above it the provider is.

use serde::Serialize;

use super::rent::in_range;
use super::{Refused, is_positive, positive, share};
use crate::units::{TokensPerSecond, UsdPerHour, UsdPerMtok};

/// Dollars per hour of a token per second at a dollar per million tokens: 3600 / 1e6.
const USD_PER_HOUR: f64 = 3.6e-3;

/// The two offers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lease {
    /// The fixed lease per device and hour.
    pub usd_per_hour: UsdPerHour,
    /// Devices.
    pub gpus: f64,
    /// Tokens per second of all devices together at full load.
    pub tokens_per_s: TokensPerSecond,
    /// What the tokens are sold for.
    pub usd_per_mtok: UsdPerMtok,
    /// The provider's share of the revenue, above 0 up to 1.
    pub share: f64,
}

/// Where the offers are equal, and what they bring. Dollars per hour are of all devices together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LeaseOrShare {
    /// Revenue at full load: `p·R·3.6e-3`.
    pub full_load_revenue_usd_per_hour: f64,
    /// The load from which on the tenant's revenue pays the lease: `g·n / (p·R·3.6e-3)`; above 1 it never
    /// does.
    pub lease_pays_from_load: f64,
    /// The load at which lease and share are equal: `g·n / (s·p·R·3.6e-3)`; above 1 sharing never costs the
    /// tenant more.
    pub break_even_load: f64,
    /// The lease of all devices: the provider's income without variance.
    pub lease_usd_per_hour: f64,
}

/// What both sides get at a load, in dollars per hour of all devices together.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct AtLoad {
    /// Revenue of the tokens.
    pub revenue_usd_per_hour: f64,
    /// What a share brings the provider.
    pub provider_share_usd_per_hour: f64,
    /// What a lease leaves the tenant; negative where the revenue does not pay it.
    pub tenant_lease_usd_per_hour: f64,
    /// What a share leaves the tenant.
    pub tenant_share_usd_per_hour: f64,
}

/// The offers over a horizon in which price, load and software move. Dollars are of all devices over the
/// whole horizon.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OverHorizon {
    /// Months.
    pub months: f64,
    /// The load today at which the two bring the same over the horizon; `None` where even full load brings
    /// less than the lease.
    pub break_even_load_today: Option<f64>,
    /// What the lease costs.
    pub lease_usd: f64,
    /// What the share brings, at the load asked for; `None` where none was.
    pub share_usd: Option<f64>,
    /// Months until the load is 1 and grows no more; `None` where it stays below, or none was asked for.
    pub full_after_months: Option<f64>,
}

/// Growth per month in logarithms: `ln(1 + change)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Growth {
    price: f64,
    load: f64,
    software: f64,
}

impl Growth {
    /// Growth from changes per month as shares, such as −0.05 for 5 % less.
    ///
    /// # Errors
    /// [`Refused`] where a change is not finite or takes away everything.
    pub fn per_month(price: f64, load: f64, software: f64) -> Result<Self, Refused> {
        let logarithm = |what, change: f64| positive(what, 1.0 + change).map(|_| change.ln_1p());
        Ok(Self {
            price: logarithm("1 + price drift", price)?,
            load: logarithm("1 + load drift", load)?,
            software: logarithm("1 + software drift", software)?,
        })
    }
}

impl Lease {
    /// Where the two offers are equal.
    ///
    /// # Errors
    /// [`Refused`] where a number is not finite and positive, or the share above 1.
    pub fn compared(&self) -> Result<LeaseOrShare, Refused> {
        let full = in_range(
            positive("usd_per_mtok", self.usd_per_mtok.0)?
                * positive("tokens per second", self.tokens_per_s.0)?
                * USD_PER_HOUR,
        )?;
        let lease = in_range(positive("usd_per_hour", self.usd_per_hour.0)? * positive("gpus", self.gpus)?)?;
        let of_revenue = match positive("share of the revenue", self.share)? {
            value if value > 1.0 => return Err(Refused::NotAPart { what: "share of the revenue", value }),
            of_revenue => of_revenue,
        };
        let pays_from = lease.0 / full.0;
        let break_even = pays_from / of_revenue;
        if !is_positive(pays_from) || !is_positive(break_even) {
            return Err(Refused::OutOfRange);
        }
        Ok(LeaseOrShare {
            full_load_revenue_usd_per_hour: full.0,
            lease_pays_from_load: pays_from,
            break_even_load: break_even,
            lease_usd_per_hour: lease.0,
        })
    }

    /// What both sides get at a load.
    ///
    /// # Errors
    /// Those of [`Lease::compared`], or a load that is not above 0 up to 1.
    pub fn at(&self, load: f64) -> Result<AtLoad, Refused> {
        let compared = self.compared()?;
        let revenue = compared.full_load_revenue_usd_per_hour * share(load)?;
        Ok(AtLoad {
            revenue_usd_per_hour: revenue,
            provider_share_usd_per_hour: self.share * revenue,
            tenant_lease_usd_per_hour: revenue - compared.lease_usd_per_hour,
            tenant_share_usd_per_hour: (1.0 - self.share) * revenue,
        })
    }

    /// The standard deviation of the provider's income from a share, in dollars per hour: `s·p·R·3.6e-3·σ`.
    /// That of a lease is 0.
    ///
    /// # Errors
    /// Those of [`Lease::at`], or a deviation that no load from 0 to 1 with this mean has: it is at most
    /// `√(u·(1 − u))`.
    pub fn deviation(&self, load: f64, load_sigma: f64) -> Result<f64, Refused> {
        let at = self.at(load)?;
        let most = (load * (1.0 - load)).sqrt();
        if !(load_sigma >= 0.0 && load_sigma <= most) {
            return Err(Refused::SigmaOfLoad { sigma: load_sigma, load, most });
        }
        Ok(at.provider_share_usd_per_hour / load * load_sigma)
    }

    /// The offers over `months`, of which the lease stays as it is signed:
    /// `s·p₀·R₀ · ∫₀..H min(1, u₀·e^(l·t)) · e^((p+s)·t) dt = g·n·H` at the load that breaks even.
    ///
    /// # Errors
    /// Those of [`Lease::compared`] and of [`Lease::at`]; a horizon that is not finite and positive.
    pub fn over(&self, months: f64, growth: Growth, load: Option<f64>) -> Result<OverHorizon, Refused> {
        let compared = self.compared()?;
        let months = positive("horizon in months", months)?;
        let hours = super::HOURS_PER_MONTH;
        let full = self.share * compared.full_load_revenue_usd_per_hour;
        let of_load = |load| in_range(full * hours * growth.full_months(load, months)).map(|usd| usd.0);
        let load = load.map(share).transpose()?;
        let needed = compared.lease_usd_per_hour * months / full;
        Ok(OverHorizon {
            months,
            break_even_load_today: growth.load_for(needed, months)?,
            lease_usd: in_range(compared.lease_usd_per_hour * hours * months)?.0,
            share_usd: load.map(of_load).transpose()?,
            full_after_months: load.and_then(|load| growth.full_after(load)).filter(|full| *full < months),
        })
    }
}

impl Growth {
    /// Months until a load has grown to 1; `None` where it never does.
    fn full_after(self, load: f64) -> Option<f64> {
        (self.load > 0.0).then(|| -load.ln() / self.load)
    }

    /// Price and speed together.
    fn worth(self) -> f64 {
        self.price + self.software
    }

    /// The revenue of a horizon in months of today's revenue at full load: the integral in closed form, up to
    /// where the load is 1 and from there on.
    fn full_months(self, load: f64, months: f64) -> f64 {
        let growing = self.full_after(load).map_or(months, |full| full.min(months));
        let later = (self.worth() * growing).exp() * integral(self.worth(), months - growing);
        load * integral(self.load + self.worth(), growing) + later
    }

    /// The load today whose revenue over the horizon is `needed` months of today's at full load; `None` where
    /// that of full load is less.
    fn load_for(self, needed: f64, months: f64) -> Result<Option<f64>, Refused> {
        let most = self.full_months(1.0, months);
        if !is_positive(most) || !is_positive(needed) {
            return Err(Refused::OutOfRange);
        }
        if needed > most {
            return Ok(None);
        }
        // Closed where the load stays below 1 until the end.
        let free = needed / integral(self.load + self.worth(), months);
        if self.full_after(free).is_none_or(|full| full >= months) {
            return Ok(Some(free.min(1.0)));
        }
        // Else it is between there and 1; the revenue grows with the load, so halving the range finds it to
        // the last bit.
        let (mut low, mut high) = ((-self.load * months).exp(), 1.0);
        while let Some(mid) = Some(low.midpoint(high)).filter(|mid| low < *mid && *mid < high) {
            if self.full_months(mid, months) < needed {
                low = mid;
            } else {
                high = mid;
            }
        }
        Ok(Some(high))
    }
}

/// `∫₀..T e^(a·t) dt`.
fn integral(rate: f64, time: f64) -> f64 {
    if rate == 0.0 { time } else { (rate * time).exp_m1() / rate }
}

#[cfg(test)]
mod tests;
