//! What a fleet's tokens cost: each type of device at its median device's rates, and the fleet's day rented, owned and
//! bought.

mod notes;
mod terms;

use mtok::fleet::analysis::Analysis;
use mtok::fleet::collected::Collected;
use mtok::fleet::rates::{median_device, speed};
use mtok::fleet::serving::{self, Serving, serving};
use mtok::hardware;
use mtok::market::compare::{Compared, Rent};
use mtok::market::fleet::{DayInput, Devices, FleetCosts, TypeCost, day, totals};
use mtok::text::inert;
use mtok::throughput::Estimate;

use crate::cli::fleet::FleetCostArgs;
use crate::cmd::compare::{self, Load};
use crate::cmd::inputs::{self, Origin};
use crate::cmd::{Failure, budget};
use notes::Notes;
use terms::Terms;

/// No cluster has more types; a folder of a stranger may.
const TYPES_MAX: usize = 32;

/// The costs of a fleet. Whatever cannot be priced is left out with a note.
///
/// # Errors
/// Arguments that are wrong: a model, hardware, seller or preset that is in no table, and options that say nothing here.
pub fn costs(
    args: &FleetCostArgs,
    collected: &Collected,
    analysis: &Analysis,
) -> Result<FleetCosts, Failure> {
    let terms = Terms::of(args, collected)?;
    let devices = serving::Devices::of(collected);
    let mut costing = Costing {
        serving: serving(collected, &devices),
        devices,
        notes: Notes::of(args, &terms, collected),
        collected,
        analysis,
        terms,
        costs: FleetCosts::default(),
    };
    for type_index in (0..collected.types.len() as u32).take(TYPES_MAX) {
        costing.price(type_index)?;
    }
    if collected.types.len() > TYPES_MAX {
        let types = collected.types.len();
        costing.notes.add(format!("the first {TYPES_MAX} of {types} types of device are priced"));
    }
    let Costing { mut costs, mut notes, serving, .. } = costing;
    notes.tasks(collected, &serving);
    costs.totals = totals(&costs.days);
    costs.notes = notes.all();
    Ok(costs)
}

/// Finds what is wrong with the question before folders are read.
///
/// # Errors
/// Those of [`costs`] that no fleet can mend.
pub fn check(args: &FleetCostArgs) -> Result<(), Failure> {
    let tables = terms::tables(args)?;
    let gpus = tables.gpus()?;
    inputs::check(&args.workload, &tables)?;
    args.gpu.iter().try_for_each(|name| match hardware::find(&gpus, name) {
        Ok(_) => Ok(()),
        Err(unknown) => Err(Failure::bad_input(unknown)),
    })?;
    let named = args.price.hardware.as_ref();
    let rented = named.map(|named| {
        compare::named_offers(named, compare::as_of(&args.price), &tables.rentals()?, &gpus).map(|_| ())
    });
    rented.transpose()?;
    budget::owned(&args.own, &tables, None).map(|_| ())
}

/// The costs as they come to be, type by type.
struct Costing<'a> {
    collected: &'a Collected,
    analysis: &'a Analysis,
    terms: Terms<'a>,
    serving: Serving,
    devices: serving::Devices,
    notes: Notes,
    costs: FleetCosts,
}

impl Costing<'_> {
    /// Adds a type, or a note that says why it has no costs.
    fn price(&mut self, type_index: u32) -> Result<(), Failure> {
        let Some(of) = self.collected.types.get(type_index as usize) else { return Ok(()) };
        let name = inert(&of.adapter);
        let asked = self.serving.types.get(type_index as usize).copied().unwrap_or_default();
        let Some(speed) = speed(self.collected, self.analysis, &self.devices, type_index) else {
            self.notes.add(format!("{name}: no device is comparable, so none is priced"));
            return Ok(());
        };
        let Some(load) = self.terms.load(asked) else {
            self.notes.add(format!("{name}: none of its {} devices served, so none is priced", asked.paid()));
            return Ok(());
        };
        let median = median_device(self.collected, self.analysis, type_index);
        let origin = match Origin::of_rows(&median.rows, &self.terms.gpus) {
            Ok(origin) => origin,
            Err(failure) => {
                self.notes.add(format!("{name}: {}", failure.message));
                return Ok(());
            }
        };
        self.notes.device(&name, asked, speed, median.thin);
        self.notes.utilisation(&name, &self.terms, asked, load);
        let devices =
            Devices { paid: asked.paid(), serving: asked.serving, speed: speed.mean, lost: speed.lost };
        let priced = Priced { type_index, name: &name, origin: &origin, devices, load };
        let rows = self.rows(&priced)?;
        self.costs.types.push(TypeCost { type_index, devices: speed.devices, speed: speed.mean, rows });
        Ok(())
    }

    /// The comparisons of a type, their days added to the costs.
    fn rows(&mut self, of: &Priced<'_>) -> Result<Vec<mtok::market::row::Comparison>, Failure> {
        let Terms { workload, price, tables, gpus, .. } = &self.terms;
        let rent = self.terms.rent(of.origin)?;
        let own = budget::owned(self.terms.own, tables, of.origin.gpu(gpus))?;
        let own = self.terms.own_of(own, of.origin);
        self.notes.prices(of.name, price, of.origin, &rent, &own);
        let load = Load { utilisation: of.load.utilisation(), stated: self.terms.stated };
        let estimates = inputs::estimates(workload, tables, gpus, of.origin)?;
        let rents = [rent];
        let compared = compare::of_estimates(&estimates, (workload, price), tables, of.origin, &rents, load)?;
        let [rent] = rents;
        let mut rows = Vec::new();
        for (estimate, compared) in worth_a_row(&estimates, compared, workload.weights.is_empty()) {
            let input = DayInput {
                type_index: of.type_index,
                compared: &compared,
                rates: estimate.rates.as_ref(),
                devices: of.devices,
                load: of.load,
                rent: rent.as_ref().map(Rent::interval).map_err(String::clone),
                own: own.as_ref().map(|own| own.hour).map_err(String::clone),
            };
            match day(&input) {
                Ok(day) => self.costs.days.push(day),
                Err(why) => self.notes.add(format!("{}: {why}", of.name)),
            }
            rows.push(compared.row);
        }
        Ok(rows)
    }
}

/// A type that can be priced.
struct Priced<'a> {
    type_index: u32,
    name: &'a str,
    origin: &'a Origin,
    devices: Devices,
    load: mtok::market::fleet::Load,
}

/// Where nobody named formats, those of a model that were measured; where none was, the first, which says why.
fn worth_a_row(
    estimates: &[Estimate],
    compared: Vec<Compared>,
    by_default: bool,
) -> Vec<(&Estimate, Compared)> {
    let all: Vec<(&Estimate, Compared)> = estimates.iter().zip(compared).collect();
    if !by_default {
        return all;
    }
    let known = |model: &str| estimates.iter().any(|one| one.model == model && one.rates.is_some());
    let first = |model: &str| estimates.iter().find(|one| one.model == model);
    all.into_iter()
        .filter(|(one, _)| match known(&one.model) {
            true => one.rates.is_some(),
            false => first(&one.model).is_some_and(|first| std::ptr::eq(first, *one)),
        })
        .collect()
}

#[cfg(test)]
mod tests;
