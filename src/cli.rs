//! The arguments of every verb. What they mean to the system is decided in `cmd`.

mod budget;
mod cost;
mod diff;
mod explain;
pub mod fleet;
mod generated;
mod hour;
mod import_kernels;
mod lease;
mod market;
#[cfg(feature = "gpu")]
mod measure;
mod numbers;
mod output;
mod own;
mod prices;
mod report;
mod serving;
mod validate;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::civil::Date;
use mtok::arch::Scheme;
use mtok::market::Policy;
use mtok::market::drift::Drift;
use mtok::price::rental::Kind;

use numbers::{change, not_negative, part, positive, pue, rate, rent, share};

pub use budget::{BudgetArgs, PEAK_FACTOR, UTILISATION_MAX};
pub use cost::{CostArgs, RentArgs, WorkArgs};
pub use diff::{Allowed, DiffArgs, GateChoice};
pub use explain::FigureArgs;
pub use generated::{CompletionsArgs, ManArgs};
pub use hour::HourArgs;
pub use import_kernels::ImportKernelsArgs;
pub use lease::LeaseArgs;
pub use market::{
    AllArgs, CheckArgs, ForecastArgs, MarketArgs, MarketVerb, ParadoxArgs, RentalArgs, SpendArgs,
    StorageArgs, TokensArgs, UsageArgs,
};
#[cfg(feature = "gpu")]
pub use measure::{AdapterArgs, DevicesArgs, MeasureArgs, RunArgs, Sampling, TuneArgs};
pub use output::OutputArgs;
pub use own::{OwnArgs, OwnVerbArgs};
pub use prices::{
    AskArgs, ChargeArgs, DiffPricesArgs, ExplainArgs, ImportArgs, ListArgs, PricesArgs, PricesVerb,
    StoreArgs, UpdateArgs,
};
pub use report::{ReportArgs, ReportFormat};
pub use serving::ServingArgs;
pub use validate::{Leave, ValidateArgs};

const HELP: &str = "\
Example: mtok compare --gpu \"H100 SXM\" --model llama-3.1-8b --weights fp8

Exit codes: 0 ok, 1 some cells failed or became slower, 2 bad input or usage, 3 no adapter or no Slurm, 4 cannot write, \
5 wrong results, 6 inconclusive or not comparable.";

#[cfg(feature = "gpu")]
const TUNE: &str = "\
What is found is kept in $MTOK_CACHE, else in the system's folder for caches, until the adapter, its driver or the \
shaders change. Every variant's result is verified before its time counts.\n\n\
Example: mtok tune --kernel gemm --budget 2m";

/// What a million tokens cost on this GPU, and whether to rent the GPU or buy the tokens.
#[derive(Debug, Parser)]
#[command(version, about, after_help = HELP, arg_required_else_help = true, max_term_width = 80)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// List the adapters of this machine and what can be measured on each.
    #[cfg(feature = "gpu")]
    #[command(after_help = "Example: mtok devices --json")]
    Devices(DevicesArgs),
    /// Measure verified kernels on one adapter into measurements.csv.
    #[cfg(feature = "gpu")]
    #[command(
        after_help = "Examples:\n  mtok measure --budget 2m --kernel gemm --kernel gemv --out results/today\n  \
        mtok measure --repeat 10 --aa --budget 5m --out null \\
    && mtok diff null/a null/b"
    )]
    Measure(MeasureArgs),
    /// Try the variants of every kernel on one adapter, and remember which is the fastest for which shapes.
    #[cfg(feature = "gpu")]
    #[command(after_help = TUNE)]
    Tune(TuneArgs),
    /// Turn measurements or a datasheet into tokens/s of real models.
    #[command(after_help = "Examples:\n  mtok estimate --gpu \"H100 SXM\" --model llama-3.1-8b \\
    --weights bf16 --batch 1,8,64\n  \
        mtok estimate --gpu \"RTX 4090\" --config my-model/config.json --weights q4_K_M")]
    Estimate(EstimateArgs),
    /// Price the tokens of a device and set them beside the market price of the same weights.
    #[command(after_help = "Examples:\n  mtok compare --gpu \"H100 SXM\" --model llama-3.1-70b \\
    --weights fp8 --as-of 2026-09-01\n  \
        mtok compare --gpu \"H100 SXM\" --format html -o report.html")]
    Compare(CompareArgs),
    /// Walk a figure of a comparison down to its rows: quotes, cards, measured cells, options and constants.
    #[command(after_help = explain::HELP)]
    Explain(FigureArgs),
    /// Size a volume per day: the GPUs it needs, a month of renting, owning and buying, and the cheapest mix.
    #[command(
        after_help = budget::HELP,
        override_usage = "mtok budget [OPTIONS] --tokens-per-day N | --requests-per-day N",
        mut_arg("utilisation", |arg| arg.hide(true))
    )]
    Budget(Box<BudgetArgs>),
    /// Report a result folder to people and CI services, or recompute it from its raw samples.
    #[command(after_help = report::HELP)]
    Report(ReportArgs),
    /// Say what became slower or faster between two sides of measurements, and by how much at least.
    #[command(after_help = diff::HELP)]
    Diff(DiffArgs),
    /// Price the tokens of a rate, or of a result file of llama-bench, InferenceX, nvbench, criterion or a plain CSV.
    #[command(after_help = cost::HELP, override_usage = cost::USAGE)]
    Cost(Box<CostArgs>),
    /// Say what an hour of an owned device costs by its parts, and when owning costs as much as renting.
    #[command(after_help = own::HELP)]
    Own(OwnVerbArgs),
    /// Set a fixed lease of a device beside a share of its token revenue.
    #[command(after_help = lease::HELP, override_usage = "mtok lease [OPTIONS] --tokens-per-s R --usd-per-mtok USD --share S")]
    Lease(LeaseArgs),
    /// Follow rents, token prices, usage and spend month by month.
    #[command(after_help = "Example: mtok market rental --gpu h100 --ratio a100 --from 2026-01")]
    Market(MarketArgs),
    #[command(after_help = "Example: mtok prices explain \"H100 SXM\" --as-of 2026-06-30")]
    /// Prices with their dates and sources: list, import, history, explain, diff, update.
    Prices(PricesArgs),
    /// Compare the datasheet model with published measurements.
    #[command(after_help = validate::HELP)]
    Validate(ValidateArgs),
    /// Make a measurements.csv of kernel times that another tool measured.
    #[command(after_help = import_kernels::HELP)]
    ImportKernels(ImportKernelsArgs),
    /// Measure, estimate, compare and report in one go.
    #[cfg(feature = "gpu")]
    #[command(after_help = "Example: mtok run --budget 5m --out results/mine")]
    Run(RunArgs),
    /// Run the same measurement over the nodes of a cluster, and say what all of them show together.
    #[command(after_help = fleet::HELP)]
    Fleet(fleet::FleetArgs),
    /// Print the completions of a shell.
    #[command(after_help = generated::COMPLETIONS_HELP)]
    Completions(CompletionsArgs),
    /// Print the man page, or write one per verb.
    #[command(after_help = generated::MAN_HELP)]
    Man(ManArgs),
    /// Serves the measuring verbs: see the module `gpu::worker`.
    #[cfg(feature = "gpu")]
    #[command(hide = true)]
    Worker,
}

/// Where the bundled tables are replaced.
#[derive(Args, Clone, Debug, Default)]
pub struct TableArgs {
    /// A folder whose gpus.csv, models.csv, rentals.csv, tokens.csv, acceptance.csv, sources.csv or presets.csv replace
    /// the bundled ones.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// The device whose rates are asked for.
#[derive(Args, Clone, Debug)]
pub struct DeviceArgs {
    /// A measurements.csv.
    #[arg(long, value_name = "FILE")]
    pub measurements: Option<PathBuf>,
    /// A GPU by its datasheet, such as "H100 SXM"; with --measurements of another GPU of its family, those lend it their
    /// rates.
    #[arg(long, value_name = "NAME")]
    pub gpu: Option<String>,
}

/// What is asked of the models.
#[derive(Args, Clone, Debug)]
pub struct WorkloadArgs {
    /// Models, or `all` [default: seven widely served ones, none beside --config].
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub model: Vec<String>,
    /// A model by its Hugging Face config.json, beside those of --model; may be given again.
    #[arg(long, value_name = "FILE")]
    pub config: Vec<PathBuf>,
    /// Weights formats, such as f16,q8_0,q4_K_M, each with the tensors that its publishers keep wider in their own
    /// [default: f16,q8_0,q4_0 of a measured device; of a datasheet the format that the publisher ships, and fp8
    /// beside bf16].
    #[arg(long, value_name = "FORMAT,…", value_delimiter = ',')]
    pub weights: Vec<Scheme>,
    /// Sequences that decode together; `auto` takes the cheapest that fits.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "auto")]
    pub batch: Vec<Batch>,
    /// Input tokens per request.
    #[arg(long, value_name = "TOKENS", default_value_t = 1536)]
    pub isl: u64,
    /// Output tokens per request.
    #[arg(long, value_name = "TOKENS", default_value_t = 512)]
    pub osl: u64,
    /// Memory of the device in GB, where it is unknown or other than the datasheet's.
    #[arg(long, value_name = "GB", value_parser = positive, allow_negative_numbers = true)]
    pub memory_gb: Option<f64>,
    #[command(flatten)]
    pub serving: ServingArgs,
    #[command(flatten)]
    pub tables: TableArgs,
}

impl WorkloadArgs {
    /// The options that ask the same again, each with a space before it. The size of a request is always among
    /// them; other defaults are left out.
    pub fn words(&self) -> Vec<String> {
        let list = |words: Vec<String>| words.join(",");
        let mut options = vec![format!(" --isl {} --osl {}", self.isl, self.osl)];
        if !self.model.is_empty() {
            options.push(format!(" --model {}", list(self.model.clone())));
        }
        options.extend(self.config.iter().map(|path| format!(" --config \"{}\"", path.display())));
        if !self.weights.is_empty() {
            options
                .push(format!(" --weights {}", list(self.weights.iter().map(ToString::to_string).collect())));
        }
        if self.batch != [Batch::Auto] {
            options.push(format!(" --batch {}", list(self.batch.iter().map(ToString::to_string).collect())));
        }
        options.extend(self.memory_gb.map(|memory| format!(" --memory-gb {memory}")));
        options.extend(self.serving.words());
        options
    }
}

/// A batch size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// The cheapest per token that fits.
    Auto,
    /// This many sequences.
    Of(u64),
}

impl std::fmt::Display for Batch {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Auto => out.write_str("auto"),
            Self::Of(sequences) => write!(out, "{sequences}"),
        }
    }
}

impl std::str::FromStr for Batch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("auto", _) => Ok(Self::Auto),
            (_, Ok(sequences)) if sequences > 0 => Ok(Self::Of(sequences)),
            _ => Err("is neither auto nor a number of sequences".into()),
        }
    }
}

/// How a table is printed.
#[derive(Args, Clone, Debug)]
#[group(multiple = false)]
pub struct FormatArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
    /// Print CSV.
    #[arg(long)]
    pub csv: bool,
    /// Print a Markdown table.
    #[arg(long)]
    pub markdown: bool,
}

/// How much of a table people see.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct WideArgs {
    /// Show people every column, whatever the width of the window.
    #[arg(long, conflicts_with = "FormatArgs")]
    pub wide: bool,
}

/// Arguments of `estimate`.
#[derive(Args, Debug)]
pub struct EstimateArgs {
    /// Name all models and GPUs instead.
    #[arg(long, conflicts_with_all = ["DeviceArgs", "FormatArgs"])]
    pub list: bool,
    #[command(flatten)]
    pub device: DeviceArgs,
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub wide: WideArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// Whether imported prices count.
#[derive(Args, Clone, Debug, Default)]
pub struct ImportedArgs {
    /// Count the prices of `mtok prices import` too, beside the bundled ones.
    #[arg(long)]
    pub imported: bool,
    /// The same with the imported prices of this folder.
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
}

/// What the device and the tokens cost.
#[derive(Args, Clone, Debug)]
pub struct PriceArgs {
    /// Rent per device and hour; takes the place of rentals.csv.
    #[arg(long, value_name = "USD", value_parser = positive, allow_negative_numbers = true)]
    pub usd_per_hour: Option<f64>,
    /// The hardware of rentals.csv whose rent counts [default: the device's own; a 2-vCPU cloud machine for a
    /// software adapter].
    #[arg(long, value_name = "NAME", conflicts_with = "usd_per_hour")]
    pub hardware: Option<String>,
    /// How it is rented: on-demand, spot, reserved or community [default: on-demand where there is any, else community].
    #[arg(long, value_name = "KIND", conflicts_with = "usd_per_hour")]
    pub kind: Option<Kind>,
    /// Which of the providers' rents count.
    #[arg(long, value_enum, default_value_t = OfferChoice::Median, conflicts_with = "usd_per_hour")]
    pub offers: OfferChoice,
    /// Share of the paid hours that carry the load, above 0 up to 1 [default: 1, which no service has].
    #[arg(long, value_name = "SHARE", value_parser = share, allow_negative_numbers = true)]
    pub utilisation: Option<f64>,
    /// Which price of the sellers decides: median, cheapest, or the name of one of them.
    #[arg(long, value_name = "POLICY", default_value_t = Policy::Median)]
    pub market: Policy,
    #[command(flatten)]
    pub drift: DriftArgs,
    /// The day whose prices count [default: today].
    #[arg(long, value_name = "DATE")]
    pub as_of: Option<Date>,
    #[command(flatten)]
    pub imported: ImportedArgs,
}

impl PriceArgs {
    /// The options that ask the same again, each with a space before it; defaults are left out.
    pub fn words(&self) -> Vec<String> {
        let mut options = Vec::new();
        options.extend(self.usd_per_hour.map(|rent| format!(" --usd-per-hour {rent}")));
        options.extend(self.hardware.as_ref().map(|name| format!(" --hardware \"{name}\"")));
        options.extend(self.kind.map(|kind| format!(" --kind {kind}")));
        if !matches!(self.offers, OfferChoice::Median) {
            options.push(format!(" --offers {}", name_of(&self.offers)));
        }
        options.extend(self.utilisation.map(|share| format!(" --utilisation {share}")));
        if self.market != Policy::Median {
            options.push(format!(" --market \"{}\"", self.market));
        }
        options.extend(self.drift.words());
        if self.imported.imported {
            options.push(" --imported".into());
        }
        options.extend(self.imported.store.iter().map(|store| format!(" --store \"{}\"", store.display())));
        options
    }
}

/// Which of the providers' rents count, each with its newest quote: on-demand where there is any, else community,
/// spot or reserved.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OfferChoice {
    /// The median over providers.
    Median,
    /// The cheapest provider.
    Cheapest,
    /// A row per provider, the cheapest first.
    All,
}

/// How price, load and software move from month to month.
#[derive(Args, Clone, Debug, Default)]
pub struct DriftArgs {
    /// Change of the market price per month, such as -5%: says in which month the cheaper side is the other one.
    #[arg(long, value_name = "CHANGE", value_parser = change, allow_hyphen_values = true)]
    pub price_drift: Option<f64>,
    /// Change of the load per month; the utilisation grows with it up to 1.
    #[arg(long, value_name = "CHANGE", value_parser = change, allow_hyphen_values = true)]
    pub load_drift: Option<f64>,
    /// Change of the throughput per month, by better software on the same device.
    #[arg(long, value_name = "CHANGE", value_parser = change, allow_hyphen_values = true)]
    pub software_drift: Option<f64>,
}

impl DriftArgs {
    /// The drift; `None` where nothing moves.
    pub fn drift(&self) -> Option<Drift> {
        let drift = Drift {
            price_per_month: self.price_drift.unwrap_or_default(),
            load_per_month: self.load_drift.unwrap_or_default(),
            software_per_month: self.software_drift.unwrap_or_default(),
        };
        [self.price_drift, self.load_drift, self.software_drift].iter().any(Option::is_some).then_some(drift)
    }

    fn words(&self) -> Vec<String> {
        let options = [
            ("price-drift", self.price_drift),
            ("load-drift", self.load_drift),
            ("software-drift", self.software_drift),
        ];
        options.iter().filter_map(|(name, value)| value.map(|value| format!(" --{name} {value}"))).collect()
    }
}

/// Arguments of `compare`.
#[derive(Args, Debug)]
pub struct CompareArgs {
    #[command(flatten)]
    pub device: DeviceArgs,
    #[command(flatten)]
    pub workload: WorkloadArgs,
    #[command(flatten)]
    pub price: PriceArgs,
    #[command(flatten)]
    pub wide: WideArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

fn name_of(choice: &impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod examples;
#[cfg(test)]
mod workflow;

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_batch_of_nothing_is_refused() {
        assert!("0".parse::<Batch>().is_err());
    }
}
