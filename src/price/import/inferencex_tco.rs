//! The fixed costs per GPU and hour that InferenceX calculates with. Two of the three columns are costs of ownership, which
//! nobody asks for; the third is a rent for three years.

use std::io::Read;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::rental::{Offer, Sink, place};
use super::{Aside, Format, Head, Import, Kind, Place, Source};
use crate::price::identity::gpu::{GpuNames, Seen};
use crate::price::rental::{Basis, Kind as RentalKind};
use crate::price::{Currency, Rule};
use crate::table::{Column, Fault, Row, Step, Stream};

/// Costs and rents per GPU.
pub const TABLE: Format = Format {
    name: "InferenceX costs per GPU",
    kind: Kind::Rental,
    knows: |head: &Head<'_>| head.has_columns(&REQUIRED),
    read,
};

const REQUIRED: [&str; 4] = [
    "gpu",
    "costh_hyperscaler_tco_usd_per_gpu_hr",
    "costn_neocloud_tco_usd_per_gpu_hr",
    "costr_3yr_rental_usd_per_gpu_hr",
];

/// Whose figures they are.
pub const PROVIDER: &str = "SemiAnalysis InferenceX";

/// Figures of a row: hyperscaler's cost, neocloud's cost, rent.
type Figures = [Option<Decimal>; 3];

fn read(input: &mut dyn Read, source: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let names = GpuNames::new(source.gpus)?;
    let mut sink = Sink::new(source, &names, format!("InferenceX {}", source.name), import);
    let mut stream = Stream::new(input, &REQUIRED)?;
    let gpu = stream.column("gpu");
    let [hyperscaler, neocloud, rent] = [1, 2, 3]
        .map(|index| REQUIRED.get(index).map_or_else(|| stream.column(""), |name| stream.column(name)));
    let columns = [hyperscaler, neocloud, rent];
    let origin = stream.column("source");
    let mut seen: Vec<(String, Figures)> = vec![];
    while let Some(step) = stream.step()? {
        let row = match step {
            Step::Row(row) => row,
            Step::Bad(fault) => {
                sink.reject("", fault);
                continue;
            }
            Step::Header => continue,
        };
        let name = row.text(gpu);
        match figures(row, columns) {
            Err(fault) => sink.reject(name, fault),
            Ok(figures) => {
                if let Some(what) = copied(&figures, &seen) {
                    sink.set_aside(place(row, rent), name, Aside::Flagged, Rule::Duplicate, what);
                    sink.flag(Rule::Duplicate);
                }
                one(row, name, rent, origin, &mut sink);
                seen.push((name.to_owned(), figures));
            }
        }
    }
    let what = "costs of ownership of hyperscalers and neoclouds are nobody's price";
    sink.set_aside(Place::line(1), "costh, costn", Aside::LeftOut, Rule::NotAnOffer, what);
    Ok(())
}

fn figures(row: Row<'_>, columns: [Column; 3]) -> Result<Figures, Fault> {
    let [a, b, c] = columns.map(|column| row.money(column));
    Ok([a?, b?, c?])
}

fn one(row: Row<'_>, name: &str, rent: Column, origin: Column, sink: &mut Sink<'_, '_>) {
    let origin = row.text(origin);
    let offer = Offer {
        seen: Seen { name, ..Seen::default() },
        provider: PROVIDER,
        kind: RentalKind::Reserved,
        basis: Basis::List,
        instance: "",
        region: "",
        date: day_in(origin).unwrap_or_else(|| sink.observed()),
        source: origin,
        currency: Currency::USD,
        instance_of: None,
    };
    if let Some(price) = sink.price(row, rent, name, false) {
        sink.keep(place(row, rent), &offer, price);
    }
}

/// Why figures were not found but copied: each is the same multiple of those of another GPU, or the rent is one of the costs.
fn copied(figures: &Figures, before: &[(String, Figures)]) -> Option<String> {
    let ratios = |other: &Figures| {
        let mut ratios = figures.iter().zip(other).map(|(a, b)| a.as_ref()?.checked_div((*b)?));
        let first = ratios.next()??;
        let near = |ratio: Option<Decimal>| ratio.is_some_and(|it| (it - first).abs() < Decimal::new(5, 3));
        ratios.all(near).then_some(first)
    };
    let multiple = before.iter().find_map(|(name, other)| Some((name, ratios(other)?)));
    if let Some((name, ratio)) = multiple {
        let ratio = ratio.round_dp(2).normalize();
        return Some(format!(
            "every figure is {ratio} times that of {}: a placeholder",
            crate::text::inert(name)
        ));
    }
    let [hyperscaler, _, rent] = figures;
    (rent.is_some() && rent == hyperscaler)
        .then(|| "the rent is the hyperscaler's own cost: copied?".to_owned())
}

/// The day in a source such as `owner/name@77ca49a6 (2026-04-03) path`.
fn day_in(source: &str) -> Option<Date> {
    source
        .split(['(', ')', ' ', ','])
        .find_map(|word| if word.len() == 10 { crate::table::day(word) } else { None })
}

#[cfg(test)]
mod tests {
    use crate::price::import::tests::{import, table};

    #[test]
    fn rents_are_kept_and_copied_figures_are_flagged() {
        let text = "gpu,costh_hyperscaler_tco_usd_per_gpu_hr,costn_neocloud_tco_usd_per_gpu_hr,\
            costr_3yr_rental_usd_per_gpu_hr,source\nh100,1.3,1.69,1.3,p (2026-04-03) q\nb200,1.95,2.34,2.9,\n\
            b300,2.34,2.808,3.48,\nmi300x,1.1,x,1.5,\n";
        let import = import("tco.csv", "", text).unwrap();
        assert_eq!(
            table(&import),
            [
                "2 H100 SemiAnalysis InferenceX reserved  1.3",
                "3 B200 SXM SemiAnalysis InferenceX reserved  2.9",
                "4 B300 SXM SemiAnalysis InferenceX reserved  3.48"
            ]
        );
        assert_eq!(import.rentals[0].date.to_string(), "2026-04-03");
        let whats: Vec<&str> = import.findings.iter().map(|finding| finding.what.as_str()).collect();
        assert_eq!(
            whats,
            [
                "the rent is the hyperscaler's own cost: copied?",
                "every figure is 1.2 times that of b200: a placeholder",
                "costn_neocloud_tco_usd_per_gpu_hr \"x\" is not a finite number > 0",
                "costs of ownership of hyperscalers and neoclouds are nobody's price"
            ]
        );
        assert!(import.rentals[2].flags.has(crate::price::Rule::Duplicate));
    }
}
