//! The rent of one GPU in that of another, per hour and, where both were measured at the same work, per token.

use serde::Serialize;

use super::choose::{Chosen, choose};
use super::name::Catalogue;
use super::panel::Panel;
use super::speed::Speed;
use super::{Query, Refused, Scope, published};
use crate::market::trend::{Rules, Series};
use crate::price::rental_csv::RentalPoint;

const ESTIMATOR: &str = "ratio of the two levels of a month, of one kind, basis and region";

/// What the GPU is divided by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Ratio {
    /// The other GPU; its kind and basis are those of the first.
    pub scope: Scope,
    /// Rules of the ratio's own changes.
    pub rules: Rules,
    /// How much faster the GPU was measured to be, where the same work was measured on both.
    pub speed: Option<Speed>,
    /// Why there is no ratio per token.
    pub no_speed: Option<String>,
    /// What the reader should doubt of the other GPU.
    #[serde(skip)]
    pub(super) warnings: Vec<String>,
}

/// The other GPU and its levels; `of` is what was chosen of the first, and the name of the other.
pub(super) fn divide(
    points: &[RentalPoint],
    catalogue: &Catalogue,
    speeds: &str,
    query: &Query<'_>,
    (first, other): (&Chosen<'_>, &str),
) -> Result<(Ratio, Series), Refused> {
    let query = Query { gpu: other, memory_gb: None, basis: Some(first.basis), ..*query };
    let chosen = choose(points, catalogue, &query)?;
    let panel = Panel::of(&chosen.rows);
    let (speed, no_speed) = match Speed::of(speeds, catalogue, &first.identity, &chosen.identity) {
        Ok(speed) => (Some(speed), None),
        Err(reason) => (None, Some(reason)),
    };
    let ratio = Ratio {
        scope: Scope::of(&query, &chosen, &panel)?,
        rules: query.rules(ESTIMATOR, 0.0),
        speed,
        no_speed,
        warnings: chosen.warnings.iter().map(|warning| format!("{other}: {warning}")).collect(),
    };
    Ok((ratio, published(&panel.levels())))
}
