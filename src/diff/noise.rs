//! How much runs of one cell differ, with the help of all other cells: three runs alone say next to nothing.

use super::evidence::{Evidence, Points};
use crate::stats::moderated::Prior;
use crate::stats::running::Running;
use crate::stats::{bootstrap, holm, median, rank, student};

/// The chance of one false SLOWER among all rows, and of one false FASTER.
pub const ALPHA: f64 = 0.003;
/// What a printed interval covers.
const LEVEL: f64 = 0.95;
/// A run further out than so many usual distances counts as that far, for the variance alone.
const REACH: f64 = 6.0;
/// Ranks have a say where their clearest order has this chance or less, and then must agree at [`RANKS_AGREE`].
const RANKS_SAY: f64 = 0.02;
/// The ranks are a second opinion on one row: all rows together are the t-test's concern.
pub const RANKS_AGREE: f64 = 0.05;
/// From so many pairs on the signed ranks decide instead of t: they need no normal noise, which bursts of other load are
/// not, and their least p, 2⁻²⁰, is beyond any limit here.
pub const RANK_PAIRS: usize = 20;
/// Pairs from which a bootstrap interval is worth its name.
const BOOTSTRAP_PAIRS: usize = 6;
const RESAMPLES: u32 = 1000;
const SEED: u64 = 1;

/// What the noise says about one row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Significance {
    /// Ends of the interval of the effect, ln.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The smallest ln effect that would have been told from chance beside all other rows.
    pub detectable: f64,
    /// One-sided, in the direction of the effect.
    pub p: f64,
    /// The same beside all other rows.
    pub p_holm: f64,
    /// Of the exact rank test in the same direction; `None` where too few runs give it no say.
    pub p_rank: Option<f64>,
}

/// One significance for each row; `None` where nothing is known of its noise.
pub fn significances(rows: &[&Evidence]) -> Vec<Option<Significance>> {
    let spreads = spreads(rows);
    let tests: Vec<Option<Test>> =
        rows.iter().zip(&spreads).map(|(row, spread)| Test::of(row, (*spread)?)).collect();
    let adjusted = |p: fn(&Test) -> f64| {
        holm::holm(&tests.iter().map(|test| test.as_ref().map_or(f64::NAN, p)).collect::<Vec<_>>())
    };
    let (slower, faster) = (adjusted(|test| test.p_slower), adjusted(|test| test.p_faster));
    let tested = tests.iter().flatten().count();
    let adjusted = slower.into_iter().zip(faster);
    let each = rows.iter().zip(&tests).zip(adjusted);
    each.map(|((row, test), adjusted)| test.as_ref()?.significance(row, adjusted, tested)).collect()
}

/// The variance of one run (or one pair) and its degrees of freedom.
type Spread = (f64, f64);

/// Paired rows vary in another way than unpaired ones, so pairs have a prior of their own; that of runs is learned from
/// all rows.
fn spreads(rows: &[&Evidence]) -> Vec<Option<Spread>> {
    let runs: Vec<Vec<Vec<f64>>> = rows.iter().map(|row| run_groups(row)).collect();
    let paired = rows.iter().filter(|row| row.paired());
    let pairs: Vec<Vec<Vec<f64>>> = paired.map(|row| vec![row.pairs.clone()]).collect();
    let (mut of_runs, mut of_pairs) = (moderated(&runs).into_iter(), moderated(&pairs).into_iter());
    let each = rows.iter().map(|row| {
        let run = of_runs.next().flatten();
        if row.paired() { of_pairs.next().flatten() } else { run }
    });
    each.collect()
}

/// The spread of each row with the help of the others; its own where they are too few.
fn moderated(rows: &[Vec<Vec<f64>>]) -> Vec<Option<Spread>> {
    let usual = usual_distance(rows);
    let own: Vec<Spread> = rows.iter().map(|groups| own_spread(groups, usual)).collect();
    let prior = Prior::fit(&own);
    let spread = |(variance, degrees): Spread| match &prior {
        Some(prior) => Some(prior.posterior(variance, degrees)),
        None => Some((variance, degrees)).filter(|_| degrees > 0.0),
    };
    own.into_iter().map(spread).collect()
}

/// The runs of each side. A side without two calm visits says nothing of the noise where the other has them.
fn run_groups(row: &Evidence) -> Vec<Vec<f64>> {
    let sides = [&row.base, &row.new];
    let calm = sides.map(Points::calm).into_iter();
    let enough: Vec<Vec<f64>> = calm.filter(|group| group.len() >= 2).collect();
    if enough.is_empty() { sides.map(Points::centres).to_vec() } else { enough }
}

/// How far the nearer end of a group usually lies from its middle: the end that no burst of other load moved.
fn usual_distance(rows: &[Vec<Vec<f64>>]) -> f64 {
    let distances: Vec<f64> =
        rows.iter().flatten().filter(|group| group.len() > 2).filter_map(|group| near_end(group)).collect();
    median(&distances).unwrap_or(f64::INFINITY)
}

fn near_end(group: &[f64]) -> Option<f64> {
    let middle = median(group)?;
    let (least, most) = ends(group);
    Some((middle - least).min(most - middle))
}

fn ends(group: &[f64]) -> (f64, f64) {
    group
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// The pooled sample variance of the groups about their own means, runs far out pulled in.
fn own_spread(groups: &[Vec<f64>], usual: f64) -> Spread {
    let own =
        groups.iter().filter(|group| group.len() > 2).filter_map(|group| near_end(group)).fold(0.0, f64::max);
    let reach = REACH * usual.max(own);
    let (mut squares, mut degrees) = (0.0, 0.0);
    for group in groups.iter().filter(|group| group.len() > 1) {
        let middle = median(group).unwrap_or_default();
        let pulled: Vec<f64> =
            group.iter().map(|value| value.clamp(middle - reach, middle + reach)).collect();
        let free = group.len() as f64 - 1.0;
        squares += Running::of(&pulled).stdev().unwrap_or_default().powi(2) * free;
        degrees += free;
    }
    (if degrees > 0.0 { squares / degrees } else { 0.0 }, degrees)
}

/// The variance of the median of n normal values over that of one: π / (2n + π - 2), which is 1 at n = 1, within
/// 2 % for odd n from 3 and larger than the true one for even n.
fn median_variance(runs: usize) -> f64 {
    std::f64::consts::PI / (2.0 * runs as f64 + std::f64::consts::PI - 2.0)
}

/// The test of one row: moderated t, or signed ranks of many pairs.
struct Test {
    /// Ends of the interval of the effect, where the pairs themselves give it.
    ends: Option<bootstrap::Interval>,
    error: f64,
    degrees: f64,
    p_slower: f64,
    p_faster: f64,
}

impl Test {
    fn of(row: &Evidence, (variance, degrees): Spread) -> Option<Self> {
        if row.pairs.len() >= RANK_PAIRS {
            return Self::of_ranks(&row.pairs);
        }
        let factor = if row.paired() {
            median_variance(row.pairs.len())
        } else {
            median_variance(row.base.kept.len()) + median_variance(row.new.kept.len())
        };
        let error = (variance * factor).sqrt();
        // Runs that are alike to the last bit: any difference is one.
        let t = if row.effect == 0.0 { 0.0 } else { row.effect / error };
        let chance = |t: f64| {
            if t.is_infinite() { Some(f64::from(u8::from(t > 0.0))) } else { student::cdf(t, degrees) }
        };
        Some(Self { ends: None, error, degrees, p_slower: chance(-t)?, p_faster: chance(t)? })
    }

    /// Equal sides give differences that are as likely above zero as below: that is all that is asked of the noise.
    fn of_ranks(pairs: &[f64]) -> Option<Self> {
        let ends = bootstrap::interval(pairs, median, LEVEL, RESAMPLES, SEED)?;
        // As wide as a normal error with the same interval.
        let error = (ends.high - ends.low) / (2.0 * student::quantile(0.5 + LEVEL / 2.0, f64::INFINITY)?);
        // Where all pairs are equal there is no difference to test.
        let found = rank::wilcoxon_signed_rank(pairs);
        let [p_slower, p_faster] = found.map_or([1.0; 2], |found| [found.greater, found.less]);
        Some(Self { ends: Some(ends), error, degrees: f64::INFINITY, p_slower, p_faster })
    }

    fn significance(
        &self,
        row: &Evidence,
        (slower, faster): (f64, f64),
        tested: usize,
    ) -> Option<Significance> {
        let reach = |p: f64| Some(student::quantile(p, self.degrees)? * self.error);
        let (low, high) = match self.ends {
            Some(ends) => (ends.low, ends.high),
            None => wider(row, reach(0.5 + LEVEL / 2.0)?),
        };
        Some(Significance {
            low,
            high,
            detectable: reach(1.0 - ALPHA / tested as f64)?,
            p: if row.effect > 0.0 { self.p_slower } else { self.p_faster },
            p_holm: if row.effect > 0.0 { slower } else { faster },
            p_rank: rank_p(row),
        })
    }
}

/// The effect give or take so much, or what resampled pairs say where that is wider.
fn wider(row: &Evidence, half: f64) -> (f64, f64) {
    let (low, high) = (row.effect - half, row.effect + half);
    let resampled = (row.pairs.len() >= BOOTSTRAP_PAIRS)
        .then(|| bootstrap::interval(&row.pairs, median, LEVEL, RESAMPLES, SEED))
        .flatten();
    resampled.map_or((low, high), |ends| (ends.low.min(low), ends.high.max(high)))
}

/// The exact rank test in the direction of the effect, where enough runs give it a say.
fn rank_p(row: &Evidence) -> Option<f64> {
    let (found, clearest) = if row.paired() {
        (rank::wilcoxon_signed_rank(&row.pairs)?, 0.5f64.powi(row.pairs.len() as i32))
    } else {
        let (base, new) = (row.base.centres(), row.new.centres());
        (rank::mann_whitney(&base, &new)?, 1.0 / ways(base.len(), new.len()))
    };
    let p = if row.effect > 0.0 { found.greater } else { found.less };
    Some(p).filter(|_| clearest <= RANKS_SAY)
}

/// In how many ways ranks can be given out to two groups.
fn ways(a: usize, b: usize) -> f64 {
    (1..=b).map(|place| (a + place) as f64 / place as f64).product()
}
