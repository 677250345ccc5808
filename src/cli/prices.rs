//! The arguments of `prices`: one struct per sub-verb.

mod update;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::{Date, DateTime};
use mtok::price::import::Kind;
use mtok::price::token::Service;
use mtok::price::{Rate, Rule};

use super::{FormatArgs, TableArgs};
pub use update::UpdateArgs;

/// Arguments of `prices`.
#[derive(Args, Debug)]
pub struct PricesArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: PricesVerb,
}

/// The sub-verbs of `prices`.
#[derive(Debug, Subcommand)]
pub enum PricesVerb {
    /// What everything costs on a day: a row per hardware and kind of rent, and per model.
    #[command(after_help = "Example: mtok prices list --as-of 2026-06-30 --csv")]
    List(ListArgs),
    /// Read price files of others into the store, and say what was not simply taken.
    #[command(after_help = IMPORT)]
    Import(ImportArgs),
    /// Every row of a GPU or model over time.
    #[command(after_help = "Example: mtok prices history \"H100 SXM\"")]
    History(AskArgs),
    /// A figure down to its rows: which vote, which do not and why.
    #[command(after_help = "Example: mtok prices explain llama-3.3-70b --as-of 2026-06-30")]
    Explain(ExplainArgs),
    /// What changed between two days: prices that moved, providers and sellers that came and went.
    #[command(after_help = "Example: mtok prices diff 2026-01-01 2026-09-30 h100")]
    Diff(DiffPricesArgs),
    /// What one request costs at every seller of a model: tiers, hours, caches and services as their cards say.
    #[command(after_help = CHARGE)]
    Charge(ChargeArgs),
    /// Ask public sources for their newest prices and import them.
    #[command(after_help = update::HELP)]
    Update(UpdateArgs),
}

const CHARGE: &str = "\
The buckets exclude each other: --input counts fresh tokens only. All input together decides the tier. What is written to a \
cache costs as input where the seller has no price for it, reasoning as output; a seller whose card lacks another price \
is listed without cost.

Example: mtok prices charge deepseek-v3.1 --input 2000 --cache-read 30000 \\
    --output 800 --at 2026-08-17T02:00";

const IMPORT: &str = "\
A file is recognised by its content, columns and keys by their names. Accepted rows are stored with the day of \
observation, one file per import; a row that is stored already is left out. Flagged rows are stored with their flag.

A table or a JSON list of no known format needs a mapping, --map, a TOML file that says which column is what:

  unit = \"hour\"                     # hour, month (730 hours) or second
  per = \"instance\"                  # the price is for an instance or for one gpu
  provider = \"aws\"                  # for all rows: provider, kind, region, date, currency, source, gpu, count
  rows = \"instances\"                # where the list is in JSON
  [columns]                         # gpu, count, memory_gb, region, instance, date, provider, kind, currency, source
  gpu = \"GPU_model\"
  count = \"GPU\"
  [prices]                          # kind = column; in JSON * is any key, the region
  on-demand = \"pricing.*.linux.ondemand\"

A wide table has [gpus] instead of [prices], with a column for each GPU: \"H100 SXM\" = \"h100_usd\".

Exit codes: 0 some rows of every file were accepted or known already, 1 a file was unusable while others were not, or \
with --strict when rows were rejected, 2 nothing could be used: no file, or none of the prices in them.

Examples: mtok prices import catalogs/v8/nebius/vms.csv --dry-run
          mtok prices import model_prices_and_context_window.json \\
              --observed 2026-11-01
          mtok prices import offers.csv --map offers.toml --rate EUR=1.08";

/// Where prices are kept.
#[derive(Args, Clone, Debug)]
pub struct StoreArgs {
    /// The folder of imported prices [default: $MTOK_STORE, else mtok/prices in the system's folder for data].
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    #[command(flatten)]
    pub tables: TableArgs,
}

/// Arguments of `prices list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// The day whose prices count [default: today].
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Arguments of `prices import`.
#[derive(Args, Debug)]
pub struct ImportArgs {
    /// Price files; - is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What the rows are, where the content leaves a doubt.
    #[arg(long = "as", value_name = "KIND", value_parser = kind)]
    pub kind: Option<Kind>,
    /// Which column is what, for tables of no known format.
    #[arg(long, value_name = "TOML")]
    pub map: Option<PathBuf>,
    /// Who sells, where the file does not say [default: the folder's or file's name].
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    /// The day on which the prices were seen, for files without dates [default: today].
    #[arg(long, value_name = "DATE")]
    pub observed: Option<Date>,
    /// The revision of the source.
    #[arg(long, value_name = "ID", default_value = "")]
    pub commit: String,
    /// What another currency is worth in USD; may be given again.
    #[arg(long, value_name = "EUR=1.08")]
    pub rate: Vec<Rate>,
    /// Flag instead of reject by this rule; may be given again.
    #[arg(long, value_name = "RULE", value_parser = rule)]
    pub allow: Vec<Rule>,
    /// Store nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Exit with 1 when rows were rejected.
    #[arg(long)]
    pub strict: bool,
    /// Read files above 256 MiB too.
    #[arg(long)]
    pub large: bool,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Arguments of `prices charge`.
#[derive(Args, Debug)]
pub struct ChargeArgs {
    /// A model that has prices.
    pub model: String,
    /// Fresh input tokens.
    #[arg(long, value_name = "TOKENS", default_value_t = 0)]
    pub input: u64,
    /// Output tokens that are shown.
    #[arg(long, value_name = "TOKENS", default_value_t = 0)]
    pub output: u64,
    /// Output tokens that are not shown.
    #[arg(long, value_name = "TOKENS", default_value_t = 0)]
    pub reasoning: u64,
    /// Input tokens read from a cache.
    #[arg(long, value_name = "TOKENS", default_value_t = 0)]
    pub cache_read: u64,
    /// Input tokens written to a cache for minutes.
    #[arg(long, value_name = "TOKENS", default_value_t = 0)]
    pub cache_write: u64,
    /// Input tokens written to a cache for an hour.
    #[arg(long = "cache-write-1h", value_name = "TOKENS", default_value_t = 0)]
    pub cache_write_1h: u64,
    /// standard, batch, flex or priority.
    #[arg(long, default_value = "standard", value_parser = service)]
    pub service: Service,
    /// The region, as the seller's card names it [default: cards without region].
    #[arg(long, default_value = "")]
    pub region: String,
    /// Only sellers with this name.
    #[arg(long, value_name = "NAME")]
    pub seller: Option<String>,
    /// The moment of the request in UTC, such as 2026-08-17 or 2026-08-17T02:00 [default: noon of today].
    #[arg(long, value_name = "MOMENT")]
    pub at: Option<DateTime>,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Arguments of `prices history`.
#[derive(Args, Debug)]
pub struct AskArgs {
    /// A GPU such as "H100 SXM", all forms of one such as h100, or a model.
    pub name: String,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Arguments of `prices explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    #[command(flatten)]
    pub ask: AskArgs,
    /// The day whose prices count [default: today].
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    /// Show every row, not only those that vote and the newest of the others.
    #[arg(long)]
    pub all: bool,
}

/// Arguments of `prices diff`.
#[derive(Args, Debug)]
pub struct DiffPricesArgs {
    /// The first day.
    pub from: Date,
    /// The second day.
    pub to: Date,
    /// Only this GPU or model.
    pub name: Option<String>,
    /// Also what stayed the same.
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

fn kind(text: &str) -> Result<Kind, String> {
    text.parse()
}

fn rule(text: &str) -> Result<Rule, String> {
    text.parse()
}

fn service(text: &str) -> Result<Service, String> {
    text.parse()
}
