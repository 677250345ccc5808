//! The folder of imported prices: one plain CSV per import under the kind of its rows, never changed afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use mtok::price::import::{Import, Kind};
use mtok::price::ledger::Ledger;
use mtok::price::rental::write_rentals;
use mtok::price::storage::{StoragePoint, read_storage, write_storage};
use mtok::price::token::write_tokens;
use mtok::price::usage::{UsageRow, read_usage, write_usage};
use mtok::price::{rental, token};

use crate::cmd::files::write_atomic_with;
use crate::cmd::tables::read_file;
use crate::cmd::{Exit, Failure};

/// The folder, where it is not the system's.
const VARIABLE: &str = "MTOK_STORE";

/// A folder of imported prices; it need not exist.
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The folder that was asked for, else that of the environment, else the system's.
    pub fn open(folder: Option<&Path>) -> Result<Self, Failure> {
        use etcetera::BaseStrategy;
        let named = || std::env::var_os(VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
        let own = || {
            Some(
                etcetera::base_strategy::choose_native_strategy()
                    .ok()?
                    .data_dir()
                    .join("mtok")
                    .join("prices"),
            )
        };
        let folder = folder.map(Path::to_owned).or_else(named).or_else(own);
        let folder = folder.ok_or_else(|| {
            Failure::bad_input(format!("there is no folder for data; give --store or {VARIABLE}"))
        })?;
        if folder.exists() && !folder.is_dir() {
            return Err(Failure::bad_input(format!("{}: is not a folder", folder.display())));
        }
        Ok(Self { folder })
    }

    /// Adds all rows of the store.
    ///
    /// # Errors
    /// The first fault of a file with its place: the store is only written by imports.
    pub fn read_into(&self, ledger: &mut Ledger) -> Result<(), Failure> {
        for path in self.files(Kind::Rental)? {
            let name = self.name(&path);
            let mut rows = read_file(&path, |input| rental::read_stored(input))?;
            rows.iter_mut().for_each(|row| row.file = Arc::clone(&name));
            ledger.rentals.extend(rows);
        }
        for path in self.files(Kind::Token)? {
            let name = self.name(&path);
            let mut rows = read_file(&path, |input| token::read_stored(input))?;
            rows.iter_mut().for_each(|row| row.file = Arc::clone(&name));
            ledger.tokens.extend(rows);
        }
        ledger.usage.extend(self.usage()?);
        ledger.storage.extend(self.storage()?);
        Ok(())
    }

    /// All counts of tokens; a later import restates an earlier one.
    ///
    /// # Errors
    /// The first fault of a file with its place.
    fn usage(&self) -> Result<Vec<UsageRow>, Failure> {
        let mut rows = BTreeMap::new();
        for path in self.files(Kind::Usage)? {
            for row in read_file(&path, |input| read_usage(input))?.rows {
                let key = (row.first, row.span, row.model.to_lowercase(), row.origin.to_lowercase());
                rows.insert(key, row);
            }
        }
        Ok(rows.into_values().collect())
    }

    /// All prices of memory; a later import restates an earlier one.
    ///
    /// # Errors
    /// The first fault of a file with its place.
    fn storage(&self) -> Result<Vec<StoragePoint>, Failure> {
        let mut points = BTreeMap::new();
        for path in self.files(Kind::Storage)? {
            for point in read_file(&path, |input| read_storage(input))? {
                points.insert((point.date, point.product.to_lowercase()), point);
            }
        }
        Ok(points.into_values().collect())
    }

    /// The path below the folder, for people.
    fn name(&self, path: &Path) -> Arc<str> {
        path.strip_prefix(&self.folder).unwrap_or(path).to_string_lossy().into()
    }

    /// The files of a kind in order of their names; a reader that finds none has none.
    fn files(&self, kind: Kind) -> Result<Vec<PathBuf>, Failure> {
        let folder = self.folder.join(kind.name());
        let unreadable =
            |error: io::Error| Failure::bad_input(format!("{}: cannot be read: {error}", folder.display()));
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
            Err(error) => return Err(unreadable(error)),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(unreadable)?.path();
            if path.extension().is_some_and(|end| end == "csv") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    /// Stores what an import accepted in a file of its own: whole or not at all. Nothing is stored of no rows.
    pub fn add(&self, import: &Import, observed: Date, from: &str) -> Result<Option<PathBuf>, Failure> {
        if import.accepted() == 0 {
            return Ok(None);
        }
        let folder = self.folder.join(import.kind.name());
        fs::create_dir_all(&folder).map_err(|error| Failure::cannot_write(&folder, error))?;
        let stem = format!("{observed}-{}", slug(from));
        let path = free(&folder, &stem).ok_or_else(|| {
            Failure::new(Exit::CannotWrite, format!("{}: has too many files named {stem}", folder.display()))
        })?;
        write_atomic_with(&path, |file| {
            let mut out = BufWriter::with_capacity(1 << 20, file);
            match import.kind {
                Kind::Rental => write_rentals(&mut out, &import.rentals)?,
                Kind::Token => write_tokens(&mut out, &import.tokens)?,
                Kind::Usage => {
                    write_usage(&mut out, &import.usage, import.attribution.as_deref().unwrap_or(from))?
                }
                Kind::Storage => write_storage(&mut out, &import.storage)?,
            }
            out.flush()
        })?;
        Ok(Some(path))
    }
}

/// A name that no file has yet.
fn free(folder: &Path, stem: &str) -> Option<PathBuf> {
    (1..10_000)
        .map(|count| folder.join(format!("{stem}-{count}.csv")))
        .find(|path| path.symlink_metadata().is_err())
}

/// Words for a file name: letters and digits of ASCII, the others a single `-`.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars().take(60) {
        if character.is_ascii_alphanumeric() {
            slug.push(character.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}
