//! `mtok market check`: whether quoted figures can hold together.

use mtok::market::claim::{self, Answers, Claim};
use mtok::table::{Fault, read_text};

use crate::cli::CheckArgs;
use crate::cmd::output::show;
use crate::cmd::tables::read_file;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &CheckArgs) -> Result<Exit, Failure> {
    let mut claims = Vec::new();
    for (at, text) in (1..).zip(&args.claim) {
        let which = if args.claim.len() == 1 { String::new() } else { format!(" {at}") };
        let claim = claim::parse(text, 1);
        claims.push(claim.map_err(|fault| Failure::bad_input(format!("--claim{which}:{fault}")))?);
    }
    if let Some(path) = &args.file {
        claims.extend(read_file(path, |input| of_lines(&read_text(input)?))?);
    }
    let answers = claims.iter().map(|claim| claim::check(claim, args.tolerance)).collect();
    let answers = Answers::of(answers, args.tolerance);
    show(&answers, &args.format, claim::csv, claim::markdown, claim::terminal)?;
    Ok(Exit::Ok)
}

/// The claims of a file, one per line.
pub fn of_lines(text: &str) -> Result<Vec<Claim>, Fault> {
    let said = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let lines = (1..).zip(text.lines()).filter(|(_, line)| said(line));
    let claims: Vec<Claim> = lines.map(|(at, line)| claim::parse(line, at)).collect::<Result<_, _>>()?;
    match claims.is_empty() {
        true => Err(Fault { line: 0, column: 0, what: "has no claims: write one per line".into() }),
        false => Ok(claims),
    }
}
