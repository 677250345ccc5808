//! The answers to claims: for people, as CSV, as Markdown and as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::Answer;
use crate::text::{csv_cell, inert, markdown_cell, wrapped};

/// The answers to all claims. The implied figures are those of an only claim.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answers {
    /// Version of these fields.
    pub schema_version: u32,
    /// False where the figures of some claim cannot hold together; unknown where nothing could be judged.
    pub consistent: Option<bool>,
    /// As in [`Answer`].
    pub implied_price: Option<f64>,
    /// As in [`Answer`].
    pub implied_usage: Option<f64>,
    /// As in [`Answer`].
    pub implied_spend: Option<f64>,
    /// The share by which each figure may be off beyond its digits.
    pub tolerance: f64,
    /// Claim by claim.
    pub claims: Vec<Answer>,
}

impl Answers {
    /// The answers together.
    pub fn of(claims: Vec<Answer>, tolerance: f64) -> Self {
        let judged = claims.iter().filter_map(|answer| answer.consistent);
        let only = match claims.as_slice() {
            [only] => Some(only),
            _ => None,
        };
        Self {
            schema_version: 1,
            consistent: judged.reduce(|all, holds| all && holds),
            implied_price: only.and_then(|only| only.implied_price),
            implied_usage: only.and_then(|only| only.implied_usage),
            implied_spend: only.and_then(|only| only.implied_spend),
            tolerance,
            claims,
        }
    }
}

fn mark(holds: Option<bool>) -> &'static str {
    match holds {
        Some(false) => "NO",
        Some(true) => "ok",
        None => "",
    }
}

fn verdict(answer: &Answer) -> &'static str {
    match answer.consistent {
        Some(false) => "these figures cannot hold together",
        Some(true) => "these figures can hold together",
        None => "nothing here can contradict itself",
    }
}

/// For people: a finding after the other, contradictions first, in lines of at most `width` columns.
pub fn terminal(answers: &Answers, width: u16) -> String {
    let width = usize::from(width);
    let mut out = String::new();
    for (at, answer) in answers.claims.iter().enumerate() {
        let gap = if at == 0 { "" } else { "\n" };
        out += gap;
        out += &wrapped(&format!("{}: {}", inert(&answer.claim), verdict(answer)), width, 0, 2);
        for finding in &answer.findings {
            let about = if finding.about.is_empty() { String::new() } else { format!("{}: ", finding.about) };
            let words = wrapped(&format!("{}{}", inert(&about), inert(&finding.words)), width, 5, 5);
            let mark = format!("  {:<2} ", mark(finding.holds));
            out += words.strip_prefix("     ").map_or(words.clone(), |words| mark + words).as_str();
        }
    }
    out
}

/// A row per finding.
pub fn csv(answers: &Answers) -> String {
    let mut out = "claim,rule,about,holds,words\n".to_owned();
    let quoted = |text: &str| format!("\"{}\"", csv_cell(text).replace('"', "\"\""));
    for answer in &answers.claims {
        for finding in &answer.findings {
            let holds = finding.holds.map(|holds| holds.to_string()).unwrap_or_default();
            let [claim, about, words] =
                [&answer.claim, &finding.about, &finding.words].map(|text| quoted(text));
            let _ = writeln!(out, "{claim},{},{about},{holds},{words}", finding.rule);
        }
    }
    out
}

/// A Markdown table of the findings.
pub fn markdown(answers: &Answers) -> String {
    let mut out = "| claim | rule | about | holds | |\n|---|---|---|---|---|\n".to_owned();
    for answer in &answers.claims {
        for finding in &answer.findings {
            let [claim, about, words] =
                [&answer.claim, &finding.about, &finding.words].map(|text| markdown_cell(text));
            let holds = mark(finding.holds);
            let _ = writeln!(out, "| {claim} | {} | {about} | {holds} | {words} |", finding.rule);
        }
    }
    out
}
