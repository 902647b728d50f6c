//! The fields that plugins declare, so that `check` can tell which ones a task has.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// The fields that every entry has, or that expressions know without it.
pub const COMMON_FIELDS: [&str; 11] = [
    "title",
    "url",
    "original_title",
    "original_url",
    "accepted_by",
    "rejected_by",
    "failed_by",
    "reason",
    "immortal",
    "task",
    "task_name",
];

/// A field that a plugin can give to entries.
///
/// ```
/// use flexget_core::task::fields::{FieldDomain, KnownField};
///
/// const SEEN: KnownField =
///     KnownField::new("seen_before").domain(FieldDomain::Boolean).needs("account");
/// assert_eq!((SEEN.name, SEEN.needs), ("seen_before", Some("account")));
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct KnownField {
    /// The name.
    pub name: &'static str,
    /// The values that it can have.
    pub domain: FieldDomain,
    /// The option without which the plugin does not give it.
    pub needs: Option<&'static str>,
}

/// The values that a field can have, as far as that is known.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum FieldDomain {
    /// Values of any kind.
    Any,
    /// True and false.
    Boolean,
    /// One of these texts.
    Words(&'static [&'static str]),
    /// Numbers from the first to the second.
    Numbers(i64, i64),
    /// Dates and times.
    Dates,
    /// Lists of texts in lower case, without blanks.
    Lists,
}

impl KnownField {
    /// Creates a field that may have any value.
    pub const fn new(name: &'static str) -> Self {
        Self { name, domain: FieldDomain::Any, needs: None }
    }

    /// Creates fields of these names that may have any value.
    pub fn all(names: &[&'static str]) -> Vec<Self> {
        names.iter().map(|name| Self::new(name)).collect()
    }

    /// Returns the same with the values that it can have.
    #[must_use]
    pub const fn domain(self, domain: FieldDomain) -> Self {
        Self { domain, ..self }
    }

    /// Returns the same, given only by a plugin that has this option.
    #[must_use]
    pub const fn needs(self, option: &'static str) -> Self {
        Self { needs: Some(option), ..self }
    }
}

/// The name of a field, as an option of a plugin that reads it.
///
/// `check` warns of a field that nothing in the task gives.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct FieldName(String);

impl Deref for FieldName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for FieldName {
    fn schema_name() -> Cow<'static, str> {
        "field_name".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "field" })
    }
}
