//! Every format of `mtok report`, by its name on the command line.

use std::str::FromStr;

use super::results::Results;
use super::{action_benchmark, annotations, bencher, cells, junit, overview};

/// One format: a function of the results alone, so the same rows give the same bytes.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// The name on the command line.
    pub name: &'static str,
    /// The whole text.
    pub text: fn(&Results) -> String,
}

/// All formats.
pub const ALL: [Output; 7] = [
    Output { name: "csv", text: cells::csv },
    Output { name: "json", text: cells::json },
    Output { name: "markdown", text: overview::summary },
    Output { name: "github-action-benchmark", text: action_benchmark::action_benchmark },
    Output { name: "bencher", text: bencher::bencher },
    Output { name: "junit", text: junit::junit },
    Output { name: "annotations", text: annotations::annotations },
];

impl FromStr for Output {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = ALL.into_iter().find(|output| output.name == name);
        found.ok_or_else(|| format!("is none of {}", ALL.map(|output| output.name).join(", ")))
    }
}
