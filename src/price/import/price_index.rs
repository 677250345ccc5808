//! The monthly index of gpu-price-index: a median over providers, restated to one GPU of an eight-GPU SXM server. It is kept as
//! the word of one provider, the index: its providers would vote twice beside a table that has each of them. The medians of
//! raw list prices beside it stand on another basis and are not taken.

use std::io::Read;

use super::rental::{Offer, Sink, day_or_month, place};
use super::{Aside, Format, Head, Import, Kind, Place, Source};
use crate::price::identity::gpu::{GpuNames, Seen};
use crate::price::rental::{Basis, Kind as RentalKind};
use crate::price::{Currency, Rule};
use crate::table::{Column, Fault, Row, Step, Stream};

/// The monthly index.
pub const TABLE: Format = Format {
    name: "gpu-price-index by month",
    kind: Kind::Rental,
    knows: |head: &Head<'_>| head.has_columns(&REQUIRED),
    read,
};

const REQUIRED: [&str; 4] = ["date", "gpu", "status", "index_value_usd_per_gpu_hour"];

/// Whose word an index value is.
pub const PROVIDER: &str = "gpu-price-index";

struct Columns {
    date: Column,
    gpu: Column,
    memory: Column,
    status: Column,
    value: Column,
    providers: Column,
}

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let names = GpuNames::new(source.gpus)?;
    let mut sink = Sink::new(source, &names, format!("gpu-price-index {}", source.name), import);
    let mut stream = Stream::new(input, &REQUIRED)?;
    let columns = Columns {
        date: stream.column("date"),
        gpu: stream.column("gpu"),
        memory: stream.column("gpu_memory"),
        status: stream.column("status"),
        value: stream.column("index_value_usd_per_gpu_hour"),
        providers: stream.column("provider_count"),
    };
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
    let name = row.required(columns.gpu)?;
    let date = day_or_month(row, columns.date)?;
    match row.required(columns.status)? {
        "published" => {}
        "withheld" => {
            let providers = row.text(columns.providers);
            let what = format!("withheld by the index: {} providers", crate::text::inert(providers));
            sink.set_aside(Place::line(row.line()), name, Aside::LeftOut, Rule::Unknown, what);
            return Ok(());
        }
        _ => return Err(row.fault(columns.status, "status is neither published nor withheld")),
    }
    let offer = Offer {
        seen: Seen { name, also: "", instance: "sxm", memory_gb: row.positive(columns.memory)?, count: 0 },
        provider: PROVIDER,
        kind: RentalKind::OnDemand,
        basis: Basis::Restated8xSxm,
        instance: "",
        region: "",
        date,
        source: "",
        currency: Currency::USD,
        instance_of: None,
    };
    if let Some(price) = sink.price(row, columns.value, name, false) {
        sink.keep(place(row, columns.value), &offer, price);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::price::import::tests::{import, table};

    #[test]
    fn published_months_are_kept_and_withheld_ones_are_told() {
        let text = "date,gpu,gpu_memory,status,index_value_usd_per_gpu_hour,dispersion,provider_count,raw_spot_median\n\
            2023-09,A100,80,published,2.1863,0.1751,4,0.89\n2023-10,H200,141,withheld,,,2,0.5\n\
            2023-11,H200,141,rumoured,,,2,0.5\n";
        let import = import("i.csv", "", text).unwrap();
        assert_eq!(table(&import), ["2 A100 SXM 80GB gpu-price-index on-demand  2.1863"]);
        let whats: Vec<&str> = import.findings.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(whats, ["withheld by the index: 2 providers", "status is neither published nor withheld"]);
    }
}
