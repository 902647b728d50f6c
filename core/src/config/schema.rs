//! The JSON Schema of the config, composed from all registered schemas, and the check against it.
//!
//! Editors get the same rules, see [`editor::config`]. A schema may carry its own messages: the
//! keyword `error_anyOf` beside `anyOf` is what the user is told when it fails, and so for every
//! keyword.

pub mod editor;
mod explain;

use std::cell::LazyCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::config::schedule;
use crate::document::diagnostic::Diagnostic;
use crate::expression::{Expression, Template};
use crate::pattern::Pattern;
use crate::plugin::manual::first_paragraph;
use crate::plugin::options::{forbid_null, forbid_unknown_keys, settings};
use crate::plugin::registry;

pub(super) use explain::ACCOUNT;
pub use explain::{Finding, Missing};

/// Selection of the plugins that a schema covers: all, or those that a config names.
///
/// A smaller schema is composed and compiled faster, so that a small config starts in milliseconds.
#[derive(Debug, Clone, Copy)]
pub enum Only<'a> {
    /// All that are registered.
    Everything,
    /// These, with the names of the others still being known as names.
    These(&'a BTreeSet<&'static str>),
    /// These; the others are not even known as names.
    Alone(&'a BTreeSet<&'static str>),
}

/// Returns the schema of a config.
pub fn config(only: Only<'_>) -> Value {
    let mut generator = settings().into_generator();
    let mut definitions = Map::new();
    let mut task = language();
    let mut lists = Map::new();
    let mut inputs = Map::new();
    let mut plugins = Map::new();
    for (&name, registration) in registry::all() {
        let (in_task, nested) = match only {
            Only::Alone(names) if !names.contains(name) => continue,
            Only::These(names) if !names.contains(name) => (json!({}), json!({})),
            _ => {
                let schema = (registration.schema)(&mut generator).to_value();
                let nested = json!({ "$ref": format!("#/$defs/{}", definition(name)) });
                let switch = if is_toggle(&schema) { json!({ "type": "boolean" }) } else { json!({ "const": false }) };
                let mut in_task = Map::from_iter([("anyOf".to_owned(), Value::Array(vec![switch, nested.clone()]))]);
                if let Some(Value::String(description)) = schema.get("description") {
                    in_task.insert("description".into(), first_paragraph(description).into());
                }
                definitions.insert(definition(name), schema);
                (in_task.into(), nested)
            }
        };
        task.insert(name.into(), in_task.clone());
        plugins.insert(name.into(), in_task);
        if registration.is_list() {
            lists.insert(name.into(), nested.clone());
        }
        if registration.input {
            inputs.insert(name.into(), nested);
        }
    }
    definitions.extend(generator.take_definitions(false));
    definitions
        .insert("task".into(), object_of_plugins("a task: the plugins that it is made of, with their options", task));
    definitions.insert("plugins".into(), object_of_plugins("plugins with their options", plugins));
    definitions.insert("list".into(), one_of("a list", lists));
    definitions.insert("input".into(), one_of("an input", inputs));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "flexget-rs config",
        "type": "object",
        "required": ["tasks"],
        "error_required": "a config needs `tasks`",
        "additionalProperties": false,
        "properties": root_keys(),
        "x-renamed": {
            "presets": "`presets` are called `templates` now",
            "feeds": "`feeds` are called `tasks` now",
        },
        "$defs": {},
    });
    schema["$defs"] = definitions.into();
    if let Some(root) = schema.as_object_mut() {
        forbid_null(root);
        forbid_unknown_keys(root);
    }
    schema
}

/// Returns the plugin whose options are a list of inputs.
pub(super) fn plugin_of_inputs() -> Option<String> {
    let schema = config(Only::Everything);
    let is_list = |definition: &Value| definition.pointer("/items/$ref").is_some_and(|items| items == "#/$defs/input");
    let mut plugins = schema["$defs"].as_object()?.iter().filter(|(_, definition)| is_list(definition));
    plugins.find_map(|(name, _)| name.strip_prefix("plugin.").map(str::to_owned))
}

/// Returns the schema of one plugin with everything that it refers to.
pub fn plugin(name: &str) -> Option<Value> {
    let registration = registry::find(name)?;
    let mut generator = settings().into_generator();
    let mut schema = (registration.schema)(&mut generator).to_value();
    let mut reached = Map::new();
    let own: Map<String, Value> = generator.take_definitions(false).into_iter().collect();
    // Composing it takes long, and few plugins need it.
    let whole = LazyCell::new(|| config(Only::Everything));
    let mut open: Vec<String> = references(&schema);
    while let Some(name) = open.pop() {
        if reached.contains_key(&name) {
            continue;
        }
        // What is nested may be any plugin; an editor takes that from the schema of the whole
        // config.
        let definition = match name.as_str() {
            "list" | "input" | "plugins" => json!({ "type": "object" }),
            _ => own
                .get(&name)
                .or_else(|| whole.pointer(&format!("/$defs/{name}")))
                .cloned()
                .unwrap_or_else(|| json!({})),
        };
        open.extend(references(&definition));
        reached.insert(name, definition);
    }
    let object = schema.as_object_mut()?;
    object.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    if !reached.is_empty() {
        object.insert("$defs".into(), reached.into());
    }
    forbid_null(object);
    forbid_unknown_keys(object);
    Some(schema)
}

/// Returns a config checked against the schema of the plugins that it names: all errors at once.
pub fn check(config: &Value, names: &BTreeSet<&'static str>) -> Vec<Finding> {
    let schema = self::config(Only::Alone(names));
    match validator(&schema) {
        Ok(validator) => {
            let mut errors = validator.iter_errors(config).peekable();
            if errors.peek().is_none() {
                return Vec::new();
            }
            // Only who has made a mistake is told of the others' names.
            explain::findings(&self::config(Only::These(names)), config, errors)
        }
        // A schema that does not compile is an error of a plugin, which the house tests find; it
        // must not pass for a good config.
        Err(error) => vec![Finding::Invalid(Diagnostic::key(
            crate::document::diagnostic::Path::root(),
            format!("the schema of this program is not valid: {error}"),
        ))],
    }
}

/// URN of the schema in the validator's registry.
const NAME: &str = "urn:flexget-rs:config";

/// Returns the schema, compiled.
///
/// Before a schema is compiled it is checked against the meta-schema, and to prepare that of
/// 2020-12 takes longer than everything else that a small config needs. The tests check our schema
/// against it; here only the one reference to ours is checked, against an older and smaller
/// meta-schema.
fn validator(schema: &Value) -> Result<jsonschema::Validator, Box<dyn std::error::Error>> {
    let registry = jsonschema::Registry::new().add(NAME, schema)?.prepare()?;
    let validator = jsonschema::options()
        .with_draft(jsonschema::Draft::Draft4)
        .with_registry(&registry)
        .with_format("interval", is_interval)
        .with_format("percent", is_percent)
        .with_format("regex", is_regex)
        .with_format("expression", is_expression)
        .with_format("template", is_template)
        .should_validate_formats(true)
        .build(&json!({ "$ref": NAME }))?;
    Ok(validator)
}

/// Returns whether text is an interval as FlexGet writes them: `5 days`.
pub fn is_interval(text: &str) -> bool {
    let Some((number, unit)) = text.split_once(' ') else { return false };
    let unit = unit.strip_suffix('s').unwrap_or(unit);
    number.parse::<u32>().is_ok() && matches!(unit, "second" | "minute" | "hour" | "day" | "week")
}

/// Returns whether text is a percentage: `25%`.
fn is_percent(text: &str) -> bool {
    text.strip_suffix('%').is_some_and(|number| number.trim().parse::<f64>().is_ok_and(|number| number >= 0.0))
}

/// Returns whether text is a regular expression.
fn is_regex(text: &str) -> bool {
    Pattern::new(text).is_ok()
}

/// Returns whether text is an expression.
fn is_expression(text: &str) -> bool {
    Expression::compile(text).is_ok()
}

/// Returns whether text is a template.
fn is_template(text: &str) -> bool {
    Template::compile(text).is_ok()
}

fn definition(name: &str) -> String {
    format!("plugin.{name}")
}

/// Returns whether a plugin can be used without options, so that `name: yes` is enough.
fn is_toggle(schema: &Value) -> bool {
    let empty = |key: &str| schema.get(key).is_none_or(|value| value.as_array().is_some_and(Vec::is_empty));
    let is_object = |schema: &Value| schema.get("type").is_some_and(|kind| kind == "object");
    let free = |schema: &Value| {
        is_object(schema)
            && schema.get("minProperties").is_none()
            && schema.get("required").is_none_or(|r| r.as_array().is_some_and(Vec::is_empty))
    };
    (free(schema) && empty("anyOf") && empty("oneOf") && empty("allOf"))
        || ["anyOf", "oneOf"]
            .iter()
            .any(|key| schema.get(key).and_then(Value::as_array).is_some_and(|branches| branches.iter().any(free)))
}

fn object_of_plugins(description: &str, properties: Map<String, Value>) -> Value {
    let mut schema = json!({
        "description": description,
        "type": "object",
        "properties": {},
        "patternProperties": { "^_": {} },
        "additionalProperties": false,
        (explain::PLUGINS): true,
    });
    // `json!` would copy them.
    schema["properties"] = properties.into();
    schema
}

fn one_of(description: &str, properties: Map<String, Value>) -> Value {
    let mut schema = json!({
        "description": description,
        "type": "object",
        "properties": {},
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": false,
        (explain::PLUGINS): true,
    });
    schema["properties"] = properties.into();
    schema
}

/// Returns the keys of a task that are no plugins but belong to the language.
fn language() -> Map<String, Value> {
    let names = |description: &str| {
        json!({
            "description": description,
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
        })
    };
    let mut keys = Map::new();
    let mut add = |name: &str, schema: Value| keys.insert(name.to_owned(), schema);
    add(
        "template",
        json!({
            "description": "Templates that the task takes settings from; `no` leaves out the template `global`, too.",
            "anyOf": [{ "type": "string" }, { "type": "boolean" }, { "type": "array", "items": { "type": "string" } }],
        }),
    );
    add("include", names("Files with settings that the task takes over, relative to the folder of the config."));
    add("disable", names("Plugins that are not to run in this task; `builtins` means all that run by themselves."));
    add(
        "priority",
        json!({
            "description": "When the task runs: lower numbers first, 65535 where none is given.",
            "type": "integer",
        }),
    );
    add("manual", json!({ "description": "The task runs only when it is named with `--tasks`.", "type": "boolean" }));
    add(
        "plugin_priority",
        json!({
            "description": "The priority of plugins within their phases in this task; higher runs first.",
            "type": "object",
            "additionalProperties": { "type": "integer" },
        }),
    );
    keys
}

/// FlexGet's root keys that have no effect here, each with the replacement.
pub(crate) const INERT: [(&str, &str); 5] = [
    ("web_server", "there is no web interface"),
    ("webui", "there is no web interface"),
    ("api", "there is no web API"),
    ("irc", "there is no announcement listener"),
    ("log_filter", "`--quiet` shows less, `FLEXGET_LOG` chooses what is logged"),
];

/// Returns the keys of a task that belong to the language and not to a plugin.
pub fn language_keys() -> Vec<String> {
    language().keys().cloned().collect()
}

fn root_keys() -> Value {
    let tasks = |description: &str| {
        json!({
            "description": description,
            "type": "object",
            "additionalProperties": { "$ref": "#/$defs/task" },
            "patternProperties": { "^_": {} },
        })
    };
    let mut keys = json!({
        "tasks": {
            "description": "The tasks, by name. A task whose name begins with `_` does not run.",
            "type": "object",
            "additionalProperties": { "$ref": "#/$defs/task" },
        },
        "templates": tasks("Settings that tasks can share, by name; `global` is taken by every task."),
        "variables": {
            "description": "Values for `{? name ?}`: a mapping, or a file with one, relative to the folder of \
                the config.",
            "anyOf": [{ "type": "object" }, { "type": "string" }, { "type": "boolean" }],
        },
        "secrets": {
            "description": "The older name of `variables`.",
            "anyOf": [{ "type": "object" }, { "type": "string" }, { "type": "boolean" }],
        },
    });
    keys["schedules"] = schedule::schema();
    for (name, _) in INERT {
        keys[name] = json!({ "description": format!("`{name}` of FlexGet; this program does not act on it.") });
    }
    keys
}

fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(object) => object
            .iter()
            .flat_map(|(key, value)| match value {
                Value::String(target) if key == "$ref" => {
                    target.strip_prefix("#/$defs/").map(str::to_owned).into_iter().collect()
                }
                other => references(other),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}
