//! What the reader of a fleet's costs should know or doubt.

use mtok::fleet::collected::Collected;
use mtok::fleet::plan::Per;
use mtok::fleet::rates::Speed;
use mtok::fleet::serving::{Asked, Serving, excused};
use mtok::market::compare::Rent;
use mtok::market::fleet::Load;
use mtok::report::budget::OwnHour;
use mtok::text::significant;

use super::Terms;
use crate::cli::PriceArgs;
use crate::cli::fleet::FleetCostArgs;
use crate::cmd::compare;
use crate::cmd::inputs::Origin;

/// Sentences, each once, in the order in which they were said.
pub struct Notes(Vec<String>);

impl Notes {
    /// What is to be said of the question.
    pub fn of(args: &FleetCostArgs, terms: &Terms<'_>, collected: &Collected) -> Self {
        let mut notes = Self(vec![]);
        if collected.plan.simulated {
            notes.add("simulated: the rates were made up, and so are their costs".into());
        }
        if terms.default_model {
            let models = terms.workload.model.join(", ");
            notes.add(format!("costs are of {models}: --model names others"));
        }
        if !terms.stated {
            notes.add(
                "costs are at full load in every hour in which a device works: give --utilisation".into(),
            );
        }
        let several = collected.types.len() > 1;
        if several && args.price.usd_per_hour.is_some() {
            notes.add("--usd-per-hour counts for every type of device".into());
        }
        if several && args.own.capex_usd.is_some() {
            notes.add("--capex-usd counts for every type of device".into());
        }
        if terms.workload.serving.tp > 1 {
            let together = terms.workload.serving.tp;
            notes.add(format!(
                "{together} devices that work together are taken to be equally fast: a slow one holds up the others too"
            ));
        }
        notes
    }

    /// Adds a sentence that was not said yet.
    pub fn add(&mut self, sentence: String) {
        if !self.0.contains(&sentence) {
            self.0.push(sentence);
        }
    }

    /// All of them.
    pub fn all(self) -> Vec<String> {
        self.0
    }

    /// How the devices of a type differ.
    pub fn device(&mut self, name: &str, asked: Asked, speed: Speed, thin: u32) {
        if speed.slow > 0 {
            let share = significant(100.0 * speed.lost / (speed.mean + speed.lost));
            self.add(format!("{name}: {} slow devices take {share} % of its tokens", speed.slow));
        }
        if asked.serving > speed.devices {
            let others = asked.serving - speed.devices;
            self.add(format!(
                "{name}: {others} devices are not comparable, and taken to be as fast as the others on average"
            ));
        }
        if thin > 0 {
            self.add(format!("{name}: {thin} cells were measured on fewer than half of its devices"));
        }
    }

    /// Where the utilisation of a type comes from, part by part.
    pub fn utilisation(&mut self, name: &str, terms: &Terms<'_>, asked: Asked, load: Load) {
        let available = match terms.available {
            Some(_) => "typed".to_owned(),
            None => format!("{} of {} devices that tasks asked served", asked.serving, asked.paid()),
        };
        let busy = if terms.stated { "typed" } else { "assumed" };
        self.add(format!(
            "{name}: utilisation {} = {} busy ({busy}) · {} available ({available})",
            significant(load.utilisation()),
            significant(load.busy),
            significant(load.available),
        ));
    }

    /// What is doubtful of the prices of a type, or not known.
    pub fn prices(
        &mut self,
        name: &str,
        price: &PriceArgs,
        origin: &Origin,
        rent: &Result<Rent, String>,
        own: &Result<OwnHour, String>,
    ) {
        match rent {
            Ok(rent) => {
                let doubts = compare::rent_doubts(price, origin).into_iter();
                let old = rent.stale_days.map(|days| format!("{name}: the rent is {days} days old"));
                doubts.chain(old).for_each(|doubt| self.add(doubt));
            }
            Err(why) => self.add(format!("{name}: {why}")),
        }
        if let Err(why) = own {
            self.add(format!("{name}: {why}"));
        }
    }

    /// Tasks that say nothing of their devices, or of devices of which nobody knows the type.
    pub fn tasks(&mut self, collected: &Collected, serving: &Serving) {
        let tasks = collected.tasks.len();
        if serving.open_tasks > 0 {
            let open = serving.open_tasks;
            let mut sentence = format!(
                "{open} of {tasks} tasks have not ended and have no rows: their devices are in no figure"
            );
            if let ([asked], Per::Gpu, 0) = (serving.types.as_slice(), collected.plan.per, serving.unknown) {
                let least = f64::from(asked.serving) / f64::from(asked.paid() + open);
                sentence += &format!("; {} would be available if all of them were down", significant(least));
            }
            self.add(sentence);
        }
        if serving.unknown > 0 {
            self.add(format!(
                "{} devices failed on nodes of which no type is known: they are in no figure",
                serving.unknown
            ));
        }
        match excused(collected) {
            0 => {}
            excused => self.add(format!(
                "{excused} of {tasks} tasks failed for no fault of a device (bad input, or a folder that cannot be written): their \
                 devices are in no figure"
            )),
        }
    }
}
