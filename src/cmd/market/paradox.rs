//! `mtok market paradox`: cheaper units, more of them, more spend.

use mtok::market::claim;
use mtok::market::paradox::{Paradox, of_claim, of_series, read_series};
use mtok::market::trend::Rules;
use mtok::report::paradox as report;

use crate::cli::ParadoxArgs;
use crate::cmd::output::show;
use crate::cmd::tables::read_file;
use crate::cmd::{Exit, Failure};

/// Runs the verb.
pub fn run(args: &ParadoxArgs) -> Result<Exit, Failure> {
    let paradox = compute(args)?;
    show(&paradox, &args.format, report::csv, report::markdown, report::terminal)?;
    Ok(Exit::Ok)
}

fn compute(args: &ParadoxArgs) -> Result<Paradox, Failure> {
    if let Some(text) = &args.claim {
        let claim = claim::parse(text, 1).map_err(|fault| Failure::bad_input(format!("--claim:{fault}")))?;
        let paradox = of_claim(&claim);
        let none =
            [paradox.usage_factor, paradox.price_factor, paradox.rent_factor].iter().all(Option::is_none);
        return match none {
            true => {
                Err(Failure::bad_input("--claim: names no change of usage, price or rent, such as usage=20x"))
            }
            false => Ok(paradox),
        };
    }
    let Some(path) = &args.series else {
        return Err(Failure::bad_input("give --claim or --series"));
    };
    let inputs = read_file(path, |input| read_series(input))?;
    let rules = Rules {
        tolerance: args.streak.tolerance,
        flat: args.streak.flat.into(),
        gap: args.streak.gap.into(),
        ..Rules::of("the month's value as given")
    };
    Ok(of_series(&inputs, &rules))
}
