//! The units of levels: what is counted, of which scale, in how much time.

use rust_decimal::Decimal;

use super::period::Time;

/// What a level counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noun {
    /// Tokens.
    Tokens,
    /// Calls, requests, invocations: a number of tokens that nobody states.
    Calls,
    /// Money of one currency, for one of something.
    Money {
        /// ISO 4217.
        currency: &'static str,
        /// What the money pays for; a price that names nothing is a sum.
        per: Paid,
    },
}

/// What a price is paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paid {
    /// A sum of money.
    Nothing,
    /// A million tokens.
    Mtok,
    /// A call, request or invocation.
    Call,
    /// An hour of a GPU.
    Hour,
    /// A memory chip.
    Chip,
}

/// A noun in an amount of time, or at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// What is counted.
    pub noun: Noun,
    /// Counted over this time; `None` of what has no rate.
    pub per: Option<Time>,
}

impl Unit {
    /// The words for it, with rates per day, to which levels are brought.
    pub fn words(&self) -> String {
        let noun = match &self.noun {
            Noun::Tokens => "tokens".to_owned(),
            Noun::Calls => "calls".to_owned(),
            Noun::Money { currency, per } => match per {
                Paid::Nothing => (*currency).to_owned(),
                Paid::Mtok => format!("{currency}/Mtok"),
                Paid::Call => format!("{currency}/call"),
                Paid::Hour => format!("{currency}/h"),
                Paid::Chip => format!("{currency}/chip"),
            },
        };
        if self.per.is_some() { format!("{noun}/day") } else { noun }
    }

    /// Whether two levels can be set beside each other.
    pub fn same_kind(&self, other: &Self) -> bool {
        self.noun == other.noun && self.per.is_some() == other.per.is_some()
    }

    /// The currency, where it is money.
    pub fn currency(&self) -> Option<&'static str> {
        match self.noun {
            Noun::Money { currency, .. } => Some(currency),
            _ => None,
        }
    }
}

/// The units that are understood, for messages.
pub const KNOWN: &str = "tokens/day, calls/day, USD/h, USD/Mtok, USD/call, USD/chip, USD, CNY or EUR";

/// Words for powers of ten.
pub fn scale(word: &str) -> Option<Decimal> {
    // B is a billion: no text about tokens writes bytes. Peta and exa are left out, quintillion is 1e18.
    let power = match word {
        "k" | "thousand" => 3,
        "m" | "mn" | "million" => 6,
        "b" | "bn" | "billion" => 9,
        "t" | "tn" | "trillion" => 12,
        "quadrillion" => 15,
        "quintillion" => 18,
        _ => return None,
    };
    Some(Decimal::from(10_i64.pow(power)))
}

/// The words for a thousandfold slip of a scale word: what a text may have meant.
pub fn smaller_scale(word: &str) -> Option<&'static str> {
    Some(match word {
        "quintillion" => "quadrillion",
        "quadrillion" => "trillion",
        "trillion" | "t" | "tn" => "billion",
        "billion" | "b" | "bn" => "million",
        "million" | "m" | "mn" => "thousand",
        _ => return None,
    })
}

/// A currency by its usual names.
pub fn currency(word: &str) -> Option<&'static str> {
    Some(match word {
        "usd" | "$" | "dollar" | "dollars" => "USD",
        "cny" | "rmb" | "yuan" | "¥" => "CNY",
        "eur" | "€" | "euro" | "euros" => "EUR",
        _ => return None,
    })
}

/// What is counted, by its usual names.
pub fn counted(word: &str) -> Option<Noun> {
    Some(match word {
        "token" | "tokens" | "tok" => Noun::Tokens,
        "call" | "calls" | "request" | "requests" | "invocation" | "invocations" => Noun::Calls,
        _ => return None,
    })
}

/// What a price is paid for, with how many of its units the word means: a price per token is one million times as
/// much per Mtok.
pub fn paid(word: &str) -> Option<(Paid, Decimal)> {
    Some(match word {
        "mtok" => (Paid::Mtok, Decimal::ONE),
        "ktok" => (Paid::Mtok, Decimal::ONE_THOUSAND),
        "token" | "tok" => (Paid::Mtok, Decimal::from(1_000_000)),
        "call" | "request" | "invocation" => (Paid::Call, Decimal::ONE),
        "h" | "hour" => (Paid::Hour, Decimal::ONE),
        "chip" => (Paid::Chip, Decimal::ONE),
        _ => return None,
    })
}
