//! Text for people: what strangers wrote (adapter names, price files) made inert for where it is shown, numbers
//! to the digits that mean something, names nearest to a wrong one.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Control and bidirectional characters become `\u{..}`: the result is one line and cannot drive a terminal.
pub fn inert(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_invisible(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Bidirectional controls, zero-width characters and line separators: they change what a reader sees.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{61c}')
}

/// What spreadsheets take for the start of a formula.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];

/// Text for a CSV cell: inert, and never read as a formula by a spreadsheet (OWASP, "CSV Injection").
pub fn csv_cell(text: &str) -> String {
    safe_for_csv(text).into_owned()
}

/// The same without a copy of what is harmless.
pub fn safe_for_csv(text: &str) -> Cow<'_, str> {
    // Most text is harmless as it is.
    if !text.starts_with(FORMULA) && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Cow::Borrowed(text);
    }
    let safe = inert(text);
    Cow::Owned(if safe.starts_with(FORMULA) { format!("'{safe}") } else { safe })
}

/// What [`csv_cell`] was given, where that was inert.
pub fn of_csv_cell(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| text.starts_with(FORMULA)).unwrap_or(cell)
}

/// Text for a Markdown table cell: inert, with no character that Markdown or HTML would act on.
pub fn markdown_cell(text: &str) -> String {
    let mut safe = String::new();
    let inert = inert(text);
    let mut rest = inert.chars().peekable();
    let mut before = ' ';
    while let Some(character) = rest.next() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' | '~' | '#' | '!' | '$'
                if !is_only_itself(before, character, rest.peek().copied()) =>
            {
                safe.push('\\');
                safe.push(character);
            }
            _ => safe.push(character),
        }
        before = character;
    }
    safe
}

/// Underscores between letters and digits, as in `q4_0`, emphasise nothing; a dollar behind a space and before a stroke, as in
/// `2.50 $/h`, ends no formula.
fn is_only_itself(before: char, character: char, after: Option<char>) -> bool {
    match character {
        '_' => before.is_alphanumeric() && after.is_some_and(char::is_alphanumeric),
        '$' => before == ' ' && after == Some('/'),
        _ => false,
    }
}

/// The first line of what a panic said.
pub fn panic_words(panic: &(dyn std::any::Any + Send)) -> &str {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    let words = words.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    words.lines().next().unwrap_or_default()
}

/// Words in lines of at most `width` columns of a terminal, the first indented by `first`, the others by `rest`; a longer word is
/// broken. At least 8 columns are left for words.
pub fn wrapped(text: &str, width: usize, first: usize, rest: usize) -> String {
    let rest = rest.min(width.saturating_sub(8));
    let mut out = " ".repeat(first.min(width.saturating_sub(8)));
    let mut used = out.len();
    let mut begun = false;
    for word in text.split_whitespace() {
        if begun && used + 1 + word.width() > width {
            out += &format!("\n{}", " ".repeat(rest));
            used = rest;
        } else if begun {
            out.push(' ');
            used += 1;
        }
        begun = true;
        for character in word.chars() {
            let wide = character.width().unwrap_or_default();
            if used + wide > width {
                out += &format!("\n{}", " ".repeat(rest));
                used = rest;
            }
            out.push(character);
            used += wide;
        }
    }
    out + "\n"
}

/// What is shown where nothing is known.
pub const UNKNOWN: &str = "–";

/// A number to three significant digits, as powers of ten only where zeros would be many. Not finite is unknown.
pub fn significant(value: f64) -> String {
    if !value.is_finite() {
        return UNKNOWN.into();
    }
    // The exponent after rounding: 9.996 has the digits of 10.0.
    let scientific = format!("{value:.2e}");
    let exponent = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    match (exponent, scientific.parse::<f64>()) {
        (Some(exponent @ -5..=9), Ok(rounded)) => {
            format!("{rounded:.*}", usize::try_from(2 - exponent).unwrap_or(0))
        }
        _ => scientific,
    }
}

/// An amount of money to three significant digits, thousands apart: `14,700`.
pub fn money(value: f64) -> String {
    let digits = significant(value);
    if digits.len() < 4 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return digits;
    }
    let apart = digits.len() % 3;
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index % 3 == apart {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// The candidates that resemble `name`, best first, at most three.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = name.to_lowercase();
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wanted, &candidate.to_lowercase()), candidate))
        .filter(|(score, _)| *score > 0.6)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}

/// A name from a driver as a part of a path: lower-case letters and digits, joined by single hyphens.
pub fn slug(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    let slug: String = parts.join("-").chars().take(40).collect();
    if slug.is_empty() { "device".into() } else { slug.trim_end_matches('-').to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_not_driven() {
        assert_eq!(inert("a\u{1b}[31mb\r\n\u{202e}c"), "a\\u{1b}[31mb\\u{d}\\u{a}\\u{202e}c");
        assert_eq!(inert("Ä GPU 80GB"), "Ä GPU 80GB");
    }

    #[test]
    fn spreadsheets_do_not_calculate() {
        assert_eq!(csv_cell("=1+1"), "'=1+1");
        assert_eq!(csv_cell("@x"), "'@x");
        assert_eq!(csv_cell("\t=1"), "\\u{9}=1");
        for text in ["=1+1", "@cf/meta", "plain", "'quoted'", ""] {
            assert_eq!(of_csv_cell(&csv_cell(text)), text);
        }
    }

    #[test]
    fn markdown_shows_what_was_written() {
        assert_eq!(markdown_cell("<b>|x|"), "&lt;b&gt;\\|x\\|");
        assert_eq!(markdown_cell("_a_ q4_K_M __b"), "\\_a\\_ q4_K_M \\_\\_b");
        assert_eq!(markdown_cell("2 $/h, $a$ $/$"), "2 $/h, \\$a\\$ $/\\$");
    }

    #[test]
    fn thousands_of_money_stand_apart() {
        for (value, text) in [
            (14_687.0, "14,700"),
            (1000.0, "1,000"),
            (999.6, "1,000"),
            (123_456.0, "123,000"),
            (1_234_567_890.0, "1,230,000,000"),
            (12.34, "12.3"),
            (f64::NAN, UNKNOWN),
        ] {
            assert_eq!(money(value), text);
        }
    }

    #[test]
    fn nearest_names_come_first() {
        assert_eq!(
            nearest("llama-3.1-8", ["qwen3-8b", "llama-3.1-70b", "llama-3.1-8b"]).first(),
            Some(&"llama-3.1-8b")
        );
        assert!(nearest("zzz", ["qwen3-8b"]).is_empty());
    }

    #[test]
    fn folder_names_are_plain_whatever_the_driver_says() {
        assert_eq!(slug("llvmpipe (LLVM 15.0.6, 256 bits)"), "llvmpipe-llvm-15-0-6-256-bits");
        assert_eq!(slug("../../etc/\u{202e}\n"), "etc");
        assert_eq!(slug("猫"), "device");
        assert!(slug(&"x".repeat(500)).len() <= 40);
    }
}
