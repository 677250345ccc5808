//! Where the makers of models are at home: `origins.csv`.
//!
//! The origin is that of who made the weights, wherever they are served.

use std::io::Read;

use crate::table::{Fault, Table};

const COLUMNS: [&str; 5] = ["creator", "origin", "families", "source", "date_checked"];

/// The makers of models.
#[derive(Clone, Debug, Default)]
pub struct Origins(Vec<Maker>);

#[derive(Clone, Debug)]
struct Maker {
    creator: String,
    origin: Option<String>,
    families: Vec<String>,
}

/// Reads `origins.csv`.
///
/// # Errors
/// The first fault with its line and column: a cell that is missing, an origin that is no two-letter code of a country, a
/// creator that appears twice.
pub fn read_origins(input: impl Read) -> Result<Origins, Fault> {
    let table = Table::read(input, &COLUMNS)?;
    let mut makers: Vec<Maker> = Vec::new();
    for row in table.rows() {
        let creator = row.required("creator")?.to_lowercase();
        let origin = row.text("origin");
        if !origin.is_empty() && (origin.len() != 2 || !origin.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            return Err(row.fault("origin", "origin is no country code of two letters, such as US"));
        }
        if makers.iter().any(|maker| maker.creator == creator) {
            return Err(row.fault("creator", "this creator is on an earlier line already"));
        }
        row.required("source")?;
        row.date("date_checked")?;
        let families = row.text("families").split(';').map(|name| name.trim().to_lowercase());
        makers.push(Maker {
            creator,
            origin: (!origin.is_empty()).then(|| origin.to_owned()),
            families: families.filter(|name| !name.is_empty()).collect(),
        });
    }
    Ok(Origins(makers))
}

impl Origins {
    /// The country code of a model such as `openai/gpt-4o` or `qwen3-32b`; `None` where its maker is not known.
    pub fn of(&self, model: &str) -> Option<&str> {
        let model = model.to_lowercase();
        let (creator, name) = match model.split_once('/') {
            Some((creator, name)) => (creator.trim_start_matches('~'), name),
            None => ("", model.as_str()),
        };
        let by_creator = self.0.iter().find(|maker| maker.creator == creator);
        let maker = by_creator.or_else(|| {
            // Resellers stand before the slash as well, so that the family decides where the creator is not known.
            self.0.iter().find(|maker| maker.families.iter().any(|family| is_of(name, family)))
        })?;
        maker.origin.as_deref()
    }
}

/// Whether a name begins with a family and not with a longer word.
fn is_of(name: &str, family: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| !rest.starts_with(|letter: char| letter.is_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins() -> Origins {
        read_origins(&include_bytes!("../../data/origins.csv")[..]).unwrap()
    }

    #[test]
    fn a_model_is_at_home_where_its_maker_is() {
        for (model, origin) in [
            ("openai/gpt-4o-2024-05-13", Some("US")),
            ("Qwen/Qwen3-32B", Some("CN")),
            ("mistralai/mistral-nemo", Some("FR")),
            ("deepseek-v3.1", Some("CN")),
            ("qwen3-8b", Some("CN")),
            ("groq/gpt-oss-120b", Some("US")),
            ("other", None),
            ("openrouter/auto", None),
            ("stepney-1", None),
            ("", None),
        ] {
            assert_eq!(origins().of(model), origin, "{model}");
        }
    }

    #[test]
    fn a_bad_table_says_where() {
        let fault = |row: &str| {
            let text =
                format!("creator,origin,families,source,date_checked\na,US,x,home,2026-01-01\n{row}\n");
            read_origins(text.as_bytes()).unwrap_err().to_string()
        };
        assert_eq!(
            fault("b,usa,,home,2026-01-01"),
            "3:2: origin is no country code of two letters, such as US"
        );
        assert_eq!(fault("A,US,,home,2026-01-01"), "3:1: this creator is on an earlier line already");
        assert_eq!(fault("b,US,,,2026-01-01"), "3:4: source is empty");
    }
}
