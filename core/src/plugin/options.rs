//! How the schemas of options are made.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Returns the settings that all schemas are made with: options stand where they are used.
pub(crate) fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true)
}

/// Removes `null` from the types of options, unless they have `"nullable": true`.
///
/// An `Option` is derived as one that may be `null`, so that an empty `account:` would pass.
pub(crate) fn forbid_null(schema: &mut Map<String, Value>) {
    if schema.remove("nullable") != Some(Value::Bool(true)) {
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".into(), only);
            }
        }
        if let Some(Value::Array(values)) = schema.get_mut("enum") {
            values.retain(|value| !value.is_null());
        }
        if schema.get("default") == Some(&Value::Null) {
            schema.remove("default");
        }
        if let Some(Value::Array(branches)) = schema.get_mut("anyOf") {
            branches.retain(|branch| branch != &json!({ "type": "null" }));
            if let [only] = branches.as_slice() {
                let only = only.clone();
                schema.remove("anyOf");
                if let Value::Object(only) = only {
                    only.into_iter().for_each(|(key, value)| {
                        schema.entry(key).or_insert(value);
                    });
                }
            }
        }
    }
    for value in schema.values_mut() {
        forbid_null_in(value);
    }
}

fn forbid_null_in(value: &mut Value) {
    match value {
        Value::Object(object) => forbid_null(object),
        Value::Array(items) => items.iter_mut().for_each(forbid_null_in),
        _ => {}
    }
}

/// Makes keys that an object does not name errors, where the schema does not say otherwise.
///
/// A plugin whose options lack `#[serde(deny_unknown_fields)]` would accept every misspelling.
pub(crate) fn forbid_unknown_keys(schema: &mut Map<String, Value>) {
    const SAID: [&str; 4] = ["additionalProperties", "unevaluatedProperties", "patternProperties", "propertyNames"];
    const BRANCHES: [&str; 4] = ["allOf", "anyOf", "oneOf", "$ref"];
    let is_object = schema.get("type").is_some_and(|kind| kind == "object");
    let has_branches = BRANCHES.iter().any(|key| schema.contains_key(*key));
    if is_object
        && schema.contains_key("properties")
        && !has_branches
        && !SAID.iter().any(|key| schema.contains_key(*key))
    {
        schema.insert("additionalProperties".to_owned(), false.into());
    }
    // The parts of an object that has options beside them know only their own.
    let is_whole = !schema.contains_key("properties");
    for (key, value) in schema.iter_mut() {
        match value {
            Value::Object(below) if ["properties", "$defs"].contains(&key.as_str()) => {
                below.values_mut().filter_map(Value::as_object_mut).for_each(forbid_unknown_keys);
            }
            Value::Object(below) if ["items", "additionalProperties"].contains(&key.as_str()) => {
                forbid_unknown_keys(below);
            }
            Value::Array(branches) if ["anyOf", "oneOf"].contains(&key.as_str()) && is_whole => {
                branches.iter_mut().filter_map(Value::as_object_mut).for_each(forbid_unknown_keys);
            }
            _ => {}
        }
    }
}
