//! A card beside those of the same model at other sellers: slips of the unit, and outliers.

use std::collections::{BTreeMap, HashMap};

use super::super::verdicts::Verdicts;
use super::approximately;
use crate::price::Rule;
use crate::price::token::TokenListing;
use crate::stats;

/// Factors between units: per thousand, per 100,000 (cents per thousand), per million.
const SLIPS: [(f64, &str); 3] =
    [(1e3, "a price per thousand tokens"), (1e5, "cents per thousand tokens"), (1e6, "a price per token")];

/// A ratio this close to such a factor is the factor: sellers of the same model differ by this much.
const SLIP_TOLERANCE: f64 = 5.0;

/// A price this many times above or below the median of the others is odd. Sellers of one model are up to ten times apart.
const OUTLIER: f64 = 16.0;

/// So many other sellers make a median.
const PEERS: usize = 3;

/// What each seller of a model asks for everyday requests: the medians of its cards for input and output.
#[derive(Default)]
struct Asked<'c> {
    cards: BTreeMap<&'c str, Vec<(f64, f64)>>,
    sellers: HashMap<&'c str, (f64, f64)>,
    /// The same in ascending order.
    inputs: Vec<f64>,
    outputs: Vec<f64>,
}

impl Asked<'_> {
    fn settle(&mut self) {
        for (seller, prices) in std::mem::take(&mut self.cards) {
            let median =
                |of: fn(&(f64, f64)) -> f64| stats::median(&prices.iter().map(of).collect::<Vec<_>>());
            let (Some(input), Some(output)) = (median(|it| it.0), median(|it| it.1)) else { continue };
            self.sellers.insert(seller, (input, output));
            self.inputs.push(input);
            self.outputs.push(output);
        }
        self.inputs.sort_by(f64::total_cmp);
        self.outputs.sort_by(f64::total_cmp);
    }

    /// How many other sellers there are, and their medians.
    fn others(&self, seller: &str) -> Option<(usize, f64, f64)> {
        let (input, output) = self.sellers.get(seller)?;
        let count = self.sellers.len().checked_sub(1)?;
        Some((count, median_without(&self.inputs, *input)?, median_without(&self.outputs, *output)?))
    }
}

/// Compares every everyday card with the other sellers of its model, in the file and known before.
pub fn check(cards: &[TokenListing], known: &[TokenListing], verdicts: &mut Verdicts) {
    let mut asked: HashMap<&str, Asked<'_>> = HashMap::new();
    for card in cards.iter().chain(known).filter(|card| card.is_everyday()) {
        if let Some((input, output)) = card.input_output() {
            let of_model = asked.entry(&card.model).or_default();
            let prices = (approximately(input), approximately(output));
            of_model.cards.entry(&card.seller).or_default().push(prices);
        }
    }
    asked.values_mut().for_each(Asked::settle);
    for (index, card) in cards.iter().enumerate().filter(|(_, card)| card.is_everyday()) {
        let Some((input, output)) = card.input_output() else { continue };
        let others = asked.get(&*card.model).and_then(|asked| asked.others(&card.seller));
        let Some((count, peer_input, peer_output)) = others else { continue };
        let ratios = [approximately(input) / peer_input, approximately(output) / peer_output];
        let against = |ratio: f64| {
            let ratio = crate::text::significant(ratio);
            let (peer_input, peer_output) =
                (crate::text::significant(peer_input), crate::text::significant(peer_output));
            format!(
                "{input} for input and {output} for output, {count} other sellers of {} ask {peer_input} and \
                 {peer_output}: {ratio} times",
                card.model
            )
        };
        let far = |ratio: &f64| *ratio > OUTLIER || *ratio < 1.0 / OUTLIER;
        if let Some(what) = slip(ratios) {
            verdicts.reject(index, Rule::Unit, format!("{}; {what}?", against(ratios[0])));
        } else if count >= PEERS
            && let Some(ratio) = ratios.into_iter().find(far)
        {
            verdicts.flag(index, Rule::Outlier, against(ratio));
        }
    }
}

/// The median of ascending numbers with one of them left out.
fn median_without(ascending: &[f64], out: f64) -> Option<f64> {
    let position = ascending.partition_point(|number| *number < out);
    let rest = ascending.len().checked_sub(1)?;
    let at = |index: usize| ascending.get(if index < position { index } else { index + 1 }).copied();
    Some((at(rest.checked_sub(1)? / 2)? + at(rest / 2)?) / 2.0)
}

/// Which slip of the unit both ratios show.
fn slip(ratios: [f64; 2]) -> Option<&'static str> {
    let shows = |factor: f64| {
        let near = |ratio: f64| (1.0 / SLIP_TOLERANCE..=SLIP_TOLERANCE).contains(&(ratio / factor));
        ratios.into_iter().all(near)
    };
    SLIPS.iter().find(|(factor, _)| shows(*factor) || shows(1.0 / factor)).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slip_is_told_by_the_factor_between_units() {
        assert_eq!(slip([1000.0, 1100.0]), Some("a price per thousand tokens"));
        assert_eq!(slip([1e5, 0.9e5]), Some("cents per thousand tokens"));
        assert_eq!(slip([1e-6, 3e-6]), Some("a price per token"));
        assert_eq!((slip([20.0, 1000.0]), slip([30.0, 30.0]), slip([1.0, 1.0])), (None, None, None));
    }

    proptest! {
        #[test]
        fn the_median_of_the_others_is_the_median_without_one(mut all in prop::collection::vec(0.1f64..100.0, 1..9), index in 0usize..8) {
            let out = all[index % all.len()];
            all.sort_by(f64::total_cmp);
            let mut rest = all.clone();
            rest.remove(rest.iter().position(|number| *number == out).unwrap());
            match (median_without(&all, out), stats::median(&rest)) {
                (Some(ours), Some(theirs)) => prop_assert!((ours / theirs - 1.0).abs() < 1e-12),
                (ours, theirs) => prop_assert_eq!(ours, theirs),
            }
        }
    }
}
