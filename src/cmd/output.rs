//! Writing to people and to pipes.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

use mtok::report::sheet::Sheet;

use super::{Exit, Failure};
use crate::cli::FormatArgs;

/// Columns assumed where nothing says how wide the reader's window is.
pub const WIDTH: u16 = 80;
/// Columns that hold every column of every table.
pub const WIDE: u16 = 400;

/// Writes a result to stdout. A reader that has seen enough is no error.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Exit::CannotWrite, format!("stdout: cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes any value as pretty JSON to stdout.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    print(&json_text(value)?)
}

/// Prints a result in the format asked for: JSON as it is, else by the function for that format; people's gets the width.
pub fn show<T: serde::Serialize + ?Sized>(
    result: &T,
    format: &FormatArgs,
    csv: impl FnOnce(&T) -> String,
    markdown: impl FnOnce(&T) -> String,
    people: impl FnOnce(&T, u16) -> String,
) -> Result<(), Failure> {
    if format.json {
        print_json(&result)
    } else if format.csv {
        print(&csv(result))
    } else if format.markdown {
        print(&markdown(result))
    } else {
        print(&people(result, terminal().0))
    }
}

/// Prints a calculation: JSON is its own object, the other formats are of its lines.
pub fn sheet(sheet: &Sheet, json: &impl serde::Serialize, format: &FormatArgs) -> Result<(), Failure> {
    if format.json {
        print_json(json)
    } else if format.csv {
        print(&sheet.csv())
    } else if format.markdown {
        print(&sheet.markdown())
    } else {
        print(&sheet.terminal(terminal().0))
    }
}

/// Any value as pretty JSON with a line end.
pub fn json_text(value: &impl serde::Serialize) -> Result<String, Failure> {
    let json = serde_json::to_string_pretty(value).map_err(|error| Failure::new(Exit::CannotWrite, error))?;
    Ok(mtok::report::json::visible(&json) + "\n")
}

/// An error on stderr; where even that fails the exit code has to do.
pub fn complain(message: &str) {
    let _ = writeln!(io::stderr(), "mtok: {}", safe(message));
}

/// Something the user should know, on stderr.
pub fn note(message: &str) {
    let _ = writeln!(io::stderr(), "{}", safe(message));
}

/// Messages hold paths, and those may be anything; the line ends are ours.
fn safe(message: &str) -> String {
    message.split('\n').map(mtok::text::inert).collect::<Vec<_>>().join("\n")
}

/// The width of the terminal, and whether it may be coloured.
pub fn terminal() -> (u16, bool) {
    let colour = io::stdout().is_terminal() && coloured(|name| std::env::var_os(name));
    (comfy_table::Table::new().width().unwrap_or(WIDTH), colour)
}

/// The same where all columns may be wanted whatever the window's width.
pub fn page(wide: bool) -> (u16, bool) {
    let (width, colour) = terminal();
    (if wide { width.max(WIDE) } else { width }, colour)
}

/// Whether the environment allows colours on a terminal: NO_COLOR (https://no-color.org), CLICOLOR=0 and TERM=dumb say no.
fn coloured(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let is = |name, value: &str| variable(name).is_some_and(|set| set == value);
    let no_colour = variable("NO_COLOR").is_some_and(|set| !set.is_empty());
    !(no_colour || is("CLICOLOR", "0") || is("TERM", "dumb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_left_out_where_any_of_three_variables_says_so() {
        let with = |name: &'static str, value: &'static str| {
            coloured(move |asked| (asked == name).then(|| OsString::from(value)))
        };
        assert!(!with("NO_COLOR", "1") && !with("CLICOLOR", "0") && !with("TERM", "dumb"));
        assert!(with("NO_COLOR", "") && with("CLICOLOR", "1") && with("TERM", "xterm-256color"));
    }
}
