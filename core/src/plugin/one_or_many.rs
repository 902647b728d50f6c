//! One value, or a list of them.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use crate::document::Node;
use crate::document::read::{fail, read};

/// One `T` or a list of them, as many options of FlexGet are written.
///
/// It is never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct OneOrMany<T>(Vec<T>);

impl<T> OneOrMany<T> {
    /// Creates a value from a single item.
    pub fn one(value: T) -> Self {
        Self(vec![value])
    }
}

impl<T> std::ops::Deref for OneOrMany<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T> IntoIterator for &'a OneOrMany<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Node::deserialize(deserializer)?;
        let items = match written.as_sequence() {
            Some([]) => return Err(D::Error::custom("should be non-empty")),
            Some(_) => read(&written),
            None => read(&written).map(|one| vec![one]),
        };
        items.map(Self).map_err(fail)
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("several_{}", T::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_a_list_of_one() {
        let read = |yaml: &str| serde_yaml::from_str::<OneOrMany<String>>(yaml).map(|several| several.to_vec());
        assert_eq!(read("a").unwrap(), ["a"]);
        assert_eq!(read("[a, b]").unwrap(), ["a", "b"]);
        assert!(read("[]").is_err());
    }
}
