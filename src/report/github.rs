//! What GitHub's runner reads from the output of a step: workflow commands that become annotations.
//!
//! A line `::error title=…::…` is a command, so text from strangers must not be able to end one or start another.
//! The escaping is that of the runner: `%`, CR and LF everywhere, `:` and `,` in properties as well.

use crate::named::named;
use crate::text::inert;

/// Annotations of one level that GitHub shows for a step; it drops the others without a word.
pub const SHOWN_PER_LEVEL: usize = 10;

/// How loud an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something is wrong.
    Error,
    /// Something should be doubted.
    Warning,
    /// Something should be known.
    Notice,
}

named!(Level { Error = "error", Warning = "warning", Notice = "notice" });

/// One workflow command with its line end. Line ends within `message` stay line ends; every other control
/// character of either text becomes visible.
pub fn command(level: Level, title: &str, message: &str) -> String {
    let lines: Vec<String> = message.split('\n').map(|line| data(&inert(line))).collect();
    format!("::{level} title={}::{}\n", property(&inert(title)), lines.join("%0A"))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_command_has_these_bytes() {
        assert_eq!(
            command(Level::Error, "wrong: gemm, f16", "50 % off: a, b\nsee\r::error::x"),
            "::error title=wrong%3A gemm%2C f16::50 %25 off: a, b%0Asee\\u{d}::error::x\n"
        );
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_command(title in "\\PC*|[\\x00-\\x7f]*", message in "\\PC*|[\\x00-\\x7f]*") {
            let line = command(Level::Warning, &title, &message);
            prop_assert_eq!(line.matches('\n').count(), 1);
            prop_assert!(!line.contains('\r'));
            let rest = line.strip_prefix("::warning title=").unwrap();
            // The first `::` ends the properties: none may stem from the title.
            let (shown, _) = rest.split_once("::").unwrap();
            prop_assert!(!shown.contains([':', ',']));
            let back = shown.replace("%2C", ",").replace("%3A", ":").replace("%25", "%");
            prop_assert_eq!(back, inert(&title));
        }
    }
}
