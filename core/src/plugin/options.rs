//! How the schemas of options are made.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Returns the settings that all schemas are made with.
pub(crate) fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12()
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
