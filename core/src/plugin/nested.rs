//! Plugins inside the options of plugins: an input, or a map of plugins.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::document::diagnostic::{Path, Problem};
use crate::document::read::fail;
use crate::document::{Node, Scalar};
use crate::plugin::registry;
use crate::task::step::BoundStep;

/// An input inside options: a map with one key, which is a plugin that produces entries or a list.
#[derive(Clone)]
#[non_exhaustive]
pub struct AnyInput {
    /// Its name.
    pub name: &'static str,
    /// Steps of the plugin.
    pub steps: Vec<BoundStep>,
}

/// Plugins inside options: a map of plugins with their options, as in a task.
#[derive(Clone)]
#[non_exhaustive]
pub struct AnyPlugins {
    /// Steps of the plugins, in the order in which a task runs them.
    pub steps: Vec<BoundStep>,
}

/// Reads the plugin of this name with these options; the paths of its problems begin with its name.
fn bind(name: &str, options: &Node) -> Result<(&'static str, Vec<BoundStep>), Vec<Problem>> {
    let here = Path::root().key(name);
    let Some(registration) = registry::find(name) else {
        // A task that needs it does not run; one that disables it does without.
        let missing = registry::unsupported(name).and_then(|one| one.names.iter().find(|known| **known == name));
        return match missing {
            Some(name) => Ok((name, Vec::new())),
            None => Err(vec![Problem::at(here, format!("`{name}` is not a plugin"))]),
        };
    };
    if options.as_scalar() == Some(&Scalar::Bool(false)) {
        return Ok((registration.name, Vec::new()));
    }
    let below = |problem: Problem| Problem { path: here.join(&problem.path), ..problem };
    let steps = registration.bind(options).map_err(|found| found.into_iter().map(below).collect::<Vec<_>>())?;
    Ok((registration.name, steps))
}

impl<'de> Deserialize<'de> for AnyInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Node::deserialize(deserializer)?;
        match written.as_mapping().map(|plugins| (plugins.len(), plugins.iter().next())) {
            Some((1, Some((name, options)))) => {
                let (name, steps) = bind(&name.text, options).map_err(fail)?;
                Ok(Self { name, steps })
            }
            _ => Err(D::Error::custom("expected one input")),
        }
    }
}

impl<'de> Deserialize<'de> for AnyPlugins {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Node::deserialize(deserializer)?;
        let plugins = written.as_mapping().ok_or_else(|| D::Error::custom("expected plugins"))?;
        let (mut steps, mut problems) = (Vec::new(), Vec::new());
        for (name, options) in plugins.iter() {
            match bind(&name.text, options) {
                Ok((_, bound)) => steps.extend(bound),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(fail(problems));
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
