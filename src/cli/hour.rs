//! The arguments of an hour of a device, however it is come by.

use clap::Args;

use super::{OwnArgs, RentArgs, not_negative, part, positive};

/// What an hour costs: rented, spot, reserved, of a preset or owned.
#[derive(Args, Debug)]
pub struct HourArgs {
    #[command(flatten)]
    pub rent: RentArgs,
    #[command(flatten)]
    pub spot: SpotArgs,
    #[command(flatten)]
    pub reserved: ReservedArgs,
    #[command(flatten)]
    pub own: OwnArgs,
}

/// A rent that ends when the provider wants the device back.
#[derive(Args, Debug)]
pub struct SpotArgs {
    /// Spot: mean hours between interruptions.
    #[arg(long, value_name = "HOURS", value_parser = positive, allow_negative_numbers = true)]
    pub mtbf_h: Option<f64>,
    /// Spot: hours from an interruption to the next finished request.
    #[arg(long, value_name = "HOURS", value_parser = not_negative, allow_negative_numbers = true)]
    pub restart_h: Option<f64>,
    /// Spot: share of the work that interruptions throw away [default: 0, none].
    #[arg(long, value_name = "SHARE", value_parser = part, allow_negative_numbers = true)]
    pub lost_work: Option<f64>,
}

impl SpotArgs {
    /// The options given.
    pub fn given(&self) -> Vec<&'static str> {
        let options =
            [("--mtbf-h", self.mtbf_h), ("--restart-h", self.restart_h), ("--lost-work", self.lost_work)];
        options.into_iter().filter_map(|(name, value)| value.map(|_| name)).collect()
    }
}

/// A rent for a term, part of it paid before; its cost of capital is --capital.
#[derive(Args, Debug)]
pub struct ReservedArgs {
    /// Reserved: paid before, per device, besides the rent per hour.
    #[arg(long, value_name = "USD", value_parser = not_negative, allow_negative_numbers = true)]
    pub upfront_usd: Option<f64>,
    /// Reserved: length of the contract, all of whose hours are paid.
    #[arg(long, value_name = "MONTHS", value_parser = positive, allow_negative_numbers = true)]
    pub term_months: Option<f64>,
}

impl ReservedArgs {
    /// The options given.
    pub fn given(&self) -> Vec<&'static str> {
        let options = [("--upfront-usd", self.upfront_usd), ("--term-months", self.term_months)];
        options.into_iter().filter_map(|(name, value)| value.map(|_| name)).collect()
    }
}
