//! models.dev in its three forms: `api.json`, one TOML file per model, and a table with a row per model.
//! USD per million tokens; what its keys are called, misspelt ones too, stands here once.

mod api;
mod file;
mod snapshot;

use rust_decimal::Decimal;

use super::cards::{Conditions, bucket};
use super::{Place, Refusal};
use crate::json::Value;
use crate::price::token::Service;

pub use api::FORMAT as API;
pub use file::FORMAT as FILE;
pub use snapshot::FORMAT as SNAPSHOT;

/// Keys of prices, as they are written and miswritten.
const BUCKETS: [(&str, usize); 9] = [
    ("input", bucket::INPUT),
    ("output", bucket::OUTPUT),
    ("reasoning", bucket::REASONING),
    ("cache_read", bucket::CACHE_READ),
    ("cache_input", bucket::CACHE_READ),
    ("cached_read", bucket::CACHE_READ),
    ("cache_write", bucket::CACHE_WRITE),
    ("cached_write", bucket::CACHE_WRITE),
    ("cache_creation", bucket::CACHE_WRITE),
];

fn bucket_of(key: &str) -> Option<usize> {
    BUCKETS.iter().find(|(name, _)| *name == key).map(|(_, bucket)| *bucket)
}

fn put(conditions: &mut Conditions, threshold: Option<u64>, bucket: usize, price: Option<Decimal>) {
    let numbers = conditions.entry((Service::Standard, threshold)).or_default();
    if let Some(number) = numbers.get_mut(bucket) {
        *number = price;
    }
}

/// The prices of a JSON object `cost`; tiers stand in `tiers` or in keys such as `context_over_200k`.
fn cost(value: Value<'_>, place: &dyn Fn(&str) -> Place) -> Result<Conditions, Refusal> {
    let mut conditions = Conditions::new();
    for (key, value) in super::cards::members(value, place)? {
        if key == "tiers" {
            tiers(value, &|| place("tiers"), &mut conditions)?;
        } else if let Some(threshold) = over(&key) {
            prices(value, threshold, &|| place(&key), &mut conditions)?;
        } else if let Some(bucket) = bucket_of(&key) {
            put(&mut conditions, None, bucket, super::cards::number(value, || place(&key))?);
        }
    }
    Ok(conditions)
}

/// `context_over_200k` as 200,000.
fn over(key: &str) -> Option<u64> {
    let thousands: u64 = key.strip_prefix("context_over_")?.strip_suffix('k')?.parse().ok()?;
    thousands.checked_mul(1000)
}

/// `[{"tier": {"type": "context", "size": 200000}, "input": 4, …}, …]`.
fn tiers(value: Value<'_>, place: &dyn Fn() -> Place, conditions: &mut Conditions) -> Result<(), Refusal> {
    let wrong = |what: &str| Refusal::unreadable(place(), what);
    for tier in value.elements().ok_or_else(|| wrong("is no array of tiers"))? {
        let members = super::cards::members(tier, |_| place())?;
        let about = super::cards::member(&members, "tier").and_then(Value::members).unwrap_or_default();
        let kind = super::cards::member(&about, "type").and_then(Value::text);
        if kind.is_some_and(|kind| kind != "context") {
            return Err(wrong("has a tier that is not by the size of the context"));
        }
        let size = super::cards::member(&about, "size").and_then(Value::number);
        let size = size
            .and_then(|size| size.parse().ok())
            .ok_or_else(|| wrong("has a tier without a whole number as size"))?;
        prices(tier, size, place, conditions)?;
    }
    Ok(())
}

fn prices(
    value: Value<'_>,
    threshold: u64,
    place: &dyn Fn() -> Place,
    conditions: &mut Conditions,
) -> Result<(), Refusal> {
    for (key, value) in super::cards::members(value, |_| place())? {
        if let Some(bucket) = bucket_of(&key) {
            put(conditions, Some(threshold), bucket, super::cards::number(value, place)?);
        }
    }
    Ok(())
}
