//! Arguments of `mtok completions` and `mtok man`.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

pub const COMPLETIONS_HELP: &str = "\
Examples:
  mtok completions bash > mtok.bash
  mtok completions zsh > _mtok";

pub const MAN_HELP: &str = "\
Without DIR the page of mtok itself is printed; with it, that page and one per verb are written there.

Examples:
  mtok man > mtok.1
  mtok man man1";

/// Arguments of `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell that is to complete.
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Arguments of `man`.
#[derive(Args, Debug)]
pub struct ManArgs {
    /// The folder for the pages; made where it does not exist.
    pub dir: Option<PathBuf>,
}
