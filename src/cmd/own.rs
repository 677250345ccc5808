//! `mtok own`: what an hour of an owned device costs, and when owning costs as much as renting.

use mtok::cost;
use mtok::cost::own::Ownership;
use mtok::cost::own_or_rent::OwnOrRent;
use mtok::cost::presets::{self, Kind, Preset, Used};
use mtok::price::to_f64;
use mtok::report::own::Owning;
use mtok::report::served::Versioned;
use mtok::report::sheet::Line;
use mtok::units::{TokensPerSecond, UsdPerHour};

use super::tables::Tables;
use super::{Exit, Failure, output, rent};
use crate::cli::{OwnArgs, OwnVerbArgs};

/// A number for what was not said, and why this one.
type Assumed = Option<(f64, &'static str)>;

const OVERHEAD: Assumed = Some((0.0, "the price holds server, network and installation"));
const RESIDUAL: Assumed = Some((0.0, "it sells for nothing at the end"));
const YEARS: Assumed = Some((4.0, "life at owners, InferenceX-app, April 2026"));
const IDLE: Assumed = Some((1.0, "an idle device draws as much"));
const PUE: Assumed = Some((1.58, "average of 2023, Uptime Institute, Intelligence Update 221"));

/// The share of power in the cost of owners, at most, as InferenceX-app puts it.
const USUAL_POWER: f64 = 0.2;

/// Runs the verb.
pub fn run(args: &OwnVerbArgs) -> Result<Exit, Failure> {
    let tables = Tables::open(args.tables.data.as_deref())?;
    let owned = owned(&args.own, &tables.presets()?)?;
    let rented = rent::asked(&args.rent, tables, None)?;
    let owning = owning(args, owned, rented.as_ref())?;
    output::sheet(&owning.sheet(), &Versioned::new(&owning, &owning.warnings), &args.format)?;
    Ok(Exit::Ok)
}

fn owning(args: &OwnVerbArgs, owned: Owned, rented: Option<&rent::Dated>) -> Result<Owning, Failure> {
    let hour = owned.ownership.hour(args.utilisation).map_err(Failure::bad_input)?;
    let per_mtok = |usd_per_hour: f64| {
        let rate = args.tokens_per_s.map(TokensPerSecond);
        let all = UsdPerHour(usd_per_hour * f64::from(args.gpus));
        rate.map(|rate| cost::usd_per_mtok(rate, all, args.utilisation)).transpose()
    };
    let usd_per_mtok = per_mtok(hour.usd_per_hour).map_err(Failure::bad_input)?;
    let power_share = hour.power_usd_per_hour / hour.usd_per_hour;
    let beside =
        |(rent, _): &rent::Dated| OwnOrRent::between(&owned.ownership, args.utilisation, rent.usd_per_hour);
    let against = rented.map(beside).transpose().map_err(Failure::bad_input)?;
    let mut warnings = Vec::new();
    if let Some((rent, _)) = rented {
        warnings.extend(rent::doubts(&args.rent, rent));
    }
    let life = 12.0 * owned.ownership.years;
    if against.and_then(|beside| beside.months_to_recover).is_some_and(|months| months > life) {
        warnings.push(format!("the outlay is recovered after the {life} months of use only, if ever"));
    }
    if power_share > USUAL_POWER {
        warnings.push(format!("power is {:.0} % of the hour; usual is below 20 %", 100.0 * power_share));
    }
    if args.utilisation == 1.0 {
        warnings.push("the hour is at full load in every hour".into());
    }
    Ok(Owning {
        utilisation: args.utilisation,
        gpus: args.gpus,
        hour,
        power_share,
        tokens_per_s: args.tokens_per_s,
        usd_per_mtok: usd_per_mtok.map(|cost| cost.0),
        // Power may be free, which no cost as a whole is.
        power_usd_per_mtok: usd_per_mtok.map(|cost| cost.0 * power_share),
        rent_usd_per_hour: rented.map(|(rent, _)| rent.usd_per_hour.0),
        rent_from: rented.map(|(rent, _)| rent::said(rent)),
        against_rent: against,
        preset: owned.preset,
        inputs: owned.inputs,
        warnings,
    })
}

/// The owned device that the arguments describe; an option goes before the preset, the preset before a
/// default.
///
/// # Errors
/// An unknown preset, one that is no owned device, and whatever has neither a value nor a default, all named
/// at once.
pub fn ownership(args: &OwnArgs, presets: &[Preset]) -> Result<Ownership, Failure> {
    Ok(owned(args, presets)?.ownership)
}

/// An owned device, and where each of its numbers comes from.
#[derive(Clone, Debug)]
pub struct Owned {
    /// The device.
    pub ownership: Ownership,
    /// Its numbers in the order of the options.
    pub inputs: Vec<Line>,
    /// The preset that gave some of them.
    pub preset: Option<Used>,
}

/// The owned device with the sources of its numbers.
///
/// # Errors
/// Those of [`ownership`].
pub fn owned(args: &OwnArgs, presets: &[Preset]) -> Result<Owned, Failure> {
    let preset = args.preset.as_deref().map(|name| own_preset(presets, name)).transpose()?;
    let mut asked = Asked { preset, inputs: Vec::new(), missing: Vec::new() };
    let of = |value: fn(&Preset) -> Option<f64>| preset.and_then(value);
    let capex = of(|row| row.capex_usd.map(to_f64));
    let hosting = args.hosting_usd_per_hour;
    let ownership = Ownership {
        capex_usd: asked.take(("capex_usd", "USD"), args.capex_usd, capex, None),
        overhead_share: asked.take(("overhead", "of the price"), args.overhead, None, OVERHEAD),
        residual_usd: asked.take(("residual_usd", "USD"), args.residual_usd, None, RESIDUAL),
        capital_per_year: asked.take(("capital", "per year"), args.capital, None, None),
        years: asked.take(("years", "years"), args.years, of(|row| row.years), YEARS),
        hosting_usd_per_hour: asked.take(("hosting_usd_per_hour", "USD/h"), hosting, None, None),
        maintenance_per_year: asked.take(
            ("maintenance", "of the price per year"),
            args.maintenance,
            None,
            None,
        ),
        kw: asked.take(("kw", "kW"), args.kw, of(|row| row.kw), None),
        idle_share: asked.take(("idle", "of the power at load"), args.idle, None, IDLE),
        pue: asked.take(("pue", ""), args.pue, None, PUE),
        usd_per_kwh: asked.take(("usd_per_kwh", "USD/kWh"), args.usd_per_kwh, None, None),
    };
    asked.complete()?;
    Ok(Owned { ownership, inputs: asked.inputs, preset: preset.map(Preset::used) })
}

/// The preset of this name, which must be of an owned device: the others are hours already.
fn own_preset<'p>(presets: &'p [Preset], name: &str) -> Result<&'p Preset, Failure> {
    let preset = presets::find(presets, name).map_err(Failure::bad_input)?;
    if preset.kind == Kind::Own {
        return Ok(preset);
    }
    let of_same_gpu = presets.iter().find(|other| other.kind == Kind::Own && other.gpu == preset.gpu);
    let instead = of_same_gpu.map_or(String::new(), |own| format!("; {} is", own.name));
    Err(Failure::bad_input(format!(
        "preset {} is the hour of a {}, not an owned device{instead}",
        preset.name, preset.kind
    )))
}

/// Collects the numbers of an owned device with their sources.
struct Asked<'p> {
    preset: Option<&'p Preset>,
    inputs: Vec<Line>,
    missing: Vec<&'static str>,
}

impl Asked<'_> {
    /// The number that goes first. Not a number where there is none: [`Asked::complete`] refuses that.
    fn take(
        &mut self,
        (figure, unit): (&'static str, &'static str),
        typed: Option<f64>,
        preset: Option<f64>,
        assumed: Assumed,
    ) -> f64 {
        let typed = typed.map(|value| (value, "typed".to_owned()));
        let preset = preset.zip(self.preset.map(|preset| format!("preset {}", preset.name)));
        let assumed = assumed.map(|(value, why)| (value, format!("default: {why}")));
        let Some((value, from)) = typed.or(preset).or(assumed) else {
            self.missing.push(figure);
            return f64::NAN;
        };
        self.inputs.push(Line::new(figure, value, unit, from));
        value
    }

    /// Refuses what is missing, all at once.
    fn complete(&self) -> Result<(), Failure> {
        if self.missing.is_empty() {
            return Ok(());
        }
        let options: Vec<String> =
            self.missing.iter().map(|name| format!("--{}", name.replace('_', "-"))).collect();
        let mut what =
            format!("an owned device needs {} (0 where there is no such cost)", options.join(", "));
        if let Some(preset) = self.preset.filter(|_| self.missing.contains(&"capex_usd")) {
            what += &format!("; the preset {} has no price of the device", preset.name);
        }
        Err(Failure::bad_input(what))
    }
}
