//! The gate for token prices.

mod peers;
mod series;

use rust_decimal::Decimal;

use super::verdicts::Verdicts;
use super::{Known, token_price_out_of_band};
use crate::price::Rule;
use crate::price::import::{Import, Place};
use crate::price::token::{TokenListing, TokenPrices};

/// Input that costs more than this many times the output is odd: nobody prices reading above writing.
const INPUT_ABOVE_OUTPUT: f64 = 2.0;

/// Output that costs more than this many times the input is odd: vendors ask up to ten times.
const OUTPUT_ABOVE_INPUT: f64 = 24.0;

/// Prices in USD per million tokens and billion parameters beyond which no model is sold.
const USD_PER_MTOK_AND_BILLION: f64 = 3.0;

/// Passes the token prices of an import through the gate.
pub fn check(import: &mut Import, known: &Known<'_>) {
    let mut verdicts = Verdicts::default();
    let mut cards = std::mem::take(&mut import.tokens);
    peers::check(&cards, known.tokens, &mut verdicts);
    for (index, card) in cards.iter().enumerate() {
        alone(index, card, &mut verdicts);
    }
    series::check(&cards, known.tokens, &mut verdicts);
    verdicts.allow(known.allowed);
    verdicts.apply(
        &mut cards,
        |card, rule| card.flags.set(rule),
        |card, aside, rule, why| {
            let place = Place::path(card.line, subject(card));
            import.set_aside(place, &subject(card), aside, rule, why);
        },
    );
    import.tokens = cards;
}

/// What a card shows by itself.
fn alone(index: usize, card: &TokenListing, verdicts: &mut Verdicts) {
    let prices = card.prices.all();
    let named = TokenPrices::NAMES.into_iter().zip(prices);
    for (name, price) in named.filter_map(|(name, price)| Some((name, price.value()?))) {
        if let Some(why) = token_price_out_of_band(price) {
            verdicts.reject(index, Rule::Band, format!("{name} {price} USD/Mtok {why}"));
        }
    }
    by_size(index, card, verdicts);
    let (input, output) = (card.prices.input.value(), card.prices.output.value());
    if let (Some(input), Some(output)) = (input, output) {
        let ratio = approximately(input) / approximately(output);
        if ratio > INPUT_ABOVE_OUTPUT {
            let why =
                format!("input {input} is {ratio:.1} times output {output}: swapped, or in another unit?");
            verdicts.flag(index, Rule::Order, why);
        } else if ratio < 1.0 / OUTPUT_ABOVE_INPUT {
            let times = 1.0 / ratio;
            let why = format!(
                "output {output} is {times:.0} times input {input}: a digit too many, or another unit?"
            );
            verdicts.flag(index, Rule::Order, why);
        }
    }
    if let (Some(input), Some(read)) = (input, card.prices.cache_read.value())
        && read > input
    {
        let why = format!("reading from the cache costs {read}, fresh input {input}");
        verdicts.flag(index, Rule::Order, why);
    }
}

/// A price that no model of the size in its name has. One price of the two may be a special one.
fn by_size(index: usize, card: &TokenListing, verdicts: &mut Verdicts) {
    let Some(billions) = billions(&card.model) else { return };
    let beyond = |price: Decimal| approximately(price) / billions > USD_PER_MTOK_AND_BILLION;
    let Some((input, output)) = card.input_output() else { return };
    let highest = input.max(output);
    let why = || {
        let each = approximately(highest) / billions;
        format!(
            "{highest} USD/Mtok for {billions} billion parameters are {each:.1} for each; others ask below 1"
        )
    };
    match (beyond(input), beyond(output)) {
        (true, true) => {
            verdicts.reject(index, Rule::Unit, format!("{}: per thousand, read as per token?", why()))
        }
        (false, false) => {}
        _ => verdicts.flag(index, Rule::Outlier, why()),
    }
}

/// The parameters that a name says, in billions: the largest number before a `b`.
fn billions(name: &str) -> Option<f64> {
    let parts = name.split(|character: char| !character.is_ascii_alphanumeric() && character != '.');
    let sizes = parts.filter_map(|part| part.strip_suffix('b')?.parse::<f64>().ok());
    sizes.filter(|size| *size >= 0.1).reduce(f64::max)
}

fn subject(card: &TokenListing) -> String {
    let mut subject = format!("{} {}", card.seller, card.listing);
    if !card.region.is_empty() {
        subject.push_str(&format!(" {}", card.region));
    }
    if !card.is_everyday() {
        let tier = card.tier.map(|tier| format!(" {tier}")).unwrap_or_default();
        let window = card.window.as_ref().map(|window| format!(" {window}")).unwrap_or_default();
        subject.push_str(&format!(" {}{tier}{window}", card.service));
    }
    subject
}

/// A price for comparisons; money that is kept stays decimal.
fn approximately(price: Decimal) -> f64 {
    price.mantissa() as f64 / 10f64.powi(price.scale() as i32)
}
