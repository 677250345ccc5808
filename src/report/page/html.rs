//! The only two ways in which text gets into the page.

use crate::text::inert;

/// Text for an element or a quoted attribute: inert, with no character that HTML would act on.
pub fn text(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for character in raw.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            ' '..='~' => safe.push(character),
            _ => safe.push_str(&inert(character.encode_utf8(&mut [0; 4]))),
        }
    }
    safe
}

/// JSON for a `<script>` element, which ends at the first `</` and knows no entities: what HTML could act on stands inside
/// strings and becomes an escape that reads back as the same character, and so does what is not inert.
pub fn json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + json.len() / 8);
    let mut units = [0; 2];
    for character in json.chars() {
        let plain = match character {
            '<' | '>' | '&' => false,
            ' '..='~' => true,
            _ => inert(character.encode_utf8(&mut [0; 4])).starts_with(character),
        };
        if plain {
            safe.push(character);
        } else {
            character.encode_utf16(&mut units).iter().for_each(|unit| safe += &format!("\\u{unit:04x}"));
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_an_element_or_an_attribute() {
        assert_eq!(
            text("</td><script>\"x'&amp;\u{202e}\u{1b}ä"),
            "&lt;/td&gt;&lt;script&gt;&quot;x&#39;&amp;amp;\\u{202e}\\u{1b}ä"
        );
    }

    #[test]
    fn json_cannot_end_its_script_and_reads_back() {
        let value = serde_json::json!({"a</script><!--": "\u{2028}\u{2029}<>&\u{202e}\u{7f}\u{feff}𝄞ä"});
        let safe = json(&value.to_string());
        assert!(!safe.contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\u{202e}', '\u{7f}']));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }
}
