//! Which side of a day is the cheapest, in one sentence.

use crate::market::budget::{Advice, Side};
use crate::text::{money, significant};
use crate::units::Interval;

/// The cheapest side at the middle of the intervals, and the sentence; `missing` says why other sides have no price.
pub(super) fn cheapest(sides: &[(Side, Interval<f64>)], missing: &[String]) -> (Option<Side>, String) {
    let by_mid = |a: &&(Side, Interval<f64>), b: &&(Side, Interval<f64>)| a.1.mid.total_cmp(&b.1.mid);
    let least = sides.iter().min_by(by_mid);
    let (Some((advice, question)), Some((side, least))) = (Advice::of(sides), least) else {
        let only = |(side, usd): &(Side, Interval<f64>)| {
            format!("only {} is known, {} USD a day", name(*side), money(usd.mid))
        };
        return (None, least.map(only).iter().chain(missing).cloned().collect::<Vec<_>>().join("; "));
    };
    let others: Vec<String> = sides
        .iter()
        .filter(|(other, _)| other != side)
        .map(|(other, usd)| times(*other, *usd, *least))
        .collect();
    let mut sentence =
        format!("{} is the cheapest at {} USD a day: {}", name(*side), money(least.mid), others.join(", "));
    if advice == Advice::TooCloseToCall {
        let near: Vec<&str> = question.iter().filter(|near| *near != side).map(|near| name(*near)).collect();
        sentence += &format!(
            "; too close to call, for the interval of {} reaches into its own",
            near.join(" and of ")
        );
    }
    (Some(*side), [vec![sentence], missing.to_vec()].concat().join("; "))
}

fn name(side: Side) -> &'static str {
    match side {
        Side::Rent => "renting",
        Side::Own => "owning",
        Side::Buy => "buying",
    }
}

/// How many times as much another side costs, with both intervals at their ends.
fn times(side: Side, usd: Interval<f64>, least: Interval<f64>) -> String {
    let [low, mid, high] = [usd.low / least.high, usd.mid / least.mid, usd.high / least.low].map(significant);
    let range = if low == high { String::new() } else { format!(" ({low} to {high})") };
    format!("{} costs {mid} times as much{range}", name(side))
}
