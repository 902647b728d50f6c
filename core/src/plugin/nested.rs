//! Plugins inside the options of plugins: an input, or a map of plugins.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::plugin::Problem;
use crate::plugin::registry;
use crate::task::step::BoundStep;

/// An input inside options: a map with one key, which is a plugin that produces entries or a list.
#[derive(Clone)]
pub struct AnyInput {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub steps: Vec<BoundStep>,
}

/// Plugins inside options: a map of plugins with their options, as in a task.
#[derive(Clone)]
pub struct AnyPlugins {
    /// What they do, in the order in which a task would do it.
    pub steps: Vec<BoundStep>,
}

fn bind<E: serde::de::Error>(name: &str, options: &serde_yaml::Value) -> Result<(&'static str, Vec<BoundStep>), E> {
    let registration = registry::find(name).ok_or_else(|| E::custom(format!("`{name}` is not a plugin")))?;
    if *options == serde_yaml::Value::Bool(false) {
        return Ok((registration.name, Vec::new()));
    }
    let steps = registration
        .bind(&|| options.clone())
        .map_err(|problems| E::custom(problems.first().map(Problem::to_text).unwrap_or_default()))?;
    Ok((registration.name, steps))
}

impl<'de> Deserialize<'de> for AnyInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = serde_yaml::Mapping::deserialize(deserializer)?;
        match map.iter().next() {
            Some((serde_yaml::Value::String(name), options)) if map.len() == 1 => {
                let (name, steps) = bind(name, options)?;
                Ok(Self { name, steps })
            }
            _ => Err(D::Error::custom("expected one input")),
        }
    }
}

impl<'de> Deserialize<'de> for AnyPlugins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = serde_yaml::Mapping::deserialize(deserializer)?;
        let mut steps = Vec::new();
        for (name, options) in &map {
            let name = name.as_str().ok_or_else(|| D::Error::custom("expected the name of a plugin"))?;
            steps.extend(bind(name, options)?.1);
        }
        crate::task::step::order(&mut steps);
        Ok(Self { steps })
    }
}

impl JsonSchema for AnyInput {
    fn schema_name() -> Cow<'static, str> {
        "input".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::new_ref("#/$defs/input".into())
    }
}

impl JsonSchema for AnyPlugins {
    fn schema_name() -> Cow<'static, str> {
        "plugins".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        Schema::new_ref("#/$defs/plugins".into())
    }
}
