//! The schema of configs for editors: the same rules, in the words of a YAML language server.
//!
//! Editors read YAML 1.2, where `yes` is text; they show one problem of an `anyOf`, the last; and
//! they show titles and Markdown. What only the check understands is left out.

use serde_json::{Map, Value, json};

use crate::config::schema::{self, Only};
use crate::plugin::registry;

/// The words that YAML 1.1 reads as true or false, and YAML 1.2 as text.
const SWITCHED_ON: &str = "yes|Yes|YES|on|On|ON";
const SWITCHED_OFF: &str = "no|No|NO|off|Off|OFF";

/// Keys of a schema whose values hold schemas by name, not keywords.
const BY_NAME: [&str; 3] = ["properties", "patternProperties", "$defs"];

/// Keys of a schema whose values are data.
const DATA: [&str; 5] = ["const", "enum", "default", "required", "examples"];

/// Returns the schema of a config for editors.
pub fn config() -> Value {
    let mut schema = translated(schema::config(Only::Everything));
    if let Some(definitions) = schema.get_mut("$defs").and_then(Value::as_object_mut) {
        for (name, definition) in definitions.iter_mut() {
            if let (Some(plugin), Some(definition)) = (name.strip_prefix("plugin."), definition.as_object_mut()) {
                definition.insert("title".into(), plugin.into());
            }
        }
        let task = definitions.get_mut("task").and_then(|task| task.get_mut("properties"));
        if let Some(plugins) = task.and_then(Value::as_object_mut) {
            // The definition that each refers to has the manual: twice would be shown twice.
            for name in registry::all().keys() {
                let wrapper = plugins.get_mut(*name).and_then(Value::as_object_mut);
                if let Some(wrapper) = wrapper.filter(|wrapper| wrapper.contains_key("anyOf")) {
                    wrapper.retain(|key, _| key == "anyOf");
                    // Of forms that fit equally badly, editors tell what is wrong with the first.
                    wrapper.values_mut().filter_map(Value::as_array_mut).for_each(|forms| forms.reverse());
                }
            }
            for (name, unsupported) in registry::all_unsupported() {
                let mut message = format!("`{name}` {}", unsupported.note);
                if let Some(help) = unsupported.help {
                    message.push_str(&format!("; {help}"));
                }
                plugins.entry(name).or_insert_with(|| json!({ "deprecationMessage": message }));
            }
        }
    }
    schema
}

/// Returns a schema in the words of editors.
fn translated(schema: Value) -> Value {
    let Value::Object(schema) = schema else {
        return match schema {
            Value::Array(items) => items.into_iter().map(translated).collect(),
            other => other,
        };
    };
    let mut own: Map<String, Value> = Map::new();
    for (key, value) in schema {
        let for_the_check = ["error_", "help_", "x-"].iter().any(|prefix| key.starts_with(prefix));
        if for_the_check {
            continue;
        }
        let value = match value {
            data if DATA.contains(&key.as_str()) => data,
            Value::Object(named) if BY_NAME.contains(&key.as_str()) => {
                named.into_iter().map(|(name, schema)| (name, translated(schema))).collect::<Map<_, _>>().into()
            }
            other => translated(other),
        };
        own.insert(key, value);
    }
    if let Some(Value::String(description)) = own.get("description") {
        own.insert("markdownDescription".into(), description.clone().into());
    }
    let is_boolean = own.get("type").is_some_and(|kind| kind == "boolean");
    let only = own.get("const").and_then(Value::as_bool);
    if is_boolean || only.is_some() {
        own.remove("type");
        own.remove("const");
        let (value, words) = match only {
            None => (json!({ "type": "boolean" }), format!("{SWITCHED_ON}|{SWITCHED_OFF}")),
            Some(true) => (json!({ "enum": [true] }), SWITCHED_ON.to_owned()),
            Some(false) => (json!({ "enum": [false] }), SWITCHED_OFF.to_owned()),
        };
        let words = json!({ "type": "string", "pattern": format!("^({words})$") });
        own.insert("anyOf".into(), json!([value, words]));
    }
    name_what_is_missing(&mut own);
    own.into()
}

/// Makes one requirement of several alternatives, so that editors name what is missing.
///
/// Of `anyOf: [required a, required b, condition]` they would tell what is wrong with the
/// condition; that `a` is missing is what remains if neither `b` nor the condition holds.
fn name_what_is_missing(schema: &mut Map<String, Value>) {
    let Some(branches) = schema.get("anyOf").and_then(Value::as_array) else { return };
    let is_condition = |branch: &Value| {
        branch.as_object().is_some_and(|branch| branch.keys().all(|key| key == "required" || key == "properties"))
    };
    if branches.len() < 2 || !branches.iter().all(is_condition) {
        return;
    }
    let Some(first) = branches.iter().position(|branch| branch.get("required").is_some()) else { return };
    let mut others = branches.clone();
    let missing = others.remove(first);
    schema.remove("anyOf");
    schema.insert("if".into(), json!({ "anyOf": others }));
    schema.insert("else".into(), missing);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_yaml_1_1_are_booleans() {
        let both = translated(json!({ "type": "boolean", "description": "On?" }));
        assert_eq!(both["anyOf"][1]["pattern"], "^(yes|Yes|YES|on|On|ON|no|No|NO|off|Off|OFF)$");
        assert_eq!((&both["markdownDescription"], both.get("type")), (&"On?".into(), None));
        assert_eq!(translated(json!({ "const": false }))["anyOf"][1]["pattern"], "^(no|No|NO|off|Off|OFF)$");
    }

    #[test]
    fn an_option_may_be_named_like_a_keyword() {
        let schema = json!({ "properties": { "const": { "type": "boolean" }, "x-ray": { "type": "string" } } });
        let translated = translated(schema);
        assert!(translated["properties"]["const"]["anyOf"].is_array() && translated["properties"]["x-ray"].is_object());
    }

    #[test]
    fn what_is_missing_is_one_requirement() {
        let schema = json!({ "anyOf": [{ "required": ["a"] }, { "required": ["b"] }, { "properties": { "c": {} } }] });
        assert_eq!(
            translated(schema),
            json!({ "if": { "anyOf": [{ "required": ["b"] }, { "properties": { "c": {} } }] }, "else": { "required": ["a"] } })
        );
    }
}
