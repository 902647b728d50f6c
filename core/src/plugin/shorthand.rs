//! Options that have a short form, such as `digest: NAME` for `digest: { list: NAME }`.

use std::borrow::Cow;
use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::document::Node;
use crate::document::read::{fail, read};

/// Options that can be written in a short form.
///
/// ```
/// use flexget_core::plugin::shorthand::{Shorthand, WithShorthand};
/// use flexget_core::prelude::*;
/// use flexget_core::testing;
///
/// /// Marks entries.
/// ///
/// /// ```yaml
/// /// mark: red
/// /// ```
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(transparent)]
/// struct Mark(WithShorthand<MarkOptions>);
///
/// /// The options.
/// #[derive(Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct MarkOptions {
///     /// The color.
///     color: String,
/// }
///
/// impl Shorthand for MarkOptions {
///     type Short = String;
///     const SHORT: &'static str = "The color.";
///
///     fn from_short(color: String) -> Self {
///         Self { color }
///     }
/// }
///
/// submit! { plugin::<Mark>() }
///
/// impl Plugin for Mark {
///     const NAME: &'static str = "mark";
///
///     fn steps(&self) -> Vec<Step<Self>> {
///         vec![Step::at(Phase::Modify, Self::mark)]
///     }
/// }
///
/// impl Mark {
///     async fn mark(&self, task: &mut Task) -> Result<()> {
///         task.live_entries().for_each(|entry| entry.set("mark", self.0.color.as_str()));
///         Ok(())
///     }
/// }
///
/// assert!(testing::run("mark: red", &testing::context()).is_ok());
/// assert!(testing::run("mark: { color: red }", &testing::context()).is_ok());
/// ```
pub trait Shorthand: DeserializeOwned + JsonSchema {
    /// The short form, which is no mapping.
    type Short: DeserializeOwned + JsonSchema;
    /// Description of the short form.
    const SHORT: &'static str;
    /// Description of the mapping.
    const OPTIONS: &'static str = "Options.";

    /// Returns the options that a short form stands for.
    fn from_short(short: Self::Short) -> Self;
}

/// Options, written in the short form or as a mapping.
#[derive(Debug, Clone, Default)]
pub struct WithShorthand<O>(O);

impl<O> Deref for WithShorthand<O> {
    type Target = O;

    fn deref(&self) -> &O {
        &self.0
    }
}

impl<'de, O: Shorthand> Deserialize<'de> for WithShorthand<O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Node::deserialize(deserializer)?;
        let options = match written.as_mapping() {
            Some(_) => read(&written),
            None => read(&written).map(O::from_short),
        };
        options.map(Self).map_err(fail)
    }
}

impl<O: Shorthand> JsonSchema for WithShorthand<O> {
    fn schema_name() -> Cow<'static, str> {
        format!("short_or_{}", O::schema_name()).into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut short = generator.subschema_for::<O::Short>();
        short.insert("description".to_owned(), O::SHORT.into());
        let mut options = O::json_schema(generator);
        options.insert("description".to_owned(), O::OPTIONS.into());
        json_schema!({ "anyOf": [short, options] })
    }
}
