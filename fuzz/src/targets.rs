//! What is fuzzed, and what must hold besides not crashing.

use std::io::Read;

use jiff::civil::{Date, date};
use mtok::arch::{self, Architecture};
use mtok::cost::presets::read_presets;
use mtok::hardware::{self, GpuSpec};
use mtok::market::claim;
use mtok::price::feed::{Address, read_feeds};
use mtok::price::import::mapping::Mapping;
use mtok::price::import::{ALL, Format, Import, Source, read};
use mtok::price::origin::read_origins;
use mtok::price::{rental, rental_csv, storage, token, usage};
use mtok::table::{Fault, Table, each_row};
use mtok::{json, measurement, report, unpack};

const TODAY: Date = date(2026, 11, 22);

/// One thing that reads bytes of strangers.
pub struct Target {
    /// Its name, safe as the name of a folder.
    pub name: String,
    read: Box<dyn Fn(&[u8]) + Send + Sync>,
}

impl Target {
    fn new(name: &str, read: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        let safe = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' };
        Self { name: name.chars().map(safe).collect(), read: Box::new(read) }
    }

    /// Reads one input.
    pub fn run(&self, bytes: &[u8]) {
        (self.read)(bytes);
    }
}

/// Every target.
pub fn all() -> Vec<Target> {
    let mut all = vec![
        Target::new("unpack", unpacked),
        Target::new("table", |bytes| {
            told(Table::read(bytes, &["gpu", "usd", "date"]));
            told(each_row(bytes, &[], |row| row.money("usd").and(row.optional_date("date")).map(drop)));
        }),
        Target::new("json", |bytes| {
            let Ok(text) = std::str::from_utf8(bytes) else { return };
            told(json::keys(text));
            told(json::objects::<json::Scalar>(text));
        }),
        Target::new("sources", |bytes| {
            told(read_feeds(bytes));
        }),
        Target::new("address", redirected),
        Target::new("usage", |bytes| told(usage::read_usage(bytes))),
        Target::new("storage", |bytes| told(storage::read_storage(bytes))),
        Target::new("origins", |bytes| told(read_origins(bytes))),
        Target::new("rental series", |bytes| told(rental_csv::read(bytes, |_| Ok(())))),
        Target::new("stored rentals", |bytes| told(rental::read_stored(bytes))),
        Target::new("stored tokens", |bytes| told(token::read_stored(bytes))),
        Target::new("presets", |bytes| told(read_presets(bytes))),
        Target::new("gpus", |bytes| told(hardware::read_gpus(bytes))),
        Target::new("models", |bytes| told(arch::read_models(bytes))),
        Target::new("model config", |bytes| told(arch::read_config(bytes, "m"))),
        Target::new("measurements", |bytes| told(measurement::wire::read(bytes))),
        Target::new("costs", |bytes| told(report::costs::Costs::read(bytes))),
    ];
    all.push(Target::new("claim", claimed));
    let (gpus, models) = known();
    all.push(Target::new("mapped", move |bytes| mapped(bytes, &source(&gpus, &models))));
    let (gpus, models) = known();
    all.push(Target::new("import", move |bytes| {
        told(read(&mut &bytes[..], &source(&gpus, &models), None).map(|import| judged(&import)));
    }));
    all.extend(ALL.iter().map(importer));
    all
}

/// One format, whether or not its own recognition would have chosen it.
fn importer(format: &'static Format) -> Target {
    let (gpus, models) = known();
    Target::new(&format!("import {}", format.name), move |bytes| {
        let mut import = Import::new(format);
        told((format.read)(&mut &bytes[..], &source(&gpus, &models), &mut import));
        judged(&import);
    })
}

fn known() -> (Vec<GpuSpec>, Vec<Architecture>) {
    let gpus = hardware::read_gpus(&include_bytes!("../../data/gpus.csv")[..]).expect("bundled");
    let models = arch::read_models(&include_bytes!("../../data/models.csv")[..]).expect("bundled");
    (gpus, models)
}

fn source<'a>(gpus: &'a [GpuSpec], models: &'a [Architecture]) -> Source<'a> {
    Source { name: "vms.csv", folder: "lambda", observed: TODAY, gpus, models, ..Source::default() }
}

/// A fault is one line that cannot drive a terminal, of a length that a person reads.
fn told<T>(read: Result<T, Fault>) {
    if let Err(fault) = read {
        let words = fault.to_string();
        assert!(!words.chars().any(char::is_control), "{words:?}");
        assert!(words.chars().count() < 1000, "{words:?}");
    }
}

/// What was set aside is counted, and its reasons are as a fault's words.
fn judged(import: &Import) {
    let counted: u64 = import.counts.values().sum();
    assert!(import.findings.len() as u64 <= counted);
    for finding in &import.findings {
        assert!(!finding.what.chars().any(char::is_control), "{:?}", finding.what);
        assert!(finding.what.chars().count() < 1000, "{:?}", finding.what);
    }
}

/// A mapping, then a line of `===`, then the table that it maps.
fn mapped(bytes: &[u8], source: &Source<'_>) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (mapping, table) = text.split_once("===\n").unwrap_or((text, ""));
    match Mapping::read(mapping) {
        Err(fault) => told::<()>(Err(fault)),
        Ok(mapping) => {
            let source = Source { mapping: Some(&mapping), ..*source };
            told(read(&mut table.as_bytes(), &source, None).map(|import| judged(&import)));
        }
    }
}

/// No more comes out than is allowed, and from small inputs no more than the bound on bombs lets pass.
fn unpacked(bytes: &[u8]) {
    const MAX: u64 = 8 << 20;
    let Ok(mut text) = unpack::unpack(bytes, MAX) else { return };
    let mut out = Vec::new();
    if let Err(error) = text.read_to_end(&mut out) {
        told::<()>(Err(unpack::fault(&error)));
    }
    // An error stops a reader in the middle of a buffer that was already filled.
    let packed = bytes.len() as u64;
    let bound = unpack::RATIO_FREE_BYTES + unpack::MAX_RATIO * packed + (1 << 16);
    assert!(out.len() as u64 <= bound.min(MAX));
}

/// What is answered to a claim is one that a terminal, a table and a spreadsheet can show.
fn claimed(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let claim = claim::parse(text, 1);
    if let Ok(claim) = &claim {
        let answers = claim::Answers::of(vec![claim::check(claim, 0.0)], 0.0);
        for shown in [claim::terminal(&answers, 80), claim::csv(&answers), claim::markdown(&answers)] {
            assert!(!shown.chars().any(|it| it.is_control() && it != '\n'), "{shown:?}");
        }
    }
    told(claim);
}

fn redirected(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let from: Address = "https://a.com/x/y?z".parse().expect("an address");
    for to in [from.redirect(text), text.parse()].into_iter().flatten() {
        assert_eq!(to.to_string().parse(), Ok(to));
    }
    if let Ok(to) = from.redirect(text) {
        assert!(to.is_https() && !to.is_inside());
    }
}
