//! The arguments of `market forecast`.

use clap::Args;
use mtok::market::forecast::Factor;

use crate::cli::{FormatArgs, positive, share};

/// Said below the options.
pub(super) const HELP: &str = "\
Changes are written +38%, -5%, x2 or 2x, and come about evenly over --months. To keep the margin per token, kernels must \
become faster by rent factor / price factor. A month has 730 hours; GPUs are whole and run at --utilisation.

Examples: mtok market forecast --rent +38% --price -5% --usage x2
          mtok market forecast --usage x2 --tokens-per-month 5e12 \\
              --tokens-per-s 20000 --usd-per-hour 2.35
          mtok market forecast --price-floor 0.01 --usd-per-hour 2.35";

/// Arguments of `market forecast`.
#[derive(Args, Debug)]
pub struct ForecastArgs {
    /// How rents change, such as +38%.
    #[arg(long, value_name = "CHANGE", default_value = "x1", allow_hyphen_values = true)]
    pub rent: Factor,
    /// How token prices change, such as -5%.
    #[arg(long, value_name = "CHANGE", default_value = "x1", allow_hyphen_values = true)]
    pub price: Factor,
    /// How usage changes, such as x2.
    #[arg(long, value_name = "CHANGE", default_value = "x1", allow_hyphen_values = true)]
    pub usage: Factor,
    /// The months over which it happens.
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=120))]
    pub months: u32,
    /// Tokens per month today.
    #[arg(long, value_name = "N", value_parser = positive, allow_negative_numbers = true)]
    pub tokens_per_month: Option<f64>,
    /// Tokens per second of one GPU.
    #[arg(long, value_name = "RATE", value_parser = positive, allow_negative_numbers = true)]
    pub tokens_per_s: Option<f64>,
    /// Rent per GPU and hour today.
    #[arg(long, value_name = "USD", value_parser = positive, allow_negative_numbers = true)]
    pub usd_per_hour: Option<f64>,
    /// Price of a million tokens today.
    #[arg(long, value_name = "USD", value_parser = positive, allow_negative_numbers = true)]
    pub usd_per_mtok: Option<f64>,
    /// A price per million tokens that is forecast: which rate would cover the rent?
    #[arg(long, value_name = "USD", requires = "usd_per_hour", value_parser = positive, allow_negative_numbers = true)]
    pub price_floor: Option<f64>,
    /// Share of the paid hours that carry the load, above 0 up to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = share, allow_negative_numbers = true)]
    pub utilisation: f64,
    #[command(flatten)]
    pub format: FormatArgs,
}
