//! Words and numbers in a chart: harmless, short enough for their place, of a known greatest width.

use crate::text::inert;

/// Ticks, legends, labels.
pub(super) const SMALL_PX: f64 = 11.0;
/// Names of axes.
pub(super) const TITLE_PX: f64 = 12.0;

/// The width of a text in a wide sans-serif font (DejaVu Sans, Verdana): in any other it is narrower, so what fits
/// here fits everywhere. Browsers choose the font; its own widths cannot be asked.
pub(super) fn width_px(text: &str, font_px: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * font_px
}

fn em(character: char) -> f64 {
    match character {
        'i' | 'j' | 'l' | '\'' | '|' | 'I' | ' ' | '\u{a0}' | '.' | ',' | ':' | ';' => 0.36,
        'f' | 'r' | 't' | '(' | ')' | '/' | '-' | '[' | ']' | '!' | '\\' => 0.43,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 1.0,
        'A'..='Z' | '+' | '=' | '<' | '>' | '&' | '#' | '×' | '±' | '→' | '←' => 0.84,
        character if character.is_ascii() => 0.64,
        // Ideographs and pictures are as wide as they are high.
        character if u32::from(character) >= 0x1100 => 1.05,
        _ => 0.8,
    }
}

/// A label that no viewer acts on: one line, without the two characters that [`inert`] keeps and XML forbids.
pub(super) fn plain(text: &str) -> String {
    inert(text).replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}")
}

/// The text, or as much of its start as fits, with an ellipsis.
pub(super) fn fitted(text: &str, font_px: f64, room_px: f64) -> String {
    let text = plain(text);
    if width_px(&text, font_px) <= room_px {
        return text;
    }
    let mut used_px = width_px("…", font_px);
    let mut short: String = text
        .chars()
        .take_while(|character| {
            used_px += em(*character) * font_px;
            used_px <= room_px
        })
        .collect();
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

/// A number to so many significant digits: `0.05`, `1 k`, `989 T`; powers of ten beyond those.
pub(super) fn number(value: f64, digits: usize) -> String {
    const PREFIXES: [(f64, &str); 6] =
        [(1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let rounded =
        |value: f64| format!("{value:.*e}", digits.saturating_sub(1)).parse::<f64>().unwrap_or(value);
    let value = rounded(value);
    let size = value.abs();
    if size == 0.0 {
        return "0".into();
    }
    if !(1e-3..1e21).contains(&size) {
        return format!("{value:e}");
    }
    match PREFIXES.iter().find(|(unit, _)| size >= *unit) {
        // Non-breaking, as between any number and its unit.
        Some((unit, prefix)) => format!("{}\u{a0}{prefix}", rounded(value / unit)),
        None => value.to_string(),
    }
}

/// The same for the numbers of one axis: as few digits as tell them apart.
pub(super) fn numbers(values: &[f64]) -> Vec<String> {
    let mut texts = Vec::new();
    for digits in 2..=15 {
        texts = values.iter().map(|value| number(*value, digits)).collect();
        let apart = values.iter().zip(&texts).all(|(value, text)| {
            values.iter().zip(&texts).all(|(other, same)| text != same || value == other)
        });
        if apart && values.iter().all(|value| is_told(*value, digits)) {
            break;
        }
    }
    texts
}

/// Whether so many digits leave a value as it is, but for the rounding of its arithmetic.
fn is_told(value: f64, digits: usize) -> bool {
    let rounded = format!("{value:.*e}", digits.saturating_sub(1)).parse::<f64>().unwrap_or(value);
    (rounded - value).abs() <= value.abs() * 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_say_them() {
        for (value, text) in [(0.05, "0.05"), (1e3, "1 k"), (989e12, "989 T"), (1e15, "1 P"), (-2.5, "-2.5")]
        {
            assert_eq!(number(value, 3).replace('\u{a0}', " "), text);
        }
        assert_eq!(number(1e-7, 3), "1e-7");
        assert_eq!(number(999.96, 3).replace('\u{a0}', " "), "1 k");
    }

    #[test]
    fn numbers_of_an_axis_are_told_apart() {
        assert_eq!(numbers(&[1.0, 1.0005, 1.001]), ["1", "1.0005", "1.001"]);
        assert_eq!(numbers(&[0.0, 0.2, 0.4]), ["0", "0.2", "0.4"]);
    }

    #[test]
    fn what_is_too_long_ends_in_an_ellipsis_within_its_room() {
        let long = "llama-3.1-405b-instruct, fp8, 8 GPUs";
        let short = fitted(long, SMALL_PX, 100.0);
        assert!(short.ends_with('…') && width_px(&short, SMALL_PX) <= 100.0);
        assert_eq!(fitted("short", SMALL_PX, 100.0), "short");
    }
}
