//! `catalog.csv` of gpuhunt, old and new: prices of whole instances, whether as spot in a column of its own, one file for each
//! seller.

use std::io::Read;

use super::rental::{Offer, Providers, Sink, place};
use super::{Aside, Format, Head, Import, Kind, Place, Source};
use crate::price::identity::gpu::{GpuNames, Seen};
use crate::price::rental::{Basis, Kind as RentalKind};
use crate::price::{Currency, Rule};
use crate::table::{Column, Fault, Row, Step, Stream};

/// `catalog.csv`; old files lack gpu_vendor and later columns.
pub const CATALOG: Format = Format {
    name: "gpuhunt catalog.csv",
    kind: Kind::Rental,
    knows: |head: &Head<'_>| head.has_columns(&REQUIRED),
    read,
};

const REQUIRED: [&str; 6] = ["instance_name", "location", "price", "gpu_count", "gpu_name", "spot"];

struct Columns {
    instance: Column,
    location: Column,
    price: Column,
    count: Column,
    name: Column,
    memory: Column,
    spot: Column,
    vendor: Column,
}

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let names = GpuNames::new(source.gpus)?;
    let provider = Providers::new(source).of_file()?;
    let mut sink = Sink::new(source, &names, format!("gpuhunt {provider} {}", source.name), import);
    let mut stream = Stream::new(input, &REQUIRED)?;
    let columns = Columns {
        instance: stream.column("instance_name"),
        location: stream.column("location"),
        price: stream.column("price"),
        count: stream.column("gpu_count"),
        name: stream.column("gpu_name"),
        memory: stream.column("gpu_memory"),
        spot: stream.column("spot"),
        vendor: stream.column("gpu_vendor"),
    };
    while let Some(step) = stream.step()? {
        match step {
            Step::Bad(fault) => sink.reject("", fault),
            Step::Header => {}
            Step::Row(row) => {
                if let Err(fault) = one(row, &columns, provider, &mut sink) {
                    sink.reject(row.text(columns.instance), fault);
                }
            }
        }
    }
    Ok(())
}

fn one(row: Row<'_>, columns: &Columns, provider: &str, sink: &mut Sink<'_, '_>) -> Result<(), Fault> {
    let (instance, name) = (row.text(columns.instance), row.text(columns.name));
    let aside = |sink: &mut Sink<'_, '_>, what: &str| {
        sink.set_aside(Place::line(row.line()), instance, Aside::LeftOut, Rule::NotAnOffer, what);
    };
    let count = row.optional::<u16>(columns.count)?.unwrap_or_default();
    if count == 0 || name.is_empty() {
        aside(sink, "a machine without a GPU");
        return Ok(());
    }
    if ["google", "tpu"].iter().any(|vendor| row.text(columns.vendor).eq_ignore_ascii_case(vendor)) {
        aside(sink, "a TPU, no GPU");
        return Ok(());
    }
    let spot = row.required(columns.spot)?;
    let kind = match spot {
        spot if spot.eq_ignore_ascii_case("true") => RentalKind::Spot,
        spot if spot.eq_ignore_ascii_case("false") => RentalKind::OnDemand,
        _ => return Err(row.fault(columns.spot, "spot is neither True nor False")),
    };
    let offer = Offer {
        seen: Seen { name, also: "", instance, memory_gb: row.positive(columns.memory)?, count },
        provider,
        kind,
        basis: Basis::List,
        instance,
        region: row.text(columns.location),
        date: sink.observed(),
        source: "",
        currency: Currency::USD,
        instance_of: Some(count),
    };
    if let Some(price) = sink.price(row, columns.price, instance, provider == "runpod") {
        sink.keep(place(row, columns.price), &offer, price);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::price::import::tests::{import, table};

    const OLD: &str =
        "instance_name,location,price,cpu,memory,gpu_count,gpu_name,gpu_memory,spot,disk_size\n";

    #[test]
    fn prices_are_divided_by_the_gpus_and_spot_is_read_in_any_case() {
        let rows = "a,eu,23.6,1,1,8,H100,80,False,\na,eu,10,1,1,8,H100,80,true,\nc,eu,0.1,4,16,0,,,False,\n";
        let import = import("catalog.csv", "nebius", &(OLD.to_owned() + rows)).unwrap();
        assert_eq!(
            table(&import),
            ["2 H100 nebius on-demand eu 2.95 of 23.6 x8", "3 H100 nebius spot eu 1.25 of 10 x8"]
        );
        assert_eq!(import.findings[0].what, "a machine without a GPU");
    }

    #[test]
    fn new_columns_may_stand_anywhere() {
        let text = "gpu_vendor,spot,flags,gpu_memory,gpu_name,gpu_count,price,location,instance_name\n\
            amd,FALSE,,192,MI300X,1,1.99,us,x\ngoogle,False,,,v5e,8,9,us,tpu\nnvidia,False,,80,A100,1,2,us,y\n\
            nvidia,maybe,,80,A100,1,2,us,y\nnvidia,False,,80,Z9,1,2,us,z\n";
        let import = import("gpuhunt-runpod.csv", "", text).unwrap();
        assert_eq!(
            table(&import),
            ["2 MI300X runpod on-demand us 1.99 of 1.99 x1", "4 A100 80GB runpod on-demand us 2 of 2 x1"]
        );
        let whats: Vec<&str> = import.findings.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(whats, ["a TPU, no GPU", "spot is neither True nor False", "unknown GPU \"Z9\""]);
    }

    #[test]
    fn a_catalogue_of_nobody_asks_for_its_seller() {
        let fault = import("catalog.csv", "Downloads", &(OLD.to_owned() + "a,eu,2,1,1,1,H100,80,False,\n"));
        assert!(fault.unwrap_err().what.ends_with("give --provider NAME"));
    }
}
