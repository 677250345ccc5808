//! Google's rows: a machine and its GPUs are priced apart and cost their sum. Which machine a GPU needs is known for the types
//! that exist for one GPU only; others (T4, V100 …) go with a machine of the user's choice and have no one price.

use std::collections::HashMap;

use rust_decimal::Decimal;

use super::Columns;
use crate::price::Rule;
use crate::price::import::rental::{Offer, Sink};
use crate::price::import::{Aside, Place};
use crate::price::money;
use crate::price::rental::Kind;
use crate::table::Row;

/// The machine that so many GPUs of a name are in, by Google Cloud's page of GPU machine types.
fn machine(gpu: &str, count: u16) -> Option<String> {
    let series = match (gpu, count) {
        ("A100", 16) => return Some("a2-megagpu-16g".into()),
        ("L4", 1) => return Some("g2-standard-4".into()),
        ("L4", 2 | 4 | 8) => return Some(format!("g2-standard-{}", 12 * count)),
        ("A100", _) => "a2-highgpu",
        ("A100-80GB", _) => "a2-ultragpu",
        ("H100", _) => "a3-highgpu",
        ("H100-MEGA", _) => "a3-megagpu",
        ("H200", _) => "a3-ultragpu",
        ("B200", _) => "a4-highgpu",
        _ => return None,
    };
    Some(format!("{series}-{count}g"))
}

/// Prices on demand and as spot.
#[derive(Clone, Copy, Debug, Default)]
struct Prices {
    on_demand: Option<Decimal>,
    spot: Option<Decimal>,
}

impl Prices {
    fn of(row: Row<'_>, columns: &Columns) -> Self {
        let price = |column| money(row.text(column)).filter(|price| *price > Decimal::ZERO);
        Self { on_demand: price(columns.price), spot: price(columns.spot) }
    }
}

/// GPUs that wait for their machine.
#[derive(Debug)]
struct Waiting {
    line: u64,
    name: String,
    provider: String,
    memory_gb: Option<f64>,
    count: u16,
    region: String,
    zone: String,
    prices: Prices,
}

/// Machines and GPUs of a file.
#[derive(Debug, Default)]
pub struct Hosts {
    /// By type and zone or region.
    machines: HashMap<(String, String), Prices>,
    waiting: Vec<Waiting>,
}

/// The zone, or the region where zones are not told apart.
fn area(row: Row<'_>, columns: &Columns) -> String {
    let zone = row.text(columns.zone);
    if zone.is_empty() { row.text(columns.region) } else { zone }.to_owned()
}

impl Hosts {
    /// Notes a machine that GPUs may be in.
    pub fn add_host(&mut self, row: Row<'_>, columns: &Columns) {
        let instance = row.text(columns.instance);
        if ["a2-", "a3-", "a4-", "g2-"].iter().any(|series| instance.starts_with(series)) {
            self.machines.insert((instance.to_owned(), area(row, columns)), Prices::of(row, columns));
        }
    }

    /// Notes GPUs without their machine.
    pub fn add_gpu(&mut self, row: Row<'_>, columns: &Columns, offer: &Offer<'_>) {
        self.waiting.push(Waiting {
            line: row.line(),
            name: offer.seen.name.to_owned(),
            provider: offer.provider.to_owned(),
            memory_gb: offer.seen.memory_gb,
            count: offer.seen.count,
            region: offer.region.to_owned(),
            zone: area(row, columns),
            prices: Prices::of(row, columns),
        });
    }

    /// Adds machines and GPUs up.
    pub fn join(self, sink: &mut Sink<'_, '_>) {
        for gpu in &self.waiting {
            let instance = machine(&gpu.name, gpu.count);
            let host =
                instance.as_ref().and_then(|name| self.machines.get(&(name.clone(), gpu.zone.clone())));
            let (Some(instance), Some(host)) = (&instance, host) else {
                let what = match instance {
                    Some(instance) => format!(
                        "the price of the GPUs without their machine, and {instance} is not in the file"
                    ),
                    None => "the price of the GPUs alone: the machine around them costs extra".to_owned(),
                };
                sink.set_aside(Place::line(gpu.line), &gpu.name, Aside::LeftOut, Rule::NotAnOffer, what);
                continue;
            };
            gpu.add_up(instance, *host, sink);
        }
    }
}

impl Waiting {
    fn add_up(&self, instance: &str, host: Prices, sink: &mut Sink<'_, '_>) {
        let offer = Offer {
            seen: crate::price::identity::gpu::Seen {
                name: &self.name,
                also: "",
                instance,
                memory_gb: self.memory_gb,
                count: self.count,
            },
            provider: &self.provider,
            kind: Kind::OnDemand,
            basis: crate::price::rental::Basis::List,
            instance,
            region: &self.region,
            date: sink.observed(),
            source: "",
            currency: crate::price::Currency::USD,
            instance_of: Some(self.count),
        };
        let sum = |a: Option<Decimal>, b: Option<Decimal>| a.zip(b).and_then(|(a, b)| a.checked_add(b));
        let sums = [
            (Kind::OnDemand, sum(self.prices.on_demand, host.on_demand)),
            (Kind::Spot, sum(self.prices.spot, host.spot)),
        ];
        if sums.iter().all(|(_, price)| price.is_none()) {
            let what = "the GPUs or their machine have no price";
            sink.set_aside(Place::line(self.line), &self.name, Aside::LeftOut, Rule::Unknown, what);
        }
        for (kind, price) in sums {
            if let Some(price) = price {
                sink.keep(Place::line(self.line), &Offer { kind, ..offer }, price);
            }
        }
    }
}
