//! Values in a form or at a place that is not theirs: how they are written, and where they belong.

use serde_json::Value;

use crate::config::schema::explain::wording::shown;
use crate::document::diagnostic::{Path, Segment};
use crate::plugin::registry;

/// The keyword of schemas whose properties are plugins.
pub(in crate::config) const PLUGINS: &str = "x-plugins";

/// Definitions of a single plugin.
const LISTS: [&str; 2] = ["#/$defs/list", "#/$defs/input"];

/// The keyword of an option that names an account; its value is the service.
pub(in crate::config) const ACCOUNT: &str = "x-account";

/// Returns a help of a schema with the value that was written, unless that has no place in it.
pub(super) fn filled(help: &str, instance: &Value) -> Option<String> {
    let fits = !help.contains("{value}") || instance.is_string() || instance.is_number();
    fits.then(|| help.replace("{value}", &shown(instance)))
}

/// Returns how the options of the plugin at a place are written, for a value that has another form.
pub(super) fn form_of_plugin(schema: &Value, at: &Path, instance: &Value) -> Option<String> {
    let Some(Segment::Key(plugin)) = at.0.last() else { return None };
    let options = schema["$defs"].get(format!("plugin.{plugin}"))?;
    let help = options.get("help_type").and_then(Value::as_str).and_then(|help| filled(help, instance));
    help.or_else(|| form(schema, options, instance)).or_else(|| {
        let (option, _) =
            options["properties"].as_object()?.iter().find(|(_, option)| option.get(ACCOUNT).is_some())?;
        Some(format!("write `{plugin}: {{ {option}: {} }}`", instance.as_str()?))
    })
}

/// Returns how a value that is no mapping, or no list, is written where this schema wants one.
pub(super) fn form(schema: &Value, place: &Value, instance: &Value) -> Option<String> {
    let is_wanted = |name: &&String| place["required"].as_array().is_some_and(|all| all.iter().any(|one| one == *name));
    if instance.is_array() {
        let mut options = place["properties"].as_object()?.iter();
        let (option, _) = options.find(|(name, option)| option["type"] == "array" && is_wanted(name))?;
        return Some(format!("write it below `{option}:`, indented more"));
    }
    let name = instance.as_str()?;
    let items = place.get("items").and_then(|items| items["$ref"].as_str()).and_then(|target| target.strip_prefix('#'));
    let one = items.map_or(Some(place), |target| schema.pointer(target))?;
    // A single plugin is wanted, not its name.
    if one.get(PLUGINS).is_none() || one.get("maxProperties").is_none() || one["properties"].get(name).is_some() {
        return None;
    }
    let plugins = one["properties"].as_object()?.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let dash = if items.is_some() { "- " } else { "" };
    Some(format!("write `{dash}PLUGIN: {name}` with one of the plugins {plugins}"))
}

/// Returns the option of which a word is a value.
pub(super) fn option_with_word<'s>(place: &'s Value, word: &str) -> Option<&'s str> {
    let has_word = |option: &Value| {
        let branches = ["anyOf", "oneOf"].into_iter().filter_map(|key| option[key].as_array()).flatten();
        std::iter::once(option).chain(branches).any(|form| {
            form["const"] == word || form["enum"].as_array().is_some_and(|words| words.iter().any(|one| one == word))
        })
    };
    let mut options = place.get("properties")?.as_object()?.iter();
    options.find(|(_, option)| has_word(option)).map(|(name, _)| name.as_str())
}

/// Returns the option that takes a list of plugins, if a key is such a plugin.
pub(super) fn option_of_lists<'s>(place: &'s Value, key: &str) -> Option<&'s str> {
    registry::find(key)?;
    let is_list = |option: &Value| option["items"]["$ref"].as_str().is_some_and(|target| LISTS.contains(&target));
    let mut options = place.get("properties")?.as_object()?.iter();
    options.find(|(_, option)| is_list(option)).map(|(name, _)| name.as_str())
}

/// Returns where a key of the root belongs, if it is a plugin or looks like a task.
pub(super) fn place_in_a_task(key: &str, value: &Value) -> Option<String> {
    if registry::find(key).is_some() {
        return Some(format!("`{key}` is a plugin: write it into a task, below `tasks:` and the name of the task"));
    }
    let has_plugins = value.as_object()?.keys().any(|key| registry::find(key).is_some());
    has_plugins.then(|| format!("if `{key}` is a task, write it below `tasks:`, indented more"))
}

/// Returns whether plugins or tasks stand at the root.
pub(super) fn holds_tasks(root: &Value) -> bool {
    root.as_object().is_some_and(|root| root.iter().any(|(key, value)| place_in_a_task(key, value).is_some()))
}

/// Returns the plugin without options beside which one of its rules may stand.
pub(super) fn rules_beside<'i>(schema: &Value, mapping: &'i Value) -> Option<&'i str> {
    let has_rules = |plugin: &str| !schema["$defs"][format!("plugin.{plugin}")]["items"]["propertyNames"].is_null();
    let mut empty = mapping.as_object()?.iter().filter(|(_, options)| options.is_null());
    empty.find(|(plugin, _)| has_rules(plugin)).map(|(plugin, _)| plugin.as_str())
}
