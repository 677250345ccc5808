//! Plain tables of rents: a date, a provider, a GPU and a price per row, with what else there is.

use std::io::Read;

use jiff::civil::Date;

use super::rental::{Offer, Sink, day_or_month, place};
use super::{Format, Head, Import, Kind, Source};
use crate::price::Currency;
use crate::price::identity::gpu::{GpuNames, Seen};
use crate::price::rental::{Basis, Kind as RentalKind};
use crate::table::{Column, Fault, Row, Step, Stream};

/// A table with a date, a provider, a GPU and a price per hour.
pub const TABLE: Format = Format {
    name: "rental CSV (date, provider, gpu, usd_per_gpu_hour)",
    kind: Kind::Rental,
    knows: |head: &Head<'_>| {
        let any = |names: &[&str]| names.iter().any(|name| head.has_columns(&[*name]));
        head.has_columns(&REQUIRED) && any(&GPU) && (any(&PER_GPU) || any(&PER_INSTANCE))
    },
    read,
};

const REQUIRED: [&str; 2] = ["date", "provider"];
const GPU: [&str; 3] = ["gpu", "hardware", "gpu_name"];
const PER_GPU: [&str; 4] = ["usd_per_gpu_hour", "usd_per_hour", "price_per_gpu_hour", "price_per_hour"];
const PER_INSTANCE: [&str; 2] = ["usd_per_instance_hour", "price_per_instance_hour"];

struct Columns {
    date: Column,
    provider: Column,
    gpu: Column,
    price: Column,
    /// Whether the price is for a whole instance.
    per_instance: bool,
    memory: Column,
    count: Column,
    kind: Column,
    basis: Column,
    region: Column,
    instance: Column,
    currency: Column,
    source: Column,
}

impl Columns {
    fn of<R: Read>(stream: &Stream<R>) -> Self {
        let first = |names: &[&'static str]| {
            let mut columns = names.iter().map(|name| stream.column(name));
            let known = columns.clone().find(|column| column.exists());
            known.or_else(|| columns.next()).unwrap_or_else(|| stream.column(""))
        };
        let per_gpu = first(&PER_GPU);
        Self {
            date: stream.column("date"),
            provider: stream.column("provider"),
            gpu: first(&GPU),
            price: if per_gpu.exists() { per_gpu } else { first(&PER_INSTANCE) },
            per_instance: !per_gpu.exists(),
            memory: first(&["gpu_memory", "memory_gb", "gpu_memory_gb"]),
            count: first(&["count", "gpu_count", "gpus"]),
            kind: first(&["kind", "pricing_kind"]),
            basis: stream.column("basis"),
            region: first(&["region", "location"]),
            instance: first(&["instance", "instance_type"]),
            currency: stream.column("currency"),
            source: stream.column("source"),
        }
    }
}

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let names = GpuNames::new(source.gpus)?;
    let mut sink = Sink::new(source, &names, source.name.to_owned(), import);
    let mut stream = Stream::new(input, &REQUIRED)?;
    let columns = Columns::of(&stream);
    while let Some(step) = stream.step()? {
        match step {
            Step::Bad(fault) => sink.reject("", fault),
            Step::Header => {}
            Step::Row(row) => {
                if let Err(fault) = one(row, &columns, &mut sink) {
                    sink.reject(row.text(columns.gpu), fault);
                }
            }
        }
    }
    Ok(())
}

fn one(row: Row<'_>, columns: &Columns, sink: &mut Sink<'_, '_>) -> Result<(), Fault> {
    let date: Date = day_or_month(row, columns.date)?;
    let provider = row.required(columns.provider)?;
    let name = row.required(columns.gpu)?;
    let memory_gb = row.positive(columns.memory)?;
    let count = row.optional::<u16>(columns.count)?.unwrap_or_default();
    let (kind, of_kind) = kind(row.text(columns.kind)).map_err(|what| row.fault(columns.kind, what))?;
    let basis = row.optional(columns.basis)?.unwrap_or(of_kind);
    let currency = row.optional::<Currency>(columns.currency)?.unwrap_or_default();
    if columns.per_instance && count == 0 {
        return Err(row.fault(columns.count, "a price of an instance needs the number of its GPUs"));
    }
    // A restated price is by definition that of an SXM module.
    let instance = if basis == Basis::Restated8xSxm { "sxm" } else { row.text(columns.instance) };
    let offer = Offer {
        seen: Seen { name, also: "", instance, memory_gb, count },
        provider,
        kind,
        basis,
        instance: row.text(columns.instance),
        region: row.text(columns.region),
        date,
        source: row.text(columns.source),
        currency,
        instance_of: columns.per_instance.then_some(count),
    };
    if let Some(price) = sink.price(row, columns.price, name, false) {
        sink.keep(place(row, columns.price), &offer, price);
    }
    Ok(())
}

/// How a row is rented, and what its number stands for where the same word says it: `on_demand_restated_sxm_8gpu`.
pub(in crate::price) fn kind(text: &str) -> Result<(RentalKind, Basis), String> {
    // Almost every row has one of these.
    match text {
        "" | "on-demand" | "on_demand" => return Ok((RentalKind::OnDemand, Basis::List)),
        "spot" => return Ok((RentalKind::Spot, Basis::List)),
        _ => {}
    }
    let plain = text.to_lowercase().replace(['_', ' '], "-");
    let (word, basis) = match plain.split_once("-restated") {
        Some((word, "-sxm-8gpu" | "-8gpu-sxm" | "-8xsxm")) => (word, Basis::Restated8xSxm),
        Some(_) => {
            return Err(format!("kind {} is restated to something unknown", crate::table::quote(text)));
        }
        None => (plain.as_str(), Basis::List),
    };
    let kind = match word {
        "on-demand" | "ondemand" | "secure" | "payg" => RentalKind::OnDemand,
        "spot" | "preemptible" | "interruptible" => RentalKind::Spot,
        "community" => RentalKind::Community,
        _ if word == "reserved" || word.starts_with("reserved-") => RentalKind::Reserved,
        _ => {
            let known = "on-demand, spot, reserved, community";
            return Err(format!("kind {} is none of {known}", crate::table::quote(text)));
        }
    };
    Ok((kind, basis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::price::import::Aside;
    use crate::price::import::tests::{import, import_with, table};

    const HEADER: &str = "date,provider,gpu,gpu_memory,kind,region,usd_per_gpu_hour,source\n";

    fn whats(rows: &str) -> Vec<String> {
        let import = import("x.csv", "", &(HEADER.to_owned() + "2026-06,ok,T4,,,,1,s\n" + rows)).unwrap();
        let shown = |it: &crate::price::import::Finding| format!("{} {}: {}", it.place, it.rule, it.what);
        import.findings.iter().map(shown).collect()
    }

    #[test]
    fn days_and_months_kinds_and_restated_prices_are_read() {
        let rows = "2026-06,lambda,A100,80,on_demand_restated_sxm_8gpu,,2.79,s\n\
            2026-06-12,aws,h100,,Spot,us-east-1,1.500,s\n2026-06-12,b,B200,,reserved_1y,,3,\n";
        let import = import("x.csv", "", &(HEADER.to_owned() + rows)).unwrap();
        assert_eq!(
            table(&import),
            [
                "2 A100 SXM 80GB lambda on-demand  2.79",
                "3 H100 aws spot us-east-1 1.500",
                "4 B200 SXM b reserved  3"
            ]
        );
        let [first, second, third] = import.rentals.as_slice() else { panic!("three rows") };
        assert_eq!((first.basis, first.date.to_string()), (Basis::Restated8xSxm, "2026-06-01".into()));
        assert_eq!(second.date.to_string(), "2026-06-12");
        assert_eq!((&*first.source, &*third.source), ("s", "x.csv"));
    }

    #[test]
    fn what_cannot_be_read_is_located_and_does_not_stop_the_rest() {
        for (row, what) in [
            (
                "2026-13,a,T4,,,,1,s",
                "3:1 unreadable: date \"2026-13\" is neither a day like 2026-06-12 nor a month like 2026-06",
            ),
            ("2026-06,,T4,,,,1,s", "3:2 unreadable: provider is empty"),
            ("2026-06,a,,,,,1,s", "3:3 unreadable: gpu is empty"),
            ("2026-06,a,T4,-1,,,1,s", "3:4 unreadable: gpu_memory \"-1\" is not a finite number > 0"),
            ("2026-06,a,T4,80,,,1,s", "3:7 memory: \"T4\" has 16 GB, the row says 80"),
            ("2026-06,a,T9,,,,1,s", "3:7 identity: unknown GPU \"T9\""),
            (
                "2026-06,a,T4,,weekly,,1,s",
                "3:5 unreadable: kind \"weekly\" is none of on-demand, spot, reserved, community",
            ),
            ("2026-06,a,T4,,,,20-26,s", "3:7 unreadable: usd_per_gpu_hour \"20-26\" is a range, not a price"),
            ("2026-06,a,T4,,,,$1,s", "3:7 unreadable: usd_per_gpu_hour \"$1\" is no finite number > 0"),
            ("2026-06,a,T4,,,,-1,s", "3:7 unreadable: usd_per_gpu_hour -1 is below zero"),
            ("2026-06,a,T4,,,,0,s", "3:7 band: usd_per_gpu_hour 0: nobody gives GPUs away, a broken feed"),
            ("2026-06,a,T4,,,,,s", "3:7 unknown: usd_per_gpu_hour is empty"),
            ("2026-06,a,T4,,,,free,s", "3:7 free: is given away"),
            ("2026-06,a,T4,,,,not_offered,s", "3:7 not-offered: is not offered there"),
            (
                "2026-06,a,T4",
                "3 unreadable: has 3 fields, the header has 8 (a quote left open or a comma too many?)",
            ),
        ] {
            let found = whats(&format!("{row}\n2026-06,z,T4,,,,1,s\n"));
            assert!(found.len() == 1 && found[0].starts_with(what), "{found:?} {what}");
        }
    }

    #[test]
    fn a_file_without_one_good_row_is_one_fault() {
        let fault = import("x.csv", "", &(HEADER.to_owned() + "2026-06,a,T4,,,,x,s\n")).unwrap_err();
        assert_eq!(fault.to_string(), "2:7: usd_per_gpu_hour \"x\" is no finite number > 0");
    }

    #[test]
    fn other_currencies_are_converted_or_refused() {
        let text =
            "date,provider,gpu,price_per_gpu_hour,currency\n2026-06,a,L4,1.5,EUR\n2026-06,a,L4,1,usd\n";
        let rates = ["EUR=1.1".parse().unwrap()];
        let converted = import_with("x.csv", "", text, &rates).unwrap();
        assert_eq!(table(&converted), ["2 L4 a on-demand  1.65", "3 L4 a on-demand  1"]);
        assert_eq!(converted.rentals[0].currency.to_string(), "EUR");
        let refused = import("x.csv", "", text).unwrap();
        assert_eq!(refused.count(Aside::Rejected), 1);
        assert_eq!(refused.findings[0].what, "EUR without a rate: give --rate EUR=…");
    }

    #[test]
    fn instances_are_divided_by_their_gpus() {
        let text =
            "date,provider,gpu,usd_per_instance_hour,gpu_count\n2026-06,a,H100 SXM,10,3\n2026-06,a,L4,1,\n";
        let import = import("x.csv", "", text).unwrap();
        assert_eq!(table(&import), ["2 H100 SXM a on-demand  3.3333333333 of 10 x3"]);
        assert_eq!(import.findings[0].what, "a price of an instance needs the number of its GPUs");
    }
}
