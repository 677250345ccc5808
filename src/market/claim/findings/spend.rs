//! Spend = usage × price.

use crate::market::claim::words::{change, digits, figure, interval, percent};
use crate::market::claim::{Change, Claim, Figure, Finding, Item, Period, Value};

/// The three figures of one subject and period, as far as they are quoted.
#[derive(Default)]
struct Trio<'c> {
    usage: Option<(&'c Item, Figure)>,
    price: Option<(&'c Item, Figure)>,
    spend: Option<(&'c Item, Figure)>,
}

/// Holds usage, price and spend of each subject against each other.
pub fn relation(claim: &Claim, tolerance: f64) -> Vec<Finding> {
    let mut found = Vec::new();
    for (about, trio) in trios(claim) {
        let periods: Vec<Period> = trio.items().filter_map(|item| item.period).collect();
        if let Some((one, two)) = differing(&periods) {
            let words = format!(
                "usage, price and spend are quoted over different periods ({} and {}): they cannot be multiplied",
                one.change_words(),
                two.change_words()
            );
            found.push(Finding::new("periods-differ", about, None, words));
            continue;
        }
        found.extend(trio.finding(&about, tolerance));
        found.extend(trio.on_top(&about, tolerance));
        found.extend(trio.flat_spend(&about));
    }
    found
}

/// The first two periods that are not of one length.
fn differing(periods: &[Period]) -> Option<(Period, Period)> {
    let first = *periods.first()?;
    periods.iter().find(|period| !period.is(first)).map(|period| (first, *period))
}

fn trios(claim: &Claim) -> Vec<(String, Trio<'_>)> {
    let mut trios: Vec<(String, Trio<'_>)> = Vec::new();
    for item in &claim.items {
        let factor = match &item.value {
            Value::Change(change) => change.factor,
            Value::Direction(direction) => direction.factors(),
            _ => continue,
        };
        if !matches!(item.key.quantity.as_str(), "usage" | "price" | "spend") {
            continue;
        }
        let about = item.key.subject.clone().unwrap_or_default();
        if !trios.iter().any(|(subject, _)| *subject == about) {
            trios.push((about.clone(), Trio::default()));
        }
        let Some((_, trio)) = trios.iter_mut().find(|(subject, _)| *subject == about) else { continue };
        let place = match item.key.quantity.as_str() {
            "usage" => &mut trio.usage,
            "price" => &mut trio.price,
            _ => &mut trio.spend,
        };
        // Where a figure is quoted twice, another rule compares the two.
        place.get_or_insert((item, factor));
    }
    trios
}

impl Trio<'_> {
    fn items(&self) -> impl Iterator<Item = &Item> {
        [self.usage, self.price, self.spend].into_iter().flatten().map(|(item, _)| item)
    }

    fn finding(&self, about: &str, tolerance: f64) -> Option<Finding> {
        let of = |side: Option<(&Item, Figure)>| side.map(|(_, figure)| figure);
        match (of(self.usage), of(self.price), of(self.spend)) {
            (Some(usage), Some(price), Some(spend)) if self.is_direction(self.price) => {
                Some(with_direction(about, usage, price, spend))
            }
            (Some(usage), Some(price), Some(spend)) => Some(all_three(about, usage, price, spend, tolerance)),
            (Some(usage), Some(price), None) => {
                let spend = usage.times(price);
                let words = format!(
                    "usage x price = {} x {} = {}: spend {}",
                    figure(usage),
                    figure(price),
                    figure(spend),
                    change(spend)
                );
                Some(Finding::new("spend", about, None, words).with("implied_spend", spend.change()))
            }
            (Some(usage), None, Some(spend)) => {
                let price = spend.over(usage);
                let words = implied("price", "spend / usage", spend, usage, price);
                Some(Finding::new("spend", about, None, words).with("implied_price", price.change()))
            }
            (None, Some(price), Some(spend)) => {
                let usage = spend.over(price);
                let words = implied("usage", "spend / price", spend, price, usage);
                Some(Finding::new("spend", about, None, words).with("implied_usage", usage.change()))
            }
            _ => None,
        }
    }

    fn is_direction(&self, side: Option<(&Item, Figure)>) -> bool {
        side.is_some_and(|(item, _)| matches!(item.value, Value::Direction(_)))
    }

    /// "Increased 20 times" may mean 21 times as much.
    fn on_top(&self, about: &str, tolerance: f64) -> Option<Finding> {
        let ((item, usage), (_, price), (_, spend)) = (self.usage?, self.price?, self.spend?);
        let Value::Change(Change { on_top: true, .. }) = item.value else { return None };
        let usage = usage.plus_one();
        let product = usage.times(price);
        let words = format!(
            "taken as {}x, usage x price = {}, spend is quoted as {}",
            figure(usage),
            figure(product),
            figure(spend)
        );
        let holds = if product.meets(spend, tolerance) { 1.0 } else { 0.0 };
        Some(Finding::new("increased-by", about, None, words).with("holds_on_top", holds))
    }

    fn flat_spend(&self, about: &str) -> Option<Finding> {
        let ((_, usage), (_, price), None) = (self.usage?, self.price?, self.spend) else { return None };
        let flat = Figure::printed(1.into(), 0.into()).over(usage);
        let verdict = if usage.times(price).low > 1.0 {
            "spend rises"
        } else if usage.times(price).high < 1.0 {
            "spend falls"
        } else {
            "spend may rise or fall"
        };
        let words = format!(
            "{verdict}: usage {}x times price {}x; it stays flat only where the price changes by {}",
            figure(usage),
            figure(price),
            change(flat)
        );
        Some(Finding::new("flat-spend", about, None, words).with("price_of_flat_spend", flat.change()))
    }
}

fn implied(what: &str, formula: &str, above: Figure, below: Figure, result: Figure) -> String {
    format!(
        "{formula} = {} / {} = {}: {what} {}",
        figure(above),
        figure(below),
        figure(result),
        change(result)
    )
}

fn all_three(about: &str, usage: Figure, price: Figure, spend: Figure, tolerance: f64) -> Finding {
    let product = usage.times(price);
    let holds = product.meets(spend, tolerance);
    let (by_price, by_usage) = (spend.over(usage), spend.over(price));
    let mut words = format!(
        "usage x price = {} x {} = {} ({} within rounding), spend is quoted as {} ({})",
        figure(usage),
        figure(price),
        figure(product),
        interval(product),
        figure(spend),
        interval(spend)
    );
    if !holds {
        words += &format!(
            "; {} / {} implies a price of {}, so the price is on another basis (mix shift, fixed basket)",
            figure(spend),
            figure(usage),
            change(by_price)
        );
    }
    Finding::new("spend", about, Some(holds), words)
        .with("implied_price", by_price.change())
        .with("implied_usage", by_usage.change())
        .with("implied_spend", product.change())
}

fn with_direction(about: &str, usage: Figure, price: Figure, spend: Figure) -> Finding {
    let needed = spend.over(usage);
    let holds = needed.meets(price, 0.0) && !(price.low >= 1.0 && needed.high <= 1.0);
    let words = format!(
        "spend / usage = {} / {} = {}: with these digits the price moved by {} to {}, in the quoted direction {}",
        figure(spend),
        figure(usage),
        digits(needed.mid()),
        percent(needed.low - 1.0),
        percent(needed.high - 1.0),
        if holds { "only within rounding" } else { "never" }
    );
    Finding::new("spend", about, Some(holds), words)
        .with("implied_price", needed.change())
        .with("price_low", needed.low - 1.0)
        .with("price_high", needed.high - 1.0)
}
