//! Token prices month by month: what a million tokens of one model cost at those who sell them.
//!
//! A month has the cards that were seen in it or that say that they held then, one vote per seller. Between two months sellers
//! come and go, and so do the tables that list them: the matched change holds each seller against its own last card only.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime};
use serde::Serialize;

use super::matched::{Matched, Votes, matched};
use super::month::Month;
use super::rental::{Compound, Refused, most_used};
use super::trend::{OnRun, Rules, Series, TOLERANCE, Trend, streaks, trends};
use crate::price::token::{Market, TokenListing, market};
use crate::price::{Mix, to_f64};
use crate::text::{inert, nearest};

/// Fewer sellers than this make no median.
pub const LEAST_SELLERS: usize = 3;

/// The unit of all prices.
pub const UNIT: &str = "USD per million tokens";

const LEVEL: &str =
    "median over sellers of the blended price of their newest card; no median below 3 sellers";
const MATCHED: &str =
    "geometric mean over sellers of the change since their own last card, at most 3 months old";

/// What is asked of price cards.
#[derive(Clone, Copy, Debug)]
pub struct Query<'q> {
    /// The model as the cards name it.
    pub model: &'q str,
    /// What blended prices weigh with.
    pub mix: Mix,
    /// The first month that is shown.
    pub from: Option<Month>,
    /// The last month that is shown.
    pub to: Option<Month>,
    /// Changes up to this fraction are flat.
    pub tolerance: f64,
    /// What a flat month does to a run.
    pub flat: OnRun,
    /// What a missing month does to a run.
    pub gap: OnRun,
}

impl<'q> Query<'q> {
    /// A model under the common rules.
    pub fn of(model: &'q str, mix: Mix) -> Self {
        let (flat, gap) = (OnRun::Break, OnRun::Break);
        Self { model, mix, from: None, to: None, tolerance: TOLERANCE, flat, gap }
    }

    fn rules(&self, estimator: &str) -> Rules {
        let estimator = estimator.to_owned();
        Rules { estimator, tolerance: self.tolerance, floor: 0.0, flat: self.flat, gap: self.gap }
    }
}

/// What the numbers are about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scope {
    /// The open weights.
    pub model: String,
    /// Input tokens per output token of blended prices.
    pub input_output_ratio: f64,
    /// The unit of prices.
    pub unit: &'static str,
    /// Which cards vote.
    pub basis: &'static str,
    /// The first month with a card.
    pub period_from: Month,
    /// The last month with a card.
    pub period_to: Month,
    /// Everybody who ever sold.
    pub sellers: Vec<String>,
    /// Where the numbers were read.
    pub sources: Vec<String>,
    /// Cards behind all of it.
    pub cards: usize,
}

/// What is known of a month. Changes are fractions, prices USD per million tokens; what is not known is `None`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenMonth {
    /// The month.
    pub month: Month,
    /// Median over sellers of the blended price; withheld below three.
    pub median_usd_per_mtok_blended: Option<f64>,
    /// Median over sellers of the price of input.
    pub median_usd_per_mtok_in: Option<f64>,
    /// Median over sellers of the price of output.
    pub median_usd_per_mtok_out: Option<f64>,
    /// The lowest blended price.
    pub cheapest_usd_per_mtok_blended: Option<f64>,
    /// Whose it is.
    pub cheapest_seller: Option<String>,
    /// Sellers with a vote.
    pub sellers: usize,
    /// Why there is no median.
    pub withheld: Option<String>,
    /// Change of the median since `mom_from`.
    pub mom: Option<f64>,
    /// The month before; an earlier one only where missing months hold.
    pub mom_from: Option<Month>,
    /// Change of the median since the same month of the year before.
    pub yoy: Option<f64>,
    /// Months in a row in which the median rose, negative where it fell.
    pub streak: Option<i32>,
    /// Change of the lowest price since the month before.
    pub cheapest_mom: Option<f64>,
    /// Change of those who sold before, each against itself.
    pub matched_mom: Option<f64>,
    /// How many those are.
    pub matched: usize,
    /// Of them, those that rose by more than the tolerance.
    pub up: usize,
    /// Those that fell by more than it.
    pub down: usize,
    /// Months in a row in which those who sold before rose, negative where they fell.
    pub matched_streak: Option<i32>,
    /// Sellers that the last month with a card did not have.
    pub joined: Vec<String>,
    /// Sellers that only the last month with a card had.
    pub left: Vec<String>,
    /// The tables that this month's cards are from.
    pub sources: Vec<String>,
}

/// The token prices of one model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TokenTracker {
    /// What the numbers are about.
    pub scope: Scope,
    /// Rules of the changes and streaks of the median.
    pub rules: Rules,
    /// Rules of the matched changes and their streaks.
    pub matched_rules: Rules,
    /// From the first to the last median shown.
    pub compound: Option<Compound>,
    /// Every month from the first with a card to the last.
    pub months: Vec<TokenMonth>,
    /// What the reader should doubt.
    pub warnings: Vec<String>,
}

/// Follows the token prices of a model.
///
/// # Errors
/// [`Refused`] where no card is of the model, with what there is instead, or none is in the window.
pub fn track(listings: &[TokenListing], query: &Query<'_>) -> Result<TokenTracker, Refused> {
    let cards: Vec<&TokenListing> =
        listings.iter().filter(|card| &*card.model == query.model && votes(card)).collect();
    let markets = markets(&cards, query);
    let (Some((first, _)), Some((last, _))) = (markets.first_key_value(), markets.last_key_value()) else {
        return Err(unknown(listings, query.model));
    };
    let (first, last) = (*first, *last);
    let (rules, matched_rules) = (query.rules(LEVEL), query.rules(MATCHED));
    let medians: Series = markets
        .iter()
        .filter(|(_, (market, _))| market.sellers() >= LEAST_SELLERS)
        .map(|(month, (market, _))| (*month, market.median_blended.0))
        .collect();
    let lowest = |(month, (market, _)): (&Month, &(Market, _))| Some((*month, market.cheapest()?.blended.0));
    let cheapest: Series = markets.iter().filter_map(lowest).collect();
    let (names, panel) = panel(&markets);
    let moved = matched(&panel, &names, &matched_rules);
    let steps = moved.iter().filter_map(|(month, moved)| Some((*month, moved.step?))).collect();
    let of = Moves {
        medians: trends(&medians, &rules),
        cheapest: trends(&cheapest, &rules),
        streaks: streaks(&steps, &matched_rules),
        moved,
    };
    let inside = |month: &Month| {
        query.from.is_none_or(|from| *month >= from) && query.to.is_none_or(|to| *month <= to)
    };
    let months: Vec<TokenMonth> =
        first.through(last).filter(inside).map(|month| row(month, markets.get(&month), &of)).collect();
    if months.is_empty() {
        return Err(Refused(format!("no card between --from and --to; there are {first} to {last}")));
    }
    let scope = Scope {
        model: query.model.to_owned(),
        input_output_ratio: query.mix.ratio(),
        unit: UNIT,
        basis: "everyday cards: standard service, small requests, any hour",
        period_from: first,
        period_to: last,
        sellers: names,
        sources: most_used(cards.iter().map(|card| &*card.source)),
        cards: cards.len(),
    };
    let warnings = warnings(&scope, &months);
    let compound = Compound::of(&medians, query.from, query.to);
    Ok(TokenTracker { scope, rules, matched_rules, compound, months, warnings })
}

/// Whether a card is of an everyday request and has prices.
fn votes(card: &TokenListing) -> bool {
    card.is_everyday() && card.input_output().is_some()
}

/// The market of every month with a card, and the tables behind it.
fn markets(cards: &[&TokenListing], query: &Query<'_>) -> BTreeMap<Month, (Market, Vec<String>)> {
    let newest = cards.iter().map(|card| Month::from(card.observed.unwrap_or(card.date))).max();
    let mut of_month: BTreeMap<Month, Vec<TokenListing>> = BTreeMap::new();
    for card in cards {
        for month in held(card, newest) {
            of_month.entry(month).or_default().push((*card).clone());
        }
    }
    let market = |(month, cards): (Month, Vec<TokenListing>)| {
        let market = market(&cards, query.model, last_day(month)?, query.mix, i32::MAX).ok()?;
        let lines: BTreeSet<(u64, &str)> =
            market.votes.iter().map(|vote| (vote.line, &*vote.seller)).collect();
        let voting = cards.iter().filter(|card| lines.contains(&(card.line, &*card.seller)));
        let sources: BTreeSet<String> = voting.map(|card| card.source.to_string()).collect();
        Some((month, (market, sources.into_iter().collect())))
    };
    of_month.into_iter().filter_map(market).collect()
}

/// The months that a card is of: those in whose last moment it held, where it says so; up to the newest observation of any card.
/// Else the month in which it was seen.
fn held(card: &TokenListing, newest: Option<Month>) -> Vec<Month> {
    let (Some(from), Some(newest)) = (card.valid_from.map(DateTime::date), newest) else {
        return vec![Month::from(card.date)];
    };
    let ended = card.valid_to.map(|to| Month::from(to.date()));
    let until = ended.map_or(newest, |ended| ended.min(newest));
    let held = |month: &Month| last_day(*month).is_some_and(|day| card.counts_on(day));
    Month::from(from).through(until).filter(held).collect()
}

fn last_day(month: Month) -> Option<Date> {
    let first = Date::new(i16::try_from(month.year()).ok()?, i8::try_from(month.month()).ok()?, 1).ok()?;
    Some(first.last_of_month())
}

/// The sellers by name, and what each asks for.
fn panel(markets: &BTreeMap<Month, (Market, Vec<String>)>) -> (Vec<String>, Votes) {
    let all = markets.values().flat_map(|(market, _)| &market.votes);
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for vote in all {
        known.entry(vote.seller.to_lowercase()).or_insert_with(|| vote.seller.to_string());
    }
    let places: BTreeMap<&String, usize> =
        known.keys().enumerate().map(|(place, name)| (name, place)).collect();
    let votes = |market: &Market| {
        let place = |seller: &str| places.get(&seller.to_lowercase()).copied().unwrap_or_default();
        market.votes.iter().map(|vote| (place(&vote.seller), vote.blended.0)).collect()
    };
    let panel = markets.iter().map(|(month, (market, _))| (*month, votes(market))).collect();
    (known.into_values().collect(), panel)
}

/// How everything moved, by month.
struct Moves {
    medians: BTreeMap<Month, Trend>,
    cheapest: BTreeMap<Month, Trend>,
    moved: BTreeMap<Month, Matched>,
    streaks: BTreeMap<Month, i32>,
}

fn row(month: Month, market: Option<&(Market, Vec<String>)>, of: &Moves) -> TokenMonth {
    let sources = market.map(|(_, sources)| sources.clone()).unwrap_or_default();
    let market = market.map(|(market, _)| market);
    let cheapest = market.and_then(Market::cheapest);
    let sellers = market.map_or(0, Market::sellers);
    let published = market.filter(|_| sellers >= LEAST_SELLERS);
    let withheld = match sellers {
        0 => Some("no cards".to_owned()),
        1 => Some(format!("1 seller, {LEAST_SELLERS} needed: a list price, not a market")),
        _ if published.is_some() => None,
        _ => Some(format!("{sellers} sellers, {LEAST_SELLERS} needed")),
    };
    let trend = of.medians.get(&month).copied().unwrap_or_default();
    let moved = of.moved.get(&month).cloned().unwrap_or_default();
    TokenMonth {
        month,
        median_usd_per_mtok_blended: published.map(|market| market.median_blended.0),
        median_usd_per_mtok_in: published.map(|market| to_f64(market.median_input)),
        median_usd_per_mtok_out: published.map(|market| to_f64(market.median_output)),
        cheapest_usd_per_mtok_blended: cheapest.map(|vote| vote.blended.0),
        cheapest_seller: cheapest.map(|vote| vote.seller.to_string()),
        sellers,
        withheld,
        mom: trend.mom,
        mom_from: trend.mom_from,
        yoy: trend.yoy,
        streak: trend.streak,
        cheapest_mom: of.cheapest.get(&month).and_then(|trend| trend.mom),
        matched_mom: moved.change,
        matched: moved.count,
        up: moved.up,
        down: moved.down,
        matched_streak: of.streaks.get(&month).copied(),
        joined: moved.joined,
        left: moved.left,
        sources,
    }
}

fn warnings(scope: &Scope, months: &[TokenMonth]) -> Vec<String> {
    let mut warnings = Vec::new();
    if scope.sellers.len() == 1 {
        warnings.push("one seller: these are list prices, there is no market to compare them with".into());
    }
    let mut tables = months.iter().filter(|row| row.sellers > 0).map(|row| &row.sources);
    let first = tables.next();
    if tables.any(|other| Some(other) != first) {
        let what = "months come from different tables that list different sellers: trust the matched change before the median";
        warnings.push(what.into());
    }
    warnings
}

fn unknown(listings: &[TokenListing], model: &str) -> Refused {
    let names: BTreeSet<&str> = listings.iter().filter(|card| votes(card)).map(|card| &*card.model).collect();
    let near = nearest(model, names);
    let hint =
        if near.is_empty() { String::new() } else { format!("; nearest: {}", inert(&near.join(", "))) };
    Refused(format!("no price of \"{}\"{hint}", inert(&model.chars().take(60).collect::<String>())))
}

#[cfg(test)]
mod tests;
