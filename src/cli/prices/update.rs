//! The arguments of `prices update`.

use std::time::Duration;

use clap::Args;

use super::StoreArgs;
use crate::cli::{FormatArgs, positive};

/// Said below the options.
pub(super) const HELP: &str = "\
The only verb that uses the network. Sources are rows of sources.csv, which --data DIR replaces; all are asked over \
HTTPS. What they send is kept in $MTOK_CACHE, else in the system's folder for caches, and asked for again only when it \
has changed. A source that fails is listed with its reason and stops no other; openrouter-rankings is asked only where \
OPENROUTER_API_KEY is set.

Exit code 1: every source failed, or one did and --strict was given.

Examples: mtok prices update
          mtok prices update --source litellm,gpuhunt-aws --dry-run --json
          mtok prices update --offline --max-age 7";

/// Arguments of `prices update`.
#[derive(Args, Debug)]
pub struct UpdateArgs {
    /// Ask only these sources [default: all].
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub source: Vec<String>,
    /// Name all sources with their addresses and licences instead; asks none.
    #[arg(long, conflicts_with_all = ["offline", "dry_run", "strict"])]
    pub list: bool,
    /// The time for each source, from the first connection to the last byte, such as 30s or 2m.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    pub timeout: Duration,
    /// Take a kept copy that is at most so many days old without asking; with --offline, refuse older ones.
    #[arg(long, value_name = "DAYS", value_parser = positive, allow_negative_numbers = true)]
    pub max_age: Option<f64>,
    /// Take kept copies only.
    #[arg(long)]
    pub offline: bool,
    /// Fetch and judge, store nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Exit with 1 where any source failed.
    #[arg(long)]
    pub strict: bool,
    #[command(flatten)]
    pub store: StoreArgs,
    #[command(flatten)]
    pub format: FormatArgs,
}

/// A time with its unit; a bare number is seconds.
fn time(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let parsed = seconds.or_else(|| Duration::try_from(text.parse::<jiff::SignedDuration>().ok()?).ok());
    let sane = parsed.filter(|time| !time.is_zero() && *time <= Duration::from_secs(3600));
    sane.ok_or_else(|| "is not a time like 30s or 2m, at most an hour".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_have_a_unit() {
        assert_eq!(time("2.5"), Ok(Duration::from_millis(2500)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        for bad in ["0", "-1", "NaN", "inf", "1e9", "2 h", "x", ""] {
            assert!(time(bad).is_err(), "{bad}");
        }
    }
}
