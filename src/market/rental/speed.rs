//! How much faster one GPU was measured to be than another, at the same work by the same source.

use std::collections::BTreeMap;

use serde::Serialize;

use super::name::{Catalogue, Identity};
use crate::stats::median;
use crate::table::Table;

/// Columns that two measurements must share to be of the same work.
const WORK: [&str; 11] = [
    "source",
    "url_or_repo_path",
    "gpus",
    "model",
    "precision_weights",
    "precision_kv",
    "isl",
    "osl",
    "batch_or_concurrency",
    "phase",
    "unit",
];

/// A ratio of measured rates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Speed {
    /// Median over pairs of the rate of the first GPU in that of the second.
    pub ratio: f64,
    /// Measurements of the same work on both.
    pub pairs: usize,
    /// The pair in which the first GPU is the least ahead.
    pub low: f64,
    /// The pair in which it is the most ahead.
    pub high: f64,
}

impl Speed {
    /// The ratio of two GPUs from a table like `validation.csv`: rates in tok/s, or times in ms.
    ///
    /// # Errors
    /// Why there is none: a table that cannot be read, or no work that was measured on both.
    pub fn of(
        table: &str,
        catalogue: &Catalogue,
        first: &Identity,
        second: &Identity,
    ) -> Result<Self, String> {
        let table = Table::read(table.as_bytes(), &["hardware", "value", "unit", "source", "model"])
            .map_err(|fault| format!("the table of measurements cannot be read: {fault}"))?;
        let mut work: BTreeMap<[&str; WORK.len()], [Vec<f64>; 2]> = BTreeMap::new();
        for row in table.rows() {
            let identity = catalogue.identity(row.text("hardware"), None);
            let sides = [first, second].map(|asked| identity.is(asked));
            let value = row.positive("value").ok().flatten();
            let Some(value) = value.filter(|_| sides != [false; 2] && !row.text("notes").contains("OUTLIER"))
            else {
                continue;
            };
            // A time is the inverse of a rate.
            let rate = if row.text("unit") == "ms" { 1.0 / value } else { value };
            let rates = work.entry(WORK.map(|column| row.text(column))).or_default();
            rates.iter_mut().zip(sides).filter(|(_, meant)| *meant).for_each(|(rates, _)| rates.push(rate));
        }
        let ratio = |[first, second]: &[Vec<f64>; 2]| Some(median(first)? / median(second)?);
        let mut ratios: Vec<f64> = work.values().filter_map(ratio).collect();
        ratios.sort_by(f64::total_cmp);
        match (median(&ratios), ratios.first(), ratios.last()) {
            (Some(ratio), Some(low), Some(high)) => {
                Ok(Self { ratio, pairs: ratios.len(), low: *low, high: *high })
            }
            _ => Err("no work was measured on both GPUs by one source".into()),
        }
    }
}
