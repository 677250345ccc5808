//! The sanity gate: what a price must look like before it counts.

use rust_decimal::Decimal;

/// The lowest and the highest believable rent in USD per hour; the low end is that of a small CPU machine.
pub const USD_PER_HOUR: (Decimal, Decimal) =
    (Decimal::from_parts(5, 0, 0, false, 3), Decimal::from_parts(100, 0, 0, false, 0));

/// The lowest and the highest believable token price in USD per million tokens.
pub const USD_PER_MTOK: (Decimal, Decimal) =
    (Decimal::from_parts(1, 0, 0, false, 3), Decimal::from_parts(1000, 0, 0, false, 0));

/// Why nobody asks this for an hour; `None` where somebody might.
pub fn rent_out_of_band(usd_per_hour: Decimal) -> Option<String> {
    let (low, high) = USD_PER_HOUR;
    outside(usd_per_hour, USD_PER_HOUR, |below| match below {
        true => "per minute, or a bid floor?",
        false => "per month, or a whole server?",
    })
    .map(|hint| format!("is outside {low} to {high}: {hint}"))
}

/// Why nobody asks this for a million tokens; `None` where somebody might.
pub fn token_price_out_of_band(usd_per_mtok: Decimal) -> Option<String> {
    let (low, high) = USD_PER_MTOK;
    outside(usd_per_mtok, USD_PER_MTOK, |below| match below {
        true => "looks like per-1K or per-token",
        false => "looks like a per-1K price that was scaled up as if per token",
    })
    .map(|hint| format!("is outside {low} to {high}: {hint}"))
}

fn outside(
    price: Decimal,
    (low, high): (Decimal, Decimal),
    hint: fn(bool) -> &'static str,
) -> Option<&'static str> {
    (price < low || price > high).then(|| hint(price < low))
}
