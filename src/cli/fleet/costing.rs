//! What the costs of a fleet are asked with.

use clap::{Args, Parser};
use mtok::cost::utilisation::Parts;

use crate::cli::{OwnArgs, PriceArgs, WorkloadArgs};

/// Which models the devices serve, what an hour of them costs, and how they are used.
#[derive(Args, Clone, Debug)]
#[command(
    next_help_heading = "Costs",
    mut_arg("model", |arg| arg.help(MODEL)),
    mut_arg("utilisation", |arg| arg.help(UTILISATION)),
    mut_arg("usd_per_hour", |arg| arg.help(USD_PER_HOUR))
)]
pub struct FleetCostArgs {
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub price: PriceArgs,
    /// The same as a product: daily= (mean load over its peak), scheduling= and available=, each above 0 up to 1;
    /// available= takes the place of what the fleet shows.
    #[arg(long, value_name = "NAME=SHARE,…", conflicts_with = "utilisation")]
    pub utilisation_parts: Option<Parts>,
    /// The GPU of gpus.csv that devices are whose name is in no row of it, such as "H100 SXM".
    #[arg(long, value_name = "NAME")]
    pub gpu: Option<String>,
    #[command(flatten)]
    pub own: OwnArgs,
}

const MODEL: &str = "Models, or `all` [default: llama-3.1-8b, none beside --config]";
const UTILISATION: &str = "Share of the hours of a working device that carry load, above 0 up to 1 [default: 1, \
    which no service has]; hours in which devices do not work come on top, as the fleet shows them";
const USD_PER_HOUR: &str =
    "Rent per device and hour, of every type; takes the place of rentals.csv. A simulated fleet has no other";

impl FleetCostArgs {
    /// What asks for the costs of a fleet and nothing else.
    ///
    /// # Errors
    /// What is wrong with the words, one line.
    pub fn of_words(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let words = std::iter::once("costs".to_owned()).chain(words);
        match Alone::try_parse_from(words) {
            Ok(Alone { costs }) => Ok(costs),
            Err(error) => {
                let what = error.to_string();
                Err(what.lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned())
            }
        }
    }
}

/// The arguments alone.
#[derive(Parser)]
#[command(disable_help_flag = true)]
struct Alone {
    #[command(flatten)]
    costs: FleetCostArgs,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Alone::command().debug_assert();
    }

    #[test]
    fn help_says_what_is_other_for_a_fleet() {
        let help = Alone::command().render_long_help().to_string();
        assert!(help.contains("Costs:") && !help.contains("seven widely served"), "{help}");
        assert!(help.contains("hours of a working device"), "{help}");
    }

    #[test]
    fn nothing_is_asked_by_no_words_and_a_wrong_one_is_named() {
        let costs = FleetCostArgs::of_words([]).unwrap();
        assert!(costs.workload.model.is_empty() && costs.price.usd_per_hour.is_none());
        let both = ["--utilisation=0.5", "--utilisation-parts=daily=0.5"].map(str::to_owned);
        assert!(FleetCostArgs::of_words(both).unwrap_err().contains("--utilisation"));
    }
}
