//! Which side a volume is cheapest on, from the intervals.

use serde::Serialize;

use crate::named::named;
use crate::units::Interval;

/// A way to serve a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Rented replicas.
    Rent,
    /// Owned replicas.
    Own,
    /// Bought tokens.
    Buy,
}

named!(Side { Rent = "rent", Own = "own", Buy = "buy" });

/// What the numbers advise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Advice {
    /// Renting is cheaper than the others even at its high end and their low ends.
    #[serde(rename = "RENT")]
    Rent,
    /// Owning, likewise.
    #[serde(rename = "OWN")]
    Own,
    /// Buying, likewise.
    #[serde(rename = "BUY")]
    Buy,
    /// The interval of another side reaches into that of the cheapest.
    #[serde(rename = "TOO CLOSE")]
    TooCloseToCall,
}

impl Advice {
    /// The advice in capitals.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rent => "RENT",
            Self::Own => "OWN",
            Self::Buy => "BUY",
            Self::TooCloseToCall => "TOO CLOSE",
        }
    }

    /// The advice on sides in USD per month, and the sides that the numbers leave in question, the cheapest first. One side
    /// alone is no choice.
    pub fn of(sides: &[(Side, Interval<f64>)]) -> Option<(Self, Vec<Side>)> {
        let by_mid = |a: &&(Side, Interval<f64>), b: &&(Side, Interval<f64>)| a.1.mid.total_cmp(&b.1.mid);
        let (side, best) = sides.iter().min_by(by_mid).filter(|_| sides.len() > 1)?;
        let mut near: Vec<_> = sides.iter().filter(|(_, cost)| cost.low <= best.high).collect();
        near.sort_by(by_mid);
        let named: Vec<Side> = near.into_iter().map(|(side, _)| *side).collect();
        Some(match (named.len(), side) {
            (1, Side::Rent) => (Self::Rent, named),
            (1, Side::Own) => (Self::Own, named),
            (1, Side::Buy) => (Self::Buy, named),
            _ => (Self::TooCloseToCall, named),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(rent: [f64; 3], own: [f64; 3], buy: [f64; 3]) -> Option<(Advice, Vec<Side>)> {
        let ends = |[low, mid, high]: [f64; 3]| Interval { low, mid, high };
        Advice::of(&[(Side::Rent, ends(rent)), (Side::Own, ends(own)), (Side::Buy, ends(buy))])
    }

    #[test]
    fn a_side_wins_only_where_no_interval_reaches_into_its_own() {
        assert_eq!(
            of([5.0, 6.0, 7.0], [8.0, 9.0, 9.5], [2.0, 3.0, 4.9]),
            Some((Advice::Buy, vec![Side::Buy]))
        );
        assert_eq!(
            of([5.0, 6.0, 7.0], [8.0, 9.0, 9.5], [2.0, 3.0, 5.0]),
            Some((Advice::TooCloseToCall, vec![Side::Buy, Side::Rent]))
        );
        assert_eq!(of([1.0, 1.5, 2.0], [2.1; 3], [9.0; 3]), Some((Advice::Rent, vec![Side::Rent])));
        assert_eq!(of([3.0; 3], [2.1; 3], [9.0; 3]), Some((Advice::Own, vec![Side::Own])));
    }

    #[test]
    fn one_side_alone_is_no_choice() {
        assert_eq!(Advice::of(&[(Side::Buy, Interval::exactly(1.0))]), None);
        assert_eq!(Advice::of(&[]), None);
    }
}
