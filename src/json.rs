//! JSON from strangers, with errors that say where.
//!
//! Values go straight into typed structs, never into a tree: a file of 16 MiB stays about as large in memory. What
//! JSON does not allow, such as a bare `NaN`, is a fault, and so is an array in the place of an object.

mod entries;
mod python;

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::table::Fault;
use crate::text;

pub use entries::{Document, Value};
pub use python::python_as_json;

/// The most rows of one file that are read.
pub const MAX_ROWS: usize = 10_000;

/// The most objects of one file, whatever they are inside.
pub const MAX_OBJECTS: usize = 200_000;

/// The most numbers of one [`Numbers`].
pub const MAX_NUMBERS: usize = 100_000;

/// The most keys that [`keys`] answers.
const MAX_KEYS: usize = 256;

/// An object with the line of the file on which it starts.
pub type Located<T> = (u64, T);

/// The objects of a text: the elements of an array, or objects one after the other (JSON Lines, or a single one).
///
/// # Errors
/// The first fault: not JSON, an element that is no such object, more than [`MAX_ROWS`] or [`MAX_OBJECTS`].
pub fn objects<T: DeserializeOwned>(text: &str) -> Result<Vec<Located<T>>, Fault> {
    sane_size(text)?;
    let mut cursor = Cursor::new(text);
    let mut rows = Vec::new();
    if !cursor.skip('[') {
        while !cursor.is_at_end() {
            rows.push(cursor.object(rows.len())?);
        }
        return Ok(rows);
    }
    while !cursor.skip(']') {
        if !rows.is_empty() && !cursor.skip(',') {
            return Err(cursor.fault("is not JSON: expected `,` or `]`"));
        }
        rows.push(cursor.object(rows.len())?);
    }
    if cursor.is_at_end() { Ok(rows) } else { Err(cursor.fault("is not JSON: trailing characters")) }
}

/// The only object of a text.
///
/// # Errors
/// The first fault, as in [`objects`]; none or more than one object.
pub fn object<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    sane_size(text)?;
    let mut cursor = Cursor::new(text);
    let (_, value) = cursor.object(0)?;
    if cursor.is_at_end() { Ok(value) } else { Err(cursor.fault("one JSON object was expected")) }
}

/// The keys of the first object of a text; none of an empty array.
///
/// # Errors
/// The fault of that object.
pub fn keys(text: &str) -> Result<BTreeSet<String>, Fault> {
    let mut cursor = Cursor::new(text);
    if cursor.skip('[') && cursor.skip(']') {
        return Ok(BTreeSet::new());
    }
    cursor.object::<Keys>(0).map(|(_, keys)| keys.0)
}

/// A small object of the file may be a large struct in memory.
fn sane_size(text: &str) -> Result<(), Fault> {
    match text.bytes().filter(|byte| *byte == b'{').count() {
        0..=MAX_OBJECTS => Ok(()),
        _ => Err(Fault { line: 0, column: 0, what: format!("has more than {MAX_OBJECTS} JSON objects") }),
    }
}

/// A place in a text: objects are read one at a time, so that each has its line.
struct Cursor<'t> {
    rest: &'t str,
    line: u64,
    column: usize,
}

impl<'t> Cursor<'t> {
    fn new(text: &'t str) -> Self {
        Self { rest: text, line: 1, column: 1 }
    }

    /// Goes on by so many bytes; never beyond the end.
    fn advance(&mut self, bytes: usize) {
        let (passed, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        for byte in passed.bytes() {
            (self.line, self.column) =
                if byte == b'\n' { (self.line + 1, 1) } else { (self.line, self.column + 1) };
        }
        self.rest = rest;
    }

    fn skip_spaces(&mut self) {
        self.advance(self.rest.len() - self.rest.trim_ascii_start().len());
    }

    fn is_at_end(&mut self) -> bool {
        self.skip_spaces();
        self.rest.is_empty()
    }

    /// Skips a character behind any spaces, if it is the next.
    fn skip(&mut self, character: char) -> bool {
        self.skip_spaces();
        let next = self.rest.starts_with(character);
        self.advance(if next { character.len_utf8() } else { 0 });
        next
    }

    /// The next object; `before` were read already.
    fn object<T: DeserializeOwned>(&mut self, before: usize) -> Result<Located<T>, Fault> {
        self.skip_spaces();
        if before >= MAX_ROWS {
            return Err(self.fault(format!("more than {MAX_ROWS} rows in one file")));
        }
        let line = self.line;
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Object<T>>();
        match values.next() {
            Some(Ok(Object(value))) => {
                let bytes = values.byte_offset();
                self.advance(bytes);
                Ok((line, value))
            }
            Some(Err(error)) => Err(self.fault_of(&error)),
            None => Err(self.fault("is not JSON: it ends where an object was expected")),
        }
    }

    /// A fault here.
    fn fault(&self, what: impl Into<String>) -> Fault {
        Fault { line: self.line, column: self.column, what: what.into() }
    }

    /// A fault of what starts here, at its own place.
    fn fault_of(&self, error: &serde_json::Error) -> Fault {
        let words = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let words = words.strip_suffix(&place).unwrap_or(&words);
        let words: String = text::inert(words).chars().take(160).collect();
        let what = if error.is_data() { words } else { format!("is not JSON: {words}") };
        let first = error.line() <= 1;
        let column = if first { self.column + error.column().saturating_sub(1) } else { error.column() };
        Fault { line: self.line + (error.line() as u64).saturating_sub(1), column, what }
    }
}

/// A struct that only a JSON object makes: serde alone takes an array as well.
#[derive(Clone, Debug, Default)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// The first keys of an object; what they hold is passed over.
struct Keys(BTreeSet<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(KeysVisitor)
    }
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Keys;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
            if keys.len() < MAX_KEYS {
                keys.insert(key);
            }
        }
        Ok(Keys(keys))
    }
}

/// An array of at most [`MAX_NUMBERS`] numbers.
#[derive(Clone, Debug, Default)]
pub struct Numbers(pub Vec<f64>);

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(NumbersVisitor)
    }
}

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = Numbers;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array of numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Numbers, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = seq.next_element()? {
            if numbers.len() == MAX_NUMBERS {
                return Err(A::Error::custom(format_args!("more than {MAX_NUMBERS} numbers")));
            }
            numbers.push(number);
        }
        Ok(Numbers(numbers))
    }
}

/// The text of a label or number, whether it is quoted or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scalar(pub String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a text or a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar(text.trim().to_owned()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        n: Option<u64>,
    }

    fn numbers(text: &str) -> Result<Vec<(u64, Option<u64>)>, String> {
        let rows = objects::<Row>(text).map_err(|fault| fault.to_string())?;
        Ok(rows.into_iter().map(|(line, row)| (line, row.n)).collect())
    }

    #[test]
    fn an_array_lines_and_a_single_object_are_the_same_rows() {
        let rows = Ok(vec![(1, Some(1)), (2, Some(2))]);
        assert_eq!(numbers("[{\"n\": 1},\n {\"n\": 2, \"x\": [[{}]]}]\n"), rows);
        assert_eq!(numbers("{\"n\": 1}\r\n{\"n\": 2}\r\n"), rows);
        assert_eq!(numbers(" {\n\"n\": null}"), Ok(vec![(1, None)]));
        assert_eq!(numbers("[ ]"), Ok(vec![]));
    }

    #[test]
    fn faults_say_where() {
        for (text, place) in [
            ("[{\"n\": 1},\n  {\"n\": NaN}]", "2:9: is not JSON: expected value"),
            ("[{\"n\": 1},\n  {\n\"n\": -1}]", "3:7: invalid value: integer `-1`, expected u64"),
            ("[{\"n\": 1}\n {\"n\": 1}]", "2:2: is not JSON: expected `,` or `]`"),
            ("[{\"n\": 1}] x", "1:12: is not JSON: trailing characters"),
            ("[{\"n\": 1},]", "1:11: is not JSON: expected value"),
            ("[{\"n\": 1}", "1:10: is not JSON: expected `,` or `]`"),
            ("[", "1:2: is not JSON: it ends where an object was expected"),
            ("[[1]]", "1:2: invalid type: sequence, expected a JSON object"),
            ("{\"n\": 1, \"n\": 2}", "1:12: duplicate field `n`"),
            ("{\"n\": \"\u{1b}\"}", "1:8: is not JSON: control character"),
        ] {
            let fault = numbers(text).unwrap_err();
            assert!(fault.starts_with(place), "{text:?}: {fault}");
        }
        assert_eq!(object::<Row>("{} {}").unwrap_err().to_string(), "1:4: one JSON object was expected");
    }

    #[test]
    fn hostile_sizes_are_refused() {
        let many = format!("[{}{{}}]", "{},".repeat(MAX_ROWS));
        assert_eq!(numbers(&many).unwrap_err(), "1:30002: more than 10000 rows in one file");
        let nested = format!("{{\"x\": [{}{{}}]}}", "{},".repeat(MAX_OBJECTS));
        assert_eq!(numbers(&nested).unwrap_err(), "has more than 200000 JSON objects");
        let deep = "[".repeat(100_000);
        assert!(numbers(&deep).is_err() && keys(&deep).is_err());
        let long = format!("[{}1]", "1,".repeat(MAX_NUMBERS));
        assert!(serde_json::from_str::<Numbers>(&long).is_err());
    }

    #[test]
    fn keys_are_those_of_the_first_object() {
        let found: Vec<String> = keys("[{\"b\": {\"c\": 1}, \"a\": []}, 7]").unwrap().into_iter().collect();
        assert_eq!(found, ["a", "b"]);
    }

    proptest! {
        #[test]
        fn no_text_makes_a_panic(text in "[\\[\\]{}\",:n1 \n\\\\u]{0,40}") {
            let _ = (numbers(&text), keys(&text), object::<Row>(&text).is_ok());
        }

        #[test]
        fn what_serde_json_reads_is_read_the_same(values in prop::collection::vec(any::<Option<u64>>(), 0..5)) {
            let rows: Vec<_> = values.iter().map(|n| serde_json::json!({ "n": n })).collect();
            let read = numbers(&serde_json::to_string_pretty(&rows).unwrap()).unwrap();
            prop_assert_eq!(read.into_iter().map(|(_, n)| n).collect::<Vec<_>>(), values);
        }
    }
}
