//! The arguments of `own`, and those of an owned device that other verbs share.

use clap::Args;

use super::cost::RentArgs;
use super::{FormatArgs, TableArgs, not_negative, part, positive, pue, rate, share};

/// Said below the options.
pub(super) const HELP: &str = "\
An hour costs capital, hosting, maintenance and power whether it is worked or not. Beside a rent, which is paid for the \
hours with load only, it says from which utilisation on owning is cheaper and when the outlay is recovered.

Examples:
  mtok own --preset h100-own --capex-usd 30000 --capital 8% \\
    --hosting-usd-per-hour 0.15 --maintenance 3% --usd-per-kwh 0.08
  mtok own --preset h100-own --capex-usd 30000 --capital 8% \\
    --hosting-usd-per-hour 0.15 --maintenance 3% --usd-per-kwh 0.08 \\
    --utilisation 0.6 --tokens-per-s 3000 --hardware \"H100 SXM\"";

/// Arguments of `own`.
#[derive(Args, Debug)]
pub struct OwnVerbArgs {
    #[command(flatten)]
    pub own: OwnArgs,
    /// Share of the hours that carry the load, above 0 up to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = share, allow_negative_numbers = true)]
    pub utilisation: f64,
    /// Tokens per second of all devices together, while they carry the load: says what a million tokens cost.
    #[arg(long, value_name = "RATE", value_parser = positive, allow_negative_numbers = true)]
    pub tokens_per_s: Option<f64>,
    /// Devices that reach the rate together.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        requires = "tokens_per_s",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub gpus: u32,
    /// The rent that owning is set beside.
    #[command(flatten)]
    pub rent: RentArgs,
    #[command(flatten)]
    pub tables: TableArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// An owned device. What is neither typed, nor of a preset, nor has a default here is asked for: no price
/// becomes 0 by itself.
#[derive(Args, Clone, Debug, Default)]
pub struct OwnArgs {
    /// A row of presets.csv, such as h100-own: what it gives is stated, and any other option goes before it.
    #[arg(long, value_name = "NAME")]
    pub preset: Option<String>,
    /// Price of the device.
    #[arg(long, value_name = "USD", value_parser = positive, allow_negative_numbers = true)]
    pub capex_usd: Option<f64>,
    /// Server, network and installation, as a share of the price [default: 0, the price holds them].
    #[arg(long, value_name = "SHARE", value_parser = rate, allow_negative_numbers = true)]
    pub overhead: Option<f64>,
    /// What the device sells for at the end [default: 0, it sells for nothing].
    #[arg(long, value_name = "USD", value_parser = not_negative, allow_negative_numbers = true)]
    pub residual_usd: Option<f64>,
    /// Cost of capital per year, such as 8%.
    #[arg(long, value_name = "SHARE", value_parser = rate, allow_negative_numbers = true)]
    pub capital: Option<f64>,
    /// Years of use [default: the preset's, else 4, the life of the owners in InferenceX-app, April 2026].
    #[arg(long, value_name = "YEARS", value_parser = positive, allow_negative_numbers = true)]
    pub years: Option<f64>,
    /// Space, racks and staff per device; 0 where there is none.
    #[arg(long, value_name = "USD", value_parser = not_negative, allow_negative_numbers = true)]
    pub hosting_usd_per_hour: Option<f64>,
    /// Maintenance per year, as a share of the price; 0 where there is none.
    #[arg(long, value_name = "SHARE", value_parser = rate, allow_negative_numbers = true)]
    pub maintenance: Option<f64>,
    /// Power at load per device, its part of server and network included [default: the preset's].
    #[arg(long, value_name = "KW", value_parser = not_negative, allow_negative_numbers = true)]
    pub kw: Option<f64>,
    /// Power while idle, as a share of the power at load [default: 1, an idle device draws as much].
    #[arg(long, value_name = "SHARE", value_parser = part, allow_negative_numbers = true)]
    pub idle: Option<f64>,
    /// Power of the building over power of the machines [default: 1.58, the average of the Uptime Institute's
    /// survey of 2023].
    #[arg(long, value_name = "FACTOR", value_parser = pue, allow_negative_numbers = true)]
    pub pue: Option<f64>,
    /// Tariff.
    #[arg(long, value_name = "USD", value_parser = not_negative, allow_negative_numbers = true)]
    pub usd_per_kwh: Option<f64>,
}

impl OwnArgs {
    /// The options given that only an owned device has.
    pub fn given(&self) -> Vec<&'static str> {
        let options = [
            ("--capex-usd", self.capex_usd),
            ("--overhead", self.overhead),
            ("--residual-usd", self.residual_usd),
            ("--years", self.years),
            ("--hosting-usd-per-hour", self.hosting_usd_per_hour),
            ("--maintenance", self.maintenance),
            ("--kw", self.kw),
            ("--idle", self.idle),
            ("--pue", self.pue),
            ("--usd-per-kwh", self.usd_per_kwh),
        ];
        options.into_iter().filter_map(|(name, value)| value.map(|_| name)).collect()
    }
}
