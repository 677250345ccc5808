//! The arguments of `lease`.

use clap::Args;

use super::{DriftArgs, FormatArgs, RentArgs, TableArgs, not_negative, positive, share};

/// Said below the options.
pub(super) const HELP: &str = "\
A lease is paid in every hour; a share of the revenue is paid when tokens are sold. Below the break-even load the tenant is \
better off sharing, above it the provider is. With --horizon-months the two are set beside each other over a time in which \
price, load and software may move; the lease stays as it is signed.

Examples:
  mtok lease --usd-per-hour 2.35 --tokens-per-s 3000 --usd-per-mtok 0.30 --share 0.9
  mtok lease --preset h100-neocloud --tokens-per-s 3000 --usd-per-mtok 0.30 --share 0.8 \\
    --utilisation 0.5 --load-sigma 0.2 --horizon-months 24 --price-drift -3% --load-drift 4%";

/// Arguments of `lease`.
#[derive(Args, Debug)]
pub struct LeaseArgs {
    /// The fixed lease.
    #[command(flatten)]
    pub rent: RentArgs,
    /// A row of presets.csv whose hour is the lease, such as h100-neocloud; --usd-per-hour goes before it.
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// Devices that are leased together.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub gpus: u32,
    /// Tokens per second of all devices together, at full load.
    #[arg(long, value_name = "RATE", value_parser = positive, allow_negative_numbers = true)]
    pub tokens_per_s: f64,
    /// What the tenant sells a million tokens for.
    #[arg(long, value_name = "USD", value_parser = positive, allow_negative_numbers = true)]
    pub usd_per_mtok: f64,
    /// The share of the revenue that goes to the provider, above 0 up to 1.
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub share: f64,
    /// The load: share of the hours in which tokens are made. Says what each side gets.
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub utilisation: Option<f64>,
    /// Standard deviation of the load: says how much the provider's income varies.
    #[arg(
        long,
        value_name = "SHARE",
        requires = "utilisation",
        value_parser = not_negative,
        allow_negative_numbers = true
    )]
    pub load_sigma: Option<f64>,
    /// Months over which the two are compared.
    #[arg(long, value_name = "MONTHS", value_parser = positive, allow_negative_numbers = true)]
    pub horizon_months: Option<f64>,
    #[command(flatten)]
    pub drift: DriftArgs,
    #[command(flatten)]
    pub tables: TableArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}
