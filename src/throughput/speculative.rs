//! Speculative decoding: tokens that a small model drafts are checked in one step of the large one.

use std::io::Read;

use jiff::civil::Date;

use crate::table::{Fault, Table};

/// What is drafted, and what of it is accepted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drafts {
    /// Tokens drafted per step.
    pub tokens: u64,
    /// Tokens that a step yields on average, the one that the large model adds included.
    pub yielded: f64,
}

/// Longer drafts are typing errors.
const MAX_DRAFTS: u64 = 64;

impl Drafts {
    /// Drafts of which each token is accepted with a probability, whatever was before it:
    /// `(1 − a^(γ+1)) / (1 − a)` (Leviathan et al., 2023).
    pub fn of_acceptance(tokens: u64, acceptance: f64) -> Self {
        let yielded = (0..=tokens).map(|power| acceptance.powi(power as i32)).sum();
        Self { tokens, yielded }
    }

    /// Whether the numbers make sense.
    ///
    /// # Errors
    /// A sentence naming the number that is absurd.
    pub fn check(&self) -> Result<(), String> {
        let most = self.tokens as f64 + 1.0;
        match self.tokens {
            1..=MAX_DRAFTS if (1.0..=most).contains(&self.yielded) => Ok(()),
            1..=MAX_DRAFTS => Err(format!(
                "{} tokens per step of {} drafts is not from 1 to {most}",
                self.yielded, self.tokens
            )),
            tokens => Err(format!("{tokens} drafts per step is not between 1 and {MAX_DRAFTS}")),
        }
    }
}

/// One row of `acceptance.csv`: what drafts of a length were measured to yield.
#[derive(Clone, Debug, PartialEq)]
pub struct Acceptance {
    /// The model, and the kind of text where that was told.
    pub name: String,
    /// The drafts and their yield.
    pub drafts: Drafts,
    /// Where the row comes from.
    pub source: String,
    /// When it was last compared with its source.
    pub date_checked: Date,
}

/// Reads `acceptance.csv`.
///
/// # Errors
/// The first fault, located: a missing column, a yield beyond what the drafts allow, a row that is there twice.
pub fn read_acceptances(input: impl Read) -> Result<Vec<Acceptance>, Fault> {
    let required = ["name", "drafts", "tokens_per_step", "source", "date_checked"];
    let table = Table::read(input, &required)?;
    let mut all: Vec<Acceptance> = Vec::new();
    for row in table.rows() {
        let yielded = row.positive("tokens_per_step")?;
        let yielded = yielded.ok_or_else(|| row.fault("tokens_per_step", "tokens_per_step is empty"))?;
        let drafts = Drafts { tokens: row.parse("drafts")?, yielded };
        drafts.check().map_err(|what| row.fault("tokens_per_step", what))?;
        let name = row.required("name")?.to_owned();
        if all.iter().any(|other| other.name == name && other.drafts.tokens == drafts.tokens) {
            return Err(row.fault("drafts", format!("{} drafts of {name} are there twice", drafts.tokens)));
        }
        let (source, date_checked) = (row.required("source")?.to_owned(), row.date("date_checked")?);
        all.push(Acceptance { name, drafts, source, date_checked });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_drafts_accepted_at_seven_tenths_yield_the_worked_example() {
        let drafts = Drafts::of_acceptance(3, 0.7);
        assert!((drafts.yielded - 2.533).abs() < 5e-4, "{drafts:?}");
        assert_eq!(drafts.check(), Ok(()));
    }

    #[test]
    fn rows_are_read_and_impossible_ones_are_located() {
        let read = |rows: &str| {
            let text = format!("name,drafts,tokens_per_step,source,date_checked\n{rows}");
            read_acceptances(text.as_bytes()).map_err(|fault| fault.to_string())
        };
        let row = "m,3,2.5,s,2026-11-22\n";
        assert_eq!(read(row).unwrap()[0].drafts, Drafts { tokens: 3, yielded: 2.5 });
        assert_eq!(
            read("m,1,2.5,s,2026-11-22\n").unwrap_err(),
            "2:3: 2.5 tokens per step of 1 drafts is not from 1 to 2"
        );
        assert!(read(&row.repeat(2)).unwrap_err().starts_with("3:2: 3 drafts of m are there twice"));
        assert!(read("m,3,NaN,s,2026-11-22\n").is_err() && read("m,0,1,s,2026-11-22\n").is_err());
    }

    #[test]
    fn impossible_yields_are_refused() {
        for (tokens, yielded) in [(3, 4.1), (3, 0.9), (3, f64::NAN), (0, 1.0), (65, 2.0)] {
            assert!(Drafts { tokens, yielded }.check().is_err(), "{tokens} {yielded}");
        }
    }
}
