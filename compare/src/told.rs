//! What a comparison found, as a process tells it.

use std::fmt;

use mtok::measurement::Identity;
use mtok::stats::{median, sorted};
use serde::{Deserialize, Serialize};

use crate::contest::{Estimate, Reached};

/// The versions that this program was locked to.
const LOCK: &str = include_str!("../Cargo.lock");

/// What cubecl's tuner did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Tuned {
    /// Seconds of the first execution, which tries the candidates.
    pub seconds: f64,
    /// The candidate that it chose.
    pub chosen: Option<String>,
}

/// The result of one process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Told {
    /// The op.
    pub work: String,
    /// FLOPs of one execution.
    pub flops: f64,
    /// As given.
    pub date: Option<String>,
    /// The adapter.
    pub adapter: String,
    /// Its driver.
    pub driver: String,
    /// Of both sides.
    pub versions: String,
    /// Turns of each side.
    pub rounds: u32,
    /// Our side.
    pub ours: Reached,
    /// cubecl, once per layout of the weights.
    pub peers: Vec<(Reached, Tuned)>,
}

impl Told {
    /// How many times as long as we cubecl takes, in the layout that suits it better.
    pub fn ratio(&self) -> Option<Estimate> {
        let ratios = self.peers.iter().map(|(peer, _)| peer.ratio);
        ratios.min_by(|a, b| a.median.total_cmp(&b.median))
    }
}

/// Both sides' versions in one line.
pub fn versions(mtok: &Identity, compiler: &str) -> String {
    let Identity { tool_version, tool_commit, .. } = mtok;
    let [cubecl, cubek, burn, wgpu] = ["cubecl", "cubek", "burn-cubecl", "wgpu"].map(locked);
    let peer = format!("cubecl {cubecl}, cubek {cubek}, burn-cubecl {burn} as {compiler}");
    format!("mtok {tool_version} ({tool_commit}); {peer}; wgpu {wgpu}")
}

/// The locked version of a package.
fn locked(package: &str) -> &'static str {
    let name = format!("name = \"{package}\"\n");
    let entry = LOCK.split("[[package]]").find(|entry| entry.contains(&name)).unwrap_or_default();
    let version = entry.lines().find_map(|line| line.strip_prefix("version = "));
    version.map_or("unknown", |version| version.trim_matches('"'))
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.date.as_ref().map(|date| format!(", {date}")).unwrap_or_default();
        writeln!(f, "{} on {} ({}){date}", self.work, self.adapter, self.driver)?;
        writeln!(f, "{}", self.versions)?;
        writeln!(f, "{}", row(&self.ours, self.flops))?;
        for (peer, tuned) in &self.peers {
            let chosen = tuned.chosen.as_deref().unwrap_or("a candidate that it does not name");
            let Estimate { median, low, high } = peer.ratio;
            writeln!(f, "{}", row(peer, self.flops))?;
            writeln!(
                f,
                "    {median:.2} times as long as ours ({low:.2} to {high:.2}, {} pairs)",
                self.rounds
            )?;
            writeln!(f, "    chose {chosen} in {:.1} s", tuned.seconds)?;
        }
        match self.ratio() {
            Some(Estimate { median, low, high }) => writeln!(f, "ratio {median:.2} ({low:.2} to {high:.2})"),
            None => Ok(()),
        }
    }
}

fn row(reached: &Reached, flops: f64) -> String {
    let Estimate { median, low, high } = reached.seconds;
    format!(
        "  {:<33} {:9.3} ms ({:.3} to {:.3}), {:7.2} GFLOP/s, {} per sample",
        reached.side,
        median * 1e3,
        low * 1e3,
        high * 1e3,
        flops / median / 1e9,
        reached.executions,
    )
}

/// What several processes say together.
pub fn summary(all: &[Told]) -> String {
    let ratios: Vec<f64> = all.iter().filter_map(Told::ratio).map(|ratio| ratio.median).collect();
    let ours: Vec<f64> = all.iter().map(|told| told.flops / told.ours.seconds.median / 1e9).collect();
    let theirs: Vec<f64> = ratios.iter().zip(&ours).map(|(ratio, ours)| ours / ratio).collect();
    let [ratio, ours, theirs] = [ratios, ours, theirs].map(|values| spread(&values));
    let count = all.len();
    format!("{count} processes, each tuned anew: ratio {ratio}; ours {ours}, cubecl {theirs} GFLOP/s\n")
}

/// The median and both ends.
fn spread(values: &[f64]) -> String {
    match (median(values), sorted(values).as_slice()) {
        (Some(median), [low, .., high]) => format!("{median:.2} ({low:.2} to {high:.2})"),
        (Some(median), _) => format!("{median:.2}"),
        _ => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(side: &str, seconds: f64, ratio: f64) -> Reached {
        let about = |value: f64| Estimate { median: value, low: value * 0.9, high: value * 1.1 };
        Reached { side: side.to_owned(), executions: 2, seconds: about(seconds), ratio: about(ratio) }
    }

    fn told(ratios: &[f64]) -> Told {
        let tuned = Tuned { seconds: 30.0, chosen: None };
        Told {
            work: "matmul".into(),
            flops: 2e9,
            date: None,
            adapter: "0: some adapter".into(),
            driver: "some driver".into(),
            versions: String::new(),
            rounds: 15,
            ours: reached("ours", 0.05, 1.0),
            peers: ratios.iter().map(|r| (reached("cubecl", 0.05 * r, *r), tuned.clone())).collect(),
        }
    }

    #[test]
    fn the_layout_that_suits_cubecl_better_counts() {
        assert_eq!(told(&[3.0, 2.5]).ratio().map(|ratio| ratio.median), Some(2.5));
        assert!(told(&[]).ratio().is_none());
        assert!(told(&[3.0, 2.5]).to_string().contains("\nratio 2.50 (2.25 to 2.75)\n"));
    }

    #[test]
    fn several_processes_give_their_median_and_both_ends() {
        let text = summary(&[told(&[2.0]), told(&[4.0]), told(&[3.0])]);
        assert!(text.contains("ratio 3.00 (2.00 to 4.00); ours 40.00"), "{text}");
        assert!(text.contains("cubecl 13.33 (10.00 to 20.00) GFLOP/s"), "{text}");
    }

    #[test]
    fn versions_are_those_of_the_lock_file() {
        for package in ["cubecl", "cubek", "burn-cubecl", "wgpu"] {
            assert!(locked(package).starts_with(|first: char| first.is_ascii_digit()), "{package}");
        }
        assert_eq!(locked("no-such-package"), "unknown");
    }
}
