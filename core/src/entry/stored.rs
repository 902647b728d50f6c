//! The stored form of an entry: its fields as JSON.

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

use serde::de::{self, Deserializer as _, MapAccess};
use serde::{Deserialize, Serialize, Serializer};

use crate::entry::{Entry, Name, shared};
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
        Self::of_stored(json.deserialize_map(StoredFields).ok()?)
    }

    /// Reads the text of what [`Entry::to_stored`] wrote.
    pub fn from_stored_text(json: &str) -> Option<Self> {
        Self::of_stored(serde_json::Deserializer::from_str(json).deserialize_map(StoredFields).ok()?)
    }

    fn of_stored(mut fields: Vec<(Name, Value)>) -> Option<Self> {
        for names in FIRST {
            let [field, original] = names.map(|name| fields.iter().find(|(known, _)| known == name));
            let value = field.map(|(_, value)| value.clone()).filter(|value| value.as_str().is_some())?;
            if original.is_none() {
                fields.push((Cow::Borrowed(names[1]), value));
            }
        }
        Some(Self { fields: Rc::new(fields), ..Self::default() })
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

/// The name of a field, read without a copy of its own.
struct StoredName(Name);

impl<'de> Deserialize<'de> for StoredName {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = StoredName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<StoredName, E> {
                Ok(StoredName(shared(name)))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Reads the fields of a stored entry.
struct StoredFields;

impl<'de> de::Visitor<'de> for StoredFields {
    type Value = Vec<(Name, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fields of an entry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // As many as an entry of a list has.
        let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(12));
        while let Some(StoredName(name)) = map.next_key()? {
            let value = map.next_value()?;
            match fields.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => *known = value,
                None => fields.push((name, value)),
            }
        }
        // Lists hold many entries.
        fields.shrink_to_fit();
        Ok(fields)
    }
}

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
