//! Tokens used and spot prices of memory. Their tables are small and typed by hand: one row that cannot be read makes the
//! whole file one fault.

use std::io::Read;

use super::{Format, Head, Import, Kind, Record, Source};
use crate::price::storage::read_storage;
use crate::price::usage::read_usage;
use crate::table::Fault;

/// OpenRouter's daily rankings.
pub const RANKINGS: Format = Format {
    name: "OpenRouter rankings JSON",
    kind: Kind::Usage,
    knows: |head: &Head<'_>| head.has_keys('{', &["data", "model_permaslug", "total_tokens"]),
    read: usage,
};

/// `date,total_tokens[,model,origin]`.
pub const USAGE: Format = Format {
    name: "usage CSV (date, total_tokens)",
    kind: Kind::Usage,
    knows: |head: &Head<'_>| {
        let dated = ["date", "day", "month", "week"].iter().any(|date| head.has_columns(&[date]));
        dated && (head.has_columns(&["total_tokens"]) || head.has_columns(&["tokens"]))
    },
    read: usage,
};

/// `date,product,usd,source`.
pub const STORAGE: Format = Format {
    name: "memory prices CSV (date, product, usd)",
    kind: Kind::Storage,
    knows: |head: &Head<'_>| {
        let priced = head.has_columns(&["usd"]) || head.has_columns(&["avg_spot_usd"]);
        priced && head.has_columns(&["product"])
    },
    read: storage,
};

fn usage(input: &mut dyn Read, _: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    let usage = read_usage(input)?;
    import.attribution = usage.attribution;
    usage.rows.into_iter().for_each(|row| import.keep(Record::Usage(row)));
    Ok(())
}

fn storage(input: &mut dyn Read, _: &Source<'_>, import: &mut Import) -> Result<(), Fault> {
    read_storage(input)?.into_iter().for_each(|point| import.keep(Record::Storage(point)));
    Ok(())
}
