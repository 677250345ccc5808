//! JSON whose objects have any keys: members in file order with doubled keys kept, numbers as they are written, and the line
//! of each value.
//!
//! Nothing becomes a tree: a value is a part of the text, and its members are looked up where they are needed.

use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{Cursor, MAX_OBJECTS};
use crate::table::Fault;

/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 64;

/// A whole JSON text.
#[derive(Debug)]
pub struct Document<'t> {
    text: &'t str,
    /// Where each line starts after the first.
    starts: Vec<usize>,
}

impl<'t> Document<'t> {
    /// Checks the whole text.
    ///
    /// # Errors
    /// Not JSON, nested deeper than [`MAX_DEPTH`], or more than [`MAX_OBJECTS`] objects, located.
    pub fn new(text: &'t str) -> Result<Self, Fault> {
        let document = Self { text, starts: sane(text)? };
        serde_json::from_str::<&RawValue>(text).map_err(|error| Cursor::new(text).fault_of(&error))?;
        Ok(document)
    }

    /// The outermost value.
    pub fn root(&self) -> Value<'t> {
        Value(self.text.trim_ascii())
    }

    /// The line on which a value of this text starts, from 1.
    pub fn line(&self, value: Value<'_>) -> u64 {
        let offset = (value.0.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.starts.partition_point(|start| *start <= offset) as u64 + 1
    }
}

/// Where lines start, if the text is neither too deep nor too large.
fn sane(text: &str) -> Result<Vec<usize>, Fault> {
    let (mut starts, mut depth, mut objects) = (Vec::new(), 0_usize, 0_usize);
    let (mut quoted, mut escaped) = (false, false);
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'\n' => starts.push(offset + 1),
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => {
                depth += 1;
                objects += usize::from(byte == b'{');
                let what = match (depth, objects) {
                    (depth, _) if depth > MAX_DEPTH => format!("is nested deeper than {MAX_DEPTH} levels"),
                    (_, objects) if objects > MAX_OBJECTS => {
                        format!("has more than {MAX_OBJECTS} JSON objects")
                    }
                    _ => continue,
                };
                return Err(Fault { line: starts.len() as u64 + 1, column: 0, what });
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(starts)
}

/// A part of a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'t>(&'t str);

impl<'t> Value<'t> {
    /// The members of an object in file order; keys may be doubled. `None` where it is none.
    pub fn members(self) -> Option<Vec<(String, Value<'t>)>> {
        let mut input = serde_json::Deserializer::from_str(self.0);
        MembersSeed.deserialize(&mut input).ok()
    }

    /// The elements of an array; `None` where it is none.
    pub fn elements(self) -> Option<Vec<Value<'t>>> {
        let raw: Vec<&RawValue> = self.0.starts_with('[').then(|| serde_json::from_str(self.0).ok())??;
        Some(raw.into_iter().map(|raw| Value(raw.get())).collect())
    }

    /// The text of a string; `None` where it is none.
    pub fn text(self) -> Option<String> {
        self.0.starts_with('"').then(|| serde_json::from_str(self.0).ok())?
    }

    /// A number as it is written; `None` where it is none.
    pub fn number(self) -> Option<&'t str> {
        self.0.starts_with(|first: char| first == '-' || first.is_ascii_digit()).then_some(self.0)
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.0 == "null"
    }

    /// What it is, for errors.
    pub fn kind(self) -> &'static str {
        match self.0.as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a text",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            _ => "a number",
        }
    }
}

struct MembersSeed;

impl<'de> DeserializeSeed<'de> for MembersSeed {
    type Value = Vec<(String, Value<'de>)>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MembersSeed {
    type Value = Vec<(String, Value<'de>)>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let raw: &'de RawValue = map.next_value_seed(Borrowed)?;
            members.push((key, Value(raw.get())));
        }
        Ok(members)
    }
}

struct Borrowed;

impl<'de> DeserializeSeed<'de> for Borrowed {
    type Value = &'de RawValue;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        Deserialize::deserialize(input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn members_keep_their_order_their_doubles_and_the_text_of_numbers() {
        let text = "{\"b\": 1e-06,\n \"a\": [2.50, \"x\\n\"],\n\n \"b\": {\"c\": null}}";
        let document = Document::new(text).unwrap();
        let members = document.root().members().unwrap();
        let keys: Vec<&str> = members.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["b", "a", "b"]);
        assert_eq!(members[0].1.number(), Some("1e-06"));
        let elements = members[1].1.elements().unwrap();
        assert_eq!((elements[0].number(), elements[1].text()), (Some("2.50"), Some("x\n".into())));
        let lines: Vec<u64> = members.iter().map(|(_, value)| document.line(*value)).collect();
        assert_eq!(lines, [1, 2, 4]);
        assert!(members[2].1.members().unwrap()[0].1.is_null());
        assert_eq!(
            (members[0].1.members(), members[2].1.text(), members[1].1.kind()),
            (None, None, "an array")
        );
    }

    #[test]
    fn broken_and_hostile_texts_are_faults_with_their_line() {
        for (text, shown) in [
            ("{\n\"a\": NaN}", "2:6: is not JSON: expected value"),
            ("{\"a\": 1} x", "1:10: is not JSON: trailing characters"),
            ("{\"a\"", "1:4: is not JSON: EOF while parsing an object"),
            ("{\"a\": 1,}", "1:9: is not JSON: key must be a string"),
        ] {
            let fault = Document::new(text).unwrap_err().to_string();
            assert!(fault.starts_with(shown), "{text:?}: {fault}");
        }
        assert_eq!(
            Document::new(&"[".repeat(100_000)).unwrap_err().to_string(),
            "1: is nested deeper than 64 levels"
        );
        let many = format!("[{}{{}}]", "{},".repeat(MAX_OBJECTS));
        assert_eq!(Document::new(&many).unwrap_err().to_string(), "1: has more than 200000 JSON objects");
        assert!(Document::new(&format!("[\"{}\"]", "[".repeat(1000))).is_ok(), "brackets in a text are text");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_panic(text in "[\\[\\]{}\",:n1 \n\\\\u]{0,40}") {
            if let Ok(document) = Document::new(&text) {
                let root = document.root();
                let _ = (root.members(), root.elements(), root.text(), root.number(), document.line(root));
            }
        }
    }
}
