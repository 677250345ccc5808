//! Imports of texts, for the tests of every format.

use jiff::civil::date;
use proptest::prelude::*;

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

/// Headers of every format of rents.
const HEADERS: [&str; 6] = [
    "InstanceType,AcceleratorName,AcceleratorCount,Price,SpotPrice,GpuInfo",
    "instance_name,location,price,gpu_count,gpu_name,gpu_memory,spot",
    "date,provider,gpu,gpu_memory,kind,usd_per_gpu_hour,currency",
    "date,gpu,status,index_value_usd_per_gpu_hour",
    "gpu,costh_hyperscaler_tco_usd_per_gpu_hr,costn_neocloud_tco_usd_per_gpu_hr,costr_3yr_rental_usd_per_gpu_hr",
    "hardware,provider,kind,region,usd_per_hour,date,basis,source",
];

proptest! {
    #[test]
    fn no_rows_make_a_panic_and_every_row_is_accounted_for(
        header in prop::sample::select(&HEADERS[..]),
        rows in prop::collection::vec(
            prop::collection::vec("[0-9.eE+-]{0,9}|H100|A100-80GB|spot|2026-06|True|published|\\PC{0,12}", 4..8),
            0..9,
        ),
    ) {
        let mut text = header.to_owned() + "\n";
        for row in &rows {
            text += &row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "'"))).collect::<Vec<_>>().join(",");
            text.push('\n');
        }
        if let Ok(import) = import("nebius.csv", "", &text) {
            let aside: u64 = import.counts.values().sum();
            prop_assert!(import.accepted() as u64 + aside >= rows.len() as u64);
        }
    }
}
