//! Lists and dictionaries as Python prints them, as JSON.

/// The JSON of what Python prints for lists, dictionaries, texts, numbers, `None`, `True` and `False`. Other notation stays as
/// it is, for the reader of JSON to object to.
pub fn python_as_json(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    let mut word = String::new();
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => match characters.next() {
                Some('\'') => json.push('\''),
                Some(escaped) => json.extend(['\\', escaped]),
                None => json.push('\\'),
            },
            (Some(end), _) if character == end => {
                json.push('"');
                quote = None;
            }
            (Some(_), '"') => json.push_str("\\\""),
            (Some(_), _) => json.push(character),
            (None, _) if character.is_ascii_alphabetic() => word.push(character),
            (None, _) => {
                json.push_str(as_json(&word));
                word.clear();
                quote = ['\'', '"'].contains(&character).then_some(character);
                json.push(if quote.is_some() { '"' } else { character });
            }
        }
    }
    json.push_str(as_json(&word));
    json
}

fn as_json(word: &str) -> &str {
    match word {
        "None" => "null",
        "True" => "true",
        "False" => "false",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_and_words_of_python_become_those_of_json() {
        assert_eq!(
            python_as_json(
                "[{'tier': {'size': 200000}, 'a': None, 'b': \"it's\", 'c': 'say \"x\"', 'd': 1e-06, 'e': True}]"
            ),
            "[{\"tier\": {\"size\": 200000}, \"a\": null, \"b\": \"it's\", \"c\": \"say \\\"x\\\"\", \"d\": 1e-06, \"e\": true}]"
        );
        assert_eq!(python_as_json("'it\\'s'"), "\"it's\"");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_panic(text in ".{0,40}") {
            let _ = python_as_json(&text);
        }
    }
}
