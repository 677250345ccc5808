//! `mtok budget`: what a volume per day needs, costs and is cheapest served with.

use mtok::cost::presets::{self, Kind as PresetKind, Preset};
use mtok::hardware::GpuSpec;
use mtok::market::budget::{Hour, Need, OtherRent, Supply, budget};
use mtok::market::compare::{Compared, Rent};
use mtok::market::row::Comparison;
use mtok::price::rental::Offer;
use mtok::report::budget::{self as report, Budgets, Entry, MarketPrice, OwnHour, RentHour};
use mtok::report::served::Versioned;
use mtok::throughput::Estimate;
use mtok::units::{Interval, UsdPerMtok};

use super::compare::{self, Load};
use super::inputs::{self, Origin};
use super::output::{print, print_json, terminal};
use super::tables::Tables;
use super::{Exit, Failure, own};
use crate::cli::{BudgetArgs, OfferChoice, OwnArgs, PEAK_FACTOR, PriceArgs, UTILISATION_MAX};

/// Runs the verb.
pub fn run(args: &BudgetArgs) -> Result<Exit, Failure> {
    check(&args.price)?;
    let tables = Tables::open(args.workload.tables.data.as_deref())?.with_imported(&args.price.imported)?;
    let gpus = tables.gpus()?;
    let origin = Origin::read(&args.device, &gpus)?;
    let own = owned(&args.own, &tables, origin.gpu(&gpus))?;
    let mut warnings: Vec<String> = other_gpu(own.as_ref().ok(), origin.gpu(&gpus)).into_iter().collect();
    let sized = Sized { args, rents: Rents::known(&args.price, &tables, &gpus, &origin)?, own };
    let estimates = inputs::estimates(&args.workload, &tables, &gpus, &origin)?;
    // The budget finds the load itself; what the row says of costs at full load is not used.
    let load = Load { utilisation: 1.0, stated: true };
    let rent = std::slice::from_ref(&sized.rents.counts);
    let asked = (&args.workload, &args.price);
    let rows = compare::of_estimates(&estimates, asked, &tables, &origin, rent, load)?;
    let entries = estimates.iter().zip(rows).map(|(estimate, compared)| sized.entry(estimate, compared));
    let budgets = sized.budgets(entries.collect::<Result<_, _>>()?);
    warnings.extend(compare::rent_doubts(&args.price, &origin));
    if args.format.json {
        print_json(&Versioned::new(&budgets, &warnings))?;
    } else if args.format.csv {
        print(&report::csv(&budgets))?;
    } else if args.format.markdown {
        print(&report::markdown(&budgets, &warnings))?;
    } else {
        let (width, colour) = terminal();
        print(&report::terminal(&budgets, &warnings, width, colour))?;
    }
    Ok(Exit::Ok)
}

/// Options that have no meaning here.
fn check(price: &PriceArgs) -> Result<(), Failure> {
    if price.utilisation.is_some() {
        return Err(Failure::bad_input(
            "--utilisation follows from the volume here: give --peak-factor or --utilisation-max instead",
        ));
    }
    if matches!(price.offers, OfferChoice::All) {
        return Err(Failure::bad_input("a budget counts one rent: give --offers median or cheapest"));
    }
    Ok(())
}

/// The rent that counts, and the others.
struct Rents {
    counts: Result<Rent, String>,
    others: Vec<OtherRent>,
}

impl Rents {
    fn known(price: &PriceArgs, tables: &Tables, gpus: &[GpuSpec], origin: &Origin) -> Result<Self, Failure> {
        if let Some(typed) = price.usd_per_hour {
            return Ok(Self { counts: Ok(Rent::typed(typed)), others: vec![] });
        }
        let offers = match compare::known_offers(price, tables, gpus, origin)? {
            Ok(offers) => offers,
            Err(unknown) => return Ok(Self { counts: Err(unknown), others: vec![] }),
        };
        let chosen = |offer: &Offer| compare::of_choice(price.offers, offer).into_iter().next();
        let counts = compare::best_kind(&offers, price.kind);
        let counts = counts.and_then(|offer| chosen(&offer).ok_or_else(|| "no provider asks a rent".into()));
        let kind = counts.as_ref().ok().and_then(|rent| rent.kind);
        let others = offers.kinds.iter().filter(|(other, _)| Some(**other) != kind);
        let others = others.filter_map(|(kind, offer)| {
            let rent = chosen(offer)?;
            Some(OtherRent { kind: *kind, usd_per_hour: rent.interval(), providers: rent.providers })
        });
        Ok(Self { others: others.collect(), counts })
    }
}

/// The hour of an owned device with where it comes from, or why there is none.
pub fn owned(
    args: &OwnArgs,
    tables: &Tables,
    gpu: Option<&GpuSpec>,
) -> Result<Result<OwnHour, String>, Failure> {
    let presets = tables.presets()?;
    if args.preset.is_none() && args.capital.is_none() && args.given().is_empty() {
        return Ok(Err(unowned(&presets, gpu)));
    }
    if let Some((preset, usd_per_hour)) = all_in(args, &presets)? {
        let from = format!("preset {} of {}", preset.name, preset.date);
        return Ok(Ok(OwnHour { hour: Hour::flat(usd_per_hour), from, preset: Some(preset.used()) }));
    }
    let owned = own::owned(args, &presets)?;
    let hour = Hour::owned(&owned.ownership).map_err(Failure::bad_input)?;
    let capex = mtok::text::money(owned.ownership.capex_usd);
    let from = format!("{capex} USD over {} years", owned.ownership.years);
    Ok(Ok(OwnHour { hour, from, preset: owned.preset }))
}

/// Said where nothing says what an owned device costs, with the presets that would.
fn unowned(presets: &[Preset], gpu: Option<&GpuSpec>) -> String {
    let of_gpu =
        presets.iter().filter(|preset| is_all_in(preset) && gpu.is_some_and(|gpu| gpu.name == preset.gpu));
    let names: Vec<String> = of_gpu.map(|preset| format!("--preset {}", preset.name)).collect();
    let ways = [names, vec!["the options of `mtok own`".to_owned()]].concat();
    format!("no cost of an owned device is known: give {}", ways.join(" or "))
}

/// What an hour costs its owner, everything included.
fn is_all_in(preset: &Preset) -> bool {
    matches!(preset.kind, PresetKind::Hyperscaler | PresetKind::Neocloud)
}

/// A preset of what an hour costs its owner, everything included. Nothing of it can be replaced.
fn all_in<'p>(args: &OwnArgs, presets: &'p [Preset]) -> Result<Option<(&'p Preset, f64)>, Failure> {
    let Some(name) = &args.preset else { return Ok(None) };
    let preset = presets::find(presets, name).map_err(Failure::bad_input)?;
    let Some(usd_per_hour) = preset.usd_per_hour.map(mtok::price::to_f64).filter(|_| is_all_in(preset))
    else {
        return Ok(None);
    };
    let mut given = args.given();
    given.extend(args.capital.map(|_| "--capital"));
    match given.as_slice() {
        [] => Ok(Some((preset, usd_per_hour))),
        given => Err(Failure::bad_input(format!(
            "preset {} is an hour with everything included: it takes no {}",
            preset.name,
            given.join(", ")
        ))),
    }
}

/// A doubt about a preset of another GPU.
pub fn other_gpu(own: Option<&OwnHour>, gpu: Option<&GpuSpec>) -> Option<String> {
    let (preset, gpu) = (own?.preset.as_ref()?, gpu?);
    let other = preset.gpu != gpu.name;
    other.then(|| format!("preset {} is of the {}, not of the {}", preset.name, preset.gpu, gpu.name))
}

/// What all budgets of a call share.
struct Sized<'a> {
    args: &'a BudgetArgs,
    rents: Rents,
    own: Result<OwnHour, String>,
}

impl Sized<'_> {
    fn need(&self) -> Need {
        let (isl, osl) = (self.args.workload.isl, self.args.workload.osl);
        let of_requests = self.args.volume.requests_per_day.map(|requests| requests.0 * (isl + osl) as f64);
        let tokens_per_day = self.args.volume.tokens_per_day.map(|tokens| tokens.0).or(of_requests);
        Need {
            tokens_per_day: tokens_per_day.unwrap_or(f64::NAN),
            isl,
            osl,
            peak_factor: self.args.peak_factor.unwrap_or(PEAK_FACTOR),
            utilisation_max: self.args.utilisation_max.unwrap_or(UTILISATION_MAX),
        }
    }

    fn entry(&self, estimate: &Estimate, compared: Compared) -> Result<Entry, Failure> {
        let row = compared.row;
        let unknown = || estimate.notes.first().cloned().unwrap_or_else(|| "no rates".into());
        let rates = estimate.rates.as_ref();
        let times = rates.map(|rates| [rates.input_s_per_token, rates.output_s_per_token]);
        let supply = Supply {
            times: times.ok_or_else(unknown),
            gpus: row.gpus,
            rent: self.rents.counts.as_ref().map(Rent::interval).map_err(String::clone),
            own: self.own.as_ref().map(|own| own.hour).map_err(String::clone),
            price: price(&row),
            give_back: self.args.give_back,
            drift: self.args.price.drift.drift(),
            other_rents: self.rents.others.clone(),
        };
        let mut budget = budget(&self.need(), &supply).map_err(Failure::bad_input)?;
        budget.name(&row.model, &row.weights, &row.device, row.batch);
        Ok(Entry {
            source: row.source,
            software: row.software,
            rent: self.rents.counts.as_ref().ok().map(RentHour::of),
            own: self.own.as_ref().ok().cloned(),
            market: MarketPrice::of(&row),
            note: row.note,
            budget,
        })
    }

    fn budgets(&self, budgets: Vec<Entry>) -> Budgets {
        let Need { peak_factor, utilisation_max, .. } = self.need();
        Budgets {
            as_of: compare::as_of(&self.args.price).to_string(),
            peak_factor,
            peak_factor_assumed: self.args.peak_factor.is_none(),
            utilisation_max,
            utilisation_max_assumed: self.args.utilisation_max.is_none(),
            give_back: self.args.give_back,
            cached: self.args.workload.serving.cached,
            market_policy: self.args.price.market.clone(),
            budgets,
        }
    }
}

/// The market price of a row, or that there is none.
fn price(row: &Comparison) -> Result<Interval<UsdPerMtok>, String> {
    let ends = [row.market_usd_per_mtok_low, row.market_usd_per_mtok, row.market_usd_per_mtok_high];
    match ends {
        [Some(low), Some(mid), Some(high)] => Ok(Interval { low, mid, high }.map(UsdPerMtok)),
        _ => Err(format!("no {} of {} is known", row.market_policy.words(), row.model)),
    }
}
