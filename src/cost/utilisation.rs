//! Utilisation as the product of its parts.

use std::str::FromStr;

use super::{Refused, share};

/// Why paid hours carry no load, each as the share that is left: `u = u_daily · u_scheduling · u_available`.
/// A part that is not given is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts {
    /// Load over the day: the mean over the peak that is paid for.
    pub daily: Option<f64>,
    /// What the scheduler reaches of what it could.
    pub scheduling: Option<f64>,
    /// Hours in which the device works.
    pub available: Option<f64>,
}

impl Parts {
    /// The parts that are given, with their names.
    pub fn given(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let parts = [("daily", self.daily), ("scheduling", self.scheduling), ("available", self.available)];
        parts.into_iter().filter_map(|(name, part)| part.map(|part| (name, part)))
    }

    /// Their product.
    ///
    /// # Errors
    /// [`Refused`] where a part, or the product, is not above 0 up to 1.
    pub fn product(&self) -> Result<f64, Refused> {
        self.given().try_fold(1.0, |product, (_, part)| share(product * share(part)?))
    }
}

impl FromStr for Parts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = Self { daily: None, scheduling: None, available: None };
        for part in text.split(',') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let place = match name.trim() {
                "daily" => &mut parts.daily,
                "scheduling" => &mut parts.scheduling,
                "available" => &mut parts.available,
                _ => return Err("is not like daily=0.6,scheduling=0.9,available=0.98".into()),
            };
            let value: Option<f64> = value.trim().parse().ok();
            let value = value.filter(|value| share(*value).is_ok());
            let value =
                value.ok_or_else(|| format!("has no number above 0 up to 1 after {}=", name.trim()))?;
            if place.replace(value).is_some() {
                return Err(format!("has {} twice", name.trim()));
            }
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_multiply() {
        let parts: Parts = "daily=0.6, scheduling=0.9,available=0.98".parse().unwrap();
        assert!((parts.product().unwrap() - 0.5292).abs() < 1e-12);
        assert_eq!("available=0.5".parse::<Parts>().unwrap().product(), Ok(0.5));
        assert_eq!(
            parts.given().map(|(name, _)| name).collect::<Vec<_>>(),
            ["daily", "scheduling", "available"]
        );
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for bad in [
            "",
            "0.5",
            "daily",
            "daily=",
            "daily=0",
            "daily=1.1",
            "daily=NaN",
            "night=0.5",
            "daily=0.5,daily=0.5",
        ] {
            assert!(bad.parse::<Parts>().is_err(), "{bad}");
        }
        let vanishing = Parts { daily: Some(1e-200), scheduling: Some(1e-200), available: None };
        assert!(vanishing.product().is_err());
    }
}
