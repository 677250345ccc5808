//! What hardware is offered for on a day.
//!
//! One vote per provider: the median of its regions at its newest date. Kinds are never mixed, and a provider's
//! list price is never mixed with a restated one.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{Basis, Kind, RentalQuote};
use crate::price::{NotFound, fresh, median};

/// What one hardware is offered for on a day, kind by kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Offers {
    /// The hardware, as named in its quotes.
    pub hardware: String,
    /// The offers by kind; a kind without a quote is absent.
    pub kinds: BTreeMap<Kind, Offer>,
}

impl Offers {
    /// The offer that is meant where no kind is named.
    pub fn on_demand(&self) -> Option<&Offer> {
        self.kinds.get(&Kind::OnDemand)
    }
}

/// The providers' prices of one kind, in USD per hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// How it is rented.
    pub kind: Kind,
    /// One vote per provider, in order of its name.
    pub votes: Vec<ProviderVote>,
    /// Median over the providers.
    pub median: Decimal,
    /// The cheapest provider's price.
    pub low: Decimal,
    /// The dearest provider's price.
    pub high: Decimal,
    /// Date of the oldest vote.
    pub oldest: Date,
    /// Date of the newest vote.
    pub newest: Date,
    /// Age in days where every quote is too old to vote and the newest had to stand in.
    pub stale_days: Option<i32>,
}

/// One provider's price.
#[derive(Clone, Debug, PartialEq)]
pub struct ProviderVote {
    /// Who rents it out.
    pub provider: Arc<str>,
    /// Median of its regions at its newest date, in USD per hour.
    pub usd_per_hour: Decimal,
    /// Its newest date.
    pub date: Date,
    /// The one basis of all its rows.
    pub basis: Basis,
    /// The lines of the quotes behind the vote.
    pub lines: Vec<u64>,
}

/// The offers of one hardware as known on `as_of`.
///
/// # Errors
/// [`NotFound`] where no quote of that name is dated on or before `as_of`.
pub fn offers(
    quotes: &[RentalQuote],
    hardware: &str,
    as_of: Date,
    max_age_days: i32,
) -> Result<Offers, NotFound> {
    let known = quotes.iter().filter(|quote| &*quote.hardware == hardware && quote.date <= as_of);
    let kinds: BTreeMap<Kind, Offer> = Kind::ALL
        .iter()
        .filter_map(|&kind| {
            let of_kind = known.clone().filter(|quote| quote.kind == kind).collect();
            Some((kind, offer(kind, of_kind, as_of, max_age_days)?))
        })
        .collect();
    if kinds.is_empty() {
        let rows = quotes.iter().map(|quote| (&*quote.hardware, quote.date));
        return Err(NotFound::new(hardware, as_of, rows));
    }
    Ok(Offers { hardware: hardware.to_owned(), kinds })
}

fn offer(kind: Kind, quotes: Vec<&RentalQuote>, as_of: Date, max_age_days: i32) -> Option<Offer> {
    let (voting, stale_days) = fresh(quotes, |quote| quote.date, as_of, max_age_days);
    let mut providers: BTreeMap<String, Vec<&RentalQuote>> = BTreeMap::new();
    for quote in voting {
        providers.entry(quote.provider.to_lowercase()).or_default().push(quote);
    }
    let votes: Vec<ProviderVote> = providers.values().filter_map(|quotes| vote(quotes)).collect();
    let prices: Vec<Decimal> = votes.iter().map(|vote| vote.usd_per_hour).collect();
    Some(Offer {
        kind,
        median: median(&prices)?,
        low: *prices.iter().min()?,
        high: *prices.iter().max()?,
        oldest: votes.iter().map(|vote| vote.date).min()?,
        newest: votes.iter().map(|vote| vote.date).max()?,
        votes,
        stale_days,
    })
}

/// A provider's vote from its quotes that may vote: its own list price where there is one. None where its newest rows
/// say that it no longer offers it.
fn vote(quotes: &[&RentalQuote]) -> Option<ProviderVote> {
    let basis = quotes.iter().map(|quote| quote.basis).min()?;
    let of_basis = quotes.iter().filter(|quote| quote.basis == basis);
    let date = of_basis.clone().map(|quote| quote.date).max()?;
    let newest: Vec<&RentalQuote> = of_basis.filter(|quote| quote.date == date).copied().collect();
    let prices: Vec<Decimal> = newest.iter().filter_map(|quote| quote.usd_per_hour.value()).collect();
    Some(ProviderVote {
        provider: newest.first()?.provider.clone(),
        usd_per_hour: median(&prices)?,
        date,
        basis,
        lines: newest.iter().map(|quote| quote.line).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::rental::{MAX_AGE_DAYS, read_rentals};
    use jiff::civil::date;

    const HEADER: &str = "hardware,provider,kind,region,usd_per_hour,date,basis,source\n";

    fn quotes(rows: &str) -> Vec<RentalQuote> {
        read_rentals((HEADER.to_owned() + rows).as_bytes()).unwrap()
    }

    fn on_demand(rows: &str) -> Offer {
        let offers = offers(&quotes(rows), "H", date(2026, 6, 30), MAX_AGE_DAYS).unwrap();
        offers.on_demand().unwrap().clone()
    }

    fn price(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn one_provider_has_one_vote_however_many_regions_it_lists() {
        let offer = on_demand(
            "H,a,on-demand,r1,1,2026-06-01,list,p\nH,a,on-demand,r2,2,2026-06-01,list,p\n\
             H,A,on-demand,r3,6,2026-06-01,list,p\nH,b,on-demand,,4,2026-05-01,list,p\n",
        );
        assert_eq!((offer.median, offer.low, offer.high), (price("3"), price("2"), price("4")));
        assert_eq!((offer.oldest, offer.newest), (date(2026, 5, 1), date(2026, 6, 1)));
        assert_eq!(offer.votes.iter().map(|vote| vote.lines.len()).collect::<Vec<_>>(), [3, 1]);
    }

    #[test]
    fn only_the_newest_date_of_a_provider_votes() {
        let offer = on_demand(
            "H,a,on-demand,r1,9,2026-05-01,list,p\nH,a,on-demand,r1,2,2026-06-01,list,p\n\
             H,a,on-demand,r1,7,2026-07-01,list,p\n",
        );
        assert_eq!(offer.median, price("2"), "the row of July does not exist in June");
    }

    #[test]
    fn list_and_restated_prices_of_a_provider_are_never_mixed() {
        let offer = on_demand(
            "H,a,on-demand,,2,2026-05-01,list,p\nH,a,on-demand,,4,2026-06-01,restated-8xsxm,p\n\
             H,b,on-demand,,5,2026-06-01,restated-8xsxm,p\n",
        );
        let votes: Vec<_> = offer.votes.iter().map(|vote| (vote.usd_per_hour, vote.basis)).collect();
        assert_eq!(votes, [(price("2"), Basis::List), (price("5"), Basis::Restated8xSxm)]);
    }

    #[test]
    fn old_quotes_vote_only_where_nothing_else_exists() {
        let old = "H,a,on-demand,,2,2026-03-01,list,p\n";
        let offer = on_demand(&format!("{old}H,b,on-demand,,4,2026-03-02,list,p\n"));
        assert_eq!((offer.median, offer.stale_days), (price("4"), None), "120 days is young, 121 is old");
        let offer = on_demand(&format!("{old}H,b,on-demand,,4,2025-03-02,list,p\n"));
        assert_eq!((offer.median, offer.stale_days), (price("2"), Some(121)));
    }

    #[test]
    fn kinds_are_kept_apart() {
        let quotes = quotes("H,a,on-demand,,2,2026-06-01,list,p\nH,a,spot,,1,2026-06-01,list,p\n");
        let offers = offers(&quotes, "H", date(2026, 6, 30), MAX_AGE_DAYS).unwrap();
        assert_eq!(offers.on_demand().unwrap().median, price("2"));
        assert_eq!(offers.kinds[&Kind::Spot].median, price("1"));
        assert_eq!(offers.kinds.len(), 2);
    }

    #[test]
    fn hardware_without_a_price_is_not_found() {
        let quotes = quotes("H100 SXM,a,spot,,2,2026-06-01,list,p\n");
        let missing = offers(&quotes, "H100", date(2026, 6, 30), MAX_AGE_DAYS).unwrap_err();
        assert_eq!(missing.nearest, ["H100 SXM"]);
        assert!(offers(&quotes, "H100 SXM", date(2026, 5, 1), MAX_AGE_DAYS).unwrap_err().first.is_some());
    }
}
