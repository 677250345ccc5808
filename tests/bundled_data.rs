//! The bundled tables are read without a fault and agree with what was published.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeSet;

use mtok::arch::{self, Architecture};
use mtok::cost::presets::{Kind as PresetKind, find, read_presets};
use mtok::hardware::{self, GpuSpec};
use mtok::op::Format;
use mtok::price::feed::read_feeds;
use mtok::price::import::Kind;
use mtok::price::rental::{RentalQuote, read_rentals};
use mtok::price::token::{TokenListing, read_tokens};
use mtok::throughput::{Device, Serving, Workload, bandwidth_bound, estimate};

fn models() -> Vec<Architecture> {
    arch::read_models(&include_bytes!("../data/models.csv")[..]).unwrap()
}

fn gpus() -> Vec<GpuSpec> {
    hardware::read_gpus(&include_bytes!("../data/gpus.csv")[..]).unwrap()
}

fn rentals() -> Vec<RentalQuote> {
    read_rentals(&include_bytes!("../data/rentals.csv")[..]).unwrap()
}

fn tokens() -> Vec<TokenListing> {
    read_tokens(&include_bytes!("../data/tokens.csv")[..]).unwrap()
}

fn distinct<T: Ord>(values: impl Iterator<Item = T>) -> BTreeSet<T> {
    values.collect()
}

#[test]
fn the_tables_are_as_wide_as_they_promise() {
    let (rentals, tokens) = (rentals(), tokens());
    assert!(gpus().len() >= 40 && models().len() >= 40);
    assert!(rentals.len() >= 150, "{}", rentals.len());
    assert!(distinct(rentals.iter().map(|quote| &quote.provider)).len() >= 12);
    assert!(tokens.len() >= 120, "{}", tokens.len());
    assert!(distinct(tokens.iter().map(|listing| &listing.model)).len() >= 15);
    assert!(distinct(tokens.iter().map(|listing| &listing.seller)).len() >= 10);
    for gpu in ["A100 SXM 80GB", "H100 SXM", "H200 SXM", "B200 SXM", "RTX 4090", "2-vCPU cloud machine"] {
        assert!(rentals.iter().any(|quote| &*quote.hardware == gpu), "{gpu}");
    }
    let years = distinct(rentals.iter().map(|quote| quote.date.year()));
    assert!((2023..=2026).all(|year| years.contains(&year)), "{years:?}");
}

#[test]
fn every_source_is_public_and_says_under_which_terms() {
    let feeds = read_feeds(&include_bytes!("../data/sources.csv")[..]).unwrap();
    assert!(feeds.len() >= 30, "{}", feeds.len());
    for feed in &feeds {
        assert!(feed.url.is_https() && !feed.url.is_inside(), "{}", feed.url);
        assert!(feed.attribution.starts_with("Source: "), "{}", feed.name);
        assert_eq!(feed.needs_key, feed.name == "openrouter-rankings");
    }
    let kinds = distinct(feeds.iter().map(|feed| feed.kind));
    assert!([Kind::Rental, Kind::Token, Kind::Usage].iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
}

#[test]
fn every_preset_has_its_source_and_date_and_no_invented_price() {
    let presets = read_presets(&include_bytes!("../data/presets.csv")[..]).unwrap();
    let gpus = gpus();
    for preset in &presets {
        assert!(preset.source.contains("InferenceX-app") && preset.date.year() == 2026, "{}", preset.name);
        assert_eq!(hardware::find(&gpus, &preset.gpu).unwrap().name, preset.gpu);
        assert!(preset.kw.is_some_and(|kw| (1.0..3.0).contains(&kw)), "{}", preset.name);
        assert!(preset.capex_usd.is_none(), "{}: the source has no price of a device", preset.name);
        assert_eq!(preset.years, (preset.kind == PresetKind::Own).then_some(4.0), "{}", preset.name);
        assert_eq!(preset.upfront_share, (preset.kind == PresetKind::RentalThreeYears).then_some(0.25));
    }
    for gpu in ["h100", "h200", "b200", "mi300x", "mi355x"] {
        for kind in PresetKind::ALL {
            assert_eq!(find(&presets, &format!("{gpu}-{kind}")).unwrap().kind, *kind);
        }
    }
    assert_eq!(presets.len(), 20);
    // The hour of a third way that equals the first is in doubt.
    let price = |name| find(&presets, name).unwrap().usd_per_hour;
    assert_eq!(price("h100-rental-3y"), price("h100-hyperscaler"));
    let doubted: Vec<&str> = presets
        .iter()
        .filter(|preset| preset.note.contains("verified"))
        .map(|preset| &*preset.name)
        .collect();
    assert_eq!(doubted, ["h100-rental-3y"]);
}

#[test]
fn every_price_is_of_something_that_the_other_tables_know() {
    let (models, gpus) = (models(), gpus());
    for quote in rentals().iter().filter(|quote| &*quote.hardware != "2-vCPU cloud machine") {
        assert_eq!(
            hardware::find(&gpus, &quote.hardware).unwrap().name,
            &*quote.hardware,
            "line {}",
            quote.line
        );
    }
    for listing in tokens() {
        assert_eq!(
            arch::find(&models, &listing.model).unwrap().name,
            &*listing.model,
            "line {}",
            listing.line
        );
    }
}

#[test]
fn no_source_names_a_place_on_somebodys_machine() {
    let rows = [include_str!("../data/gpus.csv"), include_str!("../data/models.csv")];
    let rows =
        rows.into_iter().chain([include_str!("../data/rentals.csv"), include_str!("../data/tokens.csv")]);
    let rows = rows.chain([include_str!("../data/indicators.csv"), include_str!("../data/origins.csv")]);
    let rows = rows.chain([include_str!("../data/presets.csv")]);
    for line in rows.flat_map(str::lines) {
        assert!(!["/home/", "/Users/", "C:\\"].iter().any(|place| line.contains(place)), "{line}");
    }
}

#[test]
fn models_have_the_parameters_that_were_published() {
    // Published in whole trillions and so on; the tensors of the checkpoints count 1,026 B and so on.
    let rounded = ["kimi-k2"];
    let mut published_models = 0;
    for model in models() {
        let Some(published) = model.published_params else { continue };
        let (ratio, within) =
            (model.params() / published, if rounded.contains(&model.name.as_str()) { 0.03 } else { 0.01 });
        assert!((ratio - 1.0).abs() <= within, "{}: {:.4e} is not {published:e}", model.name, model.params());
        published_models += 1;
    }
    assert!(published_models >= 40, "{published_models}");
}

#[test]
fn mixtures_have_the_active_parameters_that_were_published() {
    // Publishers differ on whether the input embedding is active, and they round: 12.8 B is published as 12 B.
    for model in models() {
        let (Some(published), true) = (model.published_active_params, model.moe_layers() > 0) else {
            continue;
        };
        let computed = model.active_params();
        let embedding = (model.vocab * model.hidden) as f64;
        let agrees = [computed, computed + embedding].iter().any(|it| (it / published - 1.0).abs() < 0.07);
        assert!(agrees, "{}: {computed:.4e} is not {published:e}", model.name);
    }
}

#[test]
fn every_name_and_alias_finds_its_own_row() {
    let (models, gpus) = (models(), gpus());
    for model in &models {
        for name in std::iter::once(&model.name).chain(&model.aliases) {
            assert_eq!(arch::find(&models, name).unwrap().name, model.name);
        }
    }
    for gpu in &gpus {
        assert_eq!(hardware::find(&gpus, &gpu.name).unwrap().name, gpu.name);
        for alias in &gpu.aliases {
            assert_eq!(hardware::match_adapter(&gpus, alias).unwrap().name, gpu.name);
        }
    }
}

#[test]
fn adapters_match_their_own_row_or_none() {
    let gpus = gpus();
    for (adapter, name) in [
        ("NVIDIA GeForce RTX 4090", Some("RTX 4090")),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", Some("RTX 4090 Laptop")),
        ("NVIDIA H100 80GB HBM3", Some("H100 SXM")),
        ("Intel(R) Arc(TM) A770 Graphics", Some("Arc A770")),
        ("Apple M1", Some("M1")),
        ("Apple M3 Max", Some("M3 Max")),
        ("AMD Radeon RX 7900 XTX (RADV NAVI31)", Some("RX 7900 XTX")),
        ("RADV NAVI31", Some("RX 7900 XTX")),
        ("NVIDIA A100-SXM4-80GB", Some("A100 SXM 80GB")),
        ("NVIDIA A100-SXM4-40GB", Some("A100 SXM 40GB")),
        ("NVIDIA GeForce RTX 4090 Ti Laptop GPU", None),
        ("llvmpipe (LLVM 15.0.7, 256 bits)", None),
        ("SwiftShader Device (LLVM 10.0.0)", None),
        ("Microsoft Basic Render Driver", None),
        ("Microsoft WARP", None),
    ] {
        assert_eq!(hardware::match_adapter(&gpus, adapter).map(|gpu| gpu.name.as_str()), name, "{adapter}");
    }
}

#[test]
fn every_model_has_a_datasheet_estimate_on_every_gpu_that_has_figures() {
    let (models, gpus) = (models(), gpus());
    for (model, gpu) in models.iter().flat_map(|model| gpus.iter().map(move |gpu| (model, gpu))) {
        let weights = model.native_weights.unwrap_or(Format::Bf16.into());
        let workload = Workload { weights, batch: 8, isl: 1024, osl: 256, serving: Serving::default() };
        let rates = estimate(model, workload, Device::Datasheet(gpu), None).rates;
        if let Some(reason) = model.unmodelled() {
            let estimate = estimate(model, workload, Device::Datasheet(gpu), None);
            assert_eq!((estimate.rates, estimate.notes.contains(&reason)), (None, true), "{}", model.name);
            continue;
        }
        let peak = if weights == Format::F32.into() { gpu.fp32 } else { gpu.fp16.or(gpu.fp32) };
        let Some(bandwidth) = gpu.bandwidth.filter(|_| peak.is_some()) else {
            assert_eq!(rates, None, "{}", gpu.name);
            continue;
        };
        let bound = bandwidth_bound(model, workload, bandwidth);
        let decode = rates.unwrap().decode_tokens_per_s;
        assert!(0.0 < decode.low.0 && decode.mid.0 < bound.0, "{} on {}", model.name, gpu.name);
    }
}

#[test]
fn quoted_indicators_name_their_source_and_agree_with_their_own_arithmetic() {
    let read =
        mtok::market::indicators::read_indicators(&include_bytes!("../data/indicators.csv")[..]).unwrap();
    assert!(read.len() >= 50, "{}", read.len());
    let of = |indicator: &str, subject: &str, date: &str, change: &str| {
        let found = read.iter().find(|row| {
            (row.indicator.as_str(), row.subject.as_str(), row.date.as_str(), row.change.as_str())
                == (indicator, subject, date, change)
        });
        found.unwrap_or_else(|| panic!("{indicator} {subject} {date} {change}")).value
    };
    let near = |one: f64, other: f64, share: f64| assert!((one / other - 1.0).abs() < share, "{one} {other}");
    let dram = |date: &str, change: &str| of("memory spot price", "DRAM product not named", date, change);
    near(dram("2026-06", "level") / (1.0 + dram("2026-06", "mom")), dram("2026-05", "level"), 0.001);
    near(dram("2026-06", "level") / (1.0 + dram("2026-06", "yoy")), dram("2025-06", "level"), 0.002);
    let china = |date: &str, change: &str| of("usage", "China", date, change);
    near(china("2026-03", "level") / china("2024-01", "level"), china("2026-03", "since 2024-01"), 1e-9);
    let rent = |date: &str, change: &str| of("rent", "GPU not named", date, change);
    near(rent("2026-03", "level") / rent("2025-10", "level") - 1.0, rent("2026-03", "since 2025-10"), 0.002);
    let (usage, spend) = (0.35, 0.85);
    let ratio = (spend / usage) / ((1.0 - spend) / (1.0 - usage));
    near(ratio, of("price ratio", "US models to all others", "2026-06", "ratio"), 0.01);
}

#[test]
fn the_makers_of_models_have_an_origin() {
    let origins = mtok::price::origin::read_origins(&include_bytes!("../data/origins.csv")[..]).unwrap();
    let known = |model: &Architecture| {
        origins.of(&model.name).is_some() || model.aliases.iter().any(|name| origins.of(name).is_some())
    };
    let unknown: Vec<String> =
        models().iter().filter(|model| !known(model)).map(|model| model.name.clone()).collect();
    // BigCode is a project of many countries.
    assert!(unknown.iter().all(|name| name.starts_with("starcoder")), "{unknown:?}");
}

#[test]
fn every_bundled_claim_is_read_and_judged_or_left_open_with_a_finding() {
    for (at, line) in (1..).zip(include_str!("../data/claims.txt").lines()) {
        if line.starts_with('#') {
            continue;
        }
        let claim = mtok::market::claim::parse(line, at).unwrap();
        assert!(!mtok::market::claim::check(&claim, 0.0).findings.is_empty(), "{line}");
    }
}
