//! Price files of others as records: which format a file is of, its rows, and what was not simply taken.
//!
//! Adding a format = one file in `import/` + one line in [`ALL`]. A file is recognised by its content, columns are found by
//! their names, keys likewise. A row that cannot be read is set aside with its place and does not stop the others; a file of
//! which nothing can be read is one fault.

mod cards;
mod dated;
mod flows;
mod genai_prices;
mod gpuhunt;
mod inferencex_tco;
mod litellm;
mod llm_prices;
mod mapped;
pub mod mapping;
mod models_dev;
mod openrouter;
mod own;
mod price_index;
mod rental;
pub(super) mod rents;
mod report;
mod skypilot;
mod source;

use std::io::Read;

use crate::named::named;
use crate::price::rental::RentalQuote;
use crate::price::storage::StoragePoint;
use crate::price::token::TokenListing;
use crate::price::usage::UsageRow;
use crate::table::Fault;

pub use report::{Aside, Finding, Import, Place, Refusal};
pub use source::{Head, Source};

/// What the rows of a price file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Rents of hardware.
    Rental,
    /// Prices of tokens.
    Token,
    /// Tokens used.
    Usage,
    /// Spot prices of memory.
    Storage,
}

named!(Kind { Rental = "rental", Token = "token", Usage = "usage", Storage = "storage" });

/// One record of a price file.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A rent.
    Rental(RentalQuote),
    /// A price card.
    Token(TokenListing),
    /// A count of tokens.
    Usage(UsageRow),
    /// A price of memory.
    Storage(StoragePoint),
}

/// One format of price files.
#[derive(Clone, Copy)]
pub struct Format {
    /// The name in reports.
    pub name: &'static str,
    /// What its rows are.
    pub kind: Kind,
    /// Whether a file that starts like this is of the format.
    pub knows: fn(&Head<'_>) -> bool,
    /// Reads all rows into the import.
    pub read: fn(&mut dyn Read, &Source<'_>, &mut Import) -> Result<(), Fault>,
}

/// Every format, the more particular ones first.
pub const ALL: &[Format] = &[
    own::RENTALS,
    own::TOKENS,
    skypilot::CATALOG,
    gpuhunt::CATALOG,
    price_index::TABLE,
    inferencex_tco::TABLE,
    rents::TABLE,
    litellm::FORMAT,
    llm_prices::FORMAT,
    genai_prices::FORMAT,
    openrouter::FORMAT,
    models_dev::API,
    models_dev::FILE,
    models_dev::SNAPSHOT,
    flows::RANKINGS,
    flows::USAGE,
    flows::STORAGE,
];

/// Reads a price file of any format; of `kind` only, where that is given.
///
/// # Errors
/// The fault of the file as a whole: of no known format, not CSV or JSON, or not one row that can be used (then the first
/// fault of a row).
pub fn read(input: &mut dyn Read, source: &Source<'_>, kind: Option<Kind>) -> Result<Import, Fault> {
    let (start, mut input) = source::start(input)?;
    let head = Head::new(&start);
    let format =
        ALL.iter().find(|format| kind.is_none_or(|kind| kind == format.kind) && (format.knows)(&head));
    let mapped = source.mapping.map(|_| &mapped::ANY);
    let format = mapped.or(format).ok_or_else(|| head.unknown(kind))?;
    let mut import = Import::new(format);
    (format.read)(&mut input, source, &mut import)?;
    import.usable()?;
    Ok(import)
}

#[cfg(test)]
mod tests;
