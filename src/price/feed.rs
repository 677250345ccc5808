//! Where prices are published: `sources.csv`, a row per file that `mtok prices update` asks for.

mod address;

use std::collections::HashMap;
use std::io::Read;

use jiff::civil::Date;

use super::import::Kind;
use crate::named::named;
use crate::table::{Fault, Row, Table};

pub use address::{Address, is_public};

/// The only variable whose value is sent to a source: a table that could name any would carry every secret away.
pub const KEY_VARIABLE: &str = "OPENROUTER_API_KEY";

const COLUMNS: [&str; 8] =
    ["name", "kind", "form", "url", "provider", "licence", "attribution", "date_checked"];

/// What a source sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A table.
    Csv,
    /// JSON.
    Json,
    /// A zip with a table in it.
    Zip,
}

named!(Form { Csv = "csv", Json = "json", Zip = "zip" });

impl Form {
    /// Whether a body of this media type may be it. Servers of plain files know only text and bytes.
    pub fn allows(self, media_type: &str) -> bool {
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let bytes = ["application/octet-stream", "binary/octet-stream"].contains(&media_type.as_str());
        bytes
            || match self {
                Self::Csv => ["text/plain", "text/csv", "application/csv"].contains(&media_type.as_str()),
                Self::Json => {
                    ["text/plain", "text/json", "application/json"].contains(&media_type.as_str())
                        || media_type.ends_with("+json")
                }
                Self::Zip => {
                    ["application/zip", "application/x-zip-compressed"].contains(&media_type.as_str())
                }
            }
    }

    /// Whether text that starts like this may be it: error pages come with any media type.
    pub fn starts_like(self, start: &str) -> bool {
        let start = start.trim_start();
        match self {
            Self::Json => start.starts_with(['{', '[']),
            Self::Csv | Self::Zip => !start.starts_with(['<', '{']),
        }
    }
}

/// One row of `sources.csv`.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The name on the command line and of the kept copy: lower-case letters, digits and dashes.
    pub name: String,
    /// What its rows are.
    pub kind: Kind,
    /// What it sends.
    pub form: Form,
    /// Where it is.
    pub url: Address,
    /// Who sells, where the file does not say it itself.
    pub provider: String,
    /// Whether it is asked only with the key in [`KEY_VARIABLE`].
    pub needs_key: bool,
    /// Under which terms the data may be used.
    pub licence: String,
    /// The line that goes with its figures.
    pub attribution: String,
    /// The day on which a person looked at the row.
    pub date_checked: Date,
    /// The line of its file.
    pub line: u64,
}

/// Reads `sources.csv`.
///
/// # Errors
/// The first fault with its line and column: a cell that is missing or wrong, an address that is not safe to ask, a name
/// that appears twice.
pub fn read_feeds(input: impl Read) -> Result<Vec<Feed>, Fault> {
    let table = Table::read(input, &COLUMNS)?;
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut feeds = Vec::new();
    for row in table.rows() {
        let feed = read_row(row)?;
        if let Some(first) = seen.insert(feed.name.clone(), feed.line) {
            return Err(row.fault("name", format!("name {} is on line {first} already", feed.name)));
        }
        feeds.push(feed);
    }
    Ok(feeds)
}

fn read_row(row: Row<'_>) -> Result<Feed, Fault> {
    let name = row.required("name")?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.len() > 60 || !name.bytes().all(plain) {
        return Err(row.fault("name", "name has other than lower-case letters, digits and dashes"));
    }
    let needs_key = match row.text("key") {
        "" => false,
        KEY_VARIABLE => true,
        _ => return Err(row.fault("key", format!("key is neither empty nor {KEY_VARIABLE}"))),
    };
    let url: Address = row.parse("url")?;
    if !url.is_safe_to_ask() {
        return Err(row.fault("url", "url is not https (http is for this machine's own addresses only)"));
    }
    Ok(Feed {
        name: name.to_owned(),
        kind: row.parse("kind")?,
        form: row.parse("form")?,
        url,
        provider: row.text("provider").to_owned(),
        needs_key,
        licence: row.required("licence")?.to_owned(),
        attribution: row.required("attribution")?.to_owned(),
        date_checked: row.date("date_checked")?,
        line: row.line(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "name,kind,form,url,provider,key,licence,attribution,date_checked\n";
    const ROW: &str = "a-1,rental,csv,https://example.com/vms.csv,lambda,,MIT,A by B,2026-11-22\n";

    fn fault(row: &str) -> String {
        read_feeds(format!("{HEADER}{row}").as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_row_has_a_name_a_safe_address_and_terms() {
        let feeds = read_feeds(format!("{HEADER}{ROW}").as_bytes()).unwrap();
        assert_eq!((feeds[0].name.as_str(), feeds[0].kind, feeds[0].form), ("a-1", Kind::Rental, Form::Csv));
        for (from, to, what) in [
            ("a-1", "../a", "2:1: name has other than lower-case letters, digits and dashes"),
            ("a-1", "", "2:1: name is empty"),
            ("rental", "rent", "2:2: kind \"rent\": is none of rental, token, usage, storage"),
            ("csv,", "xml,", "2:3: form \"xml\": is none of csv, json, zip"),
            ("https://", "http://", "2:4: url is not https (http is for this machine's own addresses only)"),
            ("https://", "ftp://", "2:4: url \"ftp://example.com/vms.csv\": has no scheme http or https"),
            ("lambda,,", "lambda,AWS_SECRET_ACCESS_KEY,", "2:6: key is neither empty nor OPENROUTER_API_KEY"),
            ("MIT", "", "2:7: licence is empty"),
            ("2026-11-22", "2026-02-31", "2:9: date_checked \"2026-02-31\" is not a date like 2026-01-31"),
        ] {
            assert_eq!(fault(&ROW.replacen(from, to, 1)), what);
        }
        assert_eq!(fault(&format!("{ROW}{ROW}")), "3:1: name a-1 is on line 2 already");
    }

    #[test]
    fn a_page_is_no_table() {
        assert!(Form::Csv.allows("text/plain; charset=utf-8") && Form::Csv.allows("Binary/Octet-Stream"));
        assert!(Form::Json.allows("application/vnd.api+json") && !Form::Json.allows("text/html"));
        assert!(!Form::Zip.allows("text/plain") && !Form::Csv.allows(""));
        assert!(
            !Form::Csv.starts_like("\n <!doctype html>")
                && Form::Json.starts_like(" [")
                && !Form::Json.starts_like("x")
        );
    }
}
