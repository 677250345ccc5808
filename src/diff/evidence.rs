//! What the visits of one cell on both sides show, before anything is known of the other cells.

use std::collections::HashMap;

use super::noise::RANK_PAIRS;
use super::side::{Cell, Side, Times};
use crate::measurement::Calibration;
use crate::measurement::calibrations::Calibrations;
use crate::named::named;
use crate::stats::{self, median};

/// Fewer runs on a side carry no verdict.
pub const RUNS_MIN: usize = 3;
/// Fewer pairs say less than the runs by themselves: half of the degrees of freedom, and a disturbed run takes its
/// partner along. In turns A B B A runs are balanced without being paired.
const PAIRS_MIN: usize = 5;
/// So many calm visits of a side stand for it without the disturbed ones; among 3 visits with a disturbed one the
/// median would be the slower of the other two.
const CALM_MIN: usize = 2;
/// The four calibrations of a pair may differ by this factor.
const CALIBRATION_RANGE: f64 = 1.10;

/// How fast the device of a side was.
pub fn device(side: &Side) -> Calibrations {
    let visits = side.cells().iter().flat_map(|cell| &cell.visits);
    Calibrations::of(visits.filter_map(|visit| visit.times?.calibration))
}

fn calibrations(times: Times) -> impl Iterator<Item = f64> {
    times.calibration.into_iter().flat_map(Calibration::seconds)
}

fn disturbed(device: Calibrations, times: &Times) -> bool {
    times.calibration.is_some_and(|visit| device.disturbed(visit))
}

/// Which time of a run stands for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// The median of its samples.
    #[default]
    Median,
    /// Its fastest sample: on a shared machine the moments without other load repeat better than the rest.
    Fastest,
}

named!(Basis { Median = "median", Fastest = "fastest" });

/// A cell of one side.
#[derive(Clone, Copy, Debug)]
pub struct Visited<'s> {
    /// The side.
    pub side: &'s Side,
    /// The cell.
    pub cell: &'s Cell,
    /// How fast the side's device was.
    pub device: Calibrations,
    /// What stands for a run.
    pub basis: Basis,
}

impl Visited<'_> {
    fn times(&self) -> Vec<Times> {
        self.cell.visits.iter().filter_map(|visit| visit.times).collect()
    }

    fn points(&self) -> Points {
        Points::of(&self.times(), self.device, self.basis)
    }

    /// The step of the clock as a share of the time.
    fn quantum_share(&self) -> f64 {
        let times = self.times().into_iter();
        times.filter_map(|times| Some(times.quantum?.0 / times.median.0)).fold(0.0, f64::max)
    }

    /// What a pair is recognised by, and its visit.
    fn named(&self) -> impl Iterator<Item = ((&str, u32), Times)> {
        self.cell.visits.iter().filter_map(|visit| {
            let name = (self.side.session(visit)?, visit.run);
            Some((name, visit.times?))
        })
    }
}

/// One visit in logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// ln of what stands for the run.
    pub centre: f64,
    /// ln of the first quartile, or of the fastest sample where that stands for the run.
    pub low: f64,
    /// ln of the median.
    pub median: f64,
    /// Whether the device itself was slow or changing.
    pub disturbed: bool,
}

/// The visits of a cell that count on one side, in run order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Points {
    /// Those that count.
    pub kept: Vec<Point>,
    /// All that ended well, before any was set aside.
    pub all: usize,
    /// Disturbed visits among all of them.
    pub disturbed: usize,
    /// ln of the median calibration of those that count.
    pub calibration: Option<f64>,
    /// The widest [min, q3] over all visits, in ln seconds.
    pub span: Option<(f64, f64)>,
}

impl Points {
    fn of(visits: &[Times], device: Calibrations, basis: Basis) -> Self {
        let points: Vec<(Point, &Times)> =
            visits.iter().map(|times| (point(times, device, basis), times)).collect();
        let calm = |(point, _): &&(Point, &Times)| !point.disturbed;
        let calm_ones = points.iter().filter(calm).count();
        let chosen: Vec<_> = points.iter().filter(|point| calm_ones < CALM_MIN || calm(point)).collect();
        let kept_calibrations: Vec<f64> =
            chosen.iter().flat_map(|(_, times)| calibrations(**times)).collect();
        Self {
            kept: chosen.iter().map(|(point, _)| *point).collect(),
            all: points.len(),
            disturbed: points.len() - calm_ones,
            calibration: median(&kept_calibrations).map(f64::ln),
            span: span(visits),
        }
    }

    /// Seconds: the median over runs of their medians.
    pub fn median_s(&self) -> Option<f64> {
        median(&self.kept.iter().map(|point| point.median).collect::<Vec<_>>()).map(f64::exp)
    }

    /// ln of what stands for the runs.
    pub fn centres(&self) -> Vec<f64> {
        self.kept.iter().map(|point| point.centre).collect()
    }

    /// The same of visits on a calm device.
    pub fn calm(&self) -> Vec<f64> {
        self.kept.iter().filter(|point| !point.disturbed).map(|point| point.centre).collect()
    }

    fn lows(&self) -> Vec<f64> {
        self.kept.iter().map(|point| point.low).collect()
    }
}

fn point(times: &Times, device: Calibrations, basis: Basis) -> Point {
    let (centre, low) = stand_ins(times, basis);
    Point { centre, low, median: times.median.0.ln(), disturbed: disturbed(device, times) }
}

/// ln of what stands for a run, and of what must move with it.
fn stand_ins(times: &Times, basis: Basis) -> (f64, f64) {
    match basis {
        Basis::Median => (times.median.0.ln(), times.q1.0.ln()),
        Basis::Fastest => (times.min.0.ln(), times.min.0.ln()),
    }
}

fn span(visits: &[Times]) -> Option<(f64, f64)> {
    let least = visits.iter().map(|times| times.min.0).min_by(f64::total_cmp)?;
    let most = visits.iter().map(|times| times.q3.0).max_by(f64::total_cmp)?;
    Some((least.ln(), most.ln()))
}

/// What is known of one row before the others are looked at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// Base.
    pub base: Points,
    /// New.
    pub new: Points,
    /// ln new - ln base of each pair that met one and the same device; empty where there are fewer than five.
    pub pairs: Vec<f64>,
    /// ln of the ratio of the medians over runs, or the median over pairs.
    pub effect: f64,
    /// ln of the ratio of the lowest first quartiles, or the median ratio of first quartiles over pairs.
    pub floor: f64,
    /// The largest ln ratio between halves of one side's own runs.
    pub own_null: Option<f64>,
    /// ln of how much slower the calibration kernel was beside these visits of new.
    pub shift: Option<f64>,
    /// The step of the clock as a share of the time.
    pub quantum_share: f64,
}

impl Evidence {
    /// Compares two cells; `None` where a side has no visit that ended well.
    pub fn of(from: Visited<'_>, to: Visited<'_>) -> Option<Self> {
        let pairs = pairs(from, to);
        let (base, new) = (from.points(), to.points());
        let unpaired = median(&new.centres())? - median(&base.centres())?;
        let over_pairs = |of: fn(&Pair) -> f64| median(&pairs.iter().map(of).collect::<Vec<_>>());
        // What both sides of a pair share is no null of the pair.
        let halves = if pairs.is_empty() { [own_null(&base), own_null(&new)] } else { [None; 2] };
        Some(Self {
            effect: over_pairs(|pair| pair.centre).unwrap_or(unpaired),
            floor: over_pairs(|pair| pair.low).or_else(|| floor(&base.lows(), &new.lows()))?,
            own_null: halves.into_iter().flatten().reduce(f64::max),
            shift: over_pairs(|pair| pair.shift)
                .or_else(|| new.calibration.zip(base.calibration).map(|(new, base)| new - base)),
            quantum_share: from.quantum_share().max(to.quantum_share()),
            base,
            new,
            pairs: pairs.iter().map(|pair| pair.centre).collect(),
        })
    }

    /// Whether runs of the two sides were taken in pairs.
    pub fn paired(&self) -> bool {
        !self.pairs.is_empty()
    }

    /// The share of the narrower [min, q3] that both sides' samples have in common.
    pub fn overlap(&self) -> Option<f64> {
        let ((a, b), (c, d)) = (self.base.span?, self.new.span?);
        let common = (b.min(d) - a.max(c)).max(0.0);
        let narrower = (b - a).min(d - c);
        Some(if narrower > 0.0 {
            (common / narrower).min(1.0)
        } else {
            f64::from(u8::from(b >= c && d >= a))
        })
    }

    /// Runs on the side that has fewer.
    pub fn runs(&self) -> usize {
        self.base.all.min(self.new.all)
    }

    /// Whether the difference is there without the disturbed visits of the side that looks slower. Disturbed visits
    /// of the other side can only hide it.
    pub fn stands_on_calm_visits(&self) -> bool {
        let slower = if self.effect > 0.0 { &self.new } else { &self.base };
        self.paired() || slower.calm().len() >= CALM_MIN
    }
}

/// Logarithms of new / base of two visits that one session made right after each other.
struct Pair {
    /// Of what stands for the runs.
    centre: f64,
    /// Of what must move with it.
    low: f64,
    /// Of the calibrations; 0 where there are none.
    shift: f64,
    /// Whether the device was the same from the first calibration to the last. That it was slow is no matter: it was
    /// so for both. Of two fastest samples the device at other moments is no matter either.
    same_device: bool,
}

impl Pair {
    fn of(from: &Times, to: &Times, basis: Basis) -> Self {
        let ((from_centre, from_low), (centre, low)) = (stand_ins(from, basis), stand_ins(to, basis));
        let seen = || calibrations(*from).chain(calibrations(*to));
        let range = seen().fold(0.0, f64::max) / seen().fold(f64::INFINITY, f64::min);
        let middle = |times: Times| median(&calibrations(times).map(f64::ln).collect::<Vec<_>>());
        let shift = middle(*to).zip(middle(*from)).map_or(0.0, |(to, from)| to - from);
        Self {
            centre: centre - from_centre,
            low: low - from_low,
            shift,
            same_device: range <= CALIBRATION_RANGE || basis == Basis::Fastest,
        }
    }
}

/// The pairs of one session, in run order. Many count as they are; of fewer, those that met one and the same device.
/// Empty where these are fewer than five: then the runs count by themselves.
fn pairs(base: Visited<'_>, new: Visited<'_>) -> Vec<Pair> {
    let partners: HashMap<_, _> = base.named().collect();
    let all: Vec<Pair> =
        new.named().filter_map(|(name, to)| Some(Pair::of(partners.get(&name)?, &to, new.basis))).collect();
    if all.len() >= RANK_PAIRS {
        return all;
    }
    let same: Vec<Pair> = all.into_iter().filter(|pair| pair.same_device).collect();
    if same.len() >= PAIRS_MIN { same } else { vec![] }
}

/// ln of the ratio of the fastest runs, by their first quartiles. Of the side with more runs, the expected fastest
/// of as many as the other has: the fastest of nine is faster than the fastest of three by chance alone.
fn floor(base: &[f64], new: &[f64]) -> Option<f64> {
    let runs = base.len().min(new.len());
    Some(expected_minimum(new, runs)? - expected_minimum(base, runs)?)
}

/// The mean over all subsets of `size` of their smallest value: the i-th smallest of n (from 0) is the smallest of
/// C(n - 1 - i, size - 1) of the C(n, size) subsets.
fn expected_minimum(values: &[f64], size: usize) -> Option<f64> {
    let size = Some(size).filter(|size| (1..=values.len()).contains(size))?;
    let mut share = size as f64 / values.len() as f64;
    let mut mean = 0.0;
    for (place, value) in stats::sorted(values).iter().enumerate() {
        mean += share * value;
        let left = (values.len() - 1 - place) as f64;
        share *= if left > 0.0 { ((left - size as f64 + 1.0) / left).max(0.0) } else { 0.0 };
    }
    Some(mean)
}

/// ln of the ratio between halves of one side's runs: 0, 3, 4, 7 … against 1, 2, 5, 6 …, so that a steady drift
/// cancels. The lower median of each, because noise only slows down. `None` below four runs.
fn own_null(points: &Points) -> Option<f64> {
    if points.kept.len() < 4 {
        return None;
    }
    let half = |odd: bool| {
        let chosen =
            points.centres().into_iter().enumerate().filter(|(index, _)| matches!(index % 4, 1 | 2) == odd);
        let values = stats::sorted(&chosen.map(|(_, value)| value).collect::<Vec<_>>());
        values.get((values.len().checked_sub(1)?) / 2).copied()
    };
    Some((half(true)? - half(false)?).abs())
}
