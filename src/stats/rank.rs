//! Tests that ask for no distribution of the noise. They are exact where the samples are few: the chances are
//! those of all ways to give out the signs or the ranks, ties included.
//!
//! Two-sided values are twice the smaller one-sided value, 1 at most.

use super::normal;
use super::sorted;

/// Differences up to which the signed-rank test is exact.
const SIGNED_RANK_EXACT: usize = 50;
/// Additions up to which the rank-sum test is exact: 30 against 30 values just fit.
const RANK_SUM_EXACT: usize = 5_000_000;

/// How likely chance alone gives what was seen or more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PValues {
    /// Small where the differences, or the second group beside the first, lie below.
    pub less: f64,
    /// Small where they lie above.
    pub greater: f64,
    /// Small where they lie apart on either side.
    pub two_sided: f64,
}

impl PValues {
    fn new(less: f64, greater: f64) -> Self {
        let (less, greater) = (less.min(1.0), greater.min(1.0));
        Self { less, greater, two_sided: (2.0 * less.min(greater)).min(1.0) }
    }

    /// Of a statistic with a weight for each value from 0 on.
    fn exact(weights: &[f64], seen: usize) -> Self {
        let total: f64 = weights.iter().sum();
        let up_to = weights.iter().take(seen + 1).sum::<f64>();
        Self::new(up_to / total, weights.iter().skip(seen).sum::<f64>() / total)
    }

    /// Of a statistic near to normal whose values are two apart: half of that is the continuity correction.
    fn approximate(seen: f64, mean: f64, variance: f64) -> Self {
        let z = |distance: f64| normal::cdf((distance + 1.0) / variance.sqrt());
        Self::new(z(seen - mean), z(mean - seen))
    }

    fn mirrored(self) -> Self {
        Self { less: self.greater, greater: self.less, ..self }
    }
}

/// The sign test: are the differences as often above 0 as below? Zeros are dropped.
///
/// `None` where no difference is left or one is not finite.
pub fn sign_test(differences: &[f64]) -> Option<PValues> {
    let differences = nonzero(differences)?;
    let above = differences.iter().filter(|difference| **difference > 0.0).count();
    Some(PValues::exact(&fair_coin(differences.len()), above))
}

/// Wilcoxon's signed-rank test ("Individual comparisons by ranking methods", 1945): do the differences lie
/// symmetrically about 0? Zeros are dropped and ties share their mean rank. Exact up to 50 differences, above
/// that by the normal approximation with corrections for ties and continuity.
///
/// `None` where no difference is left or one is not finite. Below 6 differences the two-sided value cannot
/// reach 5 %.
pub fn wilcoxon_signed_rank(differences: &[f64]) -> Option<PValues> {
    let differences = nonzero(differences)?;
    let ranks = doubled_ranks(&differences.iter().map(|value| value.abs()).collect::<Vec<_>>());
    let positive = differences.iter().zip(&ranks).filter(|(difference, _)| **difference > 0.0);
    let seen: usize = positive.map(|(_, rank)| rank).sum();
    Some(if ranks.len() <= SIGNED_RANK_EXACT {
        PValues::exact(&sums_of_any(&ranks), seen)
    } else {
        let [sum, squares] =
            [1, 2].map(|power| ranks.iter().map(|rank| (*rank as f64).powi(power)).sum::<f64>());
        PValues::approximate(seen as f64, sum / 2.0, squares / 4.0)
    })
}

/// The rank-sum test of two independent groups (Mann and Whitney, "On a test of whether one of two random
/// variables is stochastically larger than the other", 1947): `greater` is small where `b` lies above `a`. Ties
/// share their mean rank. Exact up to 30 against 30 values or as much work, above that by the normal
/// approximation with corrections for ties and continuity.
///
/// `None` where a group is empty or a value is not finite. The two-sided value can reach 5 % from 4 against 4, 3
/// against 5 or 2 against 8 values on.
pub fn mann_whitney(a: &[f64], b: &[f64]) -> Option<PValues> {
    let all = [a, b].concat();
    let usable = !a.is_empty() && !b.is_empty() && all.iter().all(|value| value.is_finite());
    let ranks = usable.then(|| doubled_ranks(&all))?;
    let (of_a, of_b) = ranks.split_at_checked(a.len())?;
    Some(if b.len() <= a.len() { rank_sum(of_b, &ranks) } else { rank_sum(of_a, &ranks).mirrored() })
}

/// Is the sum of `group`, the smaller of two, a usual one for that many of `ranks`?
fn rank_sum(group: &[usize], ranks: &[usize]) -> PValues {
    let (count, total) = (group.len(), ranks.len());
    let seen = group.iter().sum::<usize>();
    let largest_sum = count * (2 * total - count + 1);
    if total.saturating_mul(count).saturating_mul(largest_sum) <= RANK_SUM_EXACT {
        return PValues::exact(&sums_of(count, ranks, largest_sum), seen);
    }
    let (count, total) = (count as f64, total as f64);
    let mean = ranks.iter().sum::<usize>() as f64 / total;
    let squares = ranks.iter().map(|rank| (*rank as f64 - mean).powi(2)).sum::<f64>();
    let variance = count * (total - count) / (total * (total - 1.0)) * squares;
    PValues::approximate(seen as f64, count * mean, variance)
}

fn nonzero(differences: &[f64]) -> Option<Vec<f64>> {
    let finite = differences.iter().all(|difference| difference.is_finite());
    let kept: Vec<f64> = differences.iter().copied().filter(|difference| *difference != 0.0).collect();
    (finite && !kept.is_empty()).then_some(kept)
}

/// Twice the mean rank, from 1 on, of each value: a whole number even where values are tied.
fn doubled_ranks(values: &[f64]) -> Vec<usize> {
    let sorted = sorted(values);
    let below = |value: f64| sorted.partition_point(|other| *other < value);
    let up_to = |value: f64| sorted.partition_point(|other| *other <= value);
    values.iter().map(|value| below(*value) + 1 + up_to(*value)).collect()
}

/// The chance of each number of heads.
fn fair_coin(tosses: usize) -> Vec<f64> {
    let first = -(tosses as f64) * std::f64::consts::LN_2;
    let step = |logarithm: &mut f64, heads: usize| {
        if heads > 0 {
            *logarithm += ((tosses - heads + 1) as f64 / heads as f64).ln();
        }
        Some(logarithm.exp())
    };
    (0..=tosses).scan(first, step).collect()
}

/// The chance of each sum where every rank counts or not by the toss of a coin.
fn sums_of_any(ranks: &[usize]) -> Vec<f64> {
    let mut chances = vec![1.0];
    for rank in ranks {
        let gap = vec![0.0; *rank];
        let without = chances.iter().chain(&gap);
        let with = gap.iter().chain(&chances);
        chances = without.zip(with).map(|(without, with)| 0.5 * (without + with)).collect();
    }
    chances
}

/// In how many ways `count` of the ranks have each sum up to `largest_sum`.
fn sums_of(count: usize, ranks: &[usize], largest_sum: usize) -> Vec<f64> {
    let mut ways = vec![vec![0.0; largest_sum + 1]; count + 1];
    ways.iter_mut().take(1).flat_map(|none| none.first_mut()).for_each(|empty| *empty = 1.0);
    for rank in ranks {
        // From many to few, so that no rank counts twice.
        for chosen in (1..=count).rev() {
            let (fewer, more) = ways.split_at_mut(chosen);
            let (Some(fewer), Some(more)) = (fewer.last(), more.first_mut()) else { continue };
            more.iter_mut().skip(*rank).zip(fewer).for_each(|(more, fewer)| *more += *fewer);
        }
    }
    ways.pop().unwrap_or_default()
}

#[cfg(test)]
mod tests;
