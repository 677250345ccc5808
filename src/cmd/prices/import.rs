//! `mtok prices import`: price files of others into the store.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use jiff::civil::Date;
use mtok::price::import::mapping::Mapping;
use mtok::price::import::{Aside, Import, Source};
use mtok::report::imports::{self, Imported, Totals};
use mtok::table::{Fault, read_text};

use super::folder;
use super::shelf::Shelf;
use crate::cli::ImportArgs;
use crate::cmd::input::{self, STDIN};
use crate::cmd::output::{complain, show};
use crate::cmd::tables::{located, read_file};
use crate::cmd::{Exit, Failure};

/// Runs the sub-verb.
pub fn run(args: &ImportArgs) -> Result<Exit, Failure> {
    let mapping = args.map.as_deref().map(|path| read_file(path, |input| Mapping::read(&read_text(input)?)));
    let mut call = Call {
        args,
        observed: super::day(args.observed),
        mapping: mapping.transpose()?,
        shelf: Shelf::open(&args.store, args.dry_run)?,
    };
    let (mut done, mut unusable) = (Vec::new(), Vec::new());
    for path in &args.files {
        match call.file(path) {
            Ok(imported) => done.push(imported),
            Err(failure) if failure.exit == Exit::BadInput => unusable.push(failure),
            Err(failure) => return Err(failure),
        }
    }
    // The last one ends the call where nothing could be used; its message is printed there.
    if done.is_empty()
        && let Some(last) = unusable.pop()
    {
        unusable.iter().for_each(|failure| complain(&failure.message));
        return Err(last);
    }
    let totals = Totals::of(done);
    show(&totals, &args.format, imports::csv, imports::markdown, imports::terminal)?;
    unusable.iter().for_each(|failure| complain(&failure.message));
    if totals.accepted == 0 && totals.rejected > 0 && totals.known() == 0 {
        return Err(Failure::bad_input(format!("no price could be used: {} rejected", totals.rejected)));
    }
    let strict = args.strict && totals.rejected > 0;
    Ok(if strict || !unusable.is_empty() { Exit::FailedCells } else { Exit::Ok })
}

/// What every file of a call is read with.
struct Call<'a> {
    args: &'a ImportArgs,
    observed: Date,
    mapping: Option<Mapping>,
    shelf: Shelf,
}

impl Call<'_> {
    /// Reads, checks and stores one file, or a folder of models.
    fn file(&mut self, path: &Path) -> Result<Imported, Failure> {
        let name = file_name(path);
        let folder = path.parent().map(file_name).unwrap_or_default();
        let mut import = match path.is_dir() {
            true => self.folder(path)?,
            false => self.open(path, &folder)?,
        };
        self.shelf.check(&mut import, &self.args.allow);
        let mut imported = summary(path, &import);
        let stored = self.shelf.keep(import, self.observed, &format!("{folder} {name}"))?;
        imported.stored = stored.map(|path| path.display().to_string());
        Ok(imported)
    }

    fn open(&self, path: &Path, folder: &str) -> Result<Import, Failure> {
        let mut input = input::open(path, self.args.large)?;
        let name = input.member.clone().unwrap_or_else(|| file_name(path));
        // A catalogue in an archive has the same name for every seller: the archive may have the seller's.
        let around = format!("{folder} {}", file_name(path));
        let folder = if input.member.is_some() { &around } else { folder };
        self.read(&mut input, &name, folder).map_err(|fault| located(path, &fault))
    }

    /// Every model of a folder as one import; what one file has wrong is a finding.
    fn folder(&self, path: &Path) -> Result<Import, Failure> {
        let mut whole: Option<Import> = None;
        let mut faults = Vec::new();
        for member in folder::members(path)? {
            match self.open(&member.path, &member.seller) {
                Ok(import) => match &mut whole {
                    Some(whole) => whole.absorb(import, &member.name),
                    None => whole = Some(import),
                },
                Err(failure) => faults.push((member.name, failure)),
            }
        }
        let Some(mut whole) = whole else {
            let first = faults.into_iter().next().map(|(_, failure)| failure);
            return Err(first.unwrap_or_else(|| Failure::bad_input("no file could be used")));
        };
        for (name, failure) in faults {
            let fault = Fault { line: 0, column: 0, what: failure.message };
            whole.reject(&name, fault);
        }
        Ok(whole)
    }

    fn read(&self, input: &mut dyn Read, name: &str, folder: &str) -> Result<Import, Fault> {
        let source = Source {
            name,
            folder,
            provider: self.args.provider.as_deref(),
            observed: self.observed,
            commit: &self.args.commit,
            rates: &self.args.rate,
            mapping: self.mapping.as_ref(),
            ..Source::default()
        };
        self.shelf.read(input, source, self.args.kind)
    }
}

fn summary(path: &Path, import: &Import) -> Imported {
    let mut reasons = BTreeMap::new();
    for ((_, rule), count) in &import.counts {
        *reasons.entry(*rule).or_default() += count;
    }
    Imported {
        file: path.display().to_string(),
        format: import.format,
        kind: import.kind,
        accepted: import.accepted() as u64,
        rejected: import.count(Aside::Rejected),
        flagged: import.flagged() as u64,
        left_out: import.count(Aside::LeftOut),
        reasons,
        stored: None,
        findings: import.findings.clone(),
    }
}

/// The last part of a path.
fn file_name(path: &Path) -> String {
    if path == Path::new(STDIN) {
        return "stdin".into();
    }
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
