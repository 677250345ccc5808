//! `catalogs/v<N>/<cloud>/vms.csv` of skypilot-catalog: prices of whole instances, in columns of another order for each cloud.

mod gpu_info;
mod host;

use std::io::Read;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::rental::{Offer, Providers, Sink};
use super::{Aside, Format, Head, Import, Kind, Place, Source};
use crate::price::identity::gpu::{GpuNames, Seen, memory_gb_of_mib};
use crate::price::rental::{Basis, Kind as RentalKind};
use crate::price::{Currency, Rule, money};
use crate::table::{Column, Fault, Row, Step, Stream};
use gpu_info::GpuInfo;
use host::Hosts;

/// `vms.csv`, v5 to v8.
pub const CATALOG: Format = Format {
    name: "skypilot-catalog vms.csv",
    kind: Kind::Rental,
    knows: |head: &Head<'_>| head.has_columns(&REQUIRED),
    read,
};

const REQUIRED: [&str; 4] = ["InstanceType", "AcceleratorName", "AcceleratorCount", "Price"];

/// More GPUs than that are no instance.
const MAX_COUNT: u16 = 1024;

struct Columns {
    instance: Column,
    name: Column,
    count: Column,
    price: Column,
    spot: Column,
    region: Column,
    zone: Column,
    info: Column,
}

impl Columns {
    fn of<R: Read>(stream: &Stream<R>) -> Self {
        Self {
            instance: stream.column("InstanceType"),
            name: stream.column("AcceleratorName"),
            count: stream.column("AcceleratorCount"),
            price: stream.column("Price"),
            spot: stream.column("SpotPrice"),
            region: stream.column("Region"),
            zone: stream.column("AvailabilityZone"),
            info: stream.column("GpuInfo"),
        }
    }
}

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let names = GpuNames::new(source.gpus)?;
    let providers = Providers::new(source);
    let mut sink = Sink::new(source, &names, format!("skypilot-catalog {}", source.name), import);
    let mut stream = Stream::new(input, &REQUIRED)?.header_again_at("AcceleratorName");
    let mut columns = Columns::of(&stream);
    let mut hosts = Hosts::default();
    loop {
        match stream.step()? {
            None => break,
            Some(Step::Bad(fault)) => sink.reject("", fault),
            Some(Step::Header) => columns = Columns::of(&stream),
            Some(Step::Row(row)) => {
                if let Err(fault) = one(row, &columns, &providers, &mut hosts, &mut sink) {
                    sink.reject(row.text(columns.instance), fault);
                }
            }
        }
    }
    hosts.join(&mut sink);
    Ok(())
}

fn one(
    row: Row<'_>,
    columns: &Columns,
    providers: &Providers<'_>,
    hosts: &mut Hosts,
    sink: &mut Sink<'_, '_>,
) -> Result<(), Fault> {
    let (instance, name) = (row.text(columns.instance), row.text(columns.name));
    let at = Place::line(row.line());
    let count = match (name, gpus(row, columns.count)?) {
        ("", _) | (_, Count::None) => {
            hosts.add_host(row, columns);
            sink.set_aside(at, instance, Aside::LeftOut, Rule::NotAnOffer, "a machine without a GPU");
            return Ok(());
        }
        (_, Count::Part) => {
            sink.set_aside(at, instance, Aside::LeftOut, Rule::NotAnOffer, "a part of a GPU");
            return Ok(());
        }
        (_, Count::Whole(count)) => count,
    };
    let info = GpuInfo::read(row.text(columns.info)).map_err(|what| row.fault(columns.info, what))?;
    let provider = providers.of(instance).map_err(|what| row.fault(columns.instance, what))?;
    let memory_gb = info.size_mib.or(info.total_mib).map(memory_gb_of_mib);
    let seen = Seen { name, also: &info.name, instance, memory_gb, count };
    let community = instance.ends_with("_COMMUNITY");
    let offer = Offer {
        seen,
        provider,
        kind: if community { RentalKind::Community } else { RentalKind::OnDemand },
        basis: Basis::List,
        instance,
        region: row.text(columns.region),
        date: sink.observed(),
        source: "",
        currency: Currency::USD,
        instance_of: Some(count),
    };
    if instance.is_empty() {
        hosts.add_gpu(row, columns, &offer);
        return Ok(());
    }
    let zero_is_absence = provider == "runpod";
    let (price, spot) = (row.text(columns.price), row.text(columns.spot));
    // An instance may be for rent as spot only; a row without any price is one finding.
    if (!price.is_empty() || spot.is_empty())
        && let Some(price) = sink.price(row, columns.price, instance, zero_is_absence)
    {
        sink.keep(super::rental::place(row, columns.price), &offer, price);
    }
    if !spot.is_empty()
        && let Some(price) = sink.price(row, columns.spot, instance, zero_is_absence)
    {
        let spot = Offer { kind: RentalKind::Spot, ..offer };
        sink.keep(super::rental::place(row, columns.spot), &spot, price);
    }
    Ok(())
}

/// GPUs of an instance.
enum Count {
    None,
    /// Slices of one GPU are rented out too.
    Part,
    Whole(u16),
}

fn gpus(row: Row<'_>, column: Column) -> Result<Count, Fault> {
    let text = row.text(column);
    let count = if text.is_empty() { Some(Decimal::ZERO) } else { money(text) };
    match count {
        Some(count) if count.is_zero() => Ok(Count::None),
        Some(count) if count.is_sign_positive() && !count.fract().is_zero() => Ok(Count::Part),
        Some(count) if count.is_sign_positive() && count <= Decimal::from(MAX_COUNT) => {
            Ok(count.to_u16().map_or(Count::None, Count::Whole))
        }
        _ => Err(row
            .fault(column, format!("{} is no number of GPUs up to {MAX_COUNT}", crate::table::quote(text)))),
    }
}

#[cfg(test)]
mod tests;
