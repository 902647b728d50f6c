//! Fields with values or templates, as in the options of `set`.

use flexget_core::entry::deferred::DeferredField;
use flexget_core::expression::Template;
use flexget_core::prelude::*;
use serde::Deserializer;
use serde::de::Error as _;

/// Fields and the values to set them to, in order.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(transparent)]
#[schemars(extend("minProperties" = 1))]
pub struct FieldValues(IndexMap<String, FieldValue>);

/// Any value; text may be a template.
#[derive(JsonSchema)]
#[schemars(with = "serde_json::Value", extend("format" = "template"))]
enum FieldValue {
    /// A value.
    Fixed(Value),
    /// The result of a template.
    Rendered(Template),
}

impl FieldValues {
    /// Returns the names of the fields.
    pub fn names(&self) -> Vec<Name> {
        self.0.keys().map(|name| Name::Owned(name.clone())).collect()
    }

    /// Sets the fields of the entry at `at`.
    pub fn set(&self, task: &mut Task, at: usize, by: &'static str) {
        for (field, content) in &self.0 {
            match content {
                FieldValue::Fixed(value) if matches!(field.as_str(), "title" | "url") && value.as_str().is_none() => {
                    task.entries[at].set(field, value.display());
                }
                FieldValue::Fixed(value) => task.entries[at].set(field, value.clone()),
                FieldValue::Rendered(template) => {
                    task.set_deferred(at, field, DeferredField::new(template.clone(), by))
                }
            }
        }
    }
}

impl<'de> Deserialize<'de> for FieldValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Text(text) if text.contains('{') => {
                Template::compile(&text).map(Self::Rendered).map_err(D::Error::custom)
            }
            value => Ok(Self::Fixed(value)),
        }
    }
}
