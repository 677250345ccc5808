//! The bundled tables, or the files that replace them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use mtok::arch::{self, Architecture};
use mtok::cost::presets::{Preset, read_presets};
use mtok::hardware::{self, GpuSpec};
use mtok::price::feed::{Feed, read_feeds};
use mtok::price::ledger::Ledger;
use mtok::price::rental::{RentalQuote, read_rentals};
use mtok::price::token::{TokenListing, read_tokens};
use mtok::table::{Fault, Table};
use mtok::throughput::{Acceptance, read_acceptances};

use super::Failure;
use super::prices::store::Store;
use crate::cli::ImportedArgs;

const NAMES: [&str; 7] =
    ["gpus.csv", "models.csv", "rentals.csv", "tokens.csv", "acceptance.csv", "sources.csv", "presets.csv"];

/// Where tables are read from.
pub struct Tables {
    folder: Option<PathBuf>,
    imported: Ledger,
}

impl Tables {
    /// The bundled tables; those of `folder` where it has them.
    pub fn open(folder: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = folder else { return Ok(Self { folder: None, imported: Ledger::default() }) };
        if !path.is_dir() {
            return Err(Failure::bad_input(format!("{}: is not a folder", path.display())));
        }
        if !NAMES.iter().any(|name| path.join(name).symlink_metadata().is_ok()) {
            // A misspelt name must not mean the bundled prices.
            return Err(Failure::bad_input(format!("{}: has none of {}", path.display(), NAMES.join(", "))));
        }
        Ok(Self { folder: Some(path.to_owned()), imported: Ledger::default() })
    }

    /// The same with imported prices beside them, where they are asked for.
    pub fn with_imported(mut self, args: &ImportedArgs) -> Result<Self, Failure> {
        if args.imported || args.store.is_some() {
            Store::open(args.store.as_deref())?.read_into(&mut self.imported)?;
        }
        Ok(self)
    }

    /// GPUs by their datasheets.
    pub fn gpus(&self) -> Result<Vec<GpuSpec>, Failure> {
        self.read("gpus.csv", include_str!("../../data/gpus.csv"), |input| hardware::read_gpus(input))
    }

    /// Model architectures.
    pub fn models(&self) -> Result<Vec<Architecture>, Failure> {
        self.read("models.csv", include_str!("../../data/models.csv"), |input| arch::read_models(input))
    }

    /// What speculative decoding was measured to yield.
    pub fn acceptances(&self) -> Result<Vec<Acceptance>, Failure> {
        let bundled = include_str!("../../data/acceptance.csv");
        self.read("acceptance.csv", bundled, |input| read_acceptances(input))
    }

    /// Published hours and facts of owned devices.
    pub fn presets(&self) -> Result<Vec<Preset>, Failure> {
        self.read("presets.csv", include_str!("../../data/presets.csv"), |input| read_presets(input))
    }

    /// Rents.
    pub fn rentals(&self) -> Result<Vec<RentalQuote>, Failure> {
        let bundled = include_str!("../../data/rentals.csv");
        let mut rentals = self.read("rentals.csv", bundled, |input| read_rentals(input))?;
        let name: Arc<str> = "rentals.csv".into();
        rentals.iter_mut().for_each(|row| row.file = Arc::clone(&name));
        rentals.extend_from_slice(&self.imported.rentals);
        Ok(rentals)
    }

    /// Token prices.
    pub fn tokens(&self) -> Result<Vec<TokenListing>, Failure> {
        let bundled = include_str!("../../data/tokens.csv");
        let mut tokens = self.read("tokens.csv", bundled, |input| read_tokens(input))?;
        let name: Arc<str> = "tokens.csv".into();
        tokens.iter_mut().for_each(|row| row.file = Arc::clone(&name));
        tokens.extend_from_slice(&self.imported.tokens);
        Ok(tokens)
    }

    /// Rents and token prices together.
    pub fn ledger(&self) -> Result<Ledger, Failure> {
        Ok(Ledger { rentals: self.rentals()?, tokens: self.tokens()?, ..Ledger::default() })
    }

    /// Where prices are published.
    pub fn feeds(&self) -> Result<Vec<Feed>, Failure> {
        self.read("sources.csv", include_str!("../../data/sources.csv"), |input| read_feeds(input))
    }

    /// The lines of the rows of a table by their names.
    pub fn lines(&self, name: &str) -> Result<Vec<(String, u64)>, Failure> {
        let bundled = match name {
            "gpus.csv" => include_str!("../../data/gpus.csv"),
            _ => include_str!("../../data/models.csv"),
        };
        self.read(name, bundled, |input| {
            let table = Table::read(input, &["name"])?;
            Ok(table.rows().map(|row| (row.text("name").to_owned(), row.line())).collect())
        })
    }

    fn read<T>(
        &self,
        name: &str,
        bundled: &str,
        parse: impl Fn(&mut dyn Read) -> Result<Vec<T>, Fault>,
    ) -> Result<Vec<T>, Failure> {
        let path = self
            .folder
            .as_ref()
            .map(|folder| folder.join(name))
            .filter(|path| path.symlink_metadata().is_ok());
        match path {
            Some(path) => read_file(&path, parse),
            None => parse(&mut bundled.as_bytes())
                .map_err(|fault| Failure::bad_input(format!("bundled {name}:{fault}"))),
        }
    }
}

/// Reads a file that must be a plain one: opening a pipe could wait for ever.
pub fn read_file<T>(
    path: &Path,
    mut parse: impl FnMut(&mut dyn Read) -> Result<T, Fault>,
) -> Result<T, Failure> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| Failure::bad_input(format!("{shown}: cannot be read: {error}"));
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err(Failure::bad_input(format!("{shown}: is not a plain file")));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    parse(&mut file).map_err(|fault| located(path, &fault))
}

/// A fault in a file, as `file:line:column: what`.
pub fn located(path: &Path, fault: &Fault) -> Failure {
    let separator = if fault.line == 0 { ": " } else { ":" };
    Failure::bad_input(format!("{}{separator}{fault}", path.display()))
}
