//! What the rows say together, and how a check should end.

use serde::Serialize;

use super::evidence::Basis;
use super::noise::ALPHA;
use super::{Options, Reason, Row, Verdict};
use crate::named::named;
use crate::stats::median;

/// How a check should end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Nothing became slower.
    #[default]
    Ok,
    /// Something did, or lost its result.
    Regression,
    /// That cannot be said.
    Inconclusive,
}

named!(Ending { Ok = "ok", Regression = "regression", Inconclusive = "inconclusive" });

/// The result in numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// How a check should end.
    pub ending: Ending,
    /// Why, in a sentence without a full stop.
    pub ending_reason: String,
    /// Rows.
    pub rows: u64,
    /// Rows by verdict.
    pub slower: u64,
    /// Rows by verdict.
    pub faster: u64,
    /// Rows by verdict.
    pub same: u64,
    /// Rows by verdict.
    pub unsure: u64,
    /// Rows by verdict.
    pub not_comparable: u64,
    /// Rows that the gate counts.
    pub regressions: u64,
    /// Rows that look slower, but whose evidence is doubted.
    pub suspects: u64,
    /// Rows that only base has.
    pub missing: u64,
    /// Rows that only new has.
    pub extra: u64,
    /// Rows that were tested.
    pub tested: u64,
    /// How many tests at once are allowed for.
    pub multiplicity: &'static str,
    /// The chance of one false SLOWER among all rows.
    pub alpha: f64,
    /// What stands for a run.
    pub basis: Basis,
    /// The middle of the smallest slowdowns that could have been told from chance.
    pub detectable_median: Option<f64>,
    /// The calibration kernel, new / base.
    pub machine_ratio: Option<f64>,
    /// Whether all rows are of a software adapter, which is no GPU.
    pub software: bool,
    /// What else differs between the sides.
    pub notes: Vec<String>,
}

impl Summary {
    pub(super) fn of(rows: &[Row], machine: Option<f64>, notes: Vec<String>, options: &Options) -> Self {
        let count = |holds: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| holds(row)).count() as u64;
        let verdict = |verdict| count(&|row| row.verdict == verdict);
        let reason = |reason| count(&|row| row.reason == Some(reason));
        let detectable: Vec<f64> = rows.iter().filter_map(|row| row.detectable).collect();
        let changed = count(&|row| row.shader_changed == Some(true));
        let mut summary = Self {
            rows: rows.len() as u64,
            slower: verdict(Verdict::Slower),
            faster: verdict(Verdict::Faster),
            same: verdict(Verdict::Same),
            unsure: verdict(Verdict::Unsure),
            not_comparable: verdict(Verdict::NotComparable),
            regressions: count(&|row| row.regression),
            suspects: count(&|row| row.suspect),
            missing: reason(Reason::Missing) + reason(Reason::NewSkipped),
            extra: reason(Reason::Extra),
            tested: detectable.len() as u64,
            multiplicity: "holm",
            alpha: ALPHA,
            detectable_median: median(&detectable),
            machine_ratio: machine.map(f64::exp),
            software: !rows.is_empty() && rows.iter().all(|row| row.software),
            notes,
            ..Self::default()
        };
        if changed > 0 {
            summary.notes.push(format!("other shader sources in {changed} of {} rows", rows.len()));
        }
        (summary.ending, summary.ending_reason) = summary.end(options);
        summary
    }

    fn end(&self, options: &Options) -> (Ending, String) {
        let rows = |count: u64| if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
        if self.regressions > 0 {
            let lost = self.regressions - self.slower;
            let slower = (self.slower > 0).then(|| format!("{} slower", rows(self.slower)));
            let worse = (lost > 0).then(|| format!("{} wrong or failed", rows(lost)));
            return (Ending::Regression, slower.into_iter().chain(worse).collect::<Vec<_>>().join(", "));
        }
        let inconclusive = |reason: String| (Ending::Inconclusive, reason);
        if self.suspects > 0 {
            return inconclusive(format!(
                "{} may be slower, but the evidence is doubted",
                rows(self.suspects)
            ));
        }
        if self.missing > 0 && !options.allow_missing {
            return inconclusive(format!("new lacks {} of base", rows(self.missing)));
        }
        match (self.same + self.faster, self.detectable_median.filter(|_| self.software)) {
            // What a software adapter is for is right or wrong, not fast or slow.
            (0, Some(detectable)) => {
                let seen = format!("but noise hides changes below some {:.0} %", detectable * 100.0);
                (Ending::Ok, format!("nothing is known to be slower, {seen}"))
            }
            (0, None) => inconclusive("no row has a verdict".into()),
            _ => (Ending::Ok, "nothing became slower".into()),
        }
    }
}
