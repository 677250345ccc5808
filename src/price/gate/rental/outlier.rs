//! A rent beside what the other providers ask for the same hardware in the same half of the year.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;

use super::approximately;
use crate::price::Rule;
use crate::price::gate::verdicts::Verdicts;
use crate::price::rental::{Kind, RentalQuote};
use crate::stats;

/// Below this share of the others' median a rent is rejected: a bid floor, a price per something else.
const REJECT_BELOW: f64 = 0.35;
/// Below this share it is flagged.
const FLAG_BELOW: f64 = 0.5;
/// Above this multiple it is flagged: hyperscalers ask that much.
const FLAG_ABOVE: f64 = 3.0;
/// Above this multiple it is rejected: a server of eight GPUs, a price per day.
const REJECT_ABOVE: f64 = 7.0;

/// The fewest providers, the quote's own among them, whose median says something about one.
const MIN_PROVIDERS: usize = 4;

/// Halves of a year that older prices may stand in for.
const LOOK_BACK: i32 = 4;

/// Hardware, kind and half of a year; providers with the sum and number of their prices.
type Votes<'q> = HashMap<(&'q str, Kind, i32), HashMap<&'q str, (f64, u32)>>;

/// Rejects and flags rents that are far from the median of providers.
pub fn check(quotes: &[RentalQuote], history: &[RentalQuote], verdicts: &mut Verdicts) {
    let means = means(quotes.iter().chain(history));
    let families: HashMap<&str, String> =
        means.iter().map(|mean| (&*mean.of.hardware, family(&mean.of.hardware))).collect();
    let (mut exact, mut pooled): (Votes<'_>, Votes<'_>) = (HashMap::new(), HashMap::new());
    for Mean { of, sum, count } in &means {
        let of_family = families.get(&*of.hardware).map_or("", String::as_str);
        for (votes, name) in [(&mut exact, &*of.hardware), (&mut pooled, of_family)] {
            let providers = votes.entry((name, of.kind, half(of.date))).or_default();
            let all = providers.entry(&of.provider).or_default();
            *all = (all.0 + sum, all.1 + count);
        }
    }
    let mut levels = HashMap::new();
    for (index, quote) in quotes.iter().enumerate() {
        let Some(price) = quote.usd_per_hour.value() else { continue };
        let half = half(quote.date);
        let level = *levels.entry((address(&quote.hardware), quote.kind, half)).or_insert_with(|| {
            let of_family = families.get(&*quote.hardware).map_or("", String::as_str);
            let of = |votes, name| level(votes, (name, quote.kind, half));
            of(&exact, &*quote.hardware).or_else(|| of(&pooled, of_family))
        });
        let Some((median, providers)) = level else { continue };
        let ratio = approximately(price) / median;
        let why = || {
            let others = format!("the median {median:.2} of {providers} providers");
            format!("{price} USD/h is {} of {others}{}", crate::text::significant(ratio), hint(ratio))
        };
        if !(REJECT_BELOW..=REJECT_ABOVE).contains(&ratio) {
            verdicts.reject(index, Rule::Outlier, why());
        } else if !(FLAG_BELOW..=FLAG_ABOVE).contains(&ratio) {
            verdicts.flag(index, Rule::Outlier, why());
        }
    }
}

fn hint(ratio: f64) -> &'static str {
    if ratio > REJECT_ABOVE {
        ": a whole server?"
    } else if ratio < REJECT_BELOW {
        ": a bid floor?"
    } else {
        ""
    }
}

/// What one provider asks for one thing in a half of a year.
struct Mean<'q> {
    of: &'q RentalQuote,
    sum: f64,
    count: u32,
}

/// The means, in the order of their first quotes. Texts of one file are shared, and an address is hashed sooner than the text
/// at it; the same text at two addresses makes two means of one thing.
fn means<'q>(quotes: impl Iterator<Item = &'q RentalQuote>) -> Vec<Mean<'q>> {
    let mut places = HashMap::new();
    let mut means: Vec<Mean<'q>> = vec![];
    for quote in quotes {
        let Some(price) = quote.usd_per_hour.value().map(approximately) else { continue };
        let of = (address(&quote.hardware), address(&quote.provider), quote.kind, half(quote.date));
        let place = *places.entry(of).or_insert(means.len());
        if place == means.len() {
            means.push(Mean { of: quote, sum: 0.0, count: 0 });
        }
        if let Some(mean) = means.get_mut(place) {
            (mean.sum, mean.count) = (mean.sum + price, mean.count + 1);
        }
    }
    means
}

fn address(text: &Arc<str>) -> usize {
    Arc::as_ptr(text).cast::<u8>().addr()
}

/// The median over providers in a half of a year or, where they are few, in the nearest one before; how many they are.
fn level(votes: &Votes<'_>, (name, kind, half): (&str, Kind, i32)) -> Option<(f64, usize)> {
    let mut halves = (half.saturating_sub(LOOK_BACK)..=half).rev();
    let providers = halves.find_map(|half| {
        votes.get(&(name, kind, half)).filter(|providers| providers.len() >= MIN_PROVIDERS)
    })?;
    let means: Vec<f64> = providers.values().map(|(sum, count)| sum / f64::from(*count)).collect();
    Some((stats::median(&means)?, means.len()))
}

/// Halves of years, counted.
fn half(date: Date) -> i32 {
    i32::from(date.year()) * 2 + i32::from(date.month() > 6)
}

/// The name without its form factor: those of one family cost about the same.
fn family(hardware: &str) -> String {
    let is_form = |word: &&str| word.starts_with("SXM") || ["PCIe", "NVL"].contains(word);
    hardware.split(' ').filter(|word| !is_form(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_the_name_without_its_form() {
        for (hardware, name) in
            [("H100 SXM", "H100"), ("H100 NVL", "H100"), ("A100 PCIe 80GB", "A100 80GB"), ("L40S", "L40S")]
        {
            assert_eq!(family(hardware), name);
        }
    }
}
