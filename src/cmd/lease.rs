//! `mtok lease`: a fixed lease against a share of the token revenue.

use mtok::cost::lease::{Growth, Lease};
use mtok::cost::presets::{self, Kind};
use mtok::report::hour::Hour;
use mtok::report::lease::Leasing;
use mtok::report::served::Versioned;
use mtok::units::{TokensPerSecond, UsdPerHour, UsdPerMtok};

use super::tables::Tables;
use super::{Exit, Failure, hour, output};
use crate::cli::LeaseArgs;

/// Runs the verb.
pub fn run(args: &LeaseArgs) -> Result<Exit, Failure> {
    let drift = args.drift.drift();
    if drift.is_some() && args.horizon_months.is_none() {
        return Err(Failure::bad_input(
            "drift needs --horizon-months: over how long price, load or software move",
        ));
    }
    let (hour, mut warnings) = lease_hour(args)?;
    if hour.preset.as_ref().is_some_and(|preset| preset.kind == Kind::RentalThreeYears) {
        warnings
            .push("the rental's payment before is taken as spread over its term, without its capital".into());
    }
    let leasing = leasing(args, hour, warnings).map_err(Failure::bad_input)?;
    output::sheet(&leasing.sheet(), &Versioned::new(&leasing, &leasing.warnings), &args.format)?;
    Ok(Exit::Ok)
}

/// What the lease asks per device and hour.
fn lease_hour(args: &LeaseArgs) -> Result<hour::Doubted, Failure> {
    let tables = Tables::open(args.tables.data.as_deref())?;
    let presets = tables.presets()?;
    let preset = args.preset.as_deref().map(|name| presets::find(&presets, name));
    let preset = preset.transpose().map_err(Failure::bad_input)?;
    if let Some(own) = preset.filter(|preset| preset.kind == Kind::Own) {
        return Err(Failure::bad_input(format!(
            "preset {} is an owned device: nobody leases it out",
            own.name
        )));
    }
    if args.rent.hardware.is_some() && preset.is_some() {
        return Err(Failure::bad_input(
            "--hardware and --preset exclude each other: each names a price of the hour",
        ));
    }
    hour::rented(&args.rent, tables, preset, None)?.ok_or_else(|| {
        Failure::bad_input("give the lease: --usd-per-hour USD, --hardware NAME or --preset NAME")
    })
}

fn leasing(args: &LeaseArgs, hour: Hour, warnings: Vec<String>) -> Result<Leasing, mtok::cost::Refused> {
    let lease = Lease {
        usd_per_hour: UsdPerHour(hour.usd_per_hour),
        gpus: f64::from(args.gpus),
        tokens_per_s: TokensPerSecond(args.tokens_per_s),
        usd_per_mtok: UsdPerMtok(args.usd_per_mtok),
        share: args.share,
    };
    let compared = lease.compared()?;
    let at_load = args.utilisation.map(|load| lease.at(load)).transpose()?;
    let sigma = args.utilisation.zip(args.load_sigma).map(|(load, sigma)| lease.deviation(load, sigma));
    let drift = args.drift.drift().unwrap_or_default();
    let growth = Growth::per_month(drift.price_per_month, drift.load_per_month, drift.software_per_month)?;
    let over = args.horizon_months.map(|months| lease.over(months, growth, args.utilisation)).transpose()?;
    let tenant_prefers =
        args.utilisation.map(|load| if load < compared.break_even_load { "share" } else { "lease" });
    Ok(Leasing {
        hour,
        gpus: args.gpus,
        tokens_per_s: args.tokens_per_s,
        usd_per_mtok: args.usd_per_mtok,
        share: args.share,
        compared,
        utilisation: args.utilisation,
        at_load,
        tenant_prefers,
        load_sigma: args.load_sigma,
        provider_lease_sigma_usd_per_hour: 0.0,
        provider_share_sigma_usd_per_hour: sigma.transpose()?,
        price_drift: args.drift.price_drift,
        load_drift: args.drift.load_drift,
        software_drift: args.drift.software_drift,
        over_horizon: over,
        warnings,
    })
}
