//! What new prices are judged by, and where they go.

use std::io::Read;
use std::path::PathBuf;

use jiff::civil::Date;
use mtok::arch::Architecture;
use mtok::hardware::GpuSpec;
use mtok::price::Rule;
use mtok::price::gate::{self, Known};
use mtok::price::import::{self, Import, Kind, Source};
use mtok::price::ledger::Ledger;
use mtok::table::Fault;

use super::store::Store;
use crate::cli::StoreArgs;
use crate::cmd::Failure;
use crate::cmd::tables::Tables;

/// The tables, the store and all that both hold.
pub struct Shelf {
    gpus: Vec<GpuSpec>,
    models: Vec<Architecture>,
    ledger: Ledger,
    store: Store,
    dry_run: bool,
}

impl Shelf {
    /// Reads all of it; a dry run stores nothing.
    pub fn open(args: &StoreArgs, dry_run: bool) -> Result<Self, Failure> {
        let tables = Tables::open(args.tables.data.as_deref())?;
        let store = Store::open(args.store.as_deref())?;
        let mut ledger = tables.ledger()?;
        store.read_into(&mut ledger)?;
        Ok(Self { gpus: tables.gpus()?, models: tables.models()?, ledger, store, dry_run })
    }

    /// Reads a price file; the tables are ours, the rest of `source` is the caller's.
    pub fn read(
        &self,
        input: &mut dyn Read,
        source: Source<'_>,
        kind: Option<Kind>,
    ) -> Result<Import, Fault> {
        import::read(input, &Source { gpus: &self.gpus, models: &self.models, ..source }, kind)
    }

    /// Passes an import through the gate.
    pub fn check(&self, import: &mut Import, allowed: &[Rule]) {
        gate::check(import, &Known::of(&self.ledger, allowed));
    }

    /// Stores what was accepted, and knows it from now on: the next file may say the same again.
    pub fn keep(&mut self, import: Import, observed: Date, from: &str) -> Result<Option<PathBuf>, Failure> {
        let stored = if self.dry_run { None } else { self.store.add(&import, observed, from)? };
        self.ledger.extend(import);
        Ok(stored)
    }
}
