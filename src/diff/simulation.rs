//! Made-up runs with the noise of a shared machine, and what the rules make of them.
//!
//! Every visit has normal noise in its logarithm; how much differs from cell to cell. Other load comes in bursts of 10
//! to 20 s, in which everything takes 10 to 70 % longer, calibrations too. Runs go over all cells one after the other.

use super::side::Side;
use super::{Diff, Options, Verdict, compare};
use crate::measurement::{
    Cache, Calibration, Identity, Measurement, Outcome, Provenance, Timing, Verification,
};
use crate::op::{Format, Op};
use crate::stats::Summary;
use crate::stats::random::Random;
use crate::units::Seconds;

/// A normal draw (Box and Muller).
pub fn normal(random: &mut Random) -> f64 {
    let radius = (-2.0 * (1.0 - random.unit()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.unit()).cos()
}

/// What is simulated.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub cells: usize,
    pub runs: u32,
    /// Relative noise of a run's median, of a typical cell.
    pub noise: f64,
    /// How much the noise differs between cells: standard deviation of its logarithm.
    pub uneven: f64,
    /// What a call adds to each cell of its own: relative, the same in all its runs.
    pub call: f64,
    /// Mean seconds between bursts; infinite for none.
    pub calm_s: f64,
    /// The first cell of new takes this many times as long.
    pub slowdown: f64,
    /// Whether runs are taken in pairs A0 B0 B1 A1 …
    pub paired: bool,
}

pub const PLAN: Plan = Plan {
    cells: 50,
    runs: 3,
    noise: 0.01,
    uneven: 0.2,
    call: 0.0,
    calm_s: 240.0,
    slowdown: 1.0,
    paired: false,
};

/// A visit takes so long.
const VISIT_S: f64 = 0.8;
/// The calibration kernel's own noise.
const CALIBRATION_NOISE: f64 = 0.01;

/// Bursts of other load as (start, end, factor).
struct Load(Vec<(f64, f64, f64)>);

impl Load {
    fn new(random: &mut Random, seconds: f64, calm_s: f64) -> Self {
        let mut bursts = Vec::new();
        let mut time = 0.0;
        while time < seconds && calm_s.is_finite() {
            let start = time - calm_s * (1.0 - random.unit()).ln();
            let end = start + 10.0 + 10.0 * random.unit();
            bursts.push((start, end, 1.1 + 0.6 * random.unit()));
            time = end;
        }
        Self(bursts)
    }

    /// How many times as long things take on average between two times.
    fn factor(&self, from: f64, to: f64) -> f64 {
        let covered = |(start, end, factor): &(f64, f64, f64)| {
            (to.min(*end) - from.max(*start)).max(0.0) / (to - from) * (factor - 1.0)
        };
        1.0 + self.0.iter().map(covered).sum::<f64>()
    }
}

/// Both sides of one comparison.
pub fn sides(random: &mut Random, plan: Plan) -> (Side, Side) {
    let pass_s = plan.cells as f64 * VISIT_S;
    let load = Load::new(random, 2.0 * f64::from(plan.runs) * pass_s, plan.calm_s);
    let noises: Vec<f64> =
        (0..plan.cells).map(|_| plan.noise * (plan.uneven * normal(random)).exp()).collect();
    let mut made = [false, true].map(|new| {
        let factors = (0..plan.cells).map(|cell| {
            let slowed = if new && cell == 0 { plan.slowdown } else { 1.0 };
            slowed * (plan.call * normal(random)).exp()
        });
        let factors: Vec<f64> = factors.collect();
        let mut rows = Vec::new();
        for run in 0..plan.runs {
            let pass = if plan.paired {
                2 * run + u32::from(new == (run % 2 == 0))
            } else {
                run + plan.runs * u32::from(new)
            };
            for cell in 0..plan.cells {
                let start = (f64::from(pass) * plan.cells as f64 + cell as f64) * VISIT_S;
                let noise = (noises[cell] * normal(random)).exp();
                let seconds = 1e-3 * (cell + 1) as f64 * factors[cell] * noise;
                let session = if plan.paired { "s" } else { "" };
                rows.push(visit(random, &load, start, seconds, (cell, run, session)));
            }
        }
        Some(Side::of(rows))
    });
    let [base, new] = made.each_mut().map(Option::take);
    (base.unwrap(), new.unwrap())
}

fn visit(
    random: &mut Random,
    load: &Load,
    start: f64,
    quiet_s: f64,
    (cell, run, session): (usize, u32, &str),
) -> Measurement {
    let end = start + VISIT_S;
    let median = quiet_s * load.factor(start, end);
    // The fastest quarter of the samples is taken in the calmest quarter of the visit.
    let quarter = |part: f64| load.factor(start + part * VISIT_S, start + (part + 0.25) * VISIT_S);
    let calmest = [0.0, 0.25, 0.5, 0.75].map(quarter).into_iter().fold(f64::INFINITY, f64::min);
    let q1 = (quiet_s * calmest * 0.995 * (0.002 * normal(random)).exp()).min(median);
    let mut calibration =
        |at: f64| Seconds(1e-3 * load.factor(at, at + 0.05) * (CALIBRATION_NOISE * normal(random)).exp());
    let timing = Timing {
        seconds: Summary { min: q1 * 0.99, q1, median, q3: median * 1.01, mean: median, mad: 0.0 },
        wall_median: Seconds(median),
        samples: 20,
        executions_per_sample: 1,
        calibration: Some(Calibration { before: calibration(start - 0.05), after: calibration(end) }),
        ..Timing::default()
    };
    Measurement {
        op: Op::Matmul { tokens: 1, outputs: 64 + cell as u64, inputs: 64, weights: Format::F16 },
        variant: "rows".into(),
        cache: Cache::Hot,
        run,
        outcome: Outcome::Ok(Box::new(timing), Verification { nmse: 0.0, nmse_max: 1.0, compared: 1 }),
        provenance: Provenance {
            identity: Identity { adapter: "gpu".into(), session: session.into(), ..Identity::default() },
            ..Provenance::default()
        },
    }
}

fn diff(random: &mut Random, plan: Plan) -> Diff {
    let (base, new) = sides(random, plan);
    compare(&base, &new, &Options::default(), None)
}

/// Shares of diffs: any SLOWER, inconclusive ending, first cell SLOWER; and shares of rows by verdict.
#[derive(Debug, Default)]
struct Shares {
    alarms: f64,
    inconclusive: f64,
    found: f64,
    same: f64,
}

fn shares(plan: Plan, diffs: usize, seed: u64) -> Shares {
    let mut random = Random::new(seed);
    let mut shares = Shares::default();
    for _ in 0..diffs {
        let diff = diff(&mut random, plan);
        let slower = |row: &super::Row| row.verdict == Verdict::Slower;
        let first = usize::from(plan.slowdown > 1.0);
        shares.alarms += f64::from(u8::from(diff.rows.iter().skip(first).any(slower)));
        shares.found += f64::from(u8::from(slower(&diff.rows[0])));
        shares.inconclusive += f64::from(u8::from(diff.summary.ending == super::Ending::Inconclusive));
        shares.same += diff.summary.same as f64 / diff.rows.len() as f64;
    }
    let count = diffs as f64;
    let Shares { alarms, inconclusive, found, same } = shares;
    Shares {
        alarms: alarms / count,
        inconclusive: inconclusive / count,
        found: found / count,
        same: same / count,
    }
}

/// A slowdown of 10 % at 1 % noise is found in so many comparisons; of sides that are the same so few have any SLOWER.
fn goals(diffs: usize, alarms: f64, found: f64, seed: u64) {
    for (runs, paired) in [(3, false), (5, false), (5, true)] {
        let plan = Plan { runs, paired, ..PLAN };
        let same = shares(plan, diffs, seed);
        assert!(same.alarms <= alarms, "{runs} runs, paired {paired}: {same:?}");
        let slower = shares(Plan { slowdown: 1.1, ..plan }, diffs, seed + 1);
        assert!(slower.found >= found, "{runs} runs, paired {paired}: {slower:?}");
        assert!(slower.alarms <= alarms, "{runs} runs, paired {paired}: {slower:?}");
    }
}

#[test]
fn a_slowdown_is_found_and_nothing_else() {
    goals(10, 0.0, 0.9, 1);
}

#[test]
#[ignore = "some minutes in a debug build"]
fn at_most_one_in_a_hundred_comparisons_has_a_false_alarm() {
    goals(1000, 0.01, 0.95, 20);
}

#[test]
fn what_became_faster_never_fails() {
    let faster = shares(Plan { slowdown: 0.8, ..PLAN }, 5, 3);
    assert!(faster.alarms + faster.found < 1e-9, "{faster:?}");
}

#[test]
#[ignore = "prints the table of METHODOLOGY.md; some minutes in a release build"]
fn the_table() {
    println!("| noise | uneven | runs | paired | calm s | any SLOWER | 10 % found | inconclusive | SAME |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for (noise, uneven) in [(0.01, 0.2), (0.01, 0.4), (0.03, 0.2)] {
        for (runs, paired) in [(3, false), (5, false), (5, true), (9, true)] {
            for calm_s in [f64::INFINITY, 240.0, 120.0] {
                let plan = Plan { noise, uneven, runs, paired, calm_s, ..PLAN };
                let same = shares(plan, 1000, 77);
                let slower = shares(Plan { slowdown: 1.1, ..plan }, 1000, 78);
                let Shares { alarms, inconclusive, same, .. } = same;
                println!(
                    "| {noise} | {uneven} | {runs} | {paired} | {calm_s} | {alarms:.3} | {:.3} | {inconclusive:.3} | {same:.3} |",
                    slower.found
                );
            }
        }
    }
}
