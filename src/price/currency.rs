//! Currencies. Prices are compared in USD only; another currency needs a rate from the user.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

/// An ISO 4217 code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// US dollars.
    pub const USD: Self = Self(*b"USD");
}

impl Default for Currency {
    fn default() -> Self {
        Self::USD
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| write!(out, "{}", char::from(*letter)))
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let upper = text.to_ascii_uppercase();
        match <[u8; 3]>::try_from(upper.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err("is no currency code such as USD".into()),
        }
    }
}

/// What a unit of a currency is worth in USD, as given by the user.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// The currency.
    pub currency: Currency,
    /// USD for one unit of it.
    pub usd: Decimal,
}

/// As `EUR=1.08`.
impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "is no rate such as EUR=1.08 (USD for one EUR)".to_owned();
        let (currency, usd) = text.split_once('=').ok_or_else(wrong)?;
        let usd = super::quoted::money(usd.trim()).filter(|usd| *usd > Decimal::ZERO).ok_or_else(wrong)?;
        Ok(Self { currency: currency.trim().parse()?, usd })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_rates_are_read_in_any_case() {
        assert_eq!("usd".parse(), Ok(Currency::USD));
        assert_eq!("eur=1.08".parse::<Rate>().unwrap().currency.to_string(), "EUR");
        for bad in ["", "US", "USDT", "12A", "é$"] {
            assert!(bad.parse::<Currency>().is_err(), "{bad}");
        }
        for bad in ["EUR", "EUR=", "EUR=0", "EUR=-1", "=1"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }
}
