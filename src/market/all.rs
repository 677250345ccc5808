//! The whole tracker on a day: rents, token prices, quoted indicators and claims, and which of them agree.

use jiff::civil::Date;
use serde::Serialize;

use super::claim::Answers;
use super::indicators::Indicator;
use super::month::Month;
use super::rental::Tracker;

/// The newest month of one GPU's rents.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RentSignal {
    /// The GPU as asked for.
    pub gpu: String,
    /// The month.
    pub month: Option<Month>,
    /// The unit, kind, basis and region of the level.
    pub scope: String,
    /// Providers that quote.
    pub providers: usize,
    /// Median over providers; withheld below three.
    pub level_usd_per_gpu_hour: Option<f64>,
    /// Change of the level since `mom_from`.
    pub mom: Option<f64>,
    /// The last month before with a level: a month ago, or longer where months have no quotes.
    pub mom_from: Option<Month>,
    /// Months with a level in a row up, negative down.
    pub streak: Option<i32>,
    /// Mean change of providers against their own last quote.
    pub matched_mom: Option<f64>,
    /// Months in a row that it rose, negative fell.
    pub matched_streak: Option<i32>,
    /// The GPU that is divided by.
    pub ratio_to: Option<String>,
    /// The ratio of the two levels.
    pub ratio: Option<f64>,
    /// Change of the ratio since the last month before with one.
    pub ratio_mom: Option<f64>,
}

impl RentSignal {
    /// Of the last month with a level.
    pub fn of(tracker: &Tracker, ratio_to: Option<&str>) -> Self {
        let scope = &tracker.scope;
        let mut signal = Self {
            gpu: scope.gpu.clone(),
            scope: format!("{}, {}, {}, regions: {}", scope.unit, scope.kind, scope.basis, scope.region),
            ratio_to: ratio_to.map(str::to_owned),
            ..Self::default()
        };
        if let Some(row) = tracker.months.iter().rev().find(|row| row.level_usd_per_gpu_hour.is_some()) {
            signal.month = Some(row.month);
            signal.providers = row.providers;
            signal.level_usd_per_gpu_hour = row.level_usd_per_gpu_hour;
            (signal.mom, signal.mom_from, signal.streak) = (row.mom, row.mom_from, row.streak);
            (signal.matched_mom, signal.matched_streak) = (row.matched_mom, row.matched_streak);
            (signal.ratio, signal.ratio_mom) = (row.ratio, row.ratio_mom);
        }
        signal
    }
}

/// The market of one model's tokens.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TokenSignal {
    /// The open weights.
    pub model: String,
    /// Sellers that vote.
    pub sellers: usize,
    /// Median over sellers of the blended price.
    pub usd_per_mtok: f64,
    /// Input tokens per output token of the blend.
    pub mix: f64,
    /// Dates of the oldest and the newest vote.
    pub dates: (String, String),
}

/// What the signals say together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Verdict {
    /// Signals that point the same way.
    pub agree: Vec<String>,
    /// Signals that do not.
    pub disagree: Vec<String>,
}

/// The tracker on a day.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct All {
    /// Version of these fields.
    pub schema_version: u32,
    /// The day whose prices count; what is dated later does not exist.
    pub as_of: String,
    /// Rents, GPU by GPU.
    pub rents: Vec<RentSignal>,
    /// Token prices, the models with the most sellers first.
    pub tokens: Vec<TokenSignal>,
    /// Figures that others quoted.
    pub indicators: Vec<Indicator>,
    /// Whether quoted figures can hold together.
    pub claims: Answers,
    /// What agrees and what does not.
    pub verdict: Verdict,
}

/// Moves up to this fraction are flat.
const FLAT: f64 = super::trend::TOLERANCE;

fn way(change: f64) -> &'static str {
    if change > FLAT {
        "up"
    } else if change < -FLAT {
        "down"
    } else {
        "flat"
    }
}

/// Holds level, matched change, ratio and streak of every GPU against each other, and the tracker's rents against the quoted.
pub fn verdict(rents: &[RentSignal], indicators: &[Indicator], claims: &Answers) -> Verdict {
    let mut verdict = Verdict::default();
    for rent in rents {
        if let (Some(level), Some(matched)) = (rent.mom, rent.matched_mom) {
            let words = format!(
                "{} rent: level {} {:+.1}%, same providers {} {:+.1}%",
                rent.gpu,
                way(level),
                100.0 * level,
                way(matched),
                100.0 * matched
            );
            let side = if way(level) == way(matched) { &mut verdict.agree } else { &mut verdict.disagree };
            side.push(words);
        }
        if let (Some(level), Some(ratio), Some(other)) = (rent.mom, rent.ratio_mom, &rent.ratio_to) {
            let opposite = way(level) != way(ratio) && way(level) != "flat" && way(ratio) != "flat";
            if opposite {
                verdict.disagree.push(format!(
                    "{} rent {} while its premium over {other} goes {} ({:+.1}%)",
                    rent.gpu,
                    way(level),
                    way(ratio),
                    100.0 * ratio
                ));
            }
        }
    }
    streaks(rents, &mut verdict);
    quoted(rents, indicators, &mut verdict);
    let judged = claims.claims.iter().filter(|claim| claim.consistent.is_some()).count();
    let not = claims.claims.iter().filter(|claim| claim.consistent == Some(false)).count();
    if not > 0 {
        verdict
            .disagree
            .push(format!("{not} of {judged} quoted claims that can be judged contradict themselves"));
    }
    verdict
}

/// One streak is never that of all.
fn streaks(rents: &[RentSignal], verdict: &mut Verdict) {
    let each: Vec<(&str, i32)> =
        rents.iter().filter_map(|rent| Some((rent.gpu.as_str(), rent.streak?))).collect();
    let Some((_, first)) = each.first() else { return };
    let words: Vec<String> = each.iter().map(|(gpu, streak)| format!("{gpu} {streak:+}")).collect();
    let same = each.iter().all(|(_, streak)| streak.signum() == first.signum());
    let words = format!("streaks of levels: {}", words.join(", "));
    if same { verdict.agree.push(words) } else { verdict.disagree.push(words) }
}

/// Quoted monthly changes of rent beside the tracker's own of the same GPU and month, or of its last one.
fn quoted(rents: &[RentSignal], indicators: &[Indicator], verdict: &mut Verdict) {
    for rent in rents {
        let told = indicators.iter().rev().find(|told| {
            told.indicator == "rent" && told.change == "mom" && told.subject.eq_ignore_ascii_case(&rent.gpu)
        });
        let (Some(told), Some(own), Some(month)) = (told, rent.mom, rent.month) else { continue };
        let words = format!(
            "{} rent quoted {} month-over-month in {}, tracked {} {:+.1}% from {} to {month}",
            rent.gpu,
            told.shown(),
            told.date,
            way(own),
            100.0 * own,
            rent.mom_from.unwrap_or(month.prev())
        );
        let side = if way(own) == way(told.value) { &mut verdict.agree } else { &mut verdict.disagree };
        side.push(words);
    }
}

/// The day before which everything is known, for a table of rows with dates.
pub fn known<T: Clone>(rows: &[T], date: impl Fn(&T) -> Date, as_of: Date) -> Vec<T> {
    rows.iter().filter(|row| date(row) <= as_of).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rent(gpu: &str, mom: f64, matched: f64, streak: i32, ratio_mom: Option<f64>) -> RentSignal {
        RentSignal {
            gpu: gpu.into(),
            month: "2026-06".parse().ok(),
            mom: Some(mom),
            matched_mom: Some(matched),
            streak: Some(streak),
            ratio_to: ratio_mom.map(|_| "a100".into()),
            ratio_mom,
            ..RentSignal::default()
        }
    }

    #[test]
    fn a_premium_that_narrows_while_levels_rise_is_no_agreement() {
        let rents = [rent("h100", 0.04, 0.02, 7, Some(-0.05)), rent("a100", 0.06, 0.0, 5, None)];
        let told = verdict(&rents, &[], &Answers::of(Vec::new(), 0.0));
        assert_eq!(
            told.agree,
            ["h100 rent: level up +4.0%, same providers up +2.0%", "streaks of levels: h100 +7, a100 +5"]
        );
        assert_eq!(
            told.disagree,
            [
                "h100 rent up while its premium over a100 goes down (-5.0%)",
                "a100 rent: level up +6.0%, same providers flat +0.0%"
            ]
        );
    }

    #[test]
    fn quoted_changes_stand_beside_the_tracked_ones() {
        let text = "indicator,subject,date,period,value,unit,change,basis,source,status\n\
                    rent,H100,2026-06,month,0.037,fraction,mom,index,note,quoted\n";
        let told = crate::market::indicators::read_indicators(text.as_bytes()).unwrap();
        let told = verdict(&[rent("h100", -0.02, -0.02, -1, None)], &told, &Answers::of(Vec::new(), 0.0));
        assert_eq!(
            told.disagree,
            [
                "h100 rent quoted +3.7 % month-over-month in 2026-06, tracked down -2.0% from 2026-05 to 2026-06"
            ]
        );
    }
}
