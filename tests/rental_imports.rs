//! Public price files, read whole: how many rents, of which GPUs, and what was left out and why. They are no part of the project
//! and are read from `../shared/data/rental`; tests of them skip with a message where that folder is absent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use jiff::civil::date;
use mtok::hardware::read_gpus;
use mtok::price::import::{self, Aside, Import, Source};
use mtok::price::rental::{Basis, Kind};

/// What comes of a file before the gate; `None` where it is not there.
fn imported(name: &str) -> Option<Import> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/rental").join(name);
    let Ok(mut file) = File::open(&path) else {
        println!("skipped: {} is not there", path.display());
        return None;
    };
    let gpus = read_gpus(&include_bytes!("../data/gpus.csv")[..]).unwrap();
    let source = Source {
        name: name.rsplit('/').next().unwrap(),
        folder: if name.contains('/') { "skypilot" } else { "rental" },
        provider: None,
        observed: date(2026, 9, 30),
        commit: "",
        rates: &[],
        mapping: None,
        gpus: &gpus,
        models: &[],
    };
    Some(import::read(&mut file, &source, None).unwrap())
}

/// Accepted, rejected, flagged, left out.
fn counts(import: &Import) -> (usize, u64, u64, u64) {
    let of = |aside| import.count(aside);
    (import.accepted(), of(Aside::Rejected), of(Aside::Flagged), of(Aside::LeftOut))
}

/// Rents by GPU.
fn gpus(import: &Import) -> BTreeMap<&str, usize> {
    let mut count = BTreeMap::new();
    import.rentals.iter().for_each(|quote| *count.entry(&*quote.hardware).or_default() += 1);
    count
}

/// Provider, GPU, kind and price of each rent.
fn rents(import: &Import) -> Vec<String> {
    let rents = import.rentals.iter();
    rents.map(|it| format!("{} {} {} {}", it.provider, it.hardware, it.kind, it.usd_per_hour)).collect()
}

#[test]
fn nebius_rows_are_eight_on_demand_and_five_spot_prices_less_a_machine_without_gpu() {
    let Some(import) = imported("skypilot/v8_nebius_vms_gpu_rows.csv") else { return };
    assert_eq!(counts(&import), (12, 0, 0, 1));
    let wanted = [("B200 SXM", 1), ("H100 SXM", 4), ("H200 SXM", 6), ("L40S", 1)];
    assert_eq!(gpus(&import), BTreeMap::from(wanted));
    assert!(import.rentals.iter().all(|quote| &*quote.provider == "nebius"));
    assert_eq!(rents(&import)[..2], ["nebius H100 SXM on-demand 2.95", "nebius H100 SXM spot 1.25"]);
}

#[test]
fn verda_rows_may_have_one_price_of_two() {
    let Some(import) = imported("skypilot/v8_verda_vms_gpu_rows.csv") else { return };
    assert_eq!(counts(&import), (17, 0, 0, 1));
    let wanted = [("A100 80GB", 3), ("B200 SXM", 4), ("B300 SXM", 5), ("H100", 2), ("H200", 3)];
    assert_eq!(gpus(&import), BTreeMap::from(wanted));
    assert!(
        import
            .rentals
            .iter()
            .filter(|quote| &*quote.hardware == "B300 SXM")
            .all(|it| it.memory_gb == Some(268))
    );
}

#[test]
fn two_sellers_in_one_file_are_told_apart() {
    let Some(import) = imported("skypilot/v8_lambda_and_runpod_sample_rows.csv") else { return };
    assert_eq!(counts(&import), (7, 0, 0, 1));
    assert_eq!(
        rents(&import),
        [
            "lambda A100 SXM 80GB on-demand 2.79",
            "lambda H100 PCIe on-demand 3.29",
            "lambda H100 SXM on-demand 4.29",
            "runpod A100 PCIe 80GB on-demand 1.39",
            "runpod A100 PCIe 80GB spot 1.39",
            "runpod A100 PCIe 80GB on-demand 1.39",
            "runpod A100 PCIe 80GB spot 1.39",
        ]
    );
    assert!(import.rentals.iter().all(|quote| quote.memory_gb == Some(80)), "80 MiB means 80 GB");
}

#[test]
fn mithril_rows_are_read_as_they_stand() {
    let Some(import) = imported("skypilot/v8_mithril_vms.csv") else { return };
    assert_eq!(counts(&import), (8, 0, 0, 0));
    assert_eq!(gpus(&import), BTreeMap::from([("H100 SXM", 4), ("H200 SXM", 4)]));
    assert!(import.rentals.iter().all(|quote| quote.usd_per_hour.value() == Some(1.into())), "a bid floor");
}

#[test]
fn monthly_prices_by_provider_are_restated_ones_of_sxm_modules() {
    let Some(import) = imported("gpu_rental_monthly_by_provider.csv") else { return };
    assert_eq!(counts(&import), (537, 0, 0, 0));
    let wanted = [("A100 SXM 80GB", 159), ("B200 SXM", 64), ("H100 SXM", 215), ("H200 SXM", 99)];
    assert_eq!(gpus(&import), BTreeMap::from(wanted));
    assert!(import.rentals.iter().all(|it| it.basis == Basis::Restated8xSxm && it.kind == Kind::OnDemand));
    assert_eq!(import.rentals[0].date, date(2023, 1, 1));
}

#[test]
fn withheld_months_of_the_index_have_no_price() {
    let Some(import) = imported("gpu_rental_monthly_index.csv") else { return };
    assert_eq!(counts(&import), (107, 0, 0, 18));
}

#[test]
fn fixed_costs_are_no_prices_and_copied_rents_are_flagged() {
    let Some(import) = imported("inferencex_tco.csv") else { return };
    assert_eq!(counts(&import), (9, 0, 3, 1));
    assert!(
        import.rentals.iter().all(|quote| quote.kind == Kind::Reserved && quote.date == date(2026, 4, 3))
    );
}
