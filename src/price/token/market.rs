//! The market that the sellers of one model's tokens make.
//!
//! One vote per seller: its newest listing. A model with one seller has a list price, not a market.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::TokenListing;
use crate::price::{Mix, NotFound, Quoted, fresh, median, to_f64};
use crate::stats;
use crate::units::UsdPerMtok;

/// The prices of one model's tokens on a day.
#[derive(Clone, Debug, PartialEq)]
pub struct Market {
    /// The open weights.
    pub model: String,
    /// The mix that the blended prices are for.
    pub mix: Mix,
    /// One vote per seller, cheapest blended price first.
    pub votes: Vec<SellerVote>,
    /// Median over the sellers of their blended prices.
    pub median_blended: UsdPerMtok,
    /// Median over the sellers of the input price, in USD per million tokens.
    pub median_input: Decimal,
    /// Median over the sellers of the output price, in USD per million tokens.
    pub median_output: Decimal,
    /// Date of the oldest vote.
    pub oldest: Date,
    /// Date of the newest vote.
    pub newest: Date,
    /// Age in days where every listing is too old to vote and the newest had to stand in.
    pub stale_days: Option<i32>,
}

/// One seller's price.
#[derive(Clone, Debug, PartialEq)]
pub struct SellerVote {
    /// Who sells the tokens.
    pub seller: Arc<str>,
    /// Which of its listings votes.
    pub listing: Arc<str>,
    /// Input price in USD per million tokens.
    pub input: Decimal,
    /// Output price in USD per million tokens.
    pub output: Decimal,
    /// Price of cached input in USD per million tokens, where it has one.
    pub cache_read: Option<Decimal>,
    /// The price of a million tokens of the mix.
    pub blended: UsdPerMtok,
    /// The date of its listing.
    pub date: Date,
    /// The file of its listing.
    pub file: Arc<str>,
    /// The line of its listing.
    pub line: u64,
    /// Where its listing says that the price was read.
    pub source: Arc<str>,
}

impl Market {
    /// The seller with the lowest blended price.
    pub fn cheapest(&self) -> Option<&SellerVote> {
        self.votes.first()
    }

    /// The same sellers, blended for another mix. Which listing of a seller votes stays as it is.
    pub fn blended_for(&self, mix: Mix) -> Self {
        let blended = |vote: &SellerVote| SellerVote { blended: vote.blended_for(mix), ..vote.clone() };
        let mut votes: Vec<SellerVote> = self.votes.iter().map(blended).collect();
        votes.sort_by(|a, b| a.blended.0.total_cmp(&b.blended.0));
        let prices: Vec<f64> = votes.iter().map(|vote| vote.blended.0).collect();
        let median_blended = stats::median(&prices).map_or(self.median_blended, UsdPerMtok);
        Self { mix, votes, median_blended, ..self.clone() }
    }

    /// How many sellers there are.
    pub fn sellers(&self) -> usize {
        self.votes.len()
    }

    /// One seller is a list price: there is nobody to compare it with.
    pub fn single_seller(&self) -> bool {
        self.votes.len() == 1
    }
}

impl SellerVote {
    /// The price of a million tokens of a mix.
    pub fn blended_for(&self, mix: Mix) -> UsdPerMtok {
        UsdPerMtok(mix.blend_list(to_f64(self.input), self.cache_read.map(to_f64), to_f64(self.output)))
    }
}

/// The market of one model as known on `as_of`, for a workload of `mix`.
///
/// # Errors
/// [`NotFound`] where no listing of that name is dated on or before `as_of`.
pub fn market(
    listings: &[TokenListing],
    model: &str,
    as_of: Date,
    mix: Mix,
    max_age_days: i32,
) -> Result<Market, NotFound> {
    let known = listings.iter().filter(|listing| &*listing.model == model && listing.counts_on(as_of));
    let known = known.filter(|listing| listing.is_everyday()).collect();
    let (voting, stale_days) =
        fresh(known, |listing: &&TokenListing| listing.seen(as_of), as_of, max_age_days);
    tally(model, &voting, mix, as_of, stale_days).ok_or_else(|| {
        let rows = listings.iter().map(|listing| (&*listing.model, listing.date));
        NotFound::new(model, as_of, rows)
    })
}

fn tally(
    model: &str,
    voting: &[&TokenListing],
    mix: Mix,
    as_of: Date,
    stale_days: Option<i32>,
) -> Option<Market> {
    let mut sellers: BTreeMap<String, SellerVote> = BTreeMap::new();
    for listing in voting {
        let Some((input, output)) = listing.input_output() else { continue };
        let mut vote = SellerVote {
            seller: listing.seller.clone(),
            listing: listing.listing.clone(),
            input,
            output,
            cache_read: cache_read(listing),
            blended: UsdPerMtok(f64::NAN),
            date: listing.seen(as_of),
            file: Arc::clone(&listing.file),
            line: listing.line,
            source: Arc::clone(&listing.source),
        };
        vote.blended = vote.blended_for(mix);
        let key = listing.seller.to_lowercase();
        if sellers.get(&key).is_none_or(|standing| replaces(&vote, standing)) {
            sellers.insert(key, vote);
        }
    }
    let mut votes: Vec<SellerVote> = sellers.into_values().collect();
    // Stable: sellers of the same price stay in order of their names.
    votes.sort_by(|a, b| a.blended.0.total_cmp(&b.blended.0));
    let blended: Vec<f64> = votes.iter().map(|vote| vote.blended.0).collect();
    let of = |price: fn(&SellerVote) -> Decimal| median(&votes.iter().map(price).collect::<Vec<_>>());
    Some(Market {
        model: model.to_owned(),
        mix,
        median_blended: UsdPerMtok(stats::median(&blended)?),
        median_input: of(|vote| vote.input)?,
        median_output: of(|vote| vote.output)?,
        oldest: votes.iter().map(|vote| vote.date).min()?,
        newest: votes.iter().map(|vote| vote.date).max()?,
        votes,
        stale_days,
    })
}

/// What a cached token costs: nothing where that is what the seller says, unknown where it says nothing.
fn cache_read(listing: &TokenListing) -> Option<Decimal> {
    match listing.prices.cache_read {
        Quoted::Free => Some(Decimal::ZERO),
        price => price.value(),
    }
}

/// A newer listing replaces an older one; of the same day, the cheaper one, which a buyer would take.
fn replaces(vote: &SellerVote, standing: &SellerVote) -> bool {
    let newer = vote.date.cmp(&standing.date);
    let cheaper = standing.blended.0.total_cmp(&vote.blended.0);
    newer.then(cheaper).then_with(|| standing.listing.cmp(&vote.listing)).is_gt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::token::{MAX_AGE_DAYS, TokenPrices, read_tokens};
    use jiff::civil::date;
    use proptest::prelude::*;

    const HEADER: &str =
        "model,seller,listing,input_usd_per_mtok,output_usd_per_mtok,cache_read_usd_per_mtok,date,source\n";

    fn listings(rows: &str) -> Vec<TokenListing> {
        read_tokens((HEADER.to_owned() + rows).as_bytes()).unwrap()
    }

    fn of(rows: &str) -> Market {
        market(&listings(rows), "m", date(2026, 6, 30), Mix::new(3.0).unwrap(), MAX_AGE_DAYS).unwrap()
    }

    #[test]
    fn each_seller_votes_once_with_its_newest_listing() {
        let market = of("m,a,x,9,9,,2026-05-01,p\nm,a,y,1,5,,2026-06-01,p\nm,A,z,0.1,0.1,,2026-07-01,p\n\
             m,b,x,2,6,,2026-04-01,p\nm,c,x,4,8,,2026-06-01,p\nother,d,x,0.1,0.1,,2026-06-01,p\n");
        let votes: Vec<_> = market.votes.iter().map(|vote| (&*vote.seller, vote.blended.0)).collect();
        assert_eq!(votes, [("a", 2.0), ("b", 3.0), ("c", 5.0)]);
        assert_eq!(market.cheapest().unwrap().line, 3);
        assert_eq!(market.median_blended, UsdPerMtok(3.0));
        assert_eq!(
            (market.median_input.to_string(), market.median_output.to_string()),
            ("2".into(), "6".into())
        );
        assert_eq!((market.oldest, market.newest), (date(2026, 4, 1), date(2026, 6, 1)));
        assert!(!market.single_seller());
    }

    #[test]
    fn of_two_listings_of_a_day_the_cheaper_one_votes() {
        let market = of("m,a,turbo,1,1,,2026-06-01,p\nm,a,plain,2,2,,2026-06-01,p\n");
        assert_eq!(market.cheapest().unwrap().listing.as_ref(), "turbo");
        assert!(market.single_seller());
    }

    #[test]
    fn old_listings_vote_only_where_nothing_else_exists() {
        let old = "m,a,x,1,1,,2025-06-29,p\n";
        let market = of(&format!("{old}m,b,x,2,2,,2025-06-30,p\n"));
        assert_eq!((market.sellers(), market.stale_days), (1, None), "365 days is young, 366 is old");
        let market = of(&format!("{old}m,b,x,2,2,,2024-06-30,p\n"));
        assert_eq!((market.median_blended.0, market.stale_days), (1.0, Some(366)));
    }

    #[test]
    fn cached_input_has_its_own_price_and_an_unknown_one_is_that_of_fresh_input() {
        let market = of("m,a,x,1,1,0.2,2026-06-01,p\nm,b,x,0.9,0.9,,2026-06-01,p\n");
        let names =
            |market: &Market| market.votes.iter().map(|vote| vote.seller.to_string()).collect::<Vec<_>>();
        assert_eq!(names(&market), ["b", "a"]);
        let cached = market.blended_for(Mix::new(3.0).unwrap().with_cached(0.5).unwrap());
        assert_eq!(names(&cached), ["a", "b"]);
        let blended: Vec<f64> = cached.votes.iter().map(|vote| vote.blended.0).collect();
        assert!((blended[0] - 0.7).abs() < 1e-12 && (blended[1] - 0.9).abs() < 1e-12, "{blended:?}");
        assert!((cached.median_blended.0 - 0.8).abs() < 1e-12);
    }

    #[test]
    fn a_model_without_a_price_is_not_found() {
        let mix = Mix::new(3.0).unwrap();
        let listings = listings("llama-3.1-8b,a,x,1,1,,2026-06-01,p\n");
        let missing = market(&listings, "llama-3.1-8", date(2026, 6, 30), mix, MAX_AGE_DAYS).unwrap_err();
        assert_eq!(missing.nearest, ["llama-3.1-8b"]);
    }

    proptest! {
        #[test]
        fn the_order_of_rows_does_not_matter(prices in prop::collection::vec((1u32..999, 1u32..999, 0u8..4, 1i8..28), 1..12)) {
            let mut rows: Vec<TokenListing> = prices.iter().enumerate().map(|(index, (input, output, seller, day))| TokenListing {
                model: "m".into(), seller: format!("s{seller}").into(), listing: format!("l{index}").into(),
                prices: TokenPrices {
                    input: Quoted::Value((*input).into()), output: Quoted::Value((*output).into()),
                    ..TokenPrices::default()
                },
                date: date(2026, 6, *day), line: index as u64, ..TokenListing::default()
            }).collect();
            let mix = Mix::new(2.5).map_err(TestCaseError::fail)?;
            let before = market(&rows, "m", date(2026, 6, 30), mix, MAX_AGE_DAYS);
            rows.reverse();
            prop_assert_eq!(before, market(&rows, "m", date(2026, 6, 30), mix, MAX_AGE_DAYS));
        }
    }
}
