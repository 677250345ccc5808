//! `mtok completions` and `mtok man`: what is made of the command line's own description. The same bytes from every build of
//! a version: no day, no path.

use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::files::write_atomic;
use super::output::print;
use super::{Exit, Failure};
use crate::cli::{Cli, CompletionsArgs, ManArgs};

const NAME: &str = "mtok";

/// `mtok completions`.
pub fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), NAME, &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Ok)
}

/// `mtok man`.
pub fn man(args: &ManArgs) -> Result<Exit, Failure> {
    let pages = pages()?;
    let Some(folder) = &args.dir else {
        let main = pages.first().map_or("", |(_, page)| page);
        print(main)?;
        return Ok(Exit::Ok);
    };
    std::fs::create_dir_all(folder).map_err(|error| Failure::cannot_write(folder, error))?;
    for (name, page) in &pages {
        write_atomic(&folder.join(Path::new(name)), page.as_bytes())?;
    }
    print(&format!("{} pages in {}\n", pages.len(), mtok::text::inert(&folder.display().to_string())))?;
    Ok(Exit::Ok)
}

/// File names and texts: mtok first, then its verbs in order, each before its own.
fn pages() -> Result<Vec<(String, String)>, Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add(&command, &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, pages: &mut Vec<(String, String)>) -> Result<(), Failure> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let mut page = Vec::new();
    let unwritable = |error| Failure::new(Exit::CannotWrite, error);
    Man::new(command.clone()).render(&mut page).map_err(unwritable)?;
    pages.push((format!("{name}.1"), ascii(&String::from_utf8_lossy(&page))));
    let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    verbs.into_iter().try_for_each(|verb| add(verb, pages))
}

/// What roff reads whatever its encoding: other characters by their numbers.
fn ascii(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    for character in page.chars() {
        match character.is_ascii() {
            true => out.push(character),
            false => out += &format!("\\[u{:04X}]", u32::from(character)),
        }
    }
    out
}
