//! Imports of texts, for the tests of every format.

use jiff::civil::date;

use super::*;
use crate::hardware::read_gpus;
use crate::price::Rate;

/// What comes of a text as a file of this name in this folder.
pub(super) fn import(name: &str, folder: &str, text: &str) -> Result<Import, Fault> {
    import_with(name, folder, text, &[])
}

pub(super) fn import_with(name: &str, folder: &str, text: &str, rates: &[Rate]) -> Result<Import, Fault> {
    let gpus = read_gpus(&include_bytes!("../../../data/gpus.csv")[..]).unwrap();
    let source = Source {
        name,
        folder,
        provider: None,
        observed: date(2026, 6, 30),
        commit: "",
        rates,
        mapping: None,
        gpus: &gpus,
        models: &[],
    };
    read(&mut text.as_bytes(), &source, None)
}

/// The rents in words: line, GPU, provider, kind, region, price, and what was divided.
pub(super) fn table(import: &Import) -> Vec<String> {
    let row = |quote: &RentalQuote| {
        let RentalQuote { line, hardware, provider, kind, region, usd_per_hour, .. } = quote;
        let whole = quote.usd_per_instance_hour.zip(quote.count);
        let whole = whole.map(|(price, count)| format!(" of {price} x{count}")).unwrap_or_default();
        format!("{line} {hardware} {provider} {kind} {region} {usd_per_hour}{whole}")
    };
    import.rentals.iter().map(row).collect()
}
