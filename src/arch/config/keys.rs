//! The keys of a config.json, each read with a sentence for what may be wrong with it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::super::read::{MAX_LAYERS, MAX_SIZE};
use crate::table::Fault;
use crate::text;

/// A JSON value as far as configs need it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Flag(bool),
    Whole(u64),
    /// Negative or with a fraction.
    Number(f64),
    Text(String),
    List(Vec<Value>),
    Object(Members),
}

/// The members of an object; a key that is there twice is a fault.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members(BTreeMap<String, Value>);

/// An object of a config and the path of keys to it.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'c> {
    members: &'c Members,
    path: &'static str,
}

/// A fault of the whole file.
pub fn fault(what: String) -> Fault {
    Fault { line: 0, column: 0, what }
}

impl<'c> Keys<'c> {
    pub fn new(members: &'c Members) -> Self {
        Self { members, path: "" }
    }

    /// The object at a key, if there is one.
    pub fn inner(self, key: &'static str) -> Result<Option<Self>, Fault> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Self { members, path: key })),
            Some(_) => Err(self.fault(key, "is not an object")),
        }
    }

    /// Every key, sorted.
    pub fn names(self) -> impl Iterator<Item = &'c str> {
        self.members.0.keys().map(String::as_str)
    }

    /// The value of a key that is there and is not null.
    pub fn value(self, key: &str) -> Option<&'c Value> {
        self.members.0.get(key).filter(|value| **value != Value::Null)
    }

    pub fn fault(self, key: &str, what: impl fmt::Display) -> Fault {
        let dot = if self.path.is_empty() { "" } else { "." };
        fault(format!("{}{dot}{key} {what}", self.path))
    }

    /// A size under the first of its names that is there.
    pub fn size(self, names: &[&str]) -> Result<u64, Fault> {
        self.optional_size(names)?.ok_or_else(|| self.missing(names))
    }

    pub fn missing(self, names: &[&str]) -> Fault {
        self.fault(names.first().unwrap_or(&""), "is missing")
    }

    pub fn optional_size(self, names: &[&str]) -> Result<Option<u64>, Fault> {
        match self.optional_count(names)? {
            Some((key, 0)) => Err(self.fault(key, "is 0")),
            found => Ok(found.map(|(_, size)| size)),
        }
    }

    /// A number that may be 0; 0 where it is missing.
    pub fn count(self, name: &str) -> Result<u64, Fault> {
        Ok(self.optional_count(&[name])?.map_or(0, |(_, count)| count))
    }

    fn optional_count<'n>(self, names: &[&'n str]) -> Result<Option<(&'n str, u64)>, Fault> {
        let Some((key, value)) = names.iter().find_map(|key| Some((*key, self.value(key)?))) else {
            return Ok(None);
        };
        match value {
            Value::Whole(size) if *size <= MAX_SIZE => Ok(Some((key, *size))),
            Value::Whole(size) => Err(self.fault(key, format_args!("is {size}, more than {MAX_SIZE}"))),
            other => Err(self.fault(key, format_args!("is {other}, not a whole number"))),
        }
    }

    /// The number of layers.
    pub fn layers(self, names: &[&str]) -> Result<u64, Fault> {
        match self.size(names)? {
            layers if layers > MAX_LAYERS => {
                let key = names.iter().find(|key| self.value(key).is_some()).unwrap_or(&"");
                Err(self.fault(key, format_args!("is {layers}, more than {MAX_LAYERS}")))
            }
            layers => Ok(layers),
        }
    }

    pub fn flag(self, key: &str) -> Result<Option<bool>, Fault> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Flag(flag)) => Ok(Some(*flag)),
            Some(other) => Err(self.fault(key, format_args!("is {other}, not true or false"))),
        }
    }

    pub fn text(self, key: &str) -> Result<Option<&'c str>, Fault> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => Err(self.fault(key, format_args!("is {other}, not a text"))),
        }
    }

    pub fn list(self, key: &str) -> Result<Option<&'c [Value]>, Fault> {
        match self.value(key) {
            None => Ok(None),
            Some(Value::List(list)) => Ok(Some(list)),
            Some(other) => Err(self.fault(key, format_args!("is {other}, not a list"))),
        }
    }

    /// Refuses a key whose value says that a block is other than what is modelled here.
    pub fn refuse(self, key: &str, harmless: impl Fn(&Value) -> bool, why: &str) -> Result<(), Fault> {
        match self.value(key) {
            Some(value) if !harmless(value) => Err(self.fault(key, format_args!("is {value}: {why}"))),
            _ => Ok(()),
        }
    }
}

/// Short and inert, for messages.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Flag(flag) => write!(out, "{flag}"),
            Self::Whole(number) => write!(out, "{number}"),
            Self::Number(number) => write!(out, "{number}"),
            Self::Text(text) => {
                let short: String = text.chars().take(40).collect();
                write!(out, "\"{}\"", text::inert(&short))
            }
            Self::List(list) => write!(out, "a list of {}", list.len()),
            Self::Object(_) => out.write_str("an object"),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Object(members) => Ok(members),
            other => Err(D::Error::custom(format_args!("expected an object, not {other}"))),
        }
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Flag(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Whole(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, Value>()? {
            if members.contains_key(&key) {
                let short: String = key.chars().take(40).collect();
                return Err(A::Error::custom(format_args!("key \"{}\" is there twice", text::inert(&short))));
            }
            members.insert(key, value);
        }
        Ok(Value::Object(Members(members)))
    }
}
