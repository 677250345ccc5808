//! Speculative decoding: tokens that a small model drafts are checked in one step of the large one.

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
    fn impossible_yields_are_refused() {
        for (tokens, yielded) in [(3, 4.1), (3, 0.9), (3, f64::NAN), (0, 1.0), (65, 2.0)] {
            assert!(Drafts { tokens, yielded }.check().is_err(), "{tokens} {yielded}");
        }
    }
}
