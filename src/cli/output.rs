//! Where a comparison goes, and in which form.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::FormatArgs;

/// The form and the place of a result that may also be a page.
#[derive(Args, Clone, Debug)]
pub struct OutputArgs {
    #[command(flatten)]
    pub format: FormatArgs,
    /// The form by name: html is one file that needs nothing else, with charts and controls; the others are those of the
    /// options of their names.
    #[arg(long = "format", value_name = "FORMAT", conflicts_with_all = ["FormatArgs", "wide"])]
    pub named: Option<FormName>,
    /// Write to this file, whole or not at all, instead of stdout.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write each chart into this folder too, as SVG and as PNG.
    #[arg(long, value_name = "DIR")]
    pub plots: Option<PathBuf>,
}

/// A form of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormName {
    /// One self-contained page.
    Html,
    /// Markdown tables.
    Markdown,
    /// Rows with all columns.
    Csv,
    /// Rows with all columns as objects.
    Json,
}

impl OutputArgs {
    /// Whether a page is asked for.
    pub fn html(&self) -> bool {
        self.named == Some(FormName::Html)
    }

    /// The options that ask for the same form; none of them for a page.
    pub fn flags(&self) -> FormatArgs {
        let named = |form| self.named == Some(form);
        FormatArgs {
            json: self.format.json || named(FormName::Json),
            csv: self.format.csv || named(FormName::Csv),
            markdown: self.format.markdown || named(FormName::Markdown),
        }
    }
}
