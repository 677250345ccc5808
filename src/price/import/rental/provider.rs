//! Who sells what is in a file that does not say it in a column.

use crate::price::identity::provider::{by_instance, named_in};
use crate::price::import::Source;
use crate::table::Fault;

/// The sellers that a file may be of.
#[derive(Clone, Debug)]
pub struct Providers<'a> {
    given: Option<&'a str>,
    named: Vec<&'static str>,
}

impl<'a> Providers<'a> {
    /// The user's word, else the folder's name, else the file's; where two are named, or none, each row has to tell.
    pub fn new(source: &Source<'a>) -> Self {
        let of_folder = named_in(source.folder);
        let named = if of_folder.len() == 1 { of_folder } else { named_in(source.name) };
        Self { given: source.provider, named }
    }

    /// The seller of a row with this instance type.
    ///
    /// # Errors
    /// What is not known, and what would tell.
    pub fn of(&self, instance: &str) -> Result<&'a str, String> {
        if let Some(given) = self.given {
            return Ok(given);
        }
        match self.named.as_slice() {
            [one] => Ok(one),
            several => by_instance(instance, several).ok_or_else(|| {
                let between = match several {
                    [] => "neither the folder nor the file has the name of a known one".to_owned(),
                    _ => format!("the name of the file says {}", several.join(" and ")),
                };
                format!("who sells it is not known: {between}; give --provider NAME")
            }),
        }
    }

    /// The same for a file of one seller.
    ///
    /// # Errors
    /// The fault of the whole file.
    pub fn of_file(&self) -> Result<&'a str, Fault> {
        self.of("").map_err(|what| Fault { line: 0, column: 0, what })
    }
}
