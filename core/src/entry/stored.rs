//! The stored form of an entry: its fields as JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserializer as _, MapAccess};
use serde::{Deserialize, Serialize, Serializer};

use crate::entry::Entry;
use crate::entry::field_map::FieldMapBuilder;
use crate::value::{self, Value};

impl Entry {
    /// Returns the fields as JSON for [`Entry::from_stored`], without names that begin with `_`.
    pub fn to_stored(&self) -> serde_json::Value {
        serde_json::to_value(ToStore { entry: self, but: &[] }).unwrap_or_default()
    }

    /// Returns the text of what [`Entry::to_stored`] gives, without some fields.
    pub fn to_stored_text(&self, but: &[&str]) -> String {
        serde_json::to_string(&ToStore { entry: self, but }).unwrap_or_default()
    }

    /// Reads what [`Entry::to_stored`] wrote.
    pub fn from_stored(json: &serde_json::Value) -> Option<Self> {
        json.deserialize_map(StoredFields).ok()?
    }

    /// Reads the text of what [`Entry::to_stored`] wrote.
    pub fn from_stored_text(json: &str) -> Option<Self> {
        serde_json::Deserializer::from_str(json).deserialize_map(StoredFields).ok()?
    }
}

/// The fields whose first values are kept, and under which names.
const FIRST: [[&str; 2]; 2] = [["title", "original_title"], ["url", "original_url"]];

/// An entry that is written as [`Entry::to_stored`] has it.
struct ToStore<'a> {
    entry: &'a Entry,
    but: &'a [&'a str],
}

impl Serialize for ToStore<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { entry, but } = self;
        // What is still as it was first is not written twice.
        let is_said = |name: &str, value: &Value| {
            FIRST.iter().any(|[field, first]| *first == name && entry.peek(field) == Some(value))
        };
        let is_kept =
            |name: &str, value: &Value| !name.starts_with('_') && !but.contains(&name) && !is_said(name, value);
        let kept = entry.fields().filter(|(name, value)| is_kept(name, value));
        serializer.collect_map(kept.map(|(name, value)| (name, value::ToStore(value))))
    }
}

/// Reads a stored entry; `None` if it has no title or no URL.
struct StoredFields;

impl<'de> de::Visitor<'de> for StoredFields {
    type Value = Option<Entry>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of an entry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // As many as an entry of a list has.
        let mut fields = FieldMapBuilder::with_capacity(map.size_hint().unwrap_or(12));
        while let Some(StoredName(name)) = map.next_key()? {
            fields.set(&name, map.next_value()?);
        }
        for [name, original] in FIRST {
            if fields.get(name).and_then(Value::as_str).is_none() {
                return Ok(None);
            }
            fields.add_same(original, name);
        }
        Ok(Some(Entry::of(fields.build())))
    }
}

/// The name of a field, which is not copied.
#[derive(Deserialize)]
struct StoredName<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_fields_come_back_with_their_originals() {
        let mut entry = Entry::new("A", "mock://a")
            .with("released", Value::Date("2020-01-02".parse().unwrap()))
            .with("_hidden", 1i64);
        entry.set("title", "B");
        let back = Entry::from_stored(&entry.to_stored()).unwrap();
        assert_eq!(back.title(), "B");
        assert_eq!(back.text("original_title"), Some("A"));
        assert_eq!(back.peek("released"), entry.peek("released"));
        assert_eq!(back.peek("_hidden"), None);
    }
}
