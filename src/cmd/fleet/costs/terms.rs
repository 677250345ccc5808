//! What the arguments say of all types of a fleet together.

use mtok::arch;
use mtok::fleet::collected::Collected;
use mtok::fleet::serving::Asked;
use mtok::hardware::{self, GpuSpec};
use mtok::market::compare::Rent;
use mtok::market::fleet::Load;
use mtok::measurement::DeviceType;
use mtok::report::budget::OwnHour;

use crate::cli::fleet::FleetCostArgs;
use crate::cli::{OfferChoice, OwnArgs, PriceArgs, WorkloadArgs};
use crate::cmd::inputs::{self, Origin};
use crate::cmd::tables::Tables;
use crate::cmd::{Failure, budget, compare};

/// Priced where nobody names a model: small enough for every GPU, and sold by many.
const DEFAULT_MODEL: &str = "llama-3.1-8b";

/// The question, with its tables.
pub struct Terms<'a> {
    /// The models, and how they are asked.
    pub workload: WorkloadArgs,
    /// Whether nobody named one.
    pub default_model: bool,
    /// Rents and prices.
    pub price: &'a PriceArgs,
    /// The owned hour.
    pub own: &'a OwnArgs,
    /// Share of the hours of a working device that carry load.
    pub busy: f64,
    /// Whether somebody said so.
    pub stated: bool,
    /// Share of its hours in which a device works, where somebody said so.
    pub available: Option<f64>,
    /// The tables.
    pub tables: Tables,
    /// GPUs, with the names that `--gpu` adds.
    pub gpus: Vec<GpuSpec>,
    simulated: bool,
    several_types: bool,
}

impl<'a> Terms<'a> {
    /// Reads the arguments.
    ///
    /// # Errors
    /// Those that are wrong or say nothing here.
    pub fn of(args: &'a FleetCostArgs, collected: &Collected) -> Result<Self, Failure> {
        let tables = tables(args)?;
        let gpus = named(args.gpu.as_deref(), tables.gpus()?, collected)?;
        let mut workload = args.workload.clone();
        let unnamed = workload.model.is_empty() && workload.config.is_empty();
        let default_model = unnamed && arch::find(&tables.models()?, DEFAULT_MODEL).is_ok();
        if default_model {
            workload.model = vec![DEFAULT_MODEL.to_owned()];
        }
        // Said now, whatever devices there are.
        inputs::models(&workload, &tables)?;
        let (busy, available) = match (args.price.utilisation, args.utilisation_parts) {
            (Some(busy), _) => (busy, None),
            (None, Some(parts)) => {
                (parts.daily.unwrap_or(1.0) * parts.scheduling.unwrap_or(1.0), parts.available)
            }
            (None, None) => (1.0, None),
        };
        let parts_of_load =
            args.utilisation_parts.is_some_and(|parts| parts.daily.or(parts.scheduling).is_some());
        Ok(Self {
            workload,
            default_model,
            price: &args.price,
            own: &args.own,
            busy,
            stated: args.price.utilisation.is_some() || parts_of_load,
            available,
            tables,
            gpus,
            simulated: collected.plan.simulated,
            several_types: collected.types.len() > 1,
        })
    }

    /// How devices are used; `None` where none served and nobody says how many do.
    pub fn load(&self, asked: Asked) -> Option<Load> {
        let available = self.available.or(asked.available()).filter(|available| *available > 0.0)?;
        Some(Load { busy: self.busy, available })
    }

    /// What a device is rented for, or why that is not known. A simulated device is in no price list.
    pub fn rent(&self, origin: &Origin) -> Result<Result<Rent, String>, Failure> {
        if self.simulated && self.price.usd_per_hour.is_none() {
            return Ok(Err("a simulated fleet has no rent: give --usd-per-hour".into()));
        }
        let rents = compare::rents(self.price, &self.tables, &self.gpus, origin)?;
        Ok(rents.into_iter().next().unwrap_or_else(|| Err("no provider asks a rent".into())))
    }

    /// The owned hour of a type. Among several types a preset counts for its own GPU only.
    pub fn own_of(&self, own: Result<OwnHour, String>, origin: &Origin) -> Result<OwnHour, String> {
        match budget::other_gpu(own.as_ref().ok(), origin.gpu(&self.gpus)) {
            Some(other) if self.several_types => Err(other),
            _ => own,
        }
    }
}

/// The tables that were named, once it is clear which rent counts.
pub fn tables(args: &FleetCostArgs) -> Result<Tables, Failure> {
    if matches!(args.price.offers, OfferChoice::All) {
        return Err(Failure::bad_input("a fleet's day counts one rent: give --offers median or cheapest"));
    }
    Tables::open(args.workload.tables.data.as_deref())?.with_imported(&args.price.imported)
}

/// The GPUs; where one was named, the types that are in no row are it.
fn named(name: Option<&str>, mut gpus: Vec<GpuSpec>, collected: &Collected) -> Result<Vec<GpuSpec>, Failure> {
    let Some(name) = name else { return Ok(gpus) };
    let found = hardware::find(&gpus, name).map_err(Failure::bad_input)?.name.clone();
    let unknown: Vec<String> = (collected.types.iter())
        .filter(|of| of.device_type != DeviceType::Software)
        .filter(|of| hardware::of_rates(&gpus, &of.adapter).is_none())
        .map(|of| of.adapter.clone())
        .collect();
    if unknown.is_empty() && !collected.types.is_empty() {
        let what = "--gpu says nothing here: every type of device is in gpus.csv, or a software adapter";
        return Err(Failure::bad_input(what));
    }
    gpus.iter_mut().filter(|gpu| gpu.name == found).for_each(|gpu| gpu.aliases.extend(unknown.clone()));
    Ok(gpus)
}
