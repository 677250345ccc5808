//! Storage prices: a series per product, and whether DRAM and NAND go the same way.
//!
//! A changed product is a new series: a step from one part to another is no change of a price. `--splice A=B` joins two, which
//! every output says. A month's value is the mean of its points or its last point, by the name of the estimator.

mod divergence;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use divergence::Divergence;

use super::month::Month;
use super::trend::{OnRun, Rules, Series, TOLERANCE, trends};
use crate::named::named;
use crate::price::storage::{Class, StoragePoint};
use crate::price::to_f64;
use crate::text::nearest;

/// How a month's value is made of its points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Estimator {
    /// Their mean.
    #[default]
    Mean,
    /// The last of them.
    Last,
}

named!(Estimator { Mean = "mean", Last = "last" });

/// Two products that are to be one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The product until then.
    pub from: String,
    /// The product from then on.
    pub to: String,
}

impl std::str::FromStr for Splice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').map(|(from, to)| (from.trim(), to.trim()));
        match parts.filter(|(from, to)| !from.is_empty() && !to.is_empty() && from != to) {
            Some((from, to)) => Ok(Self { from: from.to_owned(), to: to.to_owned() }),
            None => Err("names two products: OLD=NEW".into()),
        }
    }
}

/// What is asked of a file.
#[derive(Clone, Debug)]
pub struct Query {
    /// How a month's value is made.
    pub estimator: Estimator,
    /// Products that are to be one series.
    pub splices: Vec<Splice>,
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

impl Default for Query {
    fn default() -> Self {
        Self {
            estimator: Estimator::Mean,
            splices: Vec::new(),
            from: None,
            to: None,
            tolerance: TOLERANCE,
            flat: OnRun::Break,
            gap: OnRun::Break,
        }
    }
}

/// One month of one product. Changes are fractions.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StorageMonth {
    /// The month.
    pub month: Option<Month>,
    /// DRAM, NAND or other, by the product's name.
    pub class: String,
    /// The product.
    pub product: String,
    /// USD per chip or wafer.
    pub usd: f64,
    /// Points of the month.
    pub points: usize,
    /// Change since `mom_from`.
    pub mom: Option<f64>,
    /// The month before; an earlier one only where missing months hold.
    pub mom_from: Option<Month>,
    /// Change since the same month of the year before.
    pub yoy: Option<f64>,
    /// Months in a row up, negative down.
    pub streak: Option<i32>,
    /// Whether the change is from one product to another that it was spliced to.
    pub spliced: bool,
}

/// Where a class changes its product.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Break {
    /// DRAM, NAND or other.
    pub class: Class,
    /// The product until then.
    pub from: String,
    /// The product from then on: a new series.
    pub to: String,
    /// The first month of the new one.
    pub month: Month,
    /// The last month of the old one.
    pub last: Month,
}

/// The storage prices of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StorageTracker {
    /// Version of these fields.
    pub schema_version: u32,
    /// The unit of prices.
    pub unit: &'static str,
    /// What changes and streaks rest on.
    pub rules: Rules,
    /// Products that were joined, as asked for.
    pub splices: Vec<String>,
    /// Changes of product that were not: no change of a price is computed over them.
    pub breaks: Vec<Break>,
    /// Months in which DRAM and NAND went different ways.
    pub divergence: Option<Divergence>,
    /// Month by month, product by product.
    pub months: Vec<StorageMonth>,
    /// Where the points were read.
    pub sources: Vec<String>,
    /// What the reader should doubt.
    pub warnings: Vec<String>,
}

/// A product's points by month, and the months in which a splice starts.
#[derive(Default)]
struct Product {
    class: Option<Class>,
    months: BTreeMap<Month, Vec<(jiff::civil::Date, f64)>>,
    joints: BTreeSet<Month>,
}

/// Follows the prices of a file.
///
/// # Errors
/// A sentence where a splice names a product that is not in it, or where nothing is in the months asked for.
pub fn track(points: &[StoragePoint], query: &Query) -> Result<StorageTracker, String> {
    let mut products = products(points);
    let mut warnings = Vec::new();
    for splice in &query.splices {
        warnings.extend(join(&mut products, splice)?);
    }
    let rules = Rules {
        tolerance: query.tolerance,
        flat: query.flat,
        gap: query.gap,
        ..Rules::of(format!("{} of the month's points", query.estimator))
    };
    let mut months = Vec::new();
    let mut moves = BTreeMap::new();
    for (name, product) in &products {
        let class = product.class.unwrap_or(Class::Other);
        let series = series(product, query.estimator);
        for (month, trend) in trends(&series, &rules) {
            if let Some(mom) = trend.mom {
                moves.entry((month, class)).or_insert_with(Vec::new).push(rules.judge_change(mom));
            }
            months.push(StorageMonth {
                month: Some(month),
                class: class.name().to_owned(),
                product: name.clone(),
                usd: series.get(&month).copied().unwrap_or(f64::NAN),
                points: product.months.get(&month).map_or(0, Vec::len),
                mom: trend.mom,
                mom_from: trend.mom_from,
                yoy: trend.yoy,
                streak: trend.streak,
                spliced: product.joints.contains(&month),
            });
        }
    }
    let shown =
        |month: Month| query.from.is_none_or(|from| month >= from) && query.to.is_none_or(|to| month <= to);
    months.retain(|row| row.month.is_some_and(shown));
    if months.is_empty() {
        return Err("no prices in the months asked for".into());
    }
    months.sort_by(|one, other| {
        (one.month, &one.class, &one.product).cmp(&(other.month, &other.class, &other.product))
    });
    moves.retain(|(month, _), _| shown(*month));
    let sources: BTreeSet<&str> = points.iter().map(|point| point.source.as_str()).collect();
    Ok(StorageTracker {
        schema_version: 1,
        unit: "USD per chip or wafer, as the product is named",
        rules,
        splices: query.splices.iter().map(|splice| format!("{} = {}", splice.from, splice.to)).collect(),
        breaks: breaks(&products),
        divergence: divergence::of(&moves),
        months,
        sources: sources.into_iter().map(str::to_owned).collect(),
        warnings,
    })
}

fn products(points: &[StoragePoint]) -> BTreeMap<String, Product> {
    let mut products: BTreeMap<String, Product> = BTreeMap::new();
    for point in points {
        let product = products.entry(point.product.clone()).or_default();
        product.class = Some(Class::of(&point.product));
        product.months.entry(point.date.into()).or_default().push((point.date, to_f64(point.usd)));
    }
    products
}

/// Puts the points of one product before those of another; where both have a month, the new one's count.
fn join(products: &mut BTreeMap<String, Product>, splice: &Splice) -> Result<Option<String>, String> {
    let missing = |products: &BTreeMap<String, Product>, name: &str| {
        let near = nearest(name, products.keys().map(String::as_str));
        let near = if near.is_empty() { products.keys().map(String::as_str).collect() } else { near };
        crate::text::inert(&format!("--splice: no product \"{name}\"; there are {}", near.join(", ")))
    };
    if !products.contains_key(&splice.to) {
        return Err(missing(products, &splice.to));
    }
    let Some(old) = products.remove(&splice.from) else { return Err(missing(products, &splice.from)) };
    let Some(new) = products.get_mut(&splice.to) else { return Ok(None) };
    new.joints.extend(new.months.keys().next().copied());
    new.joints.extend(old.joints);
    let mut dropped = 0;
    for (month, points) in old.months {
        match new.months.contains_key(&month) {
            true => dropped += 1,
            false => {
                new.months.insert(month, points);
            }
        }
    }
    Ok((dropped > 0)
        .then(|| format!("{}: {dropped} months that {} has as well are left out", splice.from, splice.to)))
}

fn series(product: &Product, estimator: Estimator) -> Series {
    let value = |points: &Vec<(jiff::civil::Date, f64)>| match estimator {
        Estimator::Mean => Some(points.iter().map(|(_, usd)| usd).sum::<f64>() / points.len() as f64),
        Estimator::Last => points.iter().max_by_key(|(date, _)| *date).map(|(_, usd)| *usd),
    };
    product.months.iter().filter_map(|(month, points)| Some((*month, value(points)?))).collect()
}

/// Within a class, each product that starts after another one has ended.
fn breaks(products: &BTreeMap<String, Product>) -> Vec<Break> {
    let mut breaks = Vec::new();
    let span =
        |product: &Product| Some((*product.months.keys().next()?, *product.months.keys().next_back()?));
    for (to, new) in products {
        let Some((start, _)) = span(new) else { continue };
        let before = products.iter().filter(|(name, other)| *name != to && other.class == new.class);
        let ended =
            before.filter_map(|(name, other)| Some((span(other)?.1, name)).filter(|(last, _)| *last < start));
        if let (Some((last, from)), Some(class)) = (ended.max(), new.class) {
            breaks.push(Break { class, from: from.clone(), to: to.clone(), month: start, last });
        }
    }
    breaks
}
